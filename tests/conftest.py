"""What several tests start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.model import Experiment, Outputs, Point, Resources, Run, Submission
from orchestrator.workspace import SweepDirectory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def sweep_directory(tmp_path: Path) -> SweepDirectory:
    directory = SweepDirectory(tmp_path / "winds")
    directory.root.mkdir()
    return directory


@pytest.fixture
def make_points() -> Callable[[int], list[Point]]:
    def make(count: int) -> list[Point]:
        return [
            Point(f"{i:016x}", {"H": 20, "Tau_min": float(i)}, seed=1) for i in range(count)
        ]

    return make


@pytest.fixture
def make_submission() -> Callable[..., Submission]:
    def make(token: str, attempts: dict[int, int], cluster: str = "local") -> Submission:
        return Submission(
            token=token,
            time="2026-01-31T12:00:00Z",
            cluster=cluster,
            attempts=attempts,
            run=Run(stop_t0=100.0, every_t0=50.0),
            outputs=Outputs(),
            resources=Resources(extra={"comment": "a"}),
            root=None,
            axes=(("Tau_min",),),
        )

    return make


@pytest.fixture
def experiment() -> Experiment:
    return Experiment(0, Point("00", {"H": 20, "Tau_min": 5.0}, seed=1))
