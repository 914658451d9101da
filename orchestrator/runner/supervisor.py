"""Supervising one attempt: the flow from the initial cell space to the record."""

from __future__ import annotations

import dataclasses
import math
import shutil
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.errors import OrchestratorError
from orchestrator.formats.durable import replacing
from orchestrator.model import Cause, Continuation, Kind, OnTimeout, State, reductions
from orchestrator.records import attempts, provenance
from orchestrator.runner import own_outputs, pipe, preparation, process, resume, simulator
from orchestrator.runner import start as starting
from orchestrator.runner.attempt import Course, Halt, Verdict, cause_of
from orchestrator.runner.conclusion import conclude
from orchestrator.runner.conditions import Conditions
from orchestrator.runner.decoder import CutError, Decoder
from orchestrator.runner.expectation import expectation
from orchestrator.runner.group import Group
from orchestrator.runner.judgement import judge
from orchestrator.runner.own_decoder import OwnDecoder
from orchestrator.runner.reducer import Reducer
from orchestrator.runner.results import Results, publish_earlier
from orchestrator.runner.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from orchestrator.model import Record, Run
    from orchestrator.model.snapshots import Snapshot
    from orchestrator.runner.attempt import Assignment
    from orchestrator.runner.decoder import Source
    from orchestrator.runner.process import Child
    from orchestrator.runner.resume import Resumption

_LAST_WORDS_S = 5.0  # for an engine to end after its stream was cut
_CLOSING_S = 60.0  # for one to end whose stream is whole
_CLOSED = "{} closed the data pipe but did not end"
_STOPPED = (simulator.SAVED, 128 + signal.SIGUSR1, -signal.SIGUSR1)
"""How the built-in engine ends when it is asked to save: saved, or before there was a state."""

_CONTINUED = "continued.csp"  # the cells that a continuation starts from


@dataclass(frozen=True, slots=True)
class Start:
    """How the engine is started.

    Attributes
    ----------
    run
        The rest of the run where it resumes from cells.
    options
        The engine's own options, besides those of every run.
    genesis
        The command line that made the initial cell space, if there was one.
    cells
        A cell space to start from, which is removed afterwards.
    """

    run: Run
    options: tuple[str, ...]
    genesis: tuple[str, ...] = ()
    cells: Path | None = None


def supervise(assignment: Assignment, options: tuple[str, ...] = ()) -> Record:
    """Make one attempt at an experiment and return its record, which is the last file written.

    Whatever happens to the engine, the snapshots received before it are kept and published.

    Parameters
    ----------
    assignment
        The attempt to make, which must have been claimed.
    options
        More of the engine's own command-line options.
    """
    course = Course(_new_results(assignment), attempts.now())
    return attempt(
        assignment, course, lambda group: _simulate(assignment, course, group, options)
    )


def attempt(
    assignment: Assignment, course: Course, simulate: Callable[[Group], Verdict]
) -> Record:
    """Let ``simulate`` run programs and judge them, and conclude the attempt however it ends."""
    try:
        with Group() as group:
            verdict = simulate(group)
    except Halt as halt:
        verdict = halt.verdict
    except (OrchestratorError, OSError) as error:
        verdict = Verdict(State.FAILED, (cause_of(error),))
    except KeyboardInterrupt:
        interrupted = Verdict(State.CANCELLED, (Cause(Kind.INTERRUPTED),))
        conclude(assignment, course, interrupted)
        raise
    return conclude(assignment, course, verdict)


def _simulate(
    assignment: Assignment, course: Course, group: Group, options: tuple[str, ...]
) -> Verdict:
    """Run genesis and the engine, or resume an earlier attempt, and judge the end."""
    task, directory = assignment.task, assignment.directory
    publish_earlier(directory, task.attempt)
    watchdog = Watchdog(assignment, course.beat)
    course.own, course.faults = own_outputs.loaded(task.outputs.own, directory)
    while True:
        preparation.prepare(task.experiment, assignment.engine, directory)
        resumption = _resumption(assignment, course)
        if resumption is None:
            genesis = starting.make_initial(assignment, watchdog, group)
            _begin(assignment, course, preparation.start_t0(task.experiment, directory))
            start = Start(task.run, options, genesis)
        else:
            _take_over(assignment, course, resumption)
            if course.decided is not None:  # with nothing left to compute
                provenance.describe(task, assignment.engine, directory, {})
                return course.decided
            start = _resumed(assignment, course, resumption, options)
        kills = process.out_of_memory_kills()
        cut = _run_engine(assignment, course, start, group, watchdog)
        if resumption is None or course.status != simulator.CANNOT_GO_ON:
            if course.decided is not None:
                # the engine may have been ahead
                resume.drop_later(assignment.files, course.results.snapshots)
                return course.decided
            if course.status in _STOPPED and watchdog.halted is not None:
                resume.drop_outdated(assignment.files, course.results.snapshots)
                return watchdog.halted
            ran_out = process.out_of_memory_kills() > kills
            return judge(assignment, course, cut, memory_ran_out=ran_out)
        _give_up(assignment, course, resumption)


