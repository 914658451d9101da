"""A worker: claims experiments of a sweep one after the other and supervises each.

On one machine a worker takes any experiment of its sweep that somebody submitted there; in a job
it takes those of its job's submission. Either leaves when nothing is left to claim, and starts an
experiment only if its expected time fits what is left of the job. A job that Slurm has started
again goes on with what it had begun.
"""

from __future__ import annotations

import os
import time
import traceback
from typing import TYPE_CHECKING

from orchestrator.errors import OrchestratorError
from orchestrator.model import Cause, Kind, State, Task
from orchestrator.records import attempts, failures, ledger
from orchestrator.records.lock import locked
from orchestrator.runner import simulator
from orchestrator.runner.attempt import cause_of
from orchestrator.runner.queue import awaits_another, offers
from orchestrator.runner.supervisor import supervise
from orchestrator.runner.time_left import Hours

if TYPE_CHECKING:
    from orchestrator.model import Record
    from orchestrator.records.paths import AttemptDirectory, SweepDirectory
    from orchestrator.runner.queue import Offer, Post
    from orchestrator.runner.stop import Stop


def work(directory: SweepDirectory, post: Post, stop: Stop) -> None:
    """Run experiments of a sweep until none is left to claim or ``stop`` is asked for."""
    hours = Hours(directory, post)
    begun = time.monotonic()
    while True:
        for offer in offers(directory, post):
            if stop.requested:
                return
            if hours.enough_for(offer):
                hours.learn(offer, attempt_one(directory, offer, post.job, stop))
        if post.token is not None:  # nobody can add to its submission
            if post.again is None or not awaits_another(directory, post, begun, stop):
                return
            continue
        with locked(directory):  # nothing can be asked for between this look and leaving
            left = any(hours.enough_for(offer) for offer in offers(directory, post))
            if stop.requested or not left:
                if post.slot is not None:  # from now on another worker may have it
                    directory.worker_slot(post.slot).unlink(missing_ok=True)
                return


def attempt_one(directory: SweepDirectory, offer: Offer, job: str, stop: Stop) -> Record | None:
    """Claim one attempt and supervise it; None where somebody else has claimed it."""
    attempt = take(directory, offer, job)
    return None if attempt is None else make(directory, offer, attempt, stop)


def take(directory: SweepDirectory, offer: Offer, job: str) -> AttemptDirectory | None:
    """Claim one attempt; return None where somebody else has claimed it."""
    place = directory.experiment(offer.experiment.number)
    claimant = attempts.myself(offer.submission.token, job)
    attempt = attempts.claim(place, offer.attempt, claimant)
    if attempt is not None:
        for earlier in place.attempts()[:-1]:
            if attempts.read_record(earlier) is None:
                attempts.end(earlier, State.LOST, Cause(Kind.CUT_OFF))
        begun = f"{_name(offer)} started by {job} on {os.uname().nodename}"
        ledger.log(directory, begun, attempts.now())
    return attempt


def make(
    directory: SweepDirectory, offer: Offer, attempt: AttemptDirectory, stop: Stop
) -> Record:
    """Supervise an attempt that this process has claimed, to its end."""
    submission, name = offer.submission, _name(offer)
    task = Task(offer.experiment, offer.attempt, submission.run, submission.outputs)
    try:
        engine = simulator.find(submission.root)
        place = directory.experiment(offer.experiment.number)
        record = supervise(task, engine, place, stop)
    except OrchestratorError as error:
        record = attempts.end(attempt, State.FAILED, cause_of(error))
    except Exception as error:  # noqa: BLE001  # recorded; it keeps no other experiment waiting
        traceback.print_exc()
        record = attempts.end(attempt, State.FAILED, Cause(Kind.SUPERVISOR, detail=repr(error)))
    ledger.log(directory, f"{name} {record.state.value}: {_summary(record)}", attempts.now())
    return record


def _name(offer: Offer) -> str:
    return f"{offer.experiment.name} attempt {offer.attempt}"


def _summary(record: Record) -> str:
    counted = f"{record.snapshots} of {record.expected} snapshots, t = {record.time_t0:g} t0"
    told = (
        f"{counted}, {record.wall_s:.1f} s",
        failures.continued(record.continuation),
        failures.reason(record),
        failures.going_on(record),
    )
    return "; ".join(filter(None, told))
