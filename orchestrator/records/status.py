"""What is on disk of a sweep: where each experiment stands.

Files alone decide here; a scheduler is asked elsewhere, and only about those that cannot speak.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

from orchestrator.formats.durable import is_gone
from orchestrator.model import Cause, Kind, State, Status
from orchestrator.records import attempts, intents, ledger

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Axis, Experiment, Progress, Record, Submission
    from orchestrator.records.paths import SweepDirectory

_DECIMALS = 9  # of a time, so that 3 x 0.1 is 0.3


def read_statuses(
    directory: SweepDirectory, only: Collection[int] | None = None
) -> list[Status]:
    """Tell where each experiment stands, by number; ``only`` restricts to some numbers."""
    made = intents.submissions(directory)
    by_token = {submission.token: submission for submission in made}
    wanted = intents.wanted_attempts(made)
    withdrawn = intents.withdrawn(directory)
    orphaned = intents.orphaned(directory)
    begun = set(directory.numbers()) if only is None else only  # nothing is there of the others
    statuses = []
    for experiment in ledger.experiments(directory):
        if only is None or experiment.number in only:
            attempt, asked_by = wanted.get(experiment.number, (0, None))
            try:
                status = (
                    _status(directory, experiment, attempt, asked_by, by_token)
                    if experiment.number in begun
                    else _not_begun(experiment, attempt, asked_by)
                )
                if experiment.number in withdrawn:
                    status = _withdrawn(status, *withdrawn[experiment.number])
                status = _with_missing(directory, _with_earlier(directory, status))
            except OSError as error:  # it may be alive all the same
                status = _unreadable(experiment, attempt, asked_by, error)
            statuses.append(status)
    return [
        dataclasses.replace(s, orphaned=True) if s.experiment.number in orphaned else s
        for s in statuses
    ]


def _status(
    directory: SweepDirectory,
    experiment: Experiment,
    wanted: int,
    submission: Submission | None,
    by_token: Mapping[str, Submission],
) -> Status:
    """Tell where one experiment stands, of which attempt ``wanted`` was the last asked for.

    Where several submissions asked for that attempt, the one counts by which it was claimed.
    """
    made = max(directory.experiment(experiment.number).attempt_numbers(), default=0)
    if made == 0 or made < wanted:
        return _not_begun(experiment, wanted, submission)
    attempt = directory.experiment(experiment.number).attempt(made)
    claim = attempts.read_claim(attempt)
    if claim is not None:
        submission = by_token.get(claim.token, submission)
    progress = attempts.read_progress(attempt)
    record = attempts.read_record(attempt)
    if record is not None:
        return Status(experiment, record.state, made, submission, claim, progress, record)
    life = attempts.alive(attempt)
    if life is False or attempt.record.exists():  # it may have written it between the two looks
        record = attempts.read_record(attempt)
        state = State.LOST if record is None else record.state
        cause = None
        if record is None and attempt.record.exists():
            detail = f"{attempts.damage(attempt)}; resubmit makes another attempt"
            cause = Cause(Kind.UNREADABLE, subject=str(attempt.record), detail=detail)
        return Status(experiment, state, made, submission, claim, progress, record, cause=cause)
    return Status(
        experiment, State.RUNNING, made, submission, claim, progress, silent=life is None
    )


def _withdrawn(status: Status, attempt: int, kind: Kind) -> Status:
    """Return the status of an experiment of which an ``attempt`` was withdrawn.

    It counts unless somebody has claimed that attempt, or a later one was asked for.
    """
    waits = status.state is State.PENDING
    if attempt < status.attempt or (attempt == status.attempt and not waits):
        return status
    cause = Cause(kind, subject="pending")
    return Status(status.experiment, State.CANCELLED, attempt, status.submission, cause=cause)


def _with_earlier(directory: SweepDirectory, status: Status) -> Status:
    """Return a status with what an earlier attempt had reached, if that one came further."""
    if status.attempt <= 1 or status.state.complete:
        return status
    earlier: Progress | Record | None = None
    for attempt in directory.experiment(status.experiment.number).attempts():
        reached = attempts.read_record(attempt) or attempts.read_progress(attempt)
        if reached is not None and attempt.number < status.attempt:
            furthest = earlier or status
            if reached.snapshots and reached.time_t0 > furthest.time_t0:
                earlier = reached
    return dataclasses.replace(status, earlier=earlier)


def _with_missing(directory: SweepDirectory, status: Status) -> Status:
    """Return the status of a complete experiment with those of its arrays that have no file."""
    record, submission = status.record, status.submission
    if record is None or submission is None or not (record.complete and record.snapshots):
        return status
    if any(cause.kind is Kind.OUTREACHED for cause in record.causes):
        return status  # they are an earlier attempt's
    experiment = directory.experiment(status.experiment.number)
    kept = submission.outputs.shipped()
    missing = tuple(name for name in kept if is_gone(experiment.array_file(name)))
    if not missing or experiment.attempt(status.attempt).journal.exists():
        return status
    return dataclasses.replace(status, missing=missing)


def _unreadable(
    experiment: Experiment, attempt: int, submission: Submission | None, error: OSError
) -> Status:
    """Return the status of an experiment whose files the file system does not give now."""
    path, why = str(error.filename or experiment.name), error.strerror or str(error)
    cause = Cause(Kind.UNREADABLE, subject=path, detail=why)
    return Status(experiment, State.RUNNING, attempt, submission, silent=True, cause=cause)


def times_asked_for(statuses: Iterable[Status]) -> list[float]:
    """Return all times at which a snapshot of any of these was asked for, in t0, ascending."""
    times = {
        (s.submission.run.every_t0, s.submission.run.multiples(s.start_t0))
        for s in statuses
        if s.submission is not None
    }
    return sorted(
        {round(every * m, _DECIMALS) for every, multiples in times for m in multiples}
    )


def _not_begun(experiment: Experiment, wanted: int, submission: Submission | None) -> Status:
    """Return the status of an experiment whose attempt ``wanted``, 0 for none, nobody has claimed."""
    if wanted == 0:
        return Status(experiment, State.NEVER_SUBMITTED, 0, None)
    return Status(experiment, State.PENDING, wanted, submission)


def counts(statuses: Iterable[Status]) -> dict[State, int]:
    """Count experiments per state, in the order of the states, without the empty ones."""
    counted = Counter(status.state for status in statuses)
    return {state: counted[state] for state in State if counted[state]}


def present(statuses: Iterable[Status]) -> list[Status]:
    """Return those that are still in the sweep file; only they count in totals."""
    return [status for status in statuses if not status.orphaned]


def time_left_s(statuses: Sequence[Status]) -> float | None:
    """Estimate how long a sweep still takes with as many at a time as run now, or None.

    What is pending is taken to need as long as those that run or have run needed per t0.
    """
    there = present(statuses)
    running = [s for s in there if s.state is State.RUNNING]
    rates = [rate for s in there if (rate := s.rate_t0_per_min) is not None]
    if not running or not rates:
        return None
    mean = len(rates) / sum(1 / rate for rate in rates)
    waiting = sum(s.left_t0 for s in there if s.state is State.PENDING)
    known = [s.left_s for s in running if s.left_s is not None]
    unknown = sum(s.left_t0 for s in running if s.left_s is None)
    share = (sum(known) + 60 * (unknown + waiting) / mean) / len(running)
    return max([share, *known])


def coordinates(experiment: Experiment, axes: Iterable[Sequence[str]]) -> dict[str, Value]:
    """Return an experiment's values on the axes of its sweep."""
    parameters = experiment.point.parameters
    return {name: parameters[name] for names in axes for name in names if name in parameters}


def axis_names(axes: Iterable[Axis]) -> tuple[tuple[str, ...], ...]:
    """Return the names on each axis, as a submission keeps them."""
    return tuple(axis.names for axis in axes)
