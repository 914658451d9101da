"""Cancelling experiments, and the jobs that have nothing left to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.model import State
from orchestrator.records import attempts, ledger
from orchestrator.records.status import read_statuses
from orchestrator.slurm import control

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory


def cancel(directory: SweepDirectory, statuses: Sequence[Status], reason: str) -> int:
    """Cancel experiments: those that wait end at once, those that run are asked to stop.

    Returns how many; each is a line in the sweep's log.
    """
    changed = 0
    for status in statuses:
        place = directory.experiment(status.experiment.number)
        if status.state is State.PENDING and status.attempt:
            token = status.submission.token if status.submission else ""
            claimant = attempts.myself(token, job="")
            if attempts.claim_ended(
                place, status.attempt, claimant, State.CANCELLED, f"{reason} while pending"
            ):
                changed += 1
                _log(directory, status, f"cancelled: {reason} while pending")
                continue
        if status.attempt and status.record is None:
            # also one that was lost, which its job would go on with if Slurm starts that again
            attempt = place.attempt(status.attempt)
            attempts.request_cancel(attempt)
            if status.silent and not _on_slurm(status):  # whom nobody else can ask
                said = f"{reason}; nothing had been heard of it for minutes"
                attempts.end(attempt, State.CANCELLED, said)
            _log(directory, status, f"asked to stop: {reason}")
            changed += not status.state.ended
    _cancel_jobs(directory)
    return changed


def _on_slurm(status: Status) -> bool:
    return status.submission is not None and status.submission.cluster == "slurm"


def _log(directory: SweepDirectory, status: Status, said: str) -> None:
    name = f"{status.experiment.name} attempt {status.attempt}"
    ledger.log(directory, f"{name} {said}", attempts.now())


def _cancel_jobs(directory: SweepDirectory) -> None:
    """Take jobs out of the queue for which nothing is left to do."""
    statuses = read_statuses(directory)
    for made in ledger.submissions(directory):
        mine = [s for s in statuses if s.submission and s.submission.token == made.token]
        if made.job_ids and not any(_wanted(directory, s) for s in mine):
            control.cancel_waiting(made.job_ids)


def _wanted(directory: SweepDirectory, status: Status) -> bool:
    """Tell whether a job may still have to do with an experiment, were it started again."""
    if status.state is State.PENDING:
        return True
    attempt = directory.experiment(status.experiment.number).attempt(status.attempt)
    return status.record is None and not attempt.cancel_request.exists()
