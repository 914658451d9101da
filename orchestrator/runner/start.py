"""How an attempt begins: genesis makes the initial cell space, and the engine's command line."""

from __future__ import annotations

import contextlib
import math
import time
from typing import TYPE_CHECKING

from orchestrator.model import Cause, Kind, State
from orchestrator.runner import preparation, process, simulator
from orchestrator.runner.attempt import Halt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.model import Run
    from orchestrator.runner.attempt import Assignment, Course
    from orchestrator.runner.group import Group
    from orchestrator.runner.process import Child
    from orchestrator.runner.watchdog import Watchdog


def make_initial(assignment: Assignment, watchdog: Watchdog, group: Group) -> tuple[str, ...]:
    """Put the initial cell space in its place; return the command line that made it.

    A simulator of the user's own makes its beginning itself.

    Raises
    ------
    Halt
        If genesis does not make it.
    """
    directory, experiment = assignment.directory, assignment.task.experiment
    if assignment.engine.own is not None:
        return ()
    premade = preparation.premade(experiment, directory)
    if premade is not None:
        preparation.take_premade(premade, directory)
        return ()
    seed = preparation.genesis_seed(experiment)
    command = simulator.genesis_command(assignment.engine, directory.parfile.name, seed)
    directory.cellspace.unlink(missing_ok=True)
    log = assignment.files.engine_log
    program = process.Program(command, directory.root, group)
    with process.running(program, log, assignment.launch) as child:
        watchdog.follow("genesis", child)
        await_end(child, assignment, watchdog)
        status = child.status()
    if status != 0:
        _fail(assignment, Kind.EXITED, status=status)
    if not directory.cellspace.is_file():
        _fail(assignment, Kind.NO_OUTPUT, subject=directory.cellspace.name)
    return command


def _fail(
    assignment: Assignment, kind: Kind, *, status: int | None = None, subject: str = ""
) -> None:
    last = assignment.last_line()
    cause = Cause(kind, program="genesis", status=status, subject=subject, last_line=last)
    raise Halt(State.FAILED, cause)


def engine_command(
    assignment: Assignment, run: Run, pipe: int | None, options: Sequence[str]
) -> tuple[str, ...]:
    """Return the command line that simulates ``run``."""
    parfile, point = assignment.directory.parfile.name, assignment.task.experiment.point
    own = assignment.engine.own
    if own is not None and pipe is not None:
        return simulator.own_command(own, point, run, parfile, pipe)
    command = simulator.rescal_command(assignment.engine, parfile, run, point.seed, pipe)
    return (*command, *options)


@contextlib.contextmanager
def engine(
    assignment: Assignment,
    course: Course,
    group: Group,
    command: Sequence[str],
    handles: Sequence[int] = (),
) -> Iterator[Child]:
    """Run the engine and note how it ended."""
    log = assignment.files.engine_log
    with contextlib.ExitStack() as stack:
        program = process.Program(command, assignment.directory.root, group, tuple(handles))
        child = stack.enter_context(process.running(program, log, assignment.launch))
        try:
            yield child
        finally:
            stack.close()
            course.status = child.status()
            course.cpu_s, course.memory_mb = child.cpu_s, child.memory_mb


def await_end(
    child: Child, assignment: Assignment, watchdog: Watchdog, at_most_s: float = math.inf
) -> bool:
    """Wait for the end of a program that sends nothing; return whether it has ended in time."""
    deadline = time.monotonic() + at_most_s
    while not child.wait(watchdog.look(), assignment.stop.fileno()):
        if time.monotonic() >= deadline:
            return False
    return True
