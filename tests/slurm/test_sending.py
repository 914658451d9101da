"""What is sent to Slurm is what was asked for, and nothing that was queued is forgotten."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import TYPE_CHECKING

import pytest

from orchestrator.slurm import cluster as site

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.slurm.conftest import Cluster, Desk

pytestmark = pytest.mark.slurm

BRIEF = (
    "PartitionName=brief Nodes=ALL MaxTime=0:02:00 State=UP",
    "PartitionName=usual Nodes=ALL MaxTime=4:00:00 DefaultTime=0:03:00 State=UP",
)


@pytest.fixture(scope="session")
def brief(make_cluster: Callable[..., Cluster]) -> Cluster:
    """A cluster with a partition for jobs of two minutes at most."""
    extra = (word for line in BRIEF for word in ("--extra", line))
    return make_cluster("--nodes", "1", "--no-accounting", *extra)


@pytest.mark.parametrize(
    ("partition", "limit"), [("brief", "0:02:00"), ("usual", "0:03:00"), ("pbatch", "0:05:00")]
)
def test_without_a_time_jobs_get_the_partitions_and_plan_says_which(
    brief: Cluster, sit_at: Callable[[Cluster], Desk], partition: str, limit: str
) -> None:
    desk = sit_at(brief)
    desk.write("[0]")

    long = ("--set", "run.stop=1e12", "--set", "run.every=1e9")
    planned = desk.run("plan", "winds.yaml", "-p", partition, *long)
    done = desk.run("submit", "winds.yaml", "-p", partition, "--pack", "2", "--wait")
    told = brief.ask("squeue", "-h", "-t", "all", "-S", "-i", "-o", "%l").split()

    assert f"time limit: {limit} for a job, as the partition gives" in planned.stdout
    assert f"and a job's time ends after {limit}; -t or slurm.time" in planned.stdout
    assert "--time" not in planned.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    assert told[0] == limit.removeprefix("0:0")


def test_more_time_than_the_partition_allows_is_refused(
    brief: Cluster, sit_at: Callable[[Cluster], Desk]
) -> None:
    desk = sit_at(brief)
    desk.write("[0]")

    done = desk.run("submit", "winds.yaml", "-p", "brief", "-t", "5")

    assert done.returncode == 2
    assert "slurm.time: brief allows 0:02:00, 0:05:00 was asked" in done.stderr


def test_a_limit_on_jobs_is_on_those_at_once_also_where_they_are_packed(desk: Desk) -> None:
    desk.write("[0, 1, 2, 3, 4, 5]")
    words = ("--pack", "2", "-t", "10", "--set", "slurm.jobs=1")

    planned = desk.run("plan", "winds.yaml", *words).stdout
    done = desk.run("submit", "winds.yaml", "--wait", *words)

    assert "--array=0-5%1" in planned
    assert "12 experiments in 6 Slurm jobs, 1 of them at once" in planned
    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.counts() == {"done": 12}
    assert desk.attempts() == [1] * 12


def test_what_was_not_reached_says_that_its_jobs_time_ended(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    desk.write("[0]")
    later = ("--set", "slurm.extra={begin: now+1hour}")
    desk.run("submit", "winds.yaml", "--pack", "2", "-t", "10", *later)
    (sent,) = [line for line in desk.noted() if line["event"] == "submitted"]
    name = ("--job-name", f"winds.{sent['token']}")
    lines = [
        {**line, "job_ids": [cluster.submit(*name, "--wrap", "true")]}
        if line["event"] == "submitted"
        else line
        for line in desk.noted()
    ]
    cluster.ask("scancel", *sent["job_ids"])
    desk.sweep.submissions.write_text("".join(json.dumps(line) + "\n" for line in lines))

    ended = wait_until(lambda: desk.counts() == {"lost": 2})

    assert ended, desk.status()
    reason = "never started: its job's time ended before its turn"
    assert {e["reason"] for e in desk.experiments()} == {reason}


SLOW = 'echo "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation" >&2; exit 1'
BANNER = 'echo "Welcome; your last job 777 has ended"; echo "$said"'
PARSABLE = 'echo "$said" | grep -o "[0-9]*$"'


def _with_sbatch(desk: Desk, script: str) -> Desk:
    """Return the desk with another sbatch before Slurm's."""
    folder = desk.bench.place / "bin"
    folder.mkdir()
    (folder / "sbatch").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "sbatch").chmod(0o755)
    path = f"{folder}:{desk.bench.environment()['PATH']}"
    return dataclasses.replace(
        desk, bench=dataclasses.replace(desk.bench, variables={"PATH": path})
    )


