"""How experiments are packed into jobs or processes, and what Slurm would never start."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.model import Cluster
from orchestrator.slurm import bounds, cluster, feasibility, units
from orchestrator.slurm.client import required
from orchestrator.submission import last_job, slurm_jobs
from orchestrator.submission.request import submission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.model import Resources, Submission
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.slurm.cluster import Limits, Partition
    from orchestrator.submission.request import Request


_FEW = 50  # jobs, which are not made fewer because they are short
_SHORT_S = 120.0  # a job that is expected to take less runs several experiments in turn


@dataclass(frozen=True, slots=True)
class Site:
    """What a Slurm cluster has and allows.

    ``submissions`` share the jobs that may still be queued.
    """

    limits: Limits
    partitions: Sequence[Partition]
    submissions: int = 1

    @property
    def name(self) -> str:
        """The cluster's own name."""
        return self.limits.cluster


@dataclass(frozen=True, slots=True)
class Packing:
    """How experiments are packed into jobs on Slurm, or into processes on this machine.

    Attributes
    ----------
    at_once
        Jobs that may run at the same time.
    together
        Experiments at the same time in a job, each on one core.
    cores
        Cores that a job is charged for, all those of its node where it has the node to itself.
    limit_s
        Time limit of a job in s, or None.
    usual_limit
        Whether that is the partition's own, as nobody asked for any.
    in_turn
        Experiments that a core of a job runs one after the other.
    bound
        The limit that keeps jobs from being more, in a sentence; empty where none does.
    memory_mb
        The memory that a job gets; None where nobody limits it.
    """

    slurm: bool
    jobs: int
    at_once: int
    together: int
    cores: int
    whole_nodes: bool = False
    limit_s: float | None = None
    usual_limit: bool = False
    in_turn: int = 1
    bound: str = ""
    memory_mb: float | None = None


def site(where: Cluster) -> Site | None:
    """Ask Slurm what it has and allows; None for another cluster."""
    if where is not Cluster.SLURM:
        return None
    limits, partitions = required(cluster.limits()), required(cluster.partitions())
    limits = dataclasses.replace(limits, held=cluster.held())
    return Site(limits, cluster.as_handed_out(partitions, limits))


def packing(
    request: Request, each_s: Sequence[float], workers: int, site: Site | None
) -> Packing:
    """Return how experiments are packed into jobs, or among ``workers`` processes.

    ``each_s`` is how long each of them is expected to take on a core, in s.
    """
    experiments = len(each_s)
    if site is None:
        processes = min(workers, experiments)
        return Packing(slurm=False, jobs=processes, at_once=processes, together=1, cores=1)
    resources = request.resources
    jobs = tasks(resources, experiments, sum(each_s), site)
    chosen = bounds.chosen(resources, site.partitions)
    whole = resources.together == 0 or any(partition.exclusive for partition in chosen)
    cores = max((node.cores for partition in chosen for node in partition.nodes), default=1)
    together = _together(resources, site)
    return Packing(
        slurm=True,
        jobs=jobs,
        at_once=min(jobs, resources.jobs or jobs),
        together=together,
        cores=cores if whole else feasibility.need(resources).cores,
        whole_nodes=whole,
        limit_s=limit_s(resources, site),
        usual_limit=resources.time_min is None,
        in_turn=_ceil(experiments, together * jobs) if jobs else 1,
        bound=_bound(resources, experiments, site),
        memory_mb=feasibility.memory_mb(resources, site.partitions, site.limits),
    )


def tasks(resources: Resources, experiments: int, expected_s: float, site: Site) -> int:
    """Return how many jobs run so many experiments.

    One for each full pack; fewer where no more may be queued, or where very many would take less
    than two minutes each. A job that has ended one experiment goes on with the next.

    Parameters
    ----------
    expected_s
        Time that all experiments are expected to take on one core, in s.
    """
    limit = limit_s(resources, site)
    short_s = _SHORT_S if limit is None else min(_SHORT_S, limit / 2)
    worth = max(_FEW, _ceil(expected_s, _together(resources, site) * short_s))
    return min(_packs(resources, experiments, site), worth, max(1, _free(resources, site)))


