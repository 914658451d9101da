"""Files that parameters name go with the experiments: copied, simulated, kept as they were."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Bench

SWEEP = """\
name: winds
parameters:
  {H: 20, L: 24, D: 24, Csp_template: "INPUT_ELEVATION(bed.tab)", Wind_file: wind.txt,
   Rot_mode: OVERLAP, Lambda_E: 1, Lambda_T: 1}
run: {stop: 20, every: 10}
"""
WIND = "2,t0\n4 -45 10\n2 45 10\n"


@pytest.fixture
def builtin(bench: Bench) -> Bench:
    (bench.place / "winds.yaml").write_text(SWEEP)
    (bench.place / "wind.txt").write_text(WIND)
    (bench.place / "wind.txt").chmod(0o640)
    (bench.place / "bed.tab").write_text("3 " * 24 * 24)
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    variables = {"RESCAL_SNOW_ROOT": "", "XDG_CACHE_HOME": cache}  # nothing is compiled twice
    return dataclasses.replace(bench, variables=variables)


def test_a_run_takes_the_files_as_they_were_submitted(builtin: Bench) -> None:
    first = builtin.run("run", "winds.yaml")
    (builtin.place / "wind.txt").unlink()
    (builtin.place / "bed.tab").write_text("gone")

    again = builtin.run("verify", "winds", "0")

    assert first.returncode == 0, first.stderr
    experiment = builtin.sweep.experiment(0)
    wind = json.loads(experiment.meta_data.read_text())["parameters"]["Wind_file"]
    assert (experiment.root / wind).read_text() == WIND
    assert stat.S_IMODE((experiment.root / wind).stat().st_mode) == 0o640
    assert f"Wind_file = {wind}\n" in experiment.parfile.read_text()
    assert again.returncode == 0, again.stderr
    assert "exp0: 2 of 2 snapshots equal" in again.stdout


def test_an_edited_file_is_a_new_experiment_and_not_kept(builtin: Bench) -> None:
    builtin.run("run", "winds.yaml")
    (builtin.place / "wind.txt").write_text(WIND.replace("4 -45", "5 -45"))

    planned = builtin.run("plan", "winds.yaml", "--json")

    plan = json.loads(planned.stdout)
    assert (plan["new"], plan["kept"], plan["orphaned"]) == (1, 0, [0])


def test_a_file_that_the_engine_cannot_read_is_refused_by_its_own_name(builtin: Bench) -> None:
    (builtin.place / "wind.txt").write_text("2,t0\n4 west 10\n2 45 10\n")

    done = builtin.run("submit", "winds.yaml")

    assert done.returncode == 2
    assert done.stderr == (
        "winds.yaml:3:67: Wind_file: wind.txt: wind 1: expected a number, got 'west'\n"
    )
    assert not (builtin.place / "data_runs").exists()


def test_winds_of_the_sweep_file_become_the_wind_file_of_the_experiment(builtin: Bench) -> None:
    winds = 'wind: [{duration: "half * 2", angle: -45}, {duration: 2, angle: 45}], half: 2'
    text = SWEEP.replace("Wind_file: wind.txt", f"{winds}, Tau_min: 10")
    (builtin.place / "winds.yaml").write_text(text)
    first = builtin.run("run", "winds.yaml")
    (builtin.place / "named.yaml").write_text(
        SWEEP.replace("winds", "named").replace("Lambda_E", "Tau_min: 10, Lambda_E")
    )
    second = builtin.run("run", "named.yaml")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    experiment = builtin.sweep.experiment(0)
    assert (experiment.root / "wind").read_text() == WIND
    assert "Wind_file = wind\n" in experiment.parfile.read_text()
    assert "half" not in experiment.parfile.read_text()
    said = json.loads(experiment.meta_data.read_text())
    assert said["parameters"]["wind"] == "4 t0 at -45, 2 t0 at 45"
    assert said["wind"] == [{"duration": 4, "angle": -45}, {"duration": 2, "angle": 45}]
    maps = [
        builtin.place / "data_runs" / n / "exp0/out/height_maps.npz" for n in ("winds", "named")
    ]
    assert maps[0].read_bytes() == maps[1].read_bytes()


def test_what_the_engine_refuses_of_winds_stands_where_they_stand(builtin: Bench) -> None:
    text = SWEEP.replace("Wind_file: wind.txt", "wind: [{duration: 4, angle: 9}]")
    (builtin.place / "winds.yaml").write_text(
        text.replace("D: 24", "D: 3")
        .replace("OVERLAP", "DISK")
        .replace('"INPUT_ELEVATION(bed.tab)"', "LAYER(2)")
    )

    done = builtin.run("plan", "winds.yaml")

    assert "winds.yaml:3:18: D: Rot_mode = DISK needs 8 cells or more, got 3" in done.stderr


def test_a_copy_that_was_changed_is_not_simulated_and_comes_back(builtin: Bench) -> None:
    builtin.run("run", "winds.yaml")
    (copy,) = builtin.sweep.inputs.glob("wind*")
    copy.chmod(0o600)
    copy.write_text(WIND.replace("4 -45", "9 -45"))

    changed = builtin.run("verify", "winds", "0")
    copy.unlink()
    builtin.run("submit", "winds.yaml")

    assert changed.returncode == 1
    path = copy.relative_to(builtin.place)
    assert changed.stderr == (
        f"the second run failed: Wind_file: {copy.name}: changed since it was submitted; remove "
        f"{path} and submit the sweep again\n"
    )
    assert copy.read_text() == WIND
