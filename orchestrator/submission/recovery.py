"""What a submitter left that died between its intent and the start of what it asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.formats.durable import remove_drafts
from orchestrator.model import Cluster
from orchestrator.records import intents
from orchestrator.slurm import cluster, control, jobs
from orchestrator.slurm.client import required
from orchestrator.submission import slurm_jobs

if TYPE_CHECKING:
    from orchestrator.model import Submission
    from orchestrator.records.paths import SweepDirectory


def recover(directory: SweepDirectory) -> list[str]:
    """Settle what a dead submitter left, with the sweep's lock held; return what was done.

    Jobs on hold cannot have started, so they are cancelled and asked for anew; those of a submission
    whose ids were written down only need to be released, if they are still there. A process that runs an
    experiment itself claims it before it releases the lock, so what has not been claimed by now
    never will be.
    """
    for folder in (directory.root, directory.jobs, directory.workers):
        remove_drafts(folder)
    done = []
    for submission, event in intents.unfinished(directory):
        token, there = submission.token, submission.slurm_cluster
        if there and submission.cluster is Cluster.SLURM and required(cluster.name()) != there:
            done.append(f"submission {token} was not finished; submit on {there} settles it")
        elif submission.cluster is Cluster.SLURM and event == "submitted":
            _release(directory, submission)
            done.append(
                f"submission {token} was sent; those of its jobs that were held are released now"
            )
        elif submission.cluster is Cluster.SLURM:
            name = slurm_jobs.job_name(directory, token)
            queued = required(jobs.queue())
            held = {jobs.array_of(job) for job, q in queued.items() if q.name == name}
            control.cancel(sorted(held))
            intents.note(directory, "void", token)
            done.append(f"submission {token} was never released; it is void")
        elif submission.cluster is Cluster.HERE and not _begun(directory, submission):
            intents.note(directory, "void", token)
            done.append(f"submission {token} was never begun; it is void")
    return done


def _release(directory: SweepDirectory, submission: Submission) -> None:
    """Release those jobs of a submission that wait; the others have ended or were cancelled.

    One that is not written down is the last, which Slurm has queued without an answer.
    """
    queued = required(jobs.queue())
    waiting = {
        jobs.array_of(job)
        for job, entry in queued.items()
        if entry.state == "PENDING" and jobs.token_in(entry.name) == submission.token
    }
    for last in waiting - {*submission.all_jobs}:
        note = {"job_ids": submission.job_ids, "chunks": submission.chunks, "last_job": last}
        intents.note(directory, "submitted", submission.token, **note)
    control.release(sorted(waiting))
    intents.note(directory, "released", submission.token)


def _begun(directory: SweepDirectory, submission: Submission) -> bool:
    """Return whether any attempt that a submission asked for has been claimed."""
    return any(
        directory.experiment(number).attempt(attempt).root.exists()
        for number, attempt in submission.attempts.items()
    )