def _resumption(assignment: Assignment, course: Course) -> Resumption | None:
    """Return where the attempt can go on, and note why it cannot where there is a state."""
    resumption = resume.find(assignment.directory, assignment.task, assignment.engine)
    if isinstance(resumption, resume.Obstacle):
        detail = f": {resumption.reason}"
        course.continuation = Continuation(resumption.attempt.number, None, detail=detail)
        return None
    return resumption


def _begin(assignment: Assignment, course: Course, start_t0: float) -> None:
    """Take note of the simulated time at which the run starts."""
    course.results.start(start_t0)
    course.expected = len(assignment.task.run.multiples(start_t0))


def _take_over(assignment: Assignment, course: Course, resumption: Resumption) -> None:
    """Take over an earlier attempt's snapshots, up to one at which a condition of the run holds."""
    earlier, results = resumption.attempt, course.results
    conditions = Conditions(assignment.task.run)
    reached = attempts.read_record(earlier) or attempts.read_progress(earlier)
    _begin(assignment, course, reached.start_t0 if reached is not None else 0.0)
    results.adopt(
        earlier,
        resumption.snapshots,
        lambda taken: _decide(course, conditions, taken) is not None,
    )
    time_t0 = results.time_t0
    if course.decided is None and resumption.time_t0 is not None:
        time_t0 = resumption.time_t0
    course.continuation = Continuation(earlier.number, time_t0, exact=resumption.exact)


def _resumed(
    assignment: Assignment, course: Course, resumption: Resumption, options: tuple[str, ...]
) -> Start:
    """Return how to resume an earlier attempt whose snapshots are taken over."""
    task, results = assignment.task, course.results
    if resumption.exact:
        checkpoint = str(resumption.checkpoint.absolute())
        return Start(task.run, (*options, "-continue", checkpoint))
    cells = assignment.directory.root / _CONTINUED
    with resumption.checkpoint.open("rb") as source, replacing(cells) as target:
        shutil.copyfileobj(source, target)
    preparation.prepare(task.experiment, assignment.engine, assignment.directory, cells)
    left_t0 = task.run.stop_t0 - (results.time_t0 - results.start_t0)
    return Start(dataclasses.replace(task.run, stop_t0=left_t0), options, cells=cells)


def _give_up(assignment: Assignment, course: Course, resumption: Resumption) -> None:
    """Drop a checkpoint that the engine refuses, and what was taken over with it."""
    resume.drop_refused(resumption)
    course.results.close()
    course.results.drop_journal()
    course.results = _new_results(assignment)
    last = assignment.last_line()
    detail = f': "{last}"' if last else ""
    course.continuation = Continuation(resumption.attempt.number, None, detail=detail)


def _new_results(assignment: Assignment) -> Results:
    return Results(assignment.files, assignment.directory, assignment.task.outputs)


def _run_engine(
    assignment: Assignment, course: Course, start: Start, group: Group, watchdog: Watchdog
) -> str:
    """Run the engine with a pipe; return how the stream was cut, or an empty text."""
    try:
        with pipe.data_pipe() as (reading, writing):
            handle, options = writing.fileno(), (*start.options, *_saving(assignment))
            command = starting.engine_command(assignment, start.run, handle, options)
            commands = _commands(assignment, start, command)
            provenance.describe(
                assignment.task, assignment.engine, assignment.directory, commands, course.own
            )
            with starting.engine(assignment, course, group, command, (handle,)) as child:
                writing.close()
                return _receive(assignment, course, start, child, reading, watchdog)
    finally:
        watchdog.let_go()
        if start.cells is not None:
            start.cells.unlink(missing_ok=True)


def _commands(
    assignment: Assignment, start: Start, command: Sequence[str]
) -> dict[str, Sequence[str]]:
    """Return the command lines of an attempt by their programs."""
    if assignment.engine.own is not None:
        return {assignment.engine.program: command}
    return {"genesis": start.genesis, "rescal": command}


