"""A later stop goes on from the end of what is done, and says so."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Bench

SWEEP = """\
name: winds
extends: sand
parameters:
  {H: 20, L: 30, D: 30, Csp_template: LAYER(4.5), Tau_min: 0, Rot_mode: OVERLAP,
   wind: [{duration: 4, angle: 30}, {duration: 2, angle: 0}]}
run: {stop: 20, every: 10}
"""


@pytest.fixture
def builtin(bench: Bench) -> Bench:
    (bench.place / "winds.yaml").write_text(SWEEP)
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    variables = {
        "RESCAL_SNOW_ROOT": "",
        "XDG_CACHE_HOME": cache,
        "RESCAL_SWEEP_CLUSTER": "local",
    }
    return dataclasses.replace(bench, variables=variables)


def test_a_later_stop_is_gone_on_to_with_the_command_that_submit_tells(builtin: Bench) -> None:
    file = builtin.place / "winds.yaml"
    first = builtin.run("run", "winds.yaml")
    file.write_text(SWEEP.replace("stop: 20", "stop: 40"))

    told = builtin.run("submit", "winds.yaml")
    again = builtin.run("resubmit", "winds.yaml", "0", "--wait", "--yes")

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    kept = "exp0: kept with its earlier run and output settings; to go on to t = 40 t0: "
    assert f"{kept}rescal-sweep resubmit winds.yaml --stale" in told.stdout.replace("\n", " ")
    reached = re.search(r"exp0 goes on at t = (20\.\S+) t0", again.stdout)
    assert reached is not None
    assert f"resumed attempt 1 at t = {reached[1]} t0, exactly" in builtin.sweep.log.read_text()
    whole = builtin.run("run", "winds.yaml", "--data-dir", "other")
    assert whole.returncode == 0
    for name in ("height_maps", "ffts", "cell_counts"):
        there = [
            builtin.place / d / f"winds/exp0/out/{name}.npz" for d in ("data_runs", "other")
        ]
        assert there[0].read_bytes() == there[1].read_bytes()


def test_the_command_that_is_told_works_for_a_sweep_with_a_name_of_its_own(
    bench: Bench,
) -> None:
    bench.write("[0]")
    bench.go()
    named = ("--set", "name=mine")
    bench.run("submit", "winds.yaml", *named, "--wait")

    told = bench.run("plan", "winds.yaml", *named, "--set", "run.stop=30").stdout
    (command,) = re.findall(r"rescal-sweep (resubmit winds\.yaml .*)", told)
    again = bench.run(*shlex.split(command), "--wait")

    assert "--set=name=mine" in command
    assert again.returncode == 0, again.stderr
    assert "2 experiments: 2 done" in again.stdout


def test_a_finer_interval_begins_anew_and_says_why(builtin: Bench) -> None:
    builtin.run("run", "winds.yaml")
    (builtin.place / "winds.yaml").write_text(SWEEP.replace("every: 10", "every: 5"))

    again = builtin.run("resubmit", "winds.yaml", "0", "--wait", "--yes")

    assert again.returncode == 0, again.stderr
    why = r"its state is of t = 20\.\S+ t0, and snapshots before it were taken every 10 t0"
    assert re.search(rf"exp0 begins anew: {why}", again.stdout.replace("\n", " "))
    assert re.search(rf"could not resume attempt 1: {why}", builtin.sweep.log.read_text())
