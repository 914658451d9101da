"""What a submission would use: jobs, time, and the node-hours or core-hours that are charged."""

from __future__ import annotations

import heapq
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.model import State
from orchestrator.records import pace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from orchestrator.model import EngineKind, Point, Run, Status
    from orchestrator.submission.packing import Packing

_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Cost:
    """What experiments that take ``each_s`` on a core would use.

    Attributes
    ----------
    wall_s
        From the first start to the last end, if jobs start as soon as they may.
    jobs_s
        The wall time of all jobs, added up.
    learnt_from, seen
        ``finished`` or ``running`` experiments of the sweep, so many; those of ``other sweeps``; or
        ``scaling``, of the model; a ``measured`` run of the engine; ``nothing`` where nobody knows.
    memory_mb
        The most that an experiment is expected to need in its job; None where nothing is known.
    """

    packing: Packing
    each_s: tuple[float, ...]
    wall_s: float
    jobs_s: float
    learnt_from: str
    seen: int
    memory_mb: float | None = None

    @property
    def core_hours(self) -> float:
        """Core-hours charged."""
        return self.jobs_s * self.packing.cores / _HOUR_S

    @property
    def node_hours(self) -> float | None:
        """Node-hours charged, where jobs have nodes to themselves."""
        return self.jobs_s / _HOUR_S if self.packing.whole_nodes else None

    @property
    def most_job_hours(self) -> float | None:
        """Hours of all jobs, if each runs until its time limit."""
        limit_s = self.packing.limit_s
        return None if limit_s is None else self.packing.jobs * limit_s / _HOUR_S


def expected_s(
    points: Iterable[Point],
    run: Run,
    seen: Iterable[Status],
    kind: EngineKind,
    here: pace.Pace | None = None,
) -> tuple[float, ...]:
    """Return how long ``points`` will take on a core, in s, the shortest first.

    By what is ``seen`` of the sweep so far, else by what was measured ``here``.
    """
    expected = pace.pace(seen, kind, here)
    return tuple(sorted(expected.seconds(p.parameters, run.stop_t0) for p in points))


def estimate(packing: Packing, each_s: Sequence[float], seen: Iterable[Status]) -> Cost:
    """Estimate what running experiments that take ``each_s`` would use.

    ``seen`` is the sweep so far, from which :func:`expected_s` has learnt.
    """
    seen = [*seen]
    finished = sum(s.record is not None and s.record.complete for s in seen)
    running = sum(s.state is State.RUNNING and s.time_t0 > 0 for s in seen)
    learnt = "finished" if finished else "running" if running else "scaling"
    return Cost(packing, tuple(each_s), *_spent(packing, each_s), learnt, finished or running)


def _spent(packing: Packing, each_s: Sequence[float]) -> tuple[float, float]:
    """Return when the last experiment ends, and the wall time of all jobs, the longest taken first."""
    slots = [(0.0, slot) for slot in range(packing.at_once * packing.together)]
    ends = [0.0] * packing.at_once
    for seconds in sorted(each_s, reverse=True):
        free, slot = heapq.heappop(slots)
        heapq.heappush(slots, (free + seconds, slot))
        job = slot // packing.together
        ends[job] = max(ends[job], free + seconds)
    # jobs of one experiment follow each other where not all may run at once
    return max(ends, default=0.0), sum(ends)


def as_json(cost: Cost) -> dict[str, Any]:
    """Return it as plain data; fields are only ever added."""
    packing, each, most = cost.packing, cost.each_s, cost.most_job_hours
    return {
        "experiments": len(each),
        "cluster": "slurm" if packing.slurm else "local",
        "jobs": packing.jobs,
        "jobs_at_once": packing.at_once,
        "experiments_per_job_at_once": packing.together,
        "cores_per_job": packing.cores,
        "experiment_s": statistics.median(each) if each else None,
        "shortest_experiment_s": each[0] if each else None,
        "longest_experiment_s": each[-1] if each else None,
        "wall_s": cost.wall_s,
        "node_hours": cost.node_hours,
        "core_hours": cost.core_hours,
        "most_node_hours": most if packing.whole_nodes else None,
        "most_core_hours": None if most is None else most * packing.cores,
        "experiment_mb": cost.memory_mb,
        "job_mb": packing.memory_mb,
        "learnt_from": cost.learnt_from,
        "learnt_from_experiments": cost.seen,
    }
