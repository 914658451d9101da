"""How an attempt is judged by what its engine sent and how it ended."""

from __future__ import annotations

import select
import signal
from typing import TYPE_CHECKING

from orchestrator import settings
from orchestrator.model import Cause, Kind, State
from orchestrator.runner.attempt import Verdict

if TYPE_CHECKING:
    from orchestrator.runner.attempt import Assignment, Course

_SHARED_SIGNALS = (-signal.SIGTERM, -signal.SIGUSR2, -signal.SIGINT)
_MOMENT_S = 1.0


def judge(assignment: Assignment, course: Course, cut: str, *, memory_ran_out: bool) -> Verdict:
    """Judge an attempt whose engine has ended.

    Parameters
    ----------
    cut
        Where the stream of snapshots was cut; empty where it was whole.
    memory_ran_out
        Whether the kernel has killed for memory in this control group meanwhile.
    """
    if course.status == -signal.SIGKILL and memory_ran_out:
        return Verdict(
            State.OUT_OF_MEMORY,
            (Cause(Kind.OUT_OF_MEMORY, memory_mb=settings.job_memory_mb()),),
        )
    if cut:
        return _failed(assignment, course, cut)
    ended = judge_end(assignment, course)
    return _by_snapshots(assignment, course) if ended.state is State.DONE else ended


def judge_end(assignment: Assignment, course: Course) -> Verdict:
    """Judge an attempt by the exit status of its engine alone."""
    return _failed(assignment, course, "") if course.status != 0 else Verdict(State.DONE)


def _by_snapshots(assignment: Assignment, course: Course) -> Verdict:
    """Judge an engine that ended well by the snapshots that it sent."""
    run, results = assignment.task.run, course.results
    if results.snapshots == 0:
        last = assignment.last_line()
        cause = Cause(
            Kind.NO_OUTPUT,
            program=assignment.engine.program,
            subject="snapshot",
            last_line=last,
        )
        return Verdict(State.FAILED, (cause,))
    if results.time_t0 < results.start_t0 + run.stop_t0 - run.every_t0:
        return Verdict(
            State.FAILED, (Cause(Kind.ENDED_EARLY, program=assignment.engine.program),)
        )
    if results.snapshots < course.expected:
        name = assignment.engine.name
        return Verdict(State.DONE, (Cause(Kind.FEWER_SNAPSHOTS, subject=name),))
    return Verdict(State.DONE)


def _failed(assignment: Assignment, course: Course, cut: str) -> Verdict:
    """Judge an engine that did not end well."""
    stop, last = assignment.stop, assignment.last_line()
    causes: tuple[Cause, ...]
    causes = (
        Cause(
            Kind.EXITED, program=assignment.engine.program, status=course.status, last_line=last
        ),
    )
    if cut:
        ended = Cause(Kind.EXITED, program=assignment.engine.program, status=course.status)
        causes = (ended, Cause(Kind.CUT_STREAM, detail=cut, last_line=last))
    if course.status in _SHARED_SIGNALS and not stop.requested:
        # schedulers signal all processes of a job; ours may be a moment behind
        select.select([stop], [], [], _MOMENT_S)
    if not stop.requested:
        return Verdict(State.FAILED, causes)
    if assignment.files.cancel_request.exists():
        return Verdict(State.CANCELLED, (Cause(Kind.CANCELLED), *causes))
    return Verdict(stop.state, (stop.cause, *causes))
