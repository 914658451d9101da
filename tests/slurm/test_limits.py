"""A sweep of more experiments than jobs may be queued is sent as fewer jobs, which run them in turn."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

import pytest

from orchestrator.model import Kind
from orchestrator.records import attempts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.slurm.conftest import Cluster, Desk

pytestmark = pytest.mark.slurm

MOST = 3


@pytest.fixture(scope="session")
def limited(make_cluster: Callable[..., Cluster]) -> Cluster:
    """A cluster on which a user may have three jobs in the queue."""
    words = ("--nodes", "2", "--extra", "AccountingStorageEnforce=associations,limits,qos")
    made = make_cluster(*words)
    made.ask("sacctmgr", "-i", "modify", "qos", "normal", "set", f"MaxSubmitJobsPerUser={MOST}")
    return made


def test_more_experiments_than_may_be_queued_run_in_turn(
    limited: Cluster, sit_at: Callable[[Cluster], Desk]
) -> None:
    desk = sit_at(limited)
    desk.write("[0, 1, 2, 3, 4]")

    planned = desk.run("plan", "winds.yaml", "-t", "10")
    done = desk.run("submit", "winds.yaml", "-t", "10", "-p", "pbatch", "--wait")
    first = desk.experiments()[0]

    assert (first["cluster"], first["partition"]) == ("throwaway", "pbatch")
    assert first["submitter"] == pwd.getpwuid(os.geteuid()).pw_name
    assert "10 experiments in 3 Slurm jobs" in planned.stdout
    bound = (
        "in turn: up to 4 experiments on each core of a job; QOS normal allows 3 queued jobs"
    )
    assert bound in planned.stdout
    assert "--array=0-2%3" in planned.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.counts() == {"done": 10}
    assert desk.attempts() == [1] * 10


@pytest.fixture
def burst(limited: Cluster) -> Iterator[Cluster]:
    """The same cluster, whose partition pdebug has a QOS of its own: two jobs of a user, four of all."""
    qos = ("qos", "burst", "MaxSubmitJobsPerUser=2", "GrpSubmitJobs=4", "MaxWall=20")
    limited.ask("sacctmgr", "-i", "add", *qos)
    limited.ask("scontrol", "update", "PartitionName=pdebug", "QoS=burst")
    yield limited
    limited.ask("scontrol", "update", "PartitionName=pdebug", "QoS=")


def test_the_qos_of_a_partition_binds_before_the_jobs_own(
    burst: Cluster, sit_at: Callable[[Cluster], Desk]
) -> None:
    desk = sit_at(burst)
    desk.write("[0, 1, 2]")

    long = desk.run("plan", "winds.yaml", "-t", "30", "-p", "pdebug")
    planned = desk.run("plan", "winds.yaml", "-t", "10", "-p", "pdebug")
    held = burst.submit("--hold", "-p", "pdebug", "--wrap", "true")
    fewer = desk.run("plan", "winds.yaml", "-t", "10", "-p", "pdebug")
    burst.ask("scancel", held)
    done = desk.run("submit", "winds.yaml", "-t", "10", "-p", "pdebug", "--wait")

    whose = "QOS burst of partition pdebug allows"
    assert f"slurm.time: {whose} 0:20:00, 0:30:00 was asked" in long.stderr
    assert "6 experiments in 2 Slurm jobs" in planned.stdout
    assert f"{whose} 2 queued jobs" in planned.stdout
    assert "6 experiments in 1 Slurm job" in fewer.stdout
    assert f"{whose} 2 queued jobs, and 1 are queued" in fewer.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.counts() == {"done": 6}


def test_jobs_that_are_queued_count_and_a_full_queue_is_refused_before_anything_is_written(
    limited: Cluster, sit_at: Callable[[Cluster], Desk]
) -> None:
    desk = sit_at(limited)
    desk.write("[0, 1]")
    queued = [limited.submit("--hold", "--wrap", "true") for _ in range(MOST)]

    try:
        planned = desk.run("plan", "winds.yaml", "-t", "10")
        refused = desk.run("submit", "winds.yaml", "-t", "10")
        limited.ask("scancel", queued.pop())
        done = desk.run("submit", "winds.yaml", "-t", "10", "--wait")
    finally:
        limited.ask("scancel", *queued)

    full = (
        "slurm: QOS normal allows 3 queued jobs, and 3 are queued; wait until some have ended"
    )
    assert full in planned.stderr
    assert (planned.returncode, refused.returncode) == (2, 2)
    assert refused.stderr.count(full) == 1
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 job sent to Slurm" in done.stdout
    assert desk.counts() == {"done": 4}


@pytest.fixture
def small(limited: Cluster) -> Iterator[Cluster]:
    """The same cluster, whose QOS ``small`` allows a job one core and 500 MB."""
    user = pwd.getpwuid(os.geteuid()).pw_name
    limited.ask("sacctmgr", "-i", "add", "qos", "small", "MaxTRESPerJob=cpu=1,mem=500M")
    limited.ask("sacctmgr", "-i", "modify", "user", user, "set", "qos+=small")
    yield limited
    limited.ask("sacctmgr", "-i", "modify", "user", user, "set", "qos-=small")


def test_a_job_of_more_than_its_qos_allows_is_refused_and_never_queued(
    small: Cluster, sit_at: Callable[[Cluster], Desk]
) -> None:
    desk = sit_at(small)
    desk.write("[0]")
    words = ("winds.yaml", "-t", "10", "--qos", "small")

    planned = desk.run("plan", *words, "--pack", "2")
    refused = desk.run("submit", *words, "--mem", "800M")
    done = desk.run("submit", *words, "--mem", "500M", "--wait")

    cores = "slurm.pack: QOS small allows a job 1 core, not 2 cores, asked for"
    memory = "slurm.mem: QOS small allows a job 500M, not 800M, asked for"
    assert cores in planned.stderr
    assert (refused.returncode, refused.stderr.splitlines()) == (2, [memory])
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_controller_holds_already_leaves_fewer_jobs(
    make_cluster: Callable[..., Cluster], sit_at: Callable[[Cluster], Desk]
) -> None:
    """It refuses the job that would make it full, and those that have ended count for a while."""
    desk = sit_at(make_cluster("--nodes", "1", "--no-accounting", "--max-job-count", "8"))
    desk.write("[0, 1, 2, 3]")

    done = desk.run("submit", "winds.yaml", "-t", "10", "--wait")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 experiments submitted" in done.stdout
    assert "6 jobs sent to Slurm" in done.stdout  # of seven, one of the cluster's own start


@pytest.fixture
def lab(limited: Cluster) -> Iterator[Cluster]:
    """The same cluster, where a team and its guests are a lab, which may have two jobs in the queue."""
    add, modify = ("sacctmgr", "-i", "add"), ("sacctmgr", "-i", "modify")
    for words in (("lab",), ("team", "parent=lab"), ("guests", "parent=lab")):
        limited.ask(*add, "account", *words)
    user = pwd.getpwuid(os.geteuid()).pw_name
    limited.ask(*add, "user", user, "account=team,guests")
    limited.ask(*modify, "account", "lab", "set", "GrpSubmitJobs=2")
    yield limited
    limited.ask(*modify, "account", "lab", "set", "GrpSubmitJobs=-1")


def test_limits_of_the_accounts_above_count_the_jobs_of_all_accounts_below(
    lab: Cluster, sit_at: Callable[[Cluster], Desk]
) -> None:
    desk = sit_at(lab)
    desk.write("[0, 1, 2]")
    words = ("winds.yaml", "-t", "10", "-A", "team")

    planned = desk.run("plan", *words)
    held = [lab.submit("--hold", "-A", "guests", "--wrap", "true")]
    fewer = desk.run("plan", *words)
    held.append(lab.submit("--hold", "-A", "guests", "--wrap", "true"))
    refused = desk.run("submit", *words)
    lab.ask("scancel", held.pop())
    done = desk.run("submit", *words, "--wait")
    lab.ask("scancel", *held)

    whose = "account lab, with all users and accounts below, allows 2 queued jobs"
    assert "6 experiments in 2 Slurm jobs" in planned.stdout
    assert whose in planned.stdout
    assert "6 experiments in 1 Slurm job" in fewer.stdout
    assert f"{whose}, and 1 are queued" in fewer.stdout
    assert refused.returncode == 2
    assert f"slurm: {whose}, and 2 are queued; wait until some have ended" in refused.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.counts() == {"done": 6}


def test_what_its_job_had_no_time_to_reach_is_submitted_again_as_it_was(
    limited: Cluster, sit_at: Callable[[Cluster], Desk], wait_until: Callable[..., bool]
) -> None:
    desk = sit_at(limited)
    desk.write("[7]")
    words = ("sacctmgr", "-i", "modify", "qos", "normal", "set")
    limited.ask(*words, "MaxSubmitJobsPerUser=2")  # one job, and the last
    sent = desk.run("submit", "winds.yaml", "-t", "1", "--set", "slurm.retries=2")
    limited.ask(*words, f"MaxSubmitJobsPerUser={MOST + 9}")

    again = wait_until(lambda: len(desk.files("claim.json")) == 3, within_s=240)
    desk.go()
    done = wait_until(lambda: desk.counts() == {"done": 2}, within_s=60)
    limited.ask(*words, f"MaxSubmitJobsPerUser={MOST}")

    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert again, desk.status()
    assert done, desk.status()
    log = desk.sweep.log.read_text()
    assert "exp0 submitted again by their job; time limit 2 min; 1 retry left" in log
    assert "exp1 submitted again by the last job; as much as before; 1 retry left" in log
    never = attempts.read_record(desk.sweep.experiment(1).attempt(1))
    assert never is not None
    assert (never.state.value, never.causes[0].kind) == ("lost", Kind.NEVER_STARTED)
