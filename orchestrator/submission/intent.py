"""Intents: submissions that are written down before anything of them is started."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.model import Cluster, State
from orchestrator.records import attempts, intents, ledger, pace
from orchestrator.submission.request import submission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.model import Status, Submission
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.submission.request import Request


_OPEN = {State.PENDING, State.NEVER_SUBMITTED, State.CANCELLED}


def intend(
    directory: SweepDirectory,
    statuses: Sequence[Status],
    request: Request,
    slurm_cluster: str = "",
) -> Submission | None:
    """Write down the intent to make the next attempt at each experiment; the lock is held.

    ``slurm_cluster`` is the name of the cluster that jobs are sent to, empty for none. None where there is nothing to do, or where a job has taken all of them just now.
    """
    attempts.end_survivors(s.claim for s in statuses if s.claim and s.record is None)
    chosen = [status for status in statuses if _finalize(directory, status)]
    if not chosen:
        return None
    if request.cluster is Cluster.LOCAL or request.resources.together != 1:
        chosen = sorted(  # longest first, to end together
            chosen,
            key=lambda s: -pace.work(s.experiment.point.parameters, request.run.stop_t0),
        )
    wanted = {s.experiment.number: _next_attempt(s) for s in chosen}
    intended = submission(request, _new_token(), wanted, slurm_cluster)
    intents.intend(directory, intended)
    counted = text.counted(len(chosen), "experiment")
    ledger.log(directory, intended.time, f"submission {intended.token}: {counted}")
    return intended


def _finalize(directory: SweepDirectory, status: Status) -> bool:
    """Finalize the previous attempt so that no late job can still run it; return whether it is.

    An attempt that died without a record gets one; one that was submitted and never started is
    claimed, so that a job which turns up late finds it ended. One that was withdrawn no job makes.
    """
    if status.record is not None or status.state in _OPEN:
        return True
    experiment = directory.experiment(status.experiment.number)
    if experiment.attempt(status.attempt).root.exists():
        attempts.end(experiment.attempt(status.attempt), status.state, status.cause)
        return True
    token = status.submission.token if status.submission else ""
    claimant = attempts.myself(token, job="")
    return attempts.claim_ended(
        experiment, status.attempt, claimant, status.state, status.cause
    )


def _next_attempt(status: Status) -> int:
    """Return the number of the attempt to make: the one that waits, or the one after the last."""
    return status.attempt if status.state is State.PENDING else status.attempt + 1


def _new_token() -> str:
    """Make the token of a submission: short, sortable by time, unique."""
    stamp = attempts.now().translate(str.maketrans("", "", "-:TZ"))[2:]
    return f"{stamp}-{secrets.token_hex(3)}"
