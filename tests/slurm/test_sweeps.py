"""Sweeps on a real Slurm: every experiment runs once, whatever happens to jobs and submitters."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.slurm.conftest import Cluster, Desk

pytestmark = pytest.mark.slurm

# ends the submitter the moment sbatch has answered, before the jobs' ids are written down
CUT = """
import os, sys
from orchestrator.cli import main
from orchestrator.submission import slurm_jobs
send = slurm_jobs.send
def cut(*arguments):
    send(*arguments)
    os._exit(9)
slurm_jobs.send = cut
main(sys.argv[1:])
"""

# ends it a moment later, before the jobs are released
CUT_HELD = """
import os, sys
from orchestrator.cli import main
from orchestrator.slurm import control
control.release = lambda ids: os._exit(9)
main(sys.argv[1:])
"""


@pytest.mark.parametrize("words", [("-p", "pdebug"), ("-p", "pbatch", "--pack", "node")])
def test_a_sweep_runs_once_alone_or_packed(desk: Desk, words: tuple[str, ...]) -> None:
    desk.write("[0, 100, 200, 300]")

    done = desk.run("submit", "winds.yaml", "-t", "10", "--wait", *words)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 experiments: 8 done" in done.stdout
    assert desk.attempts() == [1] * 8
    jobs = {e["job"] for e in desk.experiments()}
    assert all("_" in job for job in jobs)
    assert len(jobs) <= (4 if "node" in words else 8)


def test_what_slurm_would_let_wait_for_ever_is_refused(desk: Desk) -> None:
    desk.write("[0]")

    done = desk.run("submit", "winds.yaml", "-p", "pdebug", "-t", "4:00:00")

    assert done.returncode == 2
    assert "pdebug allows 1:00:00, 4:00:00 was asked" in done.stderr
    assert not desk.sweep.root.exists()


def test_cancelling_takes_waiting_jobs_out_of_the_queue(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    desk.write("[7, 8]")
    desk.run("submit", "winds.yaml", "-t", "10", "--set", "slurm.jobs=1")
    assert wait_until(lambda: desk.experiments()[0]["snapshots"] == 1)

    cancelled = desk.run("cancel", "winds")

    assert cancelled.returncode == 0
    assert wait_until(lambda: desk.counts() == {"cancelled": 4})
    assert wait_until(lambda: not cluster.ask("squeue", "--noheader", "--name", _name(desk)))


def test_a_job_that_is_cancelled_behind_our_back_can_be_resubmitted(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    desk.write("[7]")
    desk.run("submit", "winds.yaml", "-t", "10")
    assert wait_until(lambda: all(e["snapshots"] == 1 for e in desk.experiments()))

    cluster.ask("scancel", "--name", _name(desk))
    ended = wait_until(lambda: all(e["state"] != "running" for e in desk.experiments()))
    desk.go()
    states = {e["state"] for e in desk.experiments()}
    again = desk.run("resubmit", "winds", "--state", ",".join(states), "--wait")

    assert ended
    assert states <= {"timeout", "cancelled", "lost"}
    assert again.returncode == 0, again.stdout + again.stderr
    assert desk.attempts() == [2, 2]


def _cut(desk: Desk, program: str) -> int:
    """Submit with a program that ends in the middle; return its exit status."""
    words = [sys.executable, "-c", program, "submit", "winds.yaml", "-t", "10"]
    place, environment = desk.bench.place, desk.bench.environment()
    return subprocess.run(words, cwd=place, env=environment, check=False).returncode


def test_a_submitter_that_dies_after_sbatch_leaves_no_second_set(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    desk.write("[0, 100]")
    status = _cut(desk, CUT)
    held = cluster.ask("squeue", "--noheader", "--name", _name(desk), "--format=%T %r")

    done = desk.run("submit", "winds.yaml", "-t", "10", "--wait")

    assert status == 9
    assert "JobHeldUser" in held
    assert "was never released; it is void" in done.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.attempts() == [1] * 4
    assert wait_until(lambda: not cluster.ask("squeue", "--noheader", "--name", _name(desk)))


@pytest.mark.parametrize("program", [CUT, CUT_HELD])
def test_a_submission_that_was_cut_off_is_told_and_cancelled_with_its_jobs(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool], program: str
) -> None:
    desk.write("[0, 100]")
    _cut(desk, program)
    held = cluster.ask("squeue", "--noheader", "--name", _name(desk), "--format=%T")

    table = desk.run("status", "winds").stdout
    desk.run("cancel", "winds")

    assert held.startswith("PENDING")
    assert (
        "4 pending, whose submission was cut off before their jobs could start: "
        "rescal-sweep resubmit winds"
    ) in " ".join(table.split())
    assert desk.counts() == {"cancelled": 4}
    assert wait_until(lambda: not cluster.ask("squeue", "--noheader", "--name", _name(desk)))


@pytest.mark.parametrize("cancelled", [False, True])
def test_jobs_that_were_left_held_are_released_unless_they_were_cancelled(
    desk: Desk, cluster: Cluster, *, cancelled: bool
) -> None:
    desk.write("[0, 100]")
    status = _cut(desk, CUT_HELD)
    if cancelled:
        cluster.ask("scancel", "--name", _name(desk))

    done = desk.run("submit", "winds.yaml", "-t", "10", *([] if cancelled else ["--wait"]))

    assert status == 9
    assert done.returncode == 0, done.stdout + done.stderr
    assert "was sent; those of its jobs that were held are released now" in done.stdout
    assert desk.counts() == ({"cancelled": 4} if cancelled else {"done": 4})
    assert desk.attempts() == [0 if cancelled else 1] * 4


def test_two_submitters_at_once_run_nothing_twice(desk: Desk) -> None:
    desk.write("[0, 100]")
    words = [desk.bench.command, "submit", "winds.yaml", "-t", "10", "--wait"]

    both = [
        subprocess.Popen(
            words,
            cwd=desk.bench.place,
            env=desk.bench.environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [one.communicate(timeout=300)[0] for one in both]

    assert [one.returncode for one in both] == [0, 0], said
    assert desk.attempts() == [1] * 4
    assert sum("4 experiments submitted" in text for text in said) == 1


def test_a_killed_worker_is_found_lost_and_its_experiment_resubmitted(
    desk: Desk, wait_until: Callable[..., bool]
) -> None:
    desk.write("[7]")
    desk.run("submit", "winds.yaml", "-t", "10")
    assert wait_until(lambda: all(e["snapshots"] == 1 for e in desk.experiments()))
    claim = json.loads(desk.sweep.experiment(0).attempt(1).claim.read_text())

    os.kill(claim["pid"], signal.SIGKILL)
    assert wait_until(lambda: desk.experiments()[0]["state"] in {"lost", "failed"})
    desk.go()
    again = desk.run("resubmit", "winds", "0", "--wait", "--yes")

    assert again.returncode == 0, again.stdout + again.stderr
    assert wait_until(lambda: desk.counts() == {"done": 2})


def _name(desk: Desk) -> str:
    """Return the names of all jobs of the sweep, as squeue and scancel take them."""
    tokens = [line["token"] for line in desk.noted() if line["event"] == "intended"]
    return ",".join(f"winds.{token}" for token in tokens)
