"""Without the libraries for pictures and datasets, commands say which one they need."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Bench

# read by Python at its start; what is None in sys.modules cannot be imported
HIDDEN = """
import sys
for name in ("matplotlib", "xarray", "zarr", "h5netcdf", "h5py", "scipy", "tifffile"):
    sys.modules[name] = None
"""


@pytest.fixture
def plain(bench: Bench, tmp_path: Path) -> Bench:
    (tmp_path / "sitecustomize.py").write_text(HIDDEN)
    plain = dataclasses.replace(bench, variables={"PYTHONPATH": str(tmp_path)})
    plain.write("[0]")
    assert plain.run("submit", "winds.yaml", "--wait").returncode == 0
    assert "2 experiments: 2 done" in plain.run("status").stdout
    return plain


LIBRARIES = "h5netcdf h5py matplotlib pillow scipy tifffile xarray zarr"


def test_each_command_says_what_it_needs(plain: Bench) -> None:
    told = {
        "plot winds": "pictures need matplotlib",
        "report winds": "series need scipy",
        "collect winds": "a .zarr needs zarr",
        "collect winds -o a.nc": "a .nc needs h5netcdf",
        "compare winds --dem a.tif": "a.tif: a GeoTIFF needs tifffile",
        "compare winds --dem a.nc": "a.nc: a NetCDF file needs h5netcdf",
        "plan winds.yaml --extend-seeds ci(roughness)>0.1": "series need scipy",
    }
    for name in ("a.tif", "a.nc"):
        (plain.place / name).touch()
    before = sorted(plain.place.rglob("*"))

    for words, needing in told.items():
        done = plain.run(*words.split())
        said = f"{needing}; install it with: pip install {LIBRARIES}\n"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
    assert sorted(plain.place.rglob("*")) == before


def test_a_plan_and_a_status_start_without_numpy(plain: Bench, tmp_path: Path) -> None:
    """Loading it takes a third of the time in which a person waits for either."""
    hidden = HIDDEN.replace('"matplotlib"', '"numpy", "matplotlib"')
    (tmp_path / "sitecustomize.py").write_text(hidden)

    for words in (["plan", "winds.yaml"], ["status", "winds"], ["--help"]):
        done = plain.run(*words)
        assert (done.returncode, done.stderr) == (0, ""), words


def test_only_points_that_are_spread_need_a_library(plain: Bench) -> None:
    block = "  sample: {n: 4, method: METHOD, space: {Coef_A: {low: 0, high: 1}}}"
    text = (plain.place / "winds.yaml").read_text()
    sampled = text.replace("sweep:\n", f"sweep:\n{block}\n")
    assert sampled != text

    (plain.place / "s.yaml").write_text(sampled.replace("METHOD", "halton"))
    done = plain.run("plan", "s.yaml")
    said = "the points of sweep.sample (method halton) need scipy; install it with: pip install"
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    (plain.place / "s.yaml").write_text(sampled.replace("METHOD", "random"))
    assert plain.run("plan", "s.yaml").returncode == 0
