"""Cancelling experiments, and the jobs that have nothing left to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.model import State
from orchestrator.records import attempts, ledger, status
from orchestrator.slurm import control

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.model import Standing
    from orchestrator.records.paths import SweepDirectory


def cancel(directory: SweepDirectory, standings: Sequence[Standing], reason: str) -> int:
    """Cancel experiments: those that wait end at once, those that run are asked to stop.

    Returns how many; each is a line in the sweep's log.
    """
    changed = 0
    for standing in standings:
        place = directory.experiment(standing.experiment.number)
        if standing.state is State.PENDING and standing.attempt:
            token = standing.submission.token if standing.submission else ""
            claimant = attempts.myself(token, job="")
            if attempts.claim_ended(
                place, standing.attempt, claimant, State.CANCELLED, f"{reason} while pending"
            ):
                changed += 1
                _log(directory, standing, f"cancelled: {reason} while pending")
                continue
        if standing.attempt and standing.record is None:
            # also one that was lost, which its job would go on with if Slurm starts that again
            attempt = place.attempt(standing.attempt)
            attempts.request_cancel(attempt)
            if standing.silent and not _on_slurm(standing):  # whom nobody else can ask
                said = f"{reason}; nothing had been heard of it for minutes"
                attempts.end(attempt, State.CANCELLED, said)
            _log(directory, standing, f"asked to stop: {reason}")
            changed += not standing.state.ended
    _cancel_jobs(directory)
    return changed


def _on_slurm(standing: Standing) -> bool:
    return standing.submission is not None and standing.submission.cluster == "slurm"


def _log(directory: SweepDirectory, standing: Standing, said: str) -> None:
    name = f"{standing.experiment.name} attempt {standing.attempt}"
    ledger.log(directory, f"{name} {said}", attempts.now())


def _cancel_jobs(directory: SweepDirectory) -> None:
    """Take jobs out of the queue for which nothing is left to do."""
    standings = status.standings(directory)
    for made in ledger.submissions(directory):
        mine = [s for s in standings if s.submission and s.submission.token == made.token]
        if made.job_ids and not any(_wanted(directory, s) for s in mine):
            control.cancel_waiting(made.job_ids)


def _wanted(directory: SweepDirectory, standing: Standing) -> bool:
    """Tell whether a job may still have to do with an experiment, were it started again."""
    if standing.state is State.PENDING:
        return True
    attempt = directory.experiment(standing.experiment.number).attempt(standing.attempt)
    return standing.record is None and not attempt.cancel_request.exists()
