"""One unreadable sweep does not keep the others of a shared directory from being seen."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Bench


@pytest.fixture
def two(bench: Bench) -> Bench:
    """Two sweeps, the first of which has a line that nobody can read."""
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    other = bench.place / "data_runs" / "broken"
    other.mkdir()
    for name in ("sweep.yaml", "submissions.jsonl"):
        (other / name).write_text((bench.sweep.root / name).read_text())
    (other / "experiments.jsonl").write_text("[]\n")
    return bench


def test_the_overview_names_an_unreadable_sweep_and_shows_the_rest(two: Bench) -> None:
    shown = two.run("status")
    printed = json.loads(two.run("status", "--json").stdout)

    assert shown.returncode == 0, shown.stderr
    broken, winds = sorted(printed["sweeps"], key=lambda sweep: str(sweep["sweep"]))
    assert "experiments.jsonl:1" in broken["unreadable"]
    assert winds["counts"] == {"done": 2}
    assert "broken unreadable: " in shown.stdout
    assert "winds 2 experiments: 2 done" in shown.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_sweep_of_somebody_who_shares_it_with_nobody_is_shown_as_such(two: Bench) -> None:
    (two.place / "data_runs" / "broken" / "experiments.jsonl").chmod(0)

    shown = two.run("status")

    assert shown.returncode == 0
    assert "Permission denied" in shown.stdout