def _decoder(assignment: Assignment, data: pipe.Pipe) -> Source:
    """Return what takes the engine's stream apart."""
    own = assignment.engine.own
    if own is None or own.simulator.decode is None:
        return Decoder(data.fill)
    return OwnDecoder(own, data.fill, assignment.task.experiment.point.parameters)


def _saving(assignment: Assignment) -> tuple[str, ...]:
    """Return the options that let an engine save its state, if it can."""
    if not assignment.engine.resumes_exactly:
        return ()
    every = repr(assignment.task.run.checkpoint_every_s)
    path = str(assignment.files.checkpoint.absolute())
    at_end = ("-checkpoint_end",) if assignment.task.outputs.keep_final else ()
    return ("-checkpoint", path, "-checkpoint_every", every, *at_end)


def _receive(  # noqa: PLR0913, PLR0917  # the attempt, and both ends of the pipe
    assignment: Assignment,
    course: Course,
    start: Start,
    child: Child,
    reading: int,
    watchdog: Watchdog,
) -> str:
    """Take what the engine sends; return how the stream was cut, or an empty text."""
    stop = assignment.stop.fileno()
    data = pipe.Pipe(reading, child.ended, child.ended_handle, stop, watchdog.look)
    course.results.pid = child.pid
    decoder = _decoder(assignment, data)
    saves = assignment.engine.resumes_exactly
    name = assignment.engine.program
    watchdog.follow(name, child, lambda: data.received, lambda: decoder.inside, saves=saves)
    outputs = assignment.task.outputs
    kept = [r for r in reductions.REDUCTIONS if outputs.keeps(r)]
    own = [own_outputs.Guarded(r, course.faults) for r in course.own]
    reducer = Reducer(decoder, kept, own)
    try:
        _keep_all(assignment, course, start, decoder, reducer, watchdog)
    except CutError as cut:
        if not child.wait(_LAST_WORDS_S):
            detail = f"{_CLOSED.format(name)}; {cut}"
            raise Halt(State.FAILED, Cause(Kind.CUT_STREAM, detail=detail)) from cut
        return str(cut)
    finally:
        course.reducing_s = reducer.spent_s
    last_words_s = min(_CLOSING_S, assignment.task.run.silence_s)
    if not starting.await_end(child, assignment, watchdog, last_words_s):
        raise Halt(State.FAILED, Cause(Kind.CUT_STREAM, detail=_CLOSED.format(name)))
    return ""


def _keep_all(  # noqa: PLR0913, PLR0917  # as above
    assignment: Assignment,
    course: Course,
    start: Start,
    decoder: Source,
    reducer: Reducer,
    watchdog: Watchdog,
) -> None:
    """Reduce and keep each snapshot as it comes, until a condition of the run holds."""
    results, keep = course.results, assignment.task.outputs.keep_initial
    keeper, conditions = _cell_keeper(assignment), Conditions(assignment.task.run)
    task, directory = assignment.task, assignment.directory
    premade = preparation.premade(task.experiment, directory) is not None
    kind = assignment.engine.kind
    expected = expectation(task, results.start_t0, kind, given_cells=premade)
    while (header := decoder.header()) is not None:
        expected.check(header, results.time_t0 if results.snapshots else None)
        # what a run from a snapshot's cells sends first is that snapshot
        again = start.cells is not None and header.time == results.time_t0
        with keeper.keeping(header, 0 if again else results.snapshots) as take:
            snapshot = reducer.reduce(header, take)
        if course.decided is not None:
            continue  # it is asked to end, and may have sent another one meanwhile
        if not again:
            results.keep(snapshot)
            if (decided := _decide(course, conditions, snapshot)) is not None:
                watchdog.end(decided)
            resume.drop_outdated(assignment.files, results.snapshots)
            preparation.settle_initial(assignment.directory, keep)


def _decide(course: Course, conditions: Conditions, snapshot: Snapshot) -> Verdict | None:
    """Note and return how the run ends with its latest snapshot, where a condition holds."""
    assert course.results.first is not None
    decided = conditions.verdict(snapshot, course.results.first)
    at_end = course.results.snapshots >= course.expected  # where there is nothing to stop
    if decided is not None and not (at_end and decided.state is State.STOPPED):
        course.decided = decided
    return course.decided


def _cell_keeper(assignment: Assignment) -> resume.CellKeeper:
    """Return what keeps cells for a later attempt, if cells are what it would resume from."""
    run = assignment.task.run
    from_cells = run.on_timeout is OnTimeout.CONTINUE and not assignment.engine.resumes_exactly
    least_s = run.checkpoint_every_s if from_cells else math.inf
    return resume.CellKeeper(assignment.files, least_s)
