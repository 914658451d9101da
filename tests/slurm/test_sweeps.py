"""Sweeps on a real Slurm: every experiment runs once, whatever happens to jobs and submitters."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Bench
    from tests.slurm.conftest import Cluster

pytestmark = pytest.mark.slurm

# ends the submitter the moment sbatch has answered, before the jobs' ids are written down
CUT = """
import os, sys
from orchestrator.cli import main
from orchestrator.submission import slurm
send = slurm.send
def cut(*arguments):
    send(*arguments)
    os._exit(9)
slurm.send = cut
main(sys.argv[1:])
"""


@pytest.fixture
def desk(bench: Bench, cluster: Cluster) -> Bench:
    """A bench whose commands talk to the cluster."""
    return dataclasses.replace(bench, slurm_conf=str(cluster.configuration))


def _status(desk: Bench) -> dict[str, Any]:
    done = desk.run("status", "winds", "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _attempts(desk: Bench) -> list[int]:
    return [len(desk.sweep.experiment(n).attempts()) for n in desk.sweep.experiment_numbers()]


@pytest.mark.parametrize("words", [("-p", "pdebug"), ("-p", "pbatch", "--pack", "node")])
def test_a_sweep_runs_once_alone_or_packed(desk: Bench, words: tuple[str, ...]) -> None:
    desk.write("[0, 100, 200, 300]")

    done = desk.run("submit", "winds.yaml", "-t", "10", "--wait", *words)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 experiments: 8 done" in done.stdout
    assert _attempts(desk) == [1] * 8
    jobs = {e["job"] for e in _status(desk)["experiments"]}
    assert all("_" in job for job in jobs)
    assert len(jobs) <= (4 if "node" in words else 8)


def test_what_slurm_would_let_wait_for_ever_is_refused(desk: Bench) -> None:
    desk.write("[0]")

    done = desk.run("submit", "winds.yaml", "-p", "pdebug", "-t", "4:00:00")

    assert done.returncode == 2
    assert "pdebug allows 1:00:00, 4:00:00 was asked" in done.stderr
    assert not desk.sweep.root.exists()


def test_cancelling_takes_waiting_jobs_out_of_the_queue(
    desk: Bench, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    desk.write("[7, 8]")
    desk.run("submit", "winds.yaml", "-t", "10", "--set", "slurm.jobs=1")
    assert wait_until(lambda: _status(desk)["experiments"][0]["snapshots"] == 1)

    cancelled = desk.run("cancel", "winds")

    assert cancelled.returncode == 0
    assert wait_until(lambda: _status(desk)["counts"] == {"cancelled": 4})
    assert wait_until(lambda: not cluster.ask("squeue", "--noheader", "--name", _name(desk)))


def test_a_job_that_is_cancelled_behind_our_back_can_be_resubmitted(
    desk: Bench, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    desk.write("[7]")
    desk.run("submit", "winds.yaml", "-t", "10")
    assert wait_until(lambda: all(e["snapshots"] == 1 for e in _status(desk)["experiments"]))

    cluster.ask("scancel", "--name", _name(desk))
    ended = wait_until(
        lambda: all(e["state"] != "running" for e in _status(desk)["experiments"])
    )
    desk.go()
    states = {e["state"] for e in _status(desk)["experiments"]}
    again = desk.run("resubmit", "winds", "--state", ",".join(states), "--wait")

    assert ended
    assert states <= {"timeout", "cancelled", "lost"}
    assert again.returncode == 0, again.stdout + again.stderr
    assert _attempts(desk) == [2, 2]


def test_a_submitter_that_dies_after_sbatch_leaves_no_second_set(
    desk: Bench, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    desk.write("[0, 100]")
    words = [sys.executable, "-c", CUT, "submit", "winds.yaml", "-t", "10"]
    cut = subprocess.run(
        words, cwd=desk.place, env=desk.environment(), capture_output=True, check=False
    )
    held = cluster.ask("squeue", "--noheader", "--name", _name(desk), "--format=%T %r")

    done = desk.run("submit", "winds.yaml", "-t", "10", "--wait")

    assert cut.returncode == 9
    assert "JobHeldUser" in held
    assert "was never released; it is void" in done.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    assert _attempts(desk) == [1] * 4
    assert wait_until(lambda: not cluster.ask("squeue", "--noheader", "--name", _name(desk)))


def test_two_submitters_at_once_run_nothing_twice(desk: Bench) -> None:
    desk.write("[0, 100]")
    words = [desk.command, "submit", "winds.yaml", "-t", "10", "--wait"]

    both = [
        subprocess.Popen(
            words, cwd=desk.place, env=desk.environment(), stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [one.communicate(timeout=120)[0] for one in both]

    assert [one.returncode for one in both] == [0, 0], said
    assert _attempts(desk) == [1] * 4
    assert sum("4 experiments submitted" in text for text in said) == 1


def test_a_killed_worker_is_found_lost_and_its_experiment_resubmitted(
    desk: Bench, wait_until: Callable[..., bool]
) -> None:
    desk.write("[7]")
    desk.run("submit", "winds.yaml", "-t", "10")
    assert wait_until(lambda: all(e["snapshots"] == 1 for e in _status(desk)["experiments"]))
    claim = json.loads(desk.sweep.experiment(0).attempt(1).claim.read_text())

    os.kill(claim["pid"], signal.SIGKILL)
    assert wait_until(lambda: _status(desk)["experiments"][0]["state"] in {"lost", "failed"})
    desk.go()
    again = desk.run("resubmit", "winds", "0", "--wait")

    assert again.returncode == 0, again.stdout + again.stderr
    assert wait_until(lambda: _status(desk)["counts"] == {"done": 2})


def _name(desk: Bench) -> str:
    """Return the names of all jobs of the sweep, as squeue and scancel take them."""
    lines = desk.sweep.submissions.read_text().splitlines()
    tokens = [json.loads(line)["token"] for line in lines]
    return ",".join(f"winds.{token}" for token in dict.fromkeys(tokens))
