"""Sentences that people read, kept in one file, so that mending words touches no test.

A test states the place of each problem and hands all sentences over; the golden file has them by
test and case. After a change of words, ``make sentences ARGS=tests/sweepfile`` writes it anew, and its
difference is what to look at.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = Path(__file__).with_name("sentences.txt")
_CASE, _SENTENCE = "  [", "    "


def read() -> dict[tuple[str, str], list[str]]:
    """Return the sentences by test, such as ``test_x.py::test_y``, and case, empty for the only one."""
    kept: dict[tuple[str, str], list[str]] = {}
    test = case = ""
    for line in FILE.read_text(encoding="utf-8").split("\n")[:-1]:
        if line.startswith(_SENTENCE):
            kept.setdefault((test, case), []).append(line.removeprefix(_SENTENCE))
        elif line.startswith(_CASE):
            case = line.removeprefix(_CASE)[:-1]
        else:
            test, case = line, ""
    return kept


def key_of(test: str) -> tuple[str, str]:
    """Return test and case of a test's own name, as :func:`read` has them."""
    name, bracket, rest = test.removeprefix("tests/").partition("[")
    # xdist puts the name of a test's group behind, as @GROUP
    return (name, rest.rpartition("]")[0]) if bracket else (name.partition("@")[0], "")


def _write(kept: dict[tuple[str, str], list[str]]) -> None:
    lines, last = [], ""
    for (test, case), sentences in sorted(kept.items()):
        lines += [test] if test != last else []
        lines += [f"{_CASE}{case}]"] if case else []
        lines += [_SENTENCE + sentence for sentence in sentences]
        last = test
    FILE.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def check(test: str, found: Iterable[str], folder: Path, places: Iterable[str]) -> None:
    """Check that sentences begin with their places, and that they are those of the golden file.

    Parameters
    ----------
    test
        The test's own name, as pytest writes it.
    folder
        Whose path the file has as ``FOLDER``.
    places
        Of each sentence what stands before it; ``""`` where it is of no place.
    """
    texts = [text.replace(str(folder), "FOLDER").replace("\n", "\\n") for text in found]
    sentences = [re.sub(r"\b0x[0-9a-f]{6,}", "ADDRESS", text) for text in texts]  # of objects
    begun = [place.replace(str(folder), "FOLDER") for place in places]
    assert len(sentences) == len(begun), sentences
    for sentence, place in zip(sentences, begun, strict=True):
        assert sentence.startswith(f"{place}: " if place else ""), (place, sentence)
    key = key_of(test)
    if "WRITE_SENTENCES" in os.environ:
        others = {of: kept for of, kept in read().items() if of != key}
        _write({**others, **({key: sentences} if sentences else {})})
    assert sentences == read().get(key, [])
