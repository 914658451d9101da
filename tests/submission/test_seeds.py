"""What is advised where replicates differ: a line to write, and what nothing can be said of."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator import sweepfile
from orchestrator.analysis import replicates
from orchestrator.analysis.dataset.grid import lay_out
from orchestrator.cli import seeds_table
from orchestrator.model import Point, Run
from orchestrator.records import attempts, intents, ledger
from orchestrator.records.journal import Journal
from orchestrator.submission import seeds
from orchestrator.submission.seeds import Proposal
from tests.conftest import make_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Submission
    from orchestrator.records.paths import SweepDirectory

WISH = "ci(roughness) > 0.1"
SWEEP = Path(__file__).parents[2] / "sweeps" / "quickstart.yaml"
FEW = f"fewer than two seeds have a value, or {WISH} holds even with two hundred"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (
            [2, 7],
            [f"the last column makes {WISH} untrue; for all points write: seeds: 7"],
        ),
        (
            [None, 7],
            [
                f"Tau_min = 0: {FEW}",
                f"the last column makes {WISH} untrue; for the other points write: seeds: 7",
            ],
        ),
        (
            [None, None, None, None, 2],
            [
                f"Tau_min = 0; Tau_min = 1; Tau_min = 2 and 1 more: {FEW}",
                f"{WISH} is untrue for the other points, once the seeds of the file are done",
            ],
        ),
        ([None], [f"Tau_min = 0: {FEW}"]),
    ],
)
def test_points_of_which_nothing_can_be_said_do_not_hide_the_others(
    wanted: list[int | None], said: list[str]
) -> None:
    sweep = dataclasses.replace(sweepfile.load(SWEEP), seeds=(1, 2))
    criterion = replicates.criterion(WISH, {"roughness": False})
    found = [Proposal({"Tau_min": i}, 2, 100.0, {}, count) for i, count in enumerate(wanted)]

    assert list(seeds_table._advice(sweep, criterion, found)) == said


@pytest.mark.parametrize(
    ("times", "time_t0"),
    [([0.0, 10.1, 20.2], 20.0), ([0.0, 10.1], 10.0), ([0.0, 4.1, 8.2], None), ([], None)],
)
def test_seeds_are_compared_at_the_last_time_they_share_but_not_at_the_start(
    sweep_directory: SweepDirectory,
    make_submission: Callable[..., Submission],
    times: list[float],
    time_t0: float | None,
) -> None:
    """Where the second seed ran with another run.every, only the start may be left."""
    points = [Point(str(seed), {"H": 20, "L": 12, "D": 6}, seed) for seed in (1, 2)]
    ledger.enlist(sweep_directory, points)
    intents.arrange(sweep_directory, [])
    for number, every_t0 in ((0, 10.0), (1, 10.0 if 10.1 in times else 4.0)):
        asked = make_submission(f"t{number}", {number: 1})
        asked = dataclasses.replace(asked, run=Run(20.0, every_t0))
        intents.intend(sweep_directory, asked)
    ledger.keep_sweep_file(sweep_directory, "name: winds\n")
    for number, mine in enumerate([[0.0, 10.2, 20.1], times]):
        place = sweep_directory.experiment(number)
        attempt = attempts.claim(place, 1, attempts.myself(f"t{number}", "j"))
        assert attempt is not None
        journal = Journal(attempt.journal)
        for time in mine:
            heights = np.full((6, 12), 1 + number + int(time), np.int16)
            journal.append(
                make_snapshot(time, heights, np.zeros((1, 1), np.float32), np.ones(3, int))
            )
        journal.close()
    experiments = ledger.experiments(sweep_directory)
    wish = replicates.criterion("sem(mean_height) > 1", {"mean_height": False})

    at, spreads = seeds._spreads(lay_out(sweep_directory), experiments, wish)

    assert at == time_t0
    assert spreads["mean_height"].count == (0 if time_t0 is None else 2)
    if time_t0 is not None:
        assert spreads["mean_height"].mean == pytest.approx(1.5 + time_t0)
