"""What is advised where replicates differ: a line to write, and what nothing can be said of."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from orchestrator import replicates, spec
from orchestrator.cli import seeds
from orchestrator.cli.seeds import Proposal

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
    sweep = dataclasses.replace(spec.load(SWEEP), seeds=(1, 2))
    criterion = replicates.criterion(WISH, {"roughness": False})
    found = [Proposal({"Tau_min": i}, 2, {}, count) for i, count in enumerate(wanted)]

    assert list(seeds._advice(sweep, criterion, found)) == said