@pytest.mark.parametrize("answer", [SLOW, BANNER, PARSABLE])
@pytest.mark.parametrize("pack", ["1", "2"])
def test_a_job_is_known_by_its_name_whatever_sbatch_prints(
    desk: Desk, cluster: Cluster, answer: str, pack: str
) -> None:
    desk.write("[0]")
    odd = _with_sbatch(desk, f'said=$(/usr/bin/sbatch "$@") || exit\n{answer}')

    done = odd.run("submit", "winds.yaml", "-t", "10", "--pack", pack, "--wait")

    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.attempts() == [1, 1]
    events = [(line["event"], line["token"]) for line in desk.noted()][-3:]
    assert [event for event, _ in events] == ["intended", "submitted", "released"]
    assert cluster.ask("squeue", "-h", "--name", f"winds.{events[0][1]}") == ""


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo Please use; echo the portal", "it printed 'Please use; the portal'"),
        ("exit 0", "it printed nothing"),
    ],
)
def test_an_sbatch_that_queues_nothing_is_quoted(
    desk: Desk, script: str, sentence: str
) -> None:
    desk.write("[0]")

    done = _with_sbatch(desk, script).run("submit", "winds.yaml", "-t", "10")

    assert done.returncode == 2
    expected = f"Slurm refused the jobs: sbatch gave no job's id, {sentence}"
    assert done.stderr.strip() == expected
    assert desk.counts() == {"never_submitted": 2}


@pytest.mark.parametrize("module", ["numpy", "pty", "submitit", "orchestrator", "signal"])
def test_what_lies_in_the_directory_of_the_submitter_breaks_no_job(
    desk: Desk, module: str
) -> None:
    desk.write("[0]")
    (desk.bench.place / f"{module}.py").write_text("raise ImportError('not this one')\n")

    done = desk.run("submit", "winds.yaml", "-t", "10", "--pack", "2", "--wait")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Slurm" in done.stdout


@pytest.mark.parametrize("name", ["50%u", "back\\slash"])
def test_a_directory_whose_name_slurm_rewrites_is_refused(desk: Desk, name: str) -> None:
    desk.write("[0]")

    for verb in ("plan", "submit"):
        done = desk.run(verb, "winds.yaml", "-t", "10", "--data-dir", name)

        assert done.returncode == 2
        assert "Slurm rewrites % and \\ in paths" in done.stderr
        assert "choose another directory with --data-dir" in done.stderr


def test_sbatchs_own_variables_are_defaults_and_said_once(desk: Desk) -> None:
    desk.write("[0]")
    variables = {"SBATCH_ACCOUNT": "science", "SBATCH_PARTITION": "pdebug"}
    own = dataclasses.replace(desk, bench=dataclasses.replace(desk.bench, variables=variables))

    planned = own.run("plan", "winds.yaml", "-p", "pbatch").stdout
    done = own.run("submit", "winds.yaml", "-t", "10", "-p", "pbatch", "--wait")

    assert "--account=science" in planned
    assert "--partition=pbatch" in planned
    assert done.returncode == 0, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("account: science, from $SBATCH_ACCOUNT") == 1
    assert "SBATCH_PARTITION" not in done.stdout + done.stderr


def test_a_refusal_is_printed_once_and_logged(desk: Desk) -> None:
    desk.write("[0]")

    done = desk.run("submit", "winds.yaml", "-t", "10", "--set", "slurm.extra={gres: 'gpu:9'}")

    assert done.returncode == 2
    assert done.stderr.count("Invalid generic resource") == 1
    assert "is void: Slurm refused the jobs: " in desk.sweep.log.read_text()


def test_a_probe_says_at_once_what_a_partition_would_never_run(
    desk: Desk, cluster: Cluster
) -> None:
    cluster.ask("scontrol", "update", "PartitionName=pdebug", "State=DOWN")
    try:
        done = desk.run("doctor", "--probe", "-p", "pdebug")
    finally:
        cluster.ask("scontrol", "update", "PartitionName=pdebug", "State=UP")

    assert done.returncode == 1
    assert "compute node: slurm.partition: pdebug is DOWN" in done.stdout
    assert "account science: QOS normal" in done.stdout
    assert cluster.ask("squeue", "-h", "--name", "rescal-sweep-doctor") == ""


