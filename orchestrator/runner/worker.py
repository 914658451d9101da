"""A worker: claims experiments of a sweep one after the other and supervises each.

On one machine a worker takes any experiment of its sweep that somebody submitted there; in a job
it takes those of its job's submission. Either leaves when nothing is left to claim, and starts an
experiment only if its expected time fits what is left of the job. A job that Slurm has started
again goes on with what it had begun.
"""

from __future__ import annotations

import contextlib
import functools
import os
import select
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator import bugs
from orchestrator.errors import OrchestratorError, shortage
from orchestrator.formats.durable import NO_SPACE
from orchestrator.model import Cause, Kind, State, Task
from orchestrator.records import attempts, failures, ledger
from orchestrator.records.lock import locked
from orchestrator.runner import orphans, process, room, simulator
from orchestrator.runner.attempt import Assignment, cause_of
from orchestrator.runner.queue import awaits_another, offers
from orchestrator.runner.stop import Stop
from orchestrator.runner.supervisor import supervise
from orchestrator.runner.time_left import Hours
from orchestrator.runner.turns import turn
from orchestrator.runner.warm_engine import WarmEngine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.model import Record
    from orchestrator.records.paths import AttemptDirectory, SweepDirectory
    from orchestrator.runner.queue import Offer, Post

_ROOM_S = 2.0  # between two looks for room on a full disk


@dataclass(frozen=True, slots=True)
class _Worker:
    """Where a worker stands, how much time it has, what may stop it, how it starts programs."""

    directory: SweepDirectory
    post: Post
    hours: Hours
    stop: Stop
    programs: WarmEngine

    def offers(self) -> Iterator[Offer]:
        """Yield what it may take at this moment and has time for."""
        for offer in offers(self.directory, self.post):
            if self.stop.requested:
                return
            if self.hours.enough_for(offer):
                yield offer


def work_at(directory: SweepDirectory, post: Post) -> None:
    """Work in a process of its own, which signals ask to stop; see :func:`work`."""
    orphans.adopt()
    with Stop.on_signals(post.until) as stop:
        work(directory, post, stop)


def work(directory: SweepDirectory, post: Post, stop: Stop) -> None:
    """Run experiments of a sweep until none is left to claim or ``stop`` is asked for."""
    begun = time.monotonic()
    with contextlib.closing(WarmEngine(stop)) as programs:
        worker = _Worker(directory, post, Hours(directory, post), stop, programs)
        while True:
            for offer in worker.offers():
                wanted = functools.partial(offer.stands, directory)
                with turn(post.at_once, stop, wanted):
                    if not stop.requested and wanted():
                        _attempt_with_room(worker, offer)
            if not directory.submissions.exists():  # somebody has removed the sweep
                return
            if post.token is not None:  # nobody can add to its submission
                if post.again is None or not awaits_another(directory, post, begun, stop):
                    return
                continue
            with locked(directory):  # nothing can be asked for between this look and leaving
                if stop.requested or not any(worker.offers()):
                    if post.slot is not None:  # from now on another worker may have it
                        directory.worker_slot(post.slot).unlink(missing_ok=True)
                    return


def _attempt_with_room(worker: _Worker, offer: Offer) -> None:
    """Claim and supervise one attempt; after one that a full disk has ended, wait for room."""
    directory, record, wanted = worker.directory, None, None
    try:
        record = _attempt(worker, offer)
    except OSError as error:
        if error.errno in NO_SPACE:
            wanted = room.LEAST
        else:  # this one cannot be claimed; others may
            worker.hours.refuse(offer)
            reason = f"{error.filename or directory.root}: {error.strerror or error}"
            ledger.log(directory, attempts.now(), f"{_name(offer)} cannot be claimed: {reason}")
    worker.hours.learn(offer, record)
    if record is not None and record.state is State.FAILED:
        wanted = room.used_by(directory.experiment(offer.experiment.number).root)
    while wanted is not None and not wanted.there(directory.root):
        select.select([worker.stop], [], [], _ROOM_S)
        if worker.stop.requested or not any(offers(directory, worker.post)):
            break


