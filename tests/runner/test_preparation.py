"""What an engine of either kind finds in the directory of an experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.model import Experiment, Point
from orchestrator.records.paths import ExperimentDirectory
from orchestrator.runner import preparation, simulator

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.formats.parameters import Value

PARAMETERS: dict[str, Value] = {
    "H": 20,
    "L": 30,
    "D": 30,
    "Tau_min": 7.5,
    "divergence": 90.0,
    "wind": "12.5 t0 at -45, 5 t0 at 45",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A ReSCAL-snow tree, as far as it is looked at."""
    root = tmp_path / "rescal"
    (root / "scripts" / "real_data").mkdir(parents=True)
    (root / "build").mkdir()
    for name in ("genesis", "rescal"):
        program = root / "build" / name
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    return root


@pytest.mark.parametrize("builtin", [True, False])
def test_winds_become_a_file_that_either_engine_reads(
    tmp_path: Path, tree: Path, *, builtin: bool
) -> None:
    engine = simulator.builtin() if builtin else simulator.at_root(tree)
    directory = ExperimentDirectory(tmp_path / "winds" / "exp0")

    preparation.prepare(Experiment(0, Point("k", PARAMETERS, seed=1)), engine, directory)

    assert (directory.root / "wind").read_text() == "2,t0\n12.5 -45 7.5\n5 45 7.5\n"
    lines = directory.parfile.read_text().splitlines()
    assert "Wind_file = wind" in lines
    assert not [line for line in lines if "divergence" in line or line.startswith("wind")]


def test_speeds_are_written_in_real_time(tmp_path: Path) -> None:
    parameters = {**PARAMETERS, "wind": "3600 s at 270 (8 m/s), 60 s at 0 (12.5 m/s)"}
    directory = ExperimentDirectory(tmp_path / "winds" / "exp0")
    point = Point("k", parameters, seed=1)

    preparation.prepare(Experiment(0, point), simulator.builtin(), directory)

    assert (directory.root / "wind").read_text() == "2,rt\n3600 270 8\n60 0 12.5\n"