def test_a_probe_that_no_node_takes_gives_up_and_leaves_no_job(
    brief: Cluster, sit_at: Callable[[Cluster], Desk], wait_until: Callable[..., bool]
) -> None:
    busy = brief.submit("--exclusive", "--wrap", "sleep 300")
    running = wait_until(
        lambda: brief.ask("squeue", "-h", "-j", busy, "-o", "%T") == "RUNNING\n"
    )
    try:
        done = sit_at(brief).run("doctor", "--probe")
    finally:
        brief.ask("scancel", busy)

    assert running
    assert done.returncode == 1
    assert "no node took it within 60 s; try another partition with -p, or later" in done.stdout
    assert brief.ask("squeue", "-h", "--name", "rescal-sweep-doctor") == ""


def test_nobody_else_may_write_what_jobs_run(desk: Desk) -> None:
    """submitit's files are unpickled in the job; a shared sweep may be writable by a group."""
    desk.write("[0]")
    before = os.umask(0)
    try:
        done = desk.run("submit", "winds.yaml", "-t", "10", "--wait")
    finally:
        os.umask(before)

    assert done.returncode == 0, done.stdout + done.stderr
    folder = desk.sweep.jobs_of(site.me())
    written = [folder, *folder.glob("*_submitted.pkl"), *folder.glob("*.sh")]
    assert len(written) > 3
    assert not [path for path in written if path.stat().st_mode & 0o022]
    for shared in (desk.sweep.root, desk.sweep.jobs):  # as the person wishes
        assert shared.stat().st_mode & 0o022 == 0o022


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to somebody else")
def test_jobs_run_nothing_that_somebody_else_could_have_written(desk: Desk) -> None:
    """Everybody sends from a folder of their own; only that one matters."""
    desk.write("[0]")
    desk.run("submit", "winds.yaml", "--cluster", "local", "--wait", "--yes")
    again = ("resubmit", "winds", "0", "--cluster", "slurm", "-t", "10", "--wait", "--yes")
    os.chown(desk.sweep.jobs, 61234, 61234)
    folder = desk.sweep.jobs_of(site.me())
    folder.mkdir()
    os.chown(folder, 61234, 61234)

    refused = desk.run(*again)
    folder.rmdir()
    elsewhere = desk.sweep.root / "elsewhere"
    elsewhere.mkdir(mode=0o775)
    folder.symlink_to(elsewhere)
    of_link = desk.run(*again)
    folder.unlink()
    sent = desk.run(*again)

    assert refused.returncode == 2
    assert refused.stderr == (
        f"{folder}: belongs to user 61234, and jobs run what is written there; "
        "choose another directory with --data-dir\n"
    )
    assert of_link.returncode == 2
    assert of_link.stderr == (
        f"{folder}: is no directory, and jobs run what is written there; "
        "choose another directory with --data-dir\n"
    )
    assert [*elsewhere.iterdir()] == []
    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert desk.attempts() == [2, 1]


@pytest.mark.parametrize("cancelled", [False, True])
def test_the_last_job_leaves_the_queue_where_nothing_is_left_to_retry(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool], *, cancelled: bool
) -> None:
    desk.write("[7]")
    desk.run("submit", "winds.yaml", "-t", "10", "--pack", "2", "--set", "slurm.retries=1")
    (sent,) = [line for line in desk.noted() if line["event"] == "submitted"]
    assert wait_until(lambda: desk.snapshots() == [1, 1]), desk.status()
    which = f"--jobs={sent['last_job']}"
    waits = cluster.ask("squeue", "-h", which, "-o", "%T %r").strip()

    if cancelled:
        desk.run("cancel", "winds")
    else:
        desk.go()
    gone = wait_until(
        lambda: (
            cluster.ask("squeue", "-h", "-t", "all", which, "-o", "%T").strip() == "CANCELLED"
        )
    )

    assert waits == "PENDING Dependency"
    assert gone
    assert wait_until(
        lambda: desk.counts() == ({"cancelled": 2} if cancelled else {"done": 2})
    ), desk.status()
    assert desk.attempts() == [1, 1]
