"""How a job ended is known within seconds and said with what Slurm and the job tell of it."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.slurm.conftest import Cluster, Desk

pytestmark = pytest.mark.slurm


def _begun(desk: Desk, wait_until: Callable[..., bool], *words: str) -> str:
    """Submit two experiments in one job that wait after their first snapshot; return its id."""
    desk.write("[7]")
    said = desk.run("submit", "winds.yaml", "--pack", "2", "-t", "10", *words)
    assert said.returncode == 0, said.stdout + said.stderr
    assert wait_until(lambda: desk.snapshots() == [1, 1]), desk.status()
    return str(desk.experiments()[0]["job"])


def _kill_the_workers(desk: Desk) -> None:
    for path in desk.files("claim.json"):
        os.kill(json.loads(path.read_text())["pid"], signal.SIGKILL)


def _broken_later(desk: Desk) -> Desk:
    """Return the desk, whose jobs cannot import submitit if they start two seconds from now."""
    late = desk.bench.place / "late"
    late.mkdir()
    variables = {"PYTHONPATH": str(late)}
    broken = dataclasses.replace(
        desk, bench=dataclasses.replace(desk.bench, variables=variables)
    )
    desk.write("[0]")
    later = ("--set", "slurm.extra={begin: now+4}")
    done = broken.run("submit", "winds.yaml", "--pack", "2", "-t", "10", *later)
    assert done.returncode == 0, done.stderr
    (late / "submitit.py").write_text("raise ImportError('the disk has moved')\n")
    return broken


@pytest.mark.parametrize("accounting", [True, False])
def test_workers_that_were_killed_on_other_nodes_are_known_in_seconds(
    sit_at: Callable[[Cluster], Desk],
    make_cluster: Callable[..., Cluster],
    cluster: Cluster,
    wait_until: Callable[..., bool],
    *,
    accounting: bool,
) -> None:
    where = cluster if accounting else make_cluster("--no-accounting", "--nodes", "1")
    desk = sit_at(where)
    _begun(desk, wait_until)

    _kill_the_workers(desk)

    ended = wait_until(
        lambda: {e["state"] for e in desk.experiments()} <= {"lost", "failed"}, within_s=25
    )
    assert ended, desk.status()
    again = desk.run("resubmit", "winds")
    assert "2 experiments resubmitted" in again.stdout


def test_a_job_that_dies_before_its_worker_starts_says_why(
    desk: Desk, wait_until: Callable[..., bool]
) -> None:
    _broken_later(desk)

    ended = wait_until(lambda: desk.counts() == {"failed": 2}, within_s=30)

    assert ended, desk.status()
    reason = desk.experiments()[0]["reason"]
    assert reason.startswith("never started: the job failed with exit status 1")
    assert reason.endswith('last output: "ImportError: the disk has moved"')
    logs = desk.run("logs", "winds", "0")
    followed = desk.run("logs", "winds", "0", "-f")
    assert logs.returncode == followed.returncode == 0
    assert "raise ImportError('the disk has moved')" in logs.stdout
    assert "-- failed: never started: the job failed with exit status 1" in logs.stdout
    assert followed.stdout == logs.stdout


def test_following_the_log_of_a_worker_that_is_killed_on_another_node_ends(
    desk: Desk, wait_until: Callable[..., bool]
) -> None:
    _begun(desk, wait_until)
    words = [desk.bench.command, "logs", "winds", "0", "-f"]
    place, environment = desk.bench.place, desk.bench.environment()
    following = subprocess.Popen(
        words, cwd=place, env=environment, stdout=subprocess.PIPE, text=True
    )

    _kill_the_workers(desk)
    said, _ = following.communicate(timeout=40)

    assert following.returncode == 0
    assert "rescal speaks" in said
    assert "-- attempt 1 lost: the job ended in order, without a record of this" in said
