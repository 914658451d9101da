"""What a page shows of a sweep follows its files."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator import html
from orchestrator.analysis.measured import Store
from orchestrator.html import report, report_data
from orchestrator.model import Axis, Point, Progress
from orchestrator.records import arrays, attempts, intents, ledger
from orchestrator.records.journal import Journal
from orchestrator.records.status import present, read_statuses
from tests.conftest import make_snapshot
from tests.html.unpacking import unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.model import Submission
    from orchestrator.records.paths import AttemptDirectory, SweepDirectory


@pytest.fixture
def attempt(
    sweep_directory: SweepDirectory,
    make_points: Callable[[int], list[Point]],
    make_submission: Callable[..., Submission],
) -> AttemptDirectory:
    """The first attempt at the only experiment of a sweep."""
    ledger.enlist(sweep_directory, make_points(1))
    intents.intend(sweep_directory, make_submission("a", {0: 1}))
    place = sweep_directory.experiment(0)
    claimed = attempts.claim(place, 1, attempts.myself("a", "local:0"))
    assert claimed is not None
    return claimed


def test_a_page_is_packed_again_with_the_first_snapshot_though_no_time_has_passed(
    sweep_directory: SweepDirectory, attempt: AttemptDirectory
) -> None:
    collected = report_data.Collected(sweep_directory, ["H"])
    attempts.write_progress(attempt, Progress(time_t0=0.0, snapshots=0, wall_s=0.1))
    begun = collected.update(read_statuses(sweep_directory))

    heights = np.zeros((5, 6), np.int16)
    journal = Journal(attempt.journal)
    journal.append(make_snapshot(0.0, heights, None, np.zeros(3, np.int64)))
    journal.close()
    attempts.write_progress(attempt, Progress(time_t0=0.0, snapshots=1, wall_s=0.2))

    assert begun
    assert collected.update(read_statuses(sweep_directory))
    assert [packed.entry["snapshots"] for packed in collected.packed] == [1]
    assert not collected.update(read_statuses(sweep_directory))


def test_a_domain_that_is_full_is_drawn_as_high_as_it_gets_and_said_to_be_full(
    sweep_directory: SweepDirectory, attempt: AttemptDirectory
) -> None:
    """Files have 0 where a column has no air left."""
    place = sweep_directory.experiment(0)
    journal = Journal(attempt.journal)
    for time, height in ((0.0, 5), (10.0, 9), (20.0, 0)):
        heights = np.full((5, 6), height, np.int16)
        journal.append(make_snapshot(time, heights, None, np.zeros(3, np.int64)))
    journal.close()
    arrays.publish(attempt.journal, place)
    (status,) = read_statuses(sweep_directory)

    shown = report_data.exhibit(sweep_directory, status, Store(sweep_directory))
    head, drawn = unpack(html.pack(shown, [], [], html.allowance(1, shown.reduced.times)).block)

    assert (head["low"] + head["step"] * drawn["levels"][:, 0, 0]).tolist() == [5, 9, 9]
    assert shown.remark == "domain full from t = 20 t0 on"
    assert shown.series["mean_height"][:2].tolist() == [5, 9]
    assert np.isnan(shown.series["mean_height"][2])


def test_a_followed_page_loses_experiments_that_the_sweep_file_no_longer_has(
    sweep_directory: SweepDirectory, make_submission: Callable[..., Submission]
) -> None:
    winds = (5.0, 1.0, 3.0)
    size = {"H": 20, "L": 40, "D": 20}
    points = [Point(f"{i}", {**size, "Tau_min": wind}, 1) for i, wind in enumerate(winds)]
    ledger.enlist(sweep_directory, points)
    intents.arrange(sweep_directory, [Axis(("Tau_min",), ())])
    intents.intend(sweep_directory, make_submission("a", dict.fromkeys(range(3), 1)))
    page = report.Page(sweep_directory, sweep_directory.root / "report.html")

    page.show(present(read_statuses(sweep_directory)), 10)
    complete = _positions(sweep_directory.root / "report.html")
    intents.leave_out(sweep_directory, [1])
    page.show(present(read_statuses(sweep_directory)), None)

    assert complete == {0: [2, 0], 1: [0, 0], 2: [1, 0]}
    assert _positions(sweep_directory.root / "report.html") == {0: [1, 0], 2: [0, 0]}


def _positions(page: Path) -> dict[int, list[int]]:
    content = re.search(r'id="data">(.*?)</script>', page.read_text())
    assert content is not None
    data = json.loads(content[1])
    numbers = [experiment["number"] for experiment in data["experiments"]]
    return dict(zip(numbers, data["diagram"]["positions"], strict=True))
