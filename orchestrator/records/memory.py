"""How much memory experiments will need, from those that have ended and from how the engine scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.model import EngineKind
from orchestrator.records.pace import columns
from orchestrator.records.time_needed import MORE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Status

_MB_PER_CELL = (
    12e-6  # of the built-in engine: one and a half times what the cells take on a pipe
)


_MIB_PER_MB = 1e6 / 2**20


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Memory, in MB, of an engine of next to no cells, at least and at most, and of what runs beside.

    At most where the engine was started by itself and has compiled its kernels.
    """

    engine: float
    most: float
    beside: float


# beside it a worker, and the part of the warm engine that is not shared
_BUILTIN = _Fixed(80.0, 340.0, 150.0)
_OTHERS = _Fixed(5.0, 5.0, 45.0)


def expected_mb(
    wanted: Iterable[Mapping[str, Value]], seen: Iterable[Status], kind: EngineKind
) -> float | None:
    """Return the most memory that any of these is expected to need in its job, in MB.

    Its engine, by what was measured of experiments that are ``seen``, and what runs beside it; None
    where nothing is known.
    """
    builtin = kind is EngineKind.BUILTIN
    fixed, per_cell = (_BUILTIN, _MB_PER_CELL) if builtin else (_OTHERS, 0.0)
    measured = [
        (status.record.memory_mb, _cells(status.experiment.point.parameters))
        for status in seen
        if status.record is not None and status.record.memory_mb
    ]
    if not measured and not builtin:
        return None
    # small boxes tell nothing of how memory grows with the cells
    per_cell = max([per_cell, *((mb - fixed.most) / cells for mb, cells in measured)])
    least_mb = max([fixed.engine, *(mb - per_cell * cells for mb, cells in measured)])
    engines = [least_mb + per_cell * _cells(each) for each in wanted]
    return max(engines) + fixed.beside if engines else None


def enough_mb(statuses: Sequence[Status], had_mb: float) -> float:
    """Return memory of a job, as Slurm counts it, that is enough where ``had_mb`` was too little.

    Half as much again, or what the experiments are expected to need that a job runs at a time. What
    an engine used that ran out is the least that it needs.
    """
    submissions = [s.submission for s in statuses if s.submission is not None]
    if not submissions:
        return MORE * had_mb
    parameters = (status.experiment.point.parameters for status in statuses)
    needed_mb = expected_mb(parameters, statuses, submissions[-1].kind) or 0.0
    together = max(1, *(submission.resources.together for submission in submissions))
    return max(MORE * had_mb, together * needed_mb * _MIB_PER_MB)


def _cells(parameters: Mapping[str, Value]) -> float:
    return columns(parameters) * float(parameters.get("H", 1))
