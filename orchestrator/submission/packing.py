"""How experiments are parted into jobs, and what Slurm would never start."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from orchestrator.errors import RequestError
from orchestrator.slurm import cluster, feasibility
from orchestrator.slurm.client import told
from orchestrator.submission import request, slurm_jobs
from orchestrator.submission.cost import Shape

if TYPE_CHECKING:
    from orchestrator.model import Resources, Submission
    from orchestrator.slurm.cluster import Limits, Partition
    from orchestrator.submission.plan import Plan
    from orchestrator.submission.request import Wish


def scripts(planned: Plan, wish: Wish) -> list[str]:
    """Return the texts that sbatch would read for what is to be run, byte for byte.

    Only the token in the job's name, which is made when a sweep is submitted, stands as ``TOKEN``.
    """
    if not planned.wanted:
        return []
    one = _imagined(wish, len(planned.wanted))
    return [
        slurm_jobs.script(planned.directory, one, tasks) for tasks in dict.fromkeys(chunks(one))
    ]


def shape(wish: Wish, experiments: int, workers: int) -> Shape:
    """Tell how so many experiments would be parted into jobs, or among ``workers`` processes."""
    if wish.cluster != "slurm":
        processes = min(workers, experiments)
        return Shape(slurm=False, jobs=processes, at_once=processes, together=1, cores=1)
    asked = wish.resources
    tasks = sum(chunks(_imagined(wish, experiments))) if experiments else 0
    chosen = feasibility.chosen(asked, _partitions())
    whole = asked.together == 0 or any(partition.exclusive for partition in chosen)
    cores = max((node.cores for one in chosen for node in one.nodes), default=1)
    usual_s = [p.default_time_s for p in chosen if p.default_time_s is not None]
    return Shape(
        slurm=True,
        jobs=tasks,
        at_once=min(tasks, asked.jobs or tasks),
        together=_together(asked),
        cores=cores if whole else feasibility.need(asked).cores,
        whole_nodes=whole,
        limit_s=60 * asked.time_min
        if asked.time_min is not None
        else max(usual_s, default=None),
    )


def _imagined(wish: Wish, experiments: int) -> Submission:
    return request.submission(wish, "TOKEN", dict.fromkeys(range(experiments), 1))


def chunks(submission: Submission) -> list[int]:
    """Return how many tasks each of a submission's arrays has."""
    tasks = feasibility.tasks(submission, _together(submission.resources))
    return feasibility.chunks(tasks, _limits())


def _together(resources: Resources) -> int:
    """Return how many experiments run at the same time in a job."""
    return resources.together or _cores(resources)


def refuse_impossible(wish: Wish, experiments: int) -> None:
    """Refuse what Slurm would accept and then let wait for ever, with what would do instead."""
    if wish.cluster != "slurm":
        return
    problems = feasibility.check(wish.resources, experiments, _partitions(), _limits())
    if problems:
        raise RequestError(*problems)


def _cores(resources: Resources) -> int:
    """Return the most cores that a node of the partition has."""
    chosen = feasibility.chosen(resources, _partitions())
    return max((node.cpus for one in chosen for node in one.nodes), default=1)


@functools.cache
def _limits() -> Limits:
    return told(cluster.limits())


@functools.cache
def _partitions() -> tuple[Partition, ...]:
    return told(cluster.partitions())
