"""What a submission would use: jobs, time, and the node-hours or core-hours that are charged."""

from __future__ import annotations

import heapq
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator import text
from orchestrator.model import State
from orchestrator.records import pace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from orchestrator.model import Point, Run, Status

_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Shape:
    """How experiments are parted into jobs, on Slurm, or into processes, on this machine.

    Attributes
    ----------
    at_once
        Jobs that may run at the same time.
    together
        Experiments at the same time in a job, each on one core.
    cores
        Cores that a job is charged for, all those of its node where it has the node to itself.
    limit_s
        Time limit of a job, or None.
    """

    slurm: bool
    jobs: int
    at_once: int
    together: int
    cores: int
    whole_nodes: bool = False
    limit_s: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What experiments that take ``each_s`` on a core would use.

    Attributes
    ----------
    wall_s
        From the first start to the last end, if jobs start as soon as they may.
    jobs_s
        The wall time of all jobs, added up.
    learnt_from, seen
        ``finished`` or ``running`` experiments of the sweep, so many; or ``scaling``, of the model.
    """

    shape: Shape
    each_s: tuple[float, ...]
    wall_s: float
    jobs_s: float
    learnt_from: str
    seen: int

    @property
    def core_hours(self) -> float:
        """Core-hours charged."""
        return self.jobs_s * self.shape.cores / _HOUR_S

    @property
    def node_hours(self) -> float | None:
        """Node-hours charged, where jobs have nodes to themselves."""
        return self.jobs_s / _HOUR_S if self.shape.whole_nodes else None

    @property
    def most_job_hours(self) -> float | None:
        """Hours of all jobs, if each runs until its time limit."""
        limit_s = self.shape.limit_s
        return None if limit_s is None else self.shape.jobs * limit_s / _HOUR_S


def usage(
    shape: Shape, points: Sequence[Point], run: Run, seen: Iterable[Status], *, builtin: bool
) -> Usage:
    """Estimate what running ``points`` would use, from what is ``seen`` of the sweep so far."""
    seen = [*seen]
    expected = pace.pace(seen, builtin=builtin)
    finished = sum(s.record is not None and s.record.complete for s in seen)
    running = sum(s.state is State.RUNNING and s.time_t0 > 0 for s in seen)
    learnt = "finished" if finished else "running" if running else "scaling"
    each = sorted(expected.seconds(point.parameters, run.stop_t0) for point in points)
    return Usage(shape, tuple(each), *_spent(shape, each), learnt, finished or running)


def _spent(shape: Shape, each_s: Sequence[float]) -> tuple[float, float]:
    """Return when the last experiment ends, and the wall time of all jobs, the longest taken first."""
    slots = [(0.0, slot) for slot in range(shape.at_once * shape.together)]
    ends = [0.0] * shape.at_once
    for seconds in sorted(each_s, reverse=True):
        free, slot = heapq.heappop(slots)
        heapq.heappush(slots, (free + seconds, slot))
        job = slot // shape.together
        ends[job] = max(ends[job], free + seconds)
    # jobs of one experiment follow each other where not all may run at once
    return max(ends, default=0.0), sum(ends)


def lines(found: Usage) -> list[str]:
    """Say it in sentences, or that nothing is to be run."""
    shape, each = found.shape, found.each_s
    if not each:
        return ["jobs: none, for nothing is new"]
    here = f"{shape.jobs} process{'es' * (shape.jobs != 1)} on this machine"
    jobs = text.counted(shape.jobs, "Slurm job") if shape.slurm else here
    at_once = f", {shape.at_once} of them at once" if shape.at_once < shape.jobs else ""
    share = f"up to {shape.together} experiments" if shape.together > 1 else "one experiment"
    span = text.seconds(statistics.median(each))
    if text.seconds(each[0]) != text.seconds(each[-1]):
        span += f" ({text.seconds(each[0])} to {text.seconds(each[-1])})"
    whole = f"{text.seconds(found.wall_s)} for all once they start"
    return [
        f"jobs: {text.counted(len(each), 'experiment')} in {jobs}{at_once}, {share} at a time in each",
        f"time: about {span} for an experiment, {whole}; {_learnt(found)}",
        f"use: about {_charged(found)}",
    ]


def _learnt(found: Usage) -> str:
    if found.learnt_from == "scaling":
        return "by how the model scales, as none has finished yet"
    return f"learnt from {found.seen} {found.learnt_from}"


def _charged(found: Usage) -> str:
    """Say what is charged, and what would be if every job ran until its time limit."""
    shape, most = found.shape, found.most_job_hours
    limit = "; at most {} by the time limit"
    if found.node_hours is not None:
        within = "" if most is None else limit.format(_hours(most))
        alone = f"as jobs have nodes of {shape.cores} cores to themselves"
        return f"{_hours(found.node_hours)} node-hours, {alone}{within}"
    within = "" if most is None else limit.format(_hours(most * shape.cores))
    return f"{_hours(found.core_hours)} core-hours{within}"


def _hours(hours: float) -> str:
    """Write a number of hours.

    >>> _hours(0.01234), _hours(7.36), _hours(12345.6)
    ('0.012', '7.4', '12346')
    """
    return f"{hours:.0f}" if hours >= 10 else f"{hours:.2g}"


def as_json(found: Usage) -> dict[str, Any]:
    """Return it as plain data; fields are only ever added."""
    shape, each, most = found.shape, found.each_s, found.most_job_hours
    return {
        "experiments": len(each),
        "cluster": "slurm" if shape.slurm else "local",
        "jobs": shape.jobs,
        "jobs_at_once": shape.at_once,
        "experiments_per_job_at_once": shape.together,
        "cores_per_job": shape.cores,
        "experiment_s": statistics.median(each) if each else None,
        "shortest_experiment_s": each[0] if each else None,
        "longest_experiment_s": each[-1] if each else None,
        "wall_s": found.wall_s,
        "node_hours": found.node_hours,
        "core_hours": found.core_hours,
        "most_node_hours": most if shape.whole_nodes else None,
        "most_core_hours": None if most is None else most * shape.cores,
        "learnt_from": found.learnt_from,
        "learnt_from_experiments": found.seen,
    }
