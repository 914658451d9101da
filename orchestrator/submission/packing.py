"""How experiments are packed into jobs or processes, and what Slurm would never start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.model import Cluster
from orchestrator.slurm import cluster, feasibility
from orchestrator.slurm.client import required
from orchestrator.submission import slurm_jobs
from orchestrator.submission.request import submission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.model import Resources, Submission
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.slurm.cluster import Limits, Partition
    from orchestrator.submission.request import Request


@dataclass(frozen=True, slots=True)
class Site:
    """What a Slurm cluster has and allows."""

    limits: Limits
    partitions: Sequence[Partition]

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
    """

    slurm: bool
    jobs: int
    at_once: int
    together: int
    cores: int
    whole_nodes: bool = False
    limit_s: float | None = None
    usual_limit: bool = False


def site(where: Cluster) -> Site | None:
    """Ask Slurm what it has and allows; None for another cluster."""
    if where is not Cluster.SLURM:
        return None
    return Site(required(cluster.limits()), required(cluster.partitions()))


def packing(request: Request, experiments: int, workers: int, site: Site | None) -> Packing:
    """Return how so many experiments are packed into jobs, or among ``workers`` processes."""
    if site is None:
        processes = min(workers, experiments)
        return Packing(slurm=False, jobs=processes, at_once=processes, together=1, cores=1)
    resources = request.resources
    tasks = sum(chunks(_imagined(request, experiments), site)) if experiments else 0
    chosen = feasibility.chosen(resources, site.partitions)
    whole = resources.together == 0 or any(partition.exclusive for partition in chosen)
    cores = max((node.cores for partition in chosen for node in partition.nodes), default=1)
    return Packing(
        slurm=True,
        jobs=tasks,
        at_once=min(tasks, resources.jobs or tasks),
        together=_together(resources, site),
        cores=cores if whole else feasibility.need(resources).cores,
        whole_nodes=whole,
        limit_s=limit_s(resources, site),
        usual_limit=resources.time_min is None,
    )


def limit_s(resources: Resources, site: Site) -> float | None:
    """Return the time limit of a job in s: what is asked for, else what the partition gives.

    Of several partitions, the least that one gives; None where none gives any.
    """
    if resources.time_min is not None:
        return 60.0 * resources.time_min
    chosen = feasibility.chosen(resources, site.partitions)
    limits = [p.max_time_s if p.default_time_s is None else p.default_time_s for p in chosen]
    return min((float(time_s) for time_s in limits if time_s is not None), default=None)


def scripts(
    directory: SweepDirectory, request: Request, experiments: int, site: Site | None
) -> tuple[str, ...]:
    """Return the texts that sbatch would read, byte for byte.

    Only the token in the job's name, which is made by a submission, is written as ``TOKEN``.
    """
    if site is None or not experiments:
        return ()
    imagined = _imagined(request, experiments)
    sizes = dict.fromkeys(chunks(imagined, site))
    limit = limit_s(request.resources, site)
    return tuple(slurm_jobs.script(directory, imagined, tasks, limit) for tasks in sizes)


def chunks(submission: Submission, site: Site) -> list[int]:
    """Return how many tasks each of a submission's arrays has."""
    tasks = feasibility.tasks(submission, _together(submission.resources, site))
    return feasibility.chunks(tasks, site.limits)


def problems(
    directory: SweepDirectory, request: Request, experiments: int, site: Site | None
) -> list[str]:
    """Return a sentence for all that Slurm would accept and then let wait for ever, or fail."""
    if site is None:
        return []
    impossible = feasibility.check(request.resources, experiments, site.partitions, site.limits)
    return [*slurm_jobs.problems(directory), *impossible]


def _imagined(request: Request, experiments: int) -> Submission:
    return submission(request, "TOKEN", dict.fromkeys(range(experiments), 1))


def _together(resources: Resources, site: Site) -> int:
    """Return how many experiments run at the same time in a job: with 0, one per core."""
    chosen = feasibility.chosen(resources, site.partitions)
    cores = max((node.cpus for partition in chosen for node in partition.nodes), default=1)
    return resources.together or cores
