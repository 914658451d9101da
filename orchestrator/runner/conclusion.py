"""The end of an attempt: its data are published, then its record is written."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from typing import TYPE_CHECKING

from orchestrator.errors import DamagedError
from orchestrator.model import Cause, Kind, Record, State
from orchestrator.records import attempts, provenance
from orchestrator.runner import preparation, process, resume
from orchestrator.runner.attempt import cause_of
from orchestrator.runner.watchdog import superseded_by

if TYPE_CHECKING:
    from orchestrator.runner.attempt import Assignment, Course, Verdict


def conclude(assignment: Assignment, course: Course, verdict: Verdict) -> Record:
    """Publish, and write account and record; name in the record what of it was impossible."""
    course.results.close()
    newer = superseded_by(assignment.directory, assignment.task.attempt)
    if newer:
        cause = Cause(Kind.SUPERSEDED, attempt=newer)
        record = _record(assignment, course, State.LOST, (cause,))
    else:
        record, published = _publish(assignment, course, verdict)
        with contextlib.suppress(OSError):  # a full disk: the caller is told, and log.txt
            _account(assignment, course, record, published=published)
    with contextlib.suppress(OSError):
        attempts.write_record(assignment.files, record)
    return record


def _publish(assignment: Assignment, course: Course, verdict: Verdict) -> tuple[Record, bool]:
    """Publish what was kept; return the record and whether the data are this attempt's now."""
    state, published = verdict.state, False
    causes = (*verdict.causes, *course.faults)
    try:
        keep = assignment.task.outputs.keep_initial
        preparation.settle_initial(assignment.directory, keep)
        published = course.results.finish(complete=state.complete)
    except (OSError, DamagedError) as error:
        causes = (*dict.fromkeys((*causes, cause_of(error))),)  # the same again is no news
        state = State.FAILED if state.complete else state
    if state.complete and course.results.snapshots and not published:
        causes = (*causes, Cause(Kind.OUTREACHED))
    return _record(assignment, course, state, causes), published


def _account(
    assignment: Assignment, course: Course, record: Record, *, published: bool
) -> None:
    """Say whose the data are, and remove what nobody needs once they are complete."""
    if record.complete:
        keep = assignment.task.outputs.keep_final and assignment.engine.resumes_exactly
        if published:
            resume.drop_all(assignment.directory, assignment.files if keep else None)
        else:  # what the data are of may be gone on with
            resume.drop_own(assignment.files)
    provenance.conclude(assignment.directory, assignment.files, record, published=published)
    if record.complete and published:
        course.results.drop_journal()


def _record(
    assignment: Assignment, course: Course, state: State, causes: tuple[Cause, ...]
) -> Record:
    results, log = course.results, assignment.files.engine_log
    saved_t0 = _next_start(assignment) if state.bad else None
    stuck_since, enough_s = _stuck(assignment, course, state, saved_t0)
    return Record(
        state=state,
        causes=causes,
        attempt=assignment.task.attempt,
        snapshots=results.snapshots,
        expected=course.expected,
        time_t0=results.time_t0,
        started=course.started,
        ended=attempts.now(),
        wall_s=results.wall_s,
        simulating_s=max(0.0, results.wall_s - course.reducing_s),
        reducing_s=course.reducing_s,
        host=os.uname().nodename,
        exit_status=course.status,
        engine=assignment.engine.title,
        continuation=course.continuation,
        start_t0=results.start_t0,
        adopted=results.adopted,
        adopted_t0=results.adopted_t0,
        last_lines=process.last_lines(log) if state.bad else (),
        saved_t0=saved_t0,
        stuck_since=stuck_since,
        enough_s=enough_s,
        cpu_s=course.cpu_s,
        memory_mb=course.memory_mb,
        full_t0=results.full_t0,
    )


def _next_start(assignment: Assignment) -> float | None:
    """Return the simulated time from which the next attempt would go on; None: from the beginning."""
    task = dataclasses.replace(assignment.task, attempt=assignment.task.attempt + 1)
    resumption = resume.find(assignment.directory, task, assignment.engine)
    return resumption.time_t0 if isinstance(resumption, resume.Resumption) else None


def _stuck(
    assignment: Assignment, course: Course, state: State, saved_t0: float | None
) -> tuple[int, float]:
    """Return since which attempt none came further than the one before, and a time that is enough."""
    number, results = assignment.task.attempt, course.results
    earlier = attempts.read_record(assignment.directory.attempt(number - 1))
    if state is not State.TIMEOUT or earlier is None or earlier.state is not State.TIMEOUT:
        return 0, 0.0
    if earlier.saved_t0 != saved_t0:
        return 0, 0.0
    longest_s = max(results.wall_s, earlier.wall_s)
    reached_t0 = max(results.time_t0, earlier.time_t0) - results.start_t0
    share = reached_t0 / assignment.task.run.stop_t0 if saved_t0 is None else 0.0
    return earlier.stuck_since or number - 1, longest_s / share if share else 2 * longest_s
