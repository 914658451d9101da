"""Cancelling experiments, and the jobs that have nothing left to do."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.model import Cluster, State
from orchestrator.model.causes import Cause, Kind
from orchestrator.records import attempts, intents, ledger, selection
from orchestrator.records.failures import sentence
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.lock import locked
from orchestrator.records.status import read_statuses
from orchestrator.slurm import cluster, control, jobs
from orchestrator.slurm.client import Unknown
from orchestrator.submission import slurm_jobs

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Mapping, Sequence

    from orchestrator.model import Status, Submission
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.slurm.jobs import Queued

INTERRUPTED = Cause(Kind.INTERRUPTED)
"""Why Ctrl-C cancels."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was cancelled: so many now, so many had ended before or were never submitted.

    ``stopping`` of those cancelled ran, and were asked to stop, which takes them a moment.
    ``left`` are the jobs that could not be taken out of a queue.
    """

    directory: SweepDirectory
    cancelled: int
    ended: int
    never_submitted: int
    left: tuple[Left, ...] = ()
    stopping: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """Jobs of a name that were left in a queue, and why.

    Attributes
    ----------
    cluster
        Where they are, if that is not the cluster that this machine asks; else empty.
    user
        Whose they are, if not this user's; else empty.
    reason
        Why Slurm could not be asked; else empty.
    """

    name: str
    cluster: str = ""
    user: str = ""
    reason: str = ""


def cancel(
    sweep: str | os.PathLike[str],
    experiments: Collection[str | int] = (),
    *,
    data_dir: str | os.PathLike[str] | None = None,
) -> Cancelled:
    """Cancel what has not ended of a sweep; what was computed is kept.

    Parameters
    ----------
    sweep
        A sweep's name or its file.
    experiments
        ``3``, ``"exp3"``, ``"3-7"`` or ``"all"`` (default: all).
    data_dir
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else the project's ``data_runs``).
    """
    directory = selection.find_sweep(sweep, data_dir)
    selected = selection.choose(experiments, directory)
    live = LiveStatus(directory, selected.numbers).read()
    statuses = [_unclaimed(directory, status) for status in live]
    changed = _cancel(directory, statuses, Cause(Kind.CANCELLED))
    left = _cancel_jobs(directory, statuses)
    never = sum(status.state is State.NEVER_SUBMITTED for status in statuses)
    ended = sum(status.state.ended for status in statuses) - never
    stopping = sum(s.state is State.RUNNING and not s.silent for s in statuses)
    return Cancelled(directory, changed, ended, never, left, min(changed, stopping))


def cancel_these(directory: SweepDirectory, statuses: Sequence[Status], cause: Cause) -> int:
    """Cancel experiments: those that wait end at once, those that run are asked to stop.

    Returns how many; each is a line in the sweep's log.
    """
    if any(s.on_slurm and s.record is not None and s.record.cut_off for s in statuses):
        numbers = [status.experiment.number for status in statuses]
        statuses = LiveStatus(directory, numbers).read()  # their jobs may be queued again
    changed = _cancel(directory, statuses, cause)
    _cancel_jobs(directory, statuses)
    return changed


def _cancel(directory: SweepDirectory, statuses: Sequence[Status], cause: Cause) -> int:
    """Withdraw what waits, and ask what runs to stop; return how many experiments that changed."""
    waiting = {s.experiment.number: _awaited(s) for s in statuses if s.state is State.PENDING}
    if waiting:
        with locked(directory):
            intents.withdraw(directory, waiting, cause.kind)
    lost = [s for s in statuses if s.state is State.LOST and s.record is None]
    changed = len(waiting) + sum(attempts.end_survivors([s.claim]) > 0 for s in lost if s.claim)
    lines = []
    for status in statuses:
        number, withdrawn = status.experiment.number, status.state is State.PENDING
        attempt = directory.experiment(number).attempt(waiting.get(number, status.attempt))
        if not attempt.root.exists():
            if withdrawn:
                lines.append(_told(status, sentence(Cause(cause.kind, subject="pending"))))
        elif withdrawn or status.record is None:
            # also one that was lost, which its job would resume if Slurm starts that again
            attempts.request_cancel(attempt)
            if status.silent and not status.on_slurm:  # which nobody else can ask
                attempts.end(attempt, State.CANCELLED, Cause(cause.kind, subject="silent"))
            lines.append(_told(status, f"asked to stop: {sentence(cause)}"))
            changed += not (withdrawn or status.state.ended)
    ledger.log(directory, attempts.now(), *lines)
    return changed


def _awaited(status: Status) -> int:
    """Return the attempt that waits.

    Where a job that was cut off is queued again, that is the attempt which would resume it.
    """
    return status.attempt if status.record is None else status.attempt + 1


def _unclaimed(directory: SweepDirectory, status: Status) -> Status:
    """Return an experiment whose job has ended without taking it as what it is: unclaimed."""
    attempt = directory.experiment(status.experiment.number).attempt(status.attempt)
    if status.attempt == 0 or status.record is not None or attempt.root.exists():
        return status
    if status.state is State.CANCELLED:  # withdrawn before
        return status
    return dataclasses.replace(status, state=State.PENDING)


def _told(status: Status, message: str) -> str:
    return f"{status.experiment.name} attempt {status.attempt} {message}"


def _cancel_jobs(directory: SweepDirectory, before: Sequence[Status]) -> tuple[Left, ...]:
    """Take jobs out of the queue for which nothing is left to do.

    Returns those that had something to do ``before`` and cannot be taken out.
    """
    sent = [s for s in intents.submissions(directory) if s.cluster is Cluster.SLURM]
    if not sent:
        return ()
    statuses = [s for s in read_statuses(directory) if s.submission is not None and s.on_slurm]
    wanted = {s.submission.token for s in statuses if s.state is State.PENDING and s.submission}
    resumed = {
        s.claim.job: s.claim.token for s in statuses if s.claim and _may_resume(directory, s)
    }
    idle = [s for s in sent if s.token not in wanted]
    queued = jobs.queue(sorted({job for s in idle for job in _jobs_of(directory, s)}))
    here = cluster.name() if any(s.slurm_cluster for s in idle) else ""
    busy = {s.submission.token for s in before if s.submission and not s.state.ended}
    left = []
    for submission in idle:
        problem = _problem(directory, submission, here, queued)
        if problem is None and isinstance(queued, dict):
            _take_out(submission, queued, resumed)
        elif problem is not None and submission.token in busy:
            left.append(problem)
    return tuple(left)


def _jobs_of(directory: SweepDirectory, submission: Submission) -> Sequence[str]:
    """Return the jobs of a submission, by their name where its submitter died before it had ids."""
    if submission.job_ids:
        return submission.all_jobs
    arrays = jobs.arrays_named(slurm_jobs.job_name(directory, submission.token))
    return () if isinstance(arrays, Unknown) else arrays


def _problem(
    directory: SweepDirectory,
    submission: Submission,
    here: str | Unknown,
    queued: Mapping[str, Queued] | Unknown,
) -> Left | None:
    """Return why the jobs of a submission cannot be taken out of the queue from here."""
    name, there = slurm_jobs.job_name(directory, submission.token), submission.slurm_cluster
    if there and isinstance(here, str) and here not in {"", there}:
        return Left(name, cluster=there)
    if isinstance(queued, Unknown):
        return Left(name, reason=queued.reason)
    if submission.user not in {"", cluster.me()}:
        return Left(name, user=submission.user)
    return None


def _take_out(
    submission: Submission, queued: Mapping[str, Queued], resumed: Mapping[str, str]
) -> None:
    """Cancel the waiting jobs of a submission, but for those that resume an experiment.

    ``resumed`` has the token of each such job; the last job of its submission waits for it.
    """
    kept = {*resumed, *(submission.last_job,) * (submission.token in resumed.values())}
    waiting = {
        job: entry.name
        for job, entry in queued.items()
        if jobs.token_in(entry.name) == submission.token
        and entry.state.startswith(("PENDING", "REQUEUE"))
    }
    idle = sorted(waiting.keys() - kept)
    if len(idle) == len(waiting):
        idle = sorted({jobs.array_of(job) for job in idle})
    for name in {*waiting.values()}:
        control.cancel_waiting(idle, name)


def _may_resume(directory: SweepDirectory, status: Status) -> bool:
    """Return whether a job would go on with an experiment, were it started again."""
    attempt = directory.experiment(status.experiment.number).attempt(status.attempt)
    if status.record is not None:
        return status.record.cut_off
    return status.state is not State.PENDING and not attempt.cancel_request.exists()
