"""Cancelling experiments, and the jobs that have nothing left to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.model import State
from orchestrator.model.causes import Cause, Kind
from orchestrator.records import attempts, ledger, selection
from orchestrator.records.failures import sentence
from orchestrator.records.status import read_statuses
from orchestrator.slurm import control

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Sequence

    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory

INTERRUPTED = Cause(Kind.INTERRUPTED)
"""Why Ctrl-C cancels."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was cancelled: so many now, so many had ended before or were never submitted."""

    directory: SweepDirectory
    cancelled: int
    ended: int
    never_submitted: int


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
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else ``./data_runs``).
    """
    directory = selection.find_sweep(sweep, data_dir)
    selected = selection.choose(experiments, directory)
    statuses = read_statuses(directory, selected.numbers)
    changed = cancel_these(directory, statuses, Cause(Kind.CANCELLED))
    never = sum(status.state is State.NEVER_SUBMITTED for status in statuses)
    ended = sum(status.state.ended for status in statuses) - never
    return Cancelled(directory, changed, ended, never)


def cancel_these(directory: SweepDirectory, statuses: Sequence[Status], cause: Cause) -> int:
    """Cancel experiments: those that wait end at once, those that run are asked to stop.

    Returns how many; each is a line in the sweep's log.
    """
    changed = 0
    for status in statuses:
        if status.state is State.PENDING and _end_pending(directory, status, cause):
            changed += 1
        elif status.attempt and status.record is None:
            # also one that was lost, which its job would resume if Slurm starts that again
            attempt = directory.experiment(status.experiment.number).attempt(status.attempt)
            attempts.request_cancel(attempt)
            if status.silent and not status.on_slurm:  # which nobody else can ask
                attempts.end(attempt, State.CANCELLED, Cause(cause.kind, subject="silent"))
            _log(directory, status, f"asked to stop: {sentence(cause)}")
            changed += not status.state.ended
    _cancel_jobs(directory)
    return changed


def _end_pending(directory: SweepDirectory, status: Status, cause: Cause) -> bool:
    """Claim a pending attempt only to end it; return whether nobody was faster."""
    token = status.submission.token if status.submission else ""
    place = directory.experiment(status.experiment.number)
    claimant = attempts.myself(token, job="")
    pending = Cause(cause.kind, subject="pending")
    if not attempts.claim_ended(place, status.attempt, claimant, State.CANCELLED, pending):
        return False
    _log(directory, status, sentence(pending))
    return True


def _log(directory: SweepDirectory, status: Status, message: str) -> None:
    name = f"{status.experiment.name} attempt {status.attempt}"
    ledger.log(directory, f"{name} {message}", attempts.now())


def _cancel_jobs(directory: SweepDirectory) -> None:
    """Take jobs out of the queue for which nothing is left to do."""
    wanted = {
        status.submission.token
        for status in read_statuses(directory)
        if status.submission and _wanted(directory, status)
    }
    for submission in ledger.submissions(directory):
        if submission.job_ids and submission.token not in wanted:
            control.cancel_waiting(submission.job_ids)


def _wanted(directory: SweepDirectory, status: Status) -> bool:
    """Return whether a job may still have to do with an experiment, were it started again."""
    if status.state is State.PENDING:
        return True
    attempt = directory.experiment(status.experiment.number).attempt(status.attempt)
    return status.record is None and not attempt.cancel_request.exists()
