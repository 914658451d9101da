"""What ``collect`` writes follows the CF conventions, as the checker of IOOS judges it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import orchestrator

if TYPE_CHECKING:
    from tests.conftest import Bench

pytest.importorskip("compliance_checker")
import xarray as xr

OWN = """outputs:
  own: {highest: "heights:highest", rows: "heights:rows"}
"""
MODULE = """
from orchestrator import reduction

@reduction(units="cells³", long_name="volume")
def highest(height_map):
    return height_map.sum()

@reduction(units="cells", dims=("y",))
def rows(height_map):
    return height_map.mean(axis=1)
"""
# times in t0 are no times of the calendar, for which alone there is that name
NO_CALENDAR = "Coordinate variable 'time' should have standard_name='time', found: 'None'"


@pytest.fixture
def written(bench: Bench) -> Path:
    bench.write("[0, 100]")
    path = bench.place / "winds.yaml"
    path.write_text(path.read_text() + OWN)
    (bench.place / "heights.py").write_text(MODULE)
    assert bench.run("submit", "winds.yaml", "--wait").returncode == 0
    done = bench.run("collect", "winds", "-o", "winds.nc")
    assert done.returncode == 0, done.stderr
    return bench.place / "winds.nc"


def test_a_file_follows_the_conventions_that_it_names(written: Path) -> None:
    """By the names that come with the checker; nothing is fetched."""
    checker = Path(sys.executable).with_name("compliance-checker")
    report = written.with_suffix(".json")

    subprocess.run(
        [checker, "--test", "cf:1.11", "--format", "json", "--output", report, written],
        check=False,
        capture_output=True,
    )

    judged = json.loads(report.read_text())["cf:1.11"]
    messages = {
        message
        for priority in ("high_priorities", "medium_priorities", "low_priorities")
        for check in judged[priority]
        for message in check["msgs"]
    }
    assert judged["possible_points"] > 200
    assert messages <= {NO_CALENDAR}


def test_a_unit_of_the_model_is_a_plain_number_in_files_and_comes_back(written: Path) -> None:
    with xr.open_dataset(written, engine="h5netcdf") as plain:
        in_file = {name: dict(array.attrs) for name, array in plain.variables.items()}
    with orchestrator.open_sweep(written) as opened:
        known = {name: dict(array.attrs) for name, array in opened.variables.items()}

    for name, unit in (("roughness", "cells"), ("time", "t0"), ("highest", "cells³")):
        assert (in_file[name]["units"], in_file[name]["model_units"]) == ("1", unit)
        assert known[name]["units"] == unit
        assert "model_units" not in known[name]
    assert in_file["cell_size"]["units"] == "m"
