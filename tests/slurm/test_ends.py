"""How a job ended is known within seconds and said with what Slurm and the job tell of it."""

from __future__ import annotations

import dataclasses
import json
import os
import pwd
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


def test_jobs_whose_data_directory_was_moved_say_so_and_are_resubmitted_where_it_is(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    desk.write("[0]")
    other = cluster.submit("-N4", "--exclusive", "--wrap", "sleep 300")
    desk.run("submit", "winds.yaml", "-t", "10")
    elsewhere = desk.bench.place / "elsewhere"

    (desk.bench.place / "data_runs").rename(elsewhere)
    cluster.ask("scancel", other)

    def status() -> str:
        return desk.run("status", "winds", "--data-dir", "elsewhere").stdout

    assert wait_until(lambda: "2 lost" in status()), status()
    assert "lost (never started: its log could not be opened (0:53)" in status()
    again = desk.run("resubmit", "winds", "--data-dir", "elsewhere", "-t", "10", "--wait")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "2 done" in status()


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
    said, _ = following.communicate(timeout=300)

    assert following.returncode == 0
    assert "rescal speaks" in said
    assert "-- attempt 1 failed: killed by SIGKILL" in said


def test_what_a_person_takes_away_is_cancelled_and_not_resubmitted(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    job = _begun(desk, wait_until)

    cluster.ask("scancel", job)
    ended = wait_until(lambda: desk.counts() == {"cancelled": 2})
    again = desk.run("resubmit", "winds")

    assert ended, desk.status()
    user = pwd.getpwuid(os.geteuid()).pw_name
    assert wait_until(lambda: f"cancelled by {user}" in desk.experiments()[0]["reason"])
    assert "nothing to resubmit" in again.stdout


def test_what_ends_with_its_script_is_not_taken_for_cancelled(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    job = _begun(desk, wait_until)

    cluster.ask("scancel", "--batch", "--signal=KILL", job)

    assert wait_until(lambda: desk.counts() == {"failed": 2}), desk.status()
    assert desk.experiments()[0]["reason"].startswith(
        "the job's script was killed by SIGKILL; stopped by SIGTERM"
    )


def test_what_is_suspended_runs_and_says_so(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    job = _begun(desk, wait_until)

    cluster.ask("scontrol", "suspend", job)
    suspended = desk.experiments()[0]
    cluster.ask("scancel", job)

    assert suspended["state"] == "running"
    assert suspended["reason"].startswith("suspended on ")


def test_what_is_held_after_a_requeue_says_so(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    job = _begun(desk, wait_until)

    cluster.ask("scontrol", "requeuehold", job)
    held = wait_until(
        lambda: (desk.experiments()[0]["reason"] or "").startswith(
            "cannot start: it was requeued and is held; scontrol release lets it start"
        )
    )
    states = desk.counts()
    cluster.ask("scontrol", "release", job)
    desk.go()

    assert held
    assert states == {"pending": 2}
    assert wait_until(lambda: desk.counts() == {"done": 2}, within_s=60), desk.status()


def test_what_was_suspended_and_is_held_after_a_requeue_says_so_at_once(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    """Its worker is killed while it is stopped, and leaves no record."""
    job = _begun(desk, wait_until)

    for verb in ("suspend", "requeuehold"):
        cluster.ask("scontrol", verb, job)
    held = wait_until(
        lambda: (desk.experiments()[0]["reason"] or "").startswith(
            "its job is queued again; cannot start: it was requeued and is held"
        )
    )
    cluster.ask("scontrol", "release", job)
    desk.go()

    assert held, desk.status()
    assert wait_until(lambda: desk.counts() == {"done": 2}, within_s=60), desk.status()


PREEMPTION = (
    "PreemptType=preempt/partition_prio",
    "PreemptMode=REQUEUE",
    "PartitionName=urgent Nodes=ALL PriorityTier=9 PreemptMode=OFF State=UP",
)


@pytest.fixture(scope="session")
def preempting(make_cluster: Callable[..., Cluster]) -> Cluster:
    """A cluster of one node whose partition ``urgent`` takes it from all others."""
    extra = (word for line in PREEMPTION for word in ("--extra", line))
    return make_cluster("--nodes", "1", *extra)


def _preempt(desk: Desk, where: Cluster, wait_until: Callable[..., bool]) -> str:
    """Take the node away from two experiments that wait; return the job that has it."""
    _begun(desk, wait_until)
    urgent = where.submit("-p", "urgent", "-n2", "--exclusive", "--wrap", "sleep 300")
    assert wait_until(
        lambda: where.ask("squeue", "-h", "-j", urgent, "-o", "%T") == "RUNNING\n"
    )
    return urgent


def test_what_is_preempted_is_pending_again_and_waited_for(
    preempting: Cluster, sit_at: Callable[[Cluster], Desk], wait_until: Callable[..., bool]
) -> None:
    desk = sit_at(preempting)
    desk.write("[7]")
    words = [desk.bench.command, "submit", "winds.yaml", "--pack", "2", "-t", "10", "--wait"]
    place, environment = desk.bench.place, desk.bench.environment()
    waiting = subprocess.Popen(
        words, cwd=place, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert wait_until(lambda: desk.sweep.submissions.exists() and desk.snapshots() == [1, 1])

    urgent = preempting.submit("-p", "urgent", "-n2", "--exclusive", "--wrap", "sleep 300")
    stopped = wait_until(lambda: len(desk.files("record.json")) == 2)
    states = [desk.counts() for _ in range(5)]
    preempting.ask("scancel", urgent)
    desk.go()
    said, _ = waiting.communicate(timeout=300)

    assert stopped
    assert states == [{"pending": 2}] * 5
    assert waiting.returncode == 0, said
    assert desk.counts() == {"done": 2}
    assert desk.attempts() == [2, 2]


@pytest.fixture(scope="session")
def graceful(make_cluster: Callable[..., Cluster]) -> Cluster:
    """A cluster of one node on which jobs of the QOS ``urgent`` take it, after a time of grace."""
    lines = (
        "AccountingStorageEnforce=associations,limits,qos",
        "PreemptType=preempt/qos",
        "PreemptMode=REQUEUE",
    )
    made = make_cluster("--nodes", "1", *(word for line in lines for word in ("--extra", line)))
    user = pwd.getpwuid(os.geteuid()).pw_name
    for words in (
        ("modify", "qos", "normal", "set", "GraceTime=60"),
        ("add", "qos", "urgent", "Preempt=normal"),
        ("modify", "user", user, "set", "qos+=urgent"),
    ):
        made.ask("sacctmgr", "-i", *words)
    return made


def test_what_has_a_time_of_grace_before_a_preemption_is_queued_again(
    graceful: Cluster, sit_at: Callable[[Cluster], Desk], wait_until: Callable[..., bool]
) -> None:
    """Slurm asks it to end, and takes a job that does so for one that has done its work."""
    desk = sit_at(graceful)
    _begun(desk, wait_until)

    urgent = graceful.submit("--qos=urgent", "-n2", "--exclusive", "--wrap", "sleep 300")
    assert wait_until(
        lambda: graceful.ask("squeue", "-h", "-j", urgent, "-o", "%T") == "RUNNING\n"
    )
    preempted = desk.counts()
    desk.go()
    graceful.ask("scancel", urgent)

    assert preempted == {"pending": 2}
    assert wait_until(lambda: desk.counts() == {"done": 2}, within_s=90), desk.status()
    assert desk.attempts() == [2, 2]


def test_cancelling_one_experiment_after_a_preemption_cancels_that_one_alone(
    preempting: Cluster, sit_at: Callable[[Cluster], Desk], wait_until: Callable[..., bool]
) -> None:
    desk = sit_at(preempting)
    urgent = _preempt(desk, preempting, wait_until)

    cancelled = desk.run("cancel", "winds", "0")
    meanwhile = desk.counts()
    preempting.ask("scancel", urgent)
    desk.go()
    done = wait_until(lambda: desk.counts() == {"done": 1, "cancelled": 1}, within_s=60)

    assert "1 cancelled" in cancelled.stdout
    assert meanwhile == {"pending": 1, "cancelled": 1}
    assert done, desk.status()
    assert desk.experiments()[0]["state"] == "cancelled"