def _bound(resources: Resources, experiments: int, site: Site) -> str:
    """Return the limit that keeps jobs from being more, in a sentence; empty where none does."""
    if _free(resources, site) >= _packs(resources, experiments, site):
        return ""
    sentence = bounds.slots(resources, site.partitions, site.limits).sentence
    return f"{sentence}; the job for retries takes one" if resources.retries else sentence


def _free(resources: Resources, site: Site) -> int:
    """Return how many more jobs may be queued for experiments, beside the last one if any is sent."""
    free = bounds.slots(resources, site.partitions, site.limits).free // site.submissions
    return free - 1 if resources.retries else free


def _packs(resources: Resources, experiments: int, site: Site) -> int:
    return _ceil(experiments, _together(resources, site))


def _ceil(amount: float, share: float) -> int:
    return math.ceil(amount / share)


def limit_s(resources: Resources, site: Site) -> float | None:
    """Return the time limit of a job in s: what is asked for, else what the partition gives.

    Of several partitions, the least that one gives; None where none gives any.
    """
    if resources.time_min is not None:
        return 60.0 * resources.time_min
    chosen = bounds.chosen(resources, site.partitions)
    limits = [p.max_time_s if p.default_time_s is None else p.default_time_s for p in chosen]
    return min((float(time_s) for time_s in limits if time_s is not None), default=None)


def scripts(
    directory: SweepDirectory, request: Request, packed: Packing, site: Site | None
) -> tuple[str, ...]:
    """Return the texts that sbatch would read, byte for byte.

    Only the token in the job's name, which is made by a submission, is written as ``TOKEN``, and the
    arrays that the last job waits for as ``ID``.
    """
    if site is None:
        return ()
    imagined = arrays_as_sent(submission(request, "TOKEN", {}), site)
    sizes = dict.fromkeys(feasibility.chunks(packed.jobs, site.limits))
    limit = packed.limit_s
    texts = [slurm_jobs.script(directory, imagined, size, limit) for size in sizes]
    if request.resources.retries:
        last = last_job.as_sent(imagined, ["ID"], site.partitions)
        texts.append(slurm_jobs.script(directory, last, 1, limit_s(last.resources, site)))
    return tuple(texts)


def arrays_as_sent(submission: Submission, site: Site) -> Submission:
    """Return a submission as Slurm is to get its arrays: a whole node comes with its memory.

    Also where partitions give nothing but whole nodes; ``DefMemPerNode`` or ``DefMemPerCPU`` would
    leave the jobs a part of it.
    """
    resources = submission.resources
    names_memory = resources.mem is not None or any(
        name.startswith("mem") and not name.startswith("mem_bind")
        for name in (name.replace("-", "_") for name in resources.extra)
    )
    chosen = bounds.chosen(resources, site.partitions)
    whole = resources.together == 0 or (bool(chosen) and all(p.exclusive for p in chosen))
    if not whole or names_memory:
        return submission
    there_mb = max((n.memory_mb for p in chosen for n in p.nodes), default=0.0)
    least_mb = min((p.max_memory_mb or there_mb for p in chosen), default=there_mb)
    mem = units.memory(least_mb) if least_mb < there_mb else "0"
    return dataclasses.replace(submission, resources=dataclasses.replace(resources, mem=mem))


def chunks(submission: Submission, expected_s: float, site: Site) -> list[int]:
    """Return how many tasks each of a submission's arrays has; see :func:`tasks`."""
    jobs = tasks(submission.resources, len(submission.attempts), expected_s, site)
    return feasibility.chunks(jobs, site.limits)


def problems(directory: SweepDirectory, request: Request, site: Site | None) -> list[str]:
    """Return a sentence for all that Slurm would accept and then let wait for ever, or fail."""
    if site is None:
        return []
    impossible = feasibility.check(request.resources, site.partitions, site.limits)
    return [*slurm_jobs.problems(directory), *impossible]


def _together(resources: Resources, site: Site) -> int:
    """Return how many experiments run at the same time in a job: with 0, one per core."""
    chosen = bounds.chosen(resources, site.partitions)
    cores = max((node.cpus for partition in chosen for node in partition.nodes), default=1)
    return resources.together or cores
