"""How many jobs a submission is: as many as are worth it, and as may be queued."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from orchestrator.model import Cluster, Resources
from orchestrator.slurm.cluster import Association, Limits, Partition, Place
from orchestrator.slurm.nodes import Node
from orchestrator.submission.packing import Site, arrays_as_sent, packing, tasks
from orchestrator.submission.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Submission

NODE = Node("n1", 2, 2, 2000.0, "idle", frozenset())
PARTITION = Partition(
    name="pbatch",
    default=True,
    state="UP",
    max_time_s=None,
    default_time_s=None,
    max_nodes=None,
    max_cpus_per_node=None,
    max_memory_mb=None,
    exclusive=False,
    accounts=None,
    qos=None,
    nodes=(NODE,),
)
SITE = Site(Limits("c", "", 1001, 20_000, 300, accounting=True), (PARTITION,))


def _bounded(most: int, queued: int) -> Site:
    mine = Association("science", True, None, most, None, ("normal",))  # noqa: FBT003  # default
    limits = dataclasses.replace(
        SITE.limits,
        enforced=frozenset({"limits"}),
        associations=(mine,),
        queued={
            Place("science", "normal", "p", mine=True): queued,
            Place("science", "normal", "p", mine=False): 3,
            Place("other", "normal", "p", mine=True): 7,
        },
    )
    return dataclasses.replace(SITE, limits=limits)


@pytest.mark.parametrize(
    ("pack", "each_s", "jobs"),
    [
        (1, 1.0, 50),  # one second each: not a thousand jobs
        (2, 1.0, 50),
        (1, 30.0, 250),  # of two minutes
        (2, 30.0, 125),
        (0, 30.0, 125),  # a node of two cores
        (1, 3600.0, 1000),
    ],
)
def test_a_thousand_short_experiments_are_few_jobs(pack: int, each_s: float, jobs: int) -> None:
    assert tasks(Resources(pack=pack), 1000, 1000 * each_s, SITE) == jobs


def test_what_is_short_by_count_keeps_a_job_for_each() -> None:
    assert tasks(Resources(), 40, 40.0, SITE) == 40
    assert tasks(Resources(), 0, 0.0, SITE) == 0


def test_jobs_in_turn_take_no_more_than_half_of_their_time_limit() -> None:
    assert tasks(Resources(time_min=1), 1000, 30_000.0, SITE) == 1000


@pytest.mark.parametrize(
    ("most", "queued", "submissions", "jobs"),
    [(5, 0, 1, 5), (5, 3, 1, 2), (5, 0, 2, 2), (5, 5, 1, 1), (100, 0, 1, 40)],
)
def test_no_more_jobs_are_sent_than_may_be_queued(
    most: int, queued: int, submissions: int, jobs: int
) -> None:
    site = dataclasses.replace(_bounded(most, queued), submissions=submissions)

    assert tasks(Resources(), 40, 40 * 3600.0, site) == jobs


@pytest.mark.parametrize(
    ("retries", "most", "jobs", "bound"),
    [
        (0, 5, 5, ""),
        (2, 6, 5, ""),
        (2, 5, 4, "account science allows 5 queued jobs; the job for retries takes one"),
        (0, 4, 4, "account science allows 4 queued jobs"),
        (1, 1, 1, "account science allows 1 queued job; the job for retries takes one"),
    ],
)
def test_the_job_for_retries_is_one_of_those_that_may_be_queued(
    make_submission: Callable[..., Submission], retries: int, most: int, jobs: int, bound: str
) -> None:
    sent = make_submission("a", {0: 1})
    resources = Resources(retries=retries)
    request = Request(Cluster.SLURM, sent.run, sent.outputs, resources, sent.root)

    packed = packing(request, [3600.0] * 5, 1, _bounded(most, 0))

    assert (packed.jobs, packed.bound) == (jobs, bound)


@pytest.mark.parametrize(
    ("resources", "most_mb", "mem"),
    [
        (Resources(pack=0), None, "0"),  # all that the node has
        (Resources(pack=0), 1000.0, "1000M"),  # MaxMemPerNode: 0 would wait for ever
        (Resources(pack=0), 4000.0, "0"),
        (Resources(pack=0, mem="1G"), None, "1G"),
        (Resources(pack=0, extra={"mem-per-cpu": "500M"}), None, None),
        (Resources(pack=2), None, None),
    ],
)
def test_a_whole_node_comes_with_its_memory(
    make_submission: Callable[..., Submission],
    resources: Resources,
    most_mb: float | None,
    mem: str | None,
) -> None:
    partition = dataclasses.replace(PARTITION, max_memory_mb=most_mb)
    site = dataclasses.replace(SITE, partitions=(partition,))
    asked = dataclasses.replace(make_submission("a", {0: 1}), resources=resources)

    assert arrays_as_sent(asked, site).resources.mem == mem
