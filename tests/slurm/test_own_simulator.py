"""A simulator of a user's own on a real Slurm: the sand slabs that ship, alone and packed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.records.paths import SweepDirectory

if TYPE_CHECKING:
    from tests.slurm.conftest import Cluster, Desk

pytestmark = pytest.mark.slurm

SWEEPS = Path(__file__).parents[2] / "sweeps"
SHORTER = ("--set", "run.stop=12", "--set", "parameters.L=48", "--set", "parameters.D=24")


def _heights(sweep: SweepDirectory) -> list[np.ndarray]:
    return [np.load(sweep.experiment(number).height_maps)["height_maps"] for number in range(4)]


@pytest.mark.parametrize("words", [("-p", "pdebug"), ("-p", "pbatch", "--pack", "node")])
def test_it_makes_the_same_beds_in_jobs_as_on_this_machine(
    desk: Desk, cluster: Cluster, words: tuple[str, ...]
) -> None:
    for name in ("slabs.py", "sand-slabs.yaml"):
        shutil.copy(SWEEPS / name, desk.bench.place)

    done = desk.run("submit", "sand-slabs.yaml", "-t", "10", "--wait", *words, *SHORTER)
    here = desk.run(
        *("submit", "sand-slabs.yaml", "--cluster", "local", "--data-dir", "here", "--wait"),
        *SHORTER,
    )

    assert (done.returncode, here.returncode) == (0, 0), done.stdout + done.stderr + here.stderr
    status = json.loads(desk.run("status", "sand-slabs", "--json").stdout)
    assert status["counts"] == {"done": 4}
    assert {e["snapshots"] for e in status["experiments"]} == {3}
    jobs = {str(e["job"]) for e in status["experiments"]}
    assert all(job.partition("_")[0].isdecimal() for job in jobs)
    assert len(jobs) <= (2 if "node" in words else 4)
    assert cluster.ask("sacct", "-X", "-n", "-o", "JobName%40").count("sand-slabs.") >= len(
        jobs
    )
    there = SweepDirectory(desk.bench.place / "data_runs" / "sand-slabs")
    local = SweepDirectory(desk.bench.place / "here" / "sand-slabs")
    for in_job, alone in zip(_heights(there), _heights(local), strict=True):
        assert in_job.shape == (3, 24, 48)
        assert (in_job[0] == 5).all()  # four slabs on the ground
        assert np.array_equal(in_job, alone)
        assert (in_job[-1] != in_job[0]).any()
        assert [int(bed.sum()) for bed in in_job] == [5 * 24 * 48] * 3  # slabs are kept