def _attempt(worker: _Worker, offer: Offer) -> Record | None:
    """Claim one attempt and supervise it; None where somebody else has claimed it."""
    attempt = take(worker.directory, offer, worker.post.job)
    if attempt is None:
        return None
    return make(worker.directory, offer, attempt, worker.stop, worker.programs)


def take(directory: SweepDirectory, offer: Offer, job: str) -> AttemptDirectory | None:
    """Claim one attempt; return None where somebody else has claimed or withdrawn it."""
    experiment = directory.experiment(offer.experiment.number)
    claimant = attempts.myself(offer.submission.token, job)
    attempt = attempts.claim(experiment, offer.attempt, claimant)
    if attempt is not None:
        if (kind := offer.withdrawn(directory)) is not None:
            attempts.end(attempt, State.CANCELLED, Cause(kind, subject="pending"))
            return None
        for earlier in experiment.attempts()[:-1]:
            if attempts.read_record(earlier) is None:
                attempts.end(earlier, State.LOST, Cause(Kind.CUT_OFF))
        again = offer.attempt > offer.submission.attempts[offer.experiment.number]
        begun = f"{_name(offer)} started by {job} on {os.uname().nodename}"
        begun += ", which was started again" * again
        ledger.log(directory, attempts.now(), begun)
    return attempt


def make(
    directory: SweepDirectory,
    offer: Offer,
    attempt: AttemptDirectory,
    stop: Stop,
    programs: WarmEngine | None = None,
) -> Record:
    """Supervise an attempt that this process has claimed, to its end.

    Without ``programs`` the engine's programs are started one by one.
    """
    submission, name = offer.submission, _name(offer)
    experiment, claimant = (
        directory.experiment(offer.experiment.number),
        attempts.read_claim(attempt),
    )
    task = Task(offer.experiment, offer.attempt, submission.run, submission.outputs)
    try:
        parameters = offer.experiment.point.parameters
        engine = simulator.of_experiment(parameters, submission.root, directory.inputs)
        _end_survivors(experiment.attempts()[:-1])
        launch = process.spawn if programs is None else programs.prepare(engine)
        record = supervise(Assignment(task, engine, experiment, stop, launch))
    except OrchestratorError as error:
        record = attempts.end(attempt, State.FAILED, cause_of(error))
    except Exception as error:  # noqa: BLE001  # recorded; it keeps no other experiment waiting
        sentence = shortage(error) or bugs.report(error, sys.argv, directory.jobs)
        record = attempts.end(attempt, State.FAILED, Cause(Kind.SUPERVISOR, detail=sentence))
    if claimant is not None and not attempt.root.exists():  # else it would be claimed again
        attempts.claim(experiment, offer.attempt, claimant)
        attempts.write_record(attempt, record)
    ledger.log(directory, attempts.now(), f"{name} {record.state.value}: {_summary(record)}")
    return record


def _end_survivors(earlier: Sequence[AttemptDirectory]) -> None:
    """Kill what is left here of attempts whose supervisors have not ended them themselves."""
    claims = [
        attempts.read_claim(attempt)
        for attempt in earlier
        if (record := attempts.read_record(attempt)) is None or not record.engine
    ]
    attempts.end_survivors(claim for claim in claims if claim is not None)


def _name(offer: Offer) -> str:
    return f"{offer.experiment.name} attempt {offer.attempt}"


def _summary(record: Record) -> str:
    counted = f"{record.snapshots} of {record.expected} snapshots, t = {record.time_t0:g} t0"
    parts = (
        f"{counted}, {record.wall_s:.1f} s",
        failures.continued(record.continuation),
        failures.reason(record),
        failures.going_on(record),
    )
    return "; ".join(filter(None, parts))
