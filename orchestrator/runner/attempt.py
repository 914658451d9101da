"""What an attempt is made of: its assignment, what is known of it so far, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.errors import DamagedError, ParameterError, StartError, StreamError
from orchestrator.model import Cause, Kind
from orchestrator.runner import process

if TYPE_CHECKING:
    from orchestrator.errors import OrchestratorError
    from orchestrator.model import Continuation, Engine, State, Task
    from orchestrator.model.reductions import Reduction
    from orchestrator.records.paths import AttemptDirectory, ExperimentDirectory
    from orchestrator.runner.process import Launch
    from orchestrator.runner.results import Results
    from orchestrator.runner.stop import Stop

_QUOTED = 200  # characters of an engine's last line in a cause


@dataclass(frozen=True, slots=True)
class Assignment:
    """One attempt to make.

    Attributes
    ----------
    stop
        Ends the attempt early when requested, after the snapshot that is arriving.
    launch
        How programs are started.
    """

    task: Task
    engine: Engine
    directory: ExperimentDirectory
    stop: Stop
    launch: Launch = process.spawn

    @property
    def files(self) -> AttemptDirectory:
        """The files of the attempt."""
        return self.directory.attempt(self.task.attempt)

    def last_line(self) -> str:
        """Return the last line of the engine's output, if there is one."""
        lines = process.last_lines(self.files.engine_log, 1)
        return lines[0][:_QUOTED] if lines else ""


@dataclass(slots=True)
class Course:
    """What is known of an attempt while it is made.

    Attributes
    ----------
    started
        When it began.
    expected
        Snapshots that were asked for.
    status
        How the engine ended, as :mod:`subprocess` has it.
    reducing_s
        Seconds spent on its snapshots.
    cpu_s, memory_mb
        The engine's processor time in s, and its most resident memory in MB.
    continuation
        Where it resumed an earlier attempt.
    decided
        How it is to end because a condition of its run holds.
    own
        The user's own reductions, as far as they can be loaded.
    faults
        Why some of them could not be loaded or failed.
    """

    results: Results
    started: str
    expected: int = 0
    status: int | None = None
    reducing_s: float = 0.0
    cpu_s: float = 0.0
    memory_mb: float = 0.0
    continuation: Continuation | None = None
    decided: Verdict | None = None
    own: tuple[Reduction, ...] = ()
    faults: list[Cause] = field(default_factory=list)

    def beat(self) -> None:
        """Give a sign of life."""
        self.results.beat()


@dataclass(frozen=True, slots=True)
class Verdict:
    """In which state an attempt ends, and why."""

    state: State
    causes: tuple[Cause, ...] = ()


class Halt(Exception):  # noqa: N818  # not an error
    """The attempt must end now, in this state and for this reason."""

    def __init__(self, state: State, cause: Cause) -> None:
        super().__init__(state.value)
        self.verdict = Verdict(state, (cause,))


def cause_of(error: OrchestratorError | OSError) -> Cause:
    """Return an error that ended an attempt as a cause."""
    match error:
        case OSError():
            path = str(error.filename or "")
            return Cause(Kind.CANNOT_WRITE, subject=path, detail=error.strerror or str(error))
        case ParameterError():
            return Cause(Kind.REFUSED, subject=error.name, detail=error.detail)
        case StartError():
            return Cause(Kind.NOT_STARTED, program=error.program, detail=error.detail)
        case DamagedError():
            return Cause(Kind.DAMAGED, subject=error.path, detail=error.detail)
        case StreamError():
            return Cause(Kind.BAD_STREAM, detail=str(error))
        case _:
            return Cause(Kind.SUPERVISOR, detail=str(error))
