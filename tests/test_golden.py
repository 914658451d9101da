"""The golden file of sentences has those of today's tests alone."""

from __future__ import annotations

import pytest

from tests import golden


def test_the_golden_file_has_no_sentences_of_a_test_or_case_that_is_gone(
    request: pytest.FixtureRequest,
) -> None:
    if request.config.option.keyword:
        pytest.skip("not all tests are chosen")
    collected = {golden.key_of(item.nodeid) for item in request.session.items}
    modules = {test.partition("::")[0] for test, _ in collected}

    kept = {key for key in golden.read() if key[0].partition("::")[0] in modules}

    assert kept <= collected
