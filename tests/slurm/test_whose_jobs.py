"""A job counts as a sweep's only by its name, where its cluster and its user are asked."""

from __future__ import annotations

import json
import os
import pwd
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.slurm.conftest import Cluster, Desk

pytestmark = pytest.mark.slurm


def _note_otherwise(desk: Desk, event: str, **changes: Any) -> None:
    """Change what is written down of submissions, as if it had been made elsewhere."""
    lines = [{**line, **changes} if line["event"] == event else line for line in desk.noted()]
    desk.sweep.submissions.write_text("".join(json.dumps(line) + "\n" for line in lines))


def _forget(desk: Desk, *names: str) -> None:
    """Take away what an earlier version did not write down."""
    lines = [{k: v for k, v in line.items() if k not in names} for line in desk.noted()]
    desk.sweep.submissions.write_text("".join(json.dumps(line) + "\n" for line in lines))


def _held(desk: Desk) -> str:
    """Submit two experiments whose job waits; return its id."""
    desk.write("[0]")
    later = ("--set", "slurm.extra={begin: now+1hour}")
    done = desk.run("submit", "winds.yaml", "--pack", "2", "-t", "10", *later)
    assert done.returncode == 0, done.stderr
    (sent,) = [line for line in desk.noted() if line["event"] == "submitted"]
    return str(sent["job_ids"][0])


def _there(cluster: Cluster, job: str) -> bool:
    return cluster.ask("squeue", "-h", "-j", job, "-o", "%T").strip() not in {"", "CANCELLED"}


def test_a_submission_says_which_cluster_has_its_jobs_and_whose_they_are(desk: Desk) -> None:
    _held(desk)

    (intended,) = [line for line in desk.noted() if line["event"] == "intended"]

    assert intended["slurm_cluster"] == "throwaway"
    assert intended["user"] == pwd.getpwuid(os.geteuid()).pw_name
    assert desk.run("cancel", "winds").stdout.startswith("winds: 2 cancelled")


def test_lines_of_an_earlier_version_are_read_and_their_jobs_cancelled(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    job = _held(desk)
    _forget(desk, "slurm_cluster", "user")

    before = desk.counts()
    cancelled = desk.run("cancel", "winds")

    assert before == {"pending": 2}
    assert cancelled.stdout == "winds: 2 cancelled, 0 had ended before\n"
    assert wait_until(lambda: not _there(cluster, job))


def test_a_strangers_job_of_the_same_id_is_neither_cancelled_nor_believed(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    own = _held(desk)
    stranger = cluster.submit("--hold", "--job-name", "stranger", "--wrap", "true")
    _note_otherwise(desk, "submitted", job_ids=[stranger])

    seen = desk.counts()
    cancelled = desk.run("cancel", "winds")

    assert seen == {"lost": 2}
    assert cancelled.stdout == "winds: 2 cancelled, 0 had ended before\n"
    assert _there(cluster, stranger)
    cluster.ask("scancel", stranger, own)
    assert wait_until(lambda: not _there(cluster, own))


def test_jobs_on_another_cluster_are_left_alone_with_the_command_for_it(
    desk: Desk, cluster: Cluster
) -> None:
    job = _held(desk)
    _note_otherwise(desk, "intended", slurm_cluster="elsewhere")

    (one, _) = desk.experiments()
    cancelled = desk.run("cancel", "winds")

    assert (one["state"], one["reason"]) == (
        "pending",
        "its job is on the cluster elsewhere; this machine asks throwaway",
    )
    assert "winds: 2 cancelled" in cancelled.stdout
    assert "scancel -M elsewhere --name=winds." in cancelled.stdout
    assert _there(cluster, job)
    cluster.ask("scancel", job)


def test_a_colleagues_jobs_that_slurm_does_not_show_are_not_lost(
    desk: Desk, cluster: Cluster
) -> None:
    job = _held(desk)
    _note_otherwise(desk, "intended", user="colleague")
    shown = desk.experiments()[0]
    _note_otherwise(desk, "submitted", job_ids=["987654321"])  # as PrivateData hides it

    hidden = desk.experiments()[0]
    cancelled = desk.run("cancel", "winds")
    cluster.ask("scancel", job)

    assert shown["state"] == hidden["state"] == "pending"
    assert hidden["reason"] == "cannot be told: Slurm shows no job of colleague's for it here"
    assert "its jobs are colleague's" in cancelled.stdout


def test_nothing_is_sent_for_a_sweep_that_has_ended(desk: Desk, cluster: Cluster) -> None:
    desk.write("[0]")
    assert desk.run("submit", "winds.yaml", "--pack", "2", "-t", "10", "--wait").returncode == 0
    stranger = cluster.submit("--hold", "--job-name", "stranger", "--wrap", "true")
    _note_otherwise(desk, "submitted", job_ids=[stranger])

    cancelled = desk.run("cancel", "winds")

    assert cancelled.stdout == "winds: 0 cancelled, 2 had ended before\n"
    assert _there(cluster, stranger)
    cluster.ask("scancel", stranger)
