"""What may come from an engine: snapshots of the asked domain, in order, within the asked run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.errors import StreamError
from orchestrator.model import EngineKind

if TYPE_CHECKING:
    from orchestrator.formats.cellspace import Header
    from orchestrator.model import Task

_LATE = 2.0  # times the run's length may the last event come after its start
_LATE_INTERVALS = 20.0  # or so many intervals later, on a bed where little happens
_LATEST_T0 = 2.0**31  # of the built-in engine, whose word is ours: a step may take any time


@dataclass(frozen=True, slots=True)
class Expectation:
    """What snapshots a task expects of an engine.

    Attributes
    ----------
    domain
        Height, length and depth in cells; None where a given cell space has its own.
    start_t0, last_t0
        The range in which times are believed, in t0.
    """

    domain: tuple[int, int, int] | None
    start_t0: float
    last_t0: float

    def check(self, header: Header, before_t0: float | None) -> None:
        """Refuse a snapshot that was not asked for, after one at ``before_t0``.

        Raises
        ------
        StreamError
            With what is wrong with it.
        """
        sizes = header.height, header.length, header.depth
        if self.domain is not None and sizes != self.domain:
            shapes = (" x ".join(map(str, shape)) for shape in (sizes, self.domain))
            raise StreamError(
                "a snapshot has a domain of {} cells, {} were asked for".format(*shapes)
            )
        if before_t0 is not None and header.time < before_t0:
            raise StreamError(
                f"a snapshot at t = {header.time:g} t0 came after one at {before_t0:g} t0"
            )
        if not self.start_t0 - 1.0 <= header.time <= self.last_t0:
            raise StreamError(
                f"a snapshot is at t = {header.time:g} t0; expected {self.start_t0:g} "
                f"to {self.last_t0:g}"
            )


def expectation(
    task: Task, start_t0: float, kind: EngineKind, *, given_cells: bool
) -> Expectation:
    """Return what a task asks of an engine that starts at a time, maybe from given cells."""
    parameters, run = task.experiment.point.parameters, task.run
    sizes = [parameters.get(name) for name in ("H", "L", "D")]
    known = not given_cells and None not in sizes
    height, length, depth = (int(size or 0) for size in sizes)
    late_t0 = _LATE * run.stop_t0 + _LATE_INTERVALS * run.every_t0
    last_t0 = _LATEST_T0 if kind is EngineKind.BUILTIN else start_t0 + late_t0
    return Expectation((height, length, depth) if known else None, start_t0, last_t0)
