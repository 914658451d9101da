"""What a job asks for that submits again what its time or memory was too little for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import RequestError
from orchestrator.model import (
    Cause,
    Cluster,
    Experiment,
    Kind,
    Point,
    Resources,
    State,
    Status,
)
from orchestrator.submission import retries
from orchestrator.submission.packing import Site
from tests.submission.test_packing import PARTITION, SITE

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Record, Submission

BOUNDED = Site(
    dataclasses.replace(SITE.limits, memory_per_cpu_mb=300.0),
    (dataclasses.replace(PARTITION, default_time_s=1800, max_time_s=7200),),
)


@pytest.mark.parametrize(
    ("asked", "state", "wanted"),
    [
        (Resources(retries=2, time_min=30), State.TIMEOUT, Resources(retries=1, time_min=60)),
        (
            Resources(retries=1),
            State.TIMEOUT,
            Resources(time_min=60),
        ),  # the partition's default
        (Resources(retries=1, time_min=90), State.TIMEOUT, Resources(time_min=120)),  # its most
        (Resources(retries=1, mem="500M"), State.OUT_OF_MEMORY, Resources(mem="1000M")),
        (Resources(retries=1, pack=2), State.OUT_OF_MEMORY, Resources(pack=2, mem="1200M")),
        (Resources(retries=1, mem="1500M"), State.OUT_OF_MEMORY, Resources(mem="2000M")),
        (
            Resources(retries=1, extra={"mem-per-cpu": "200M", "comment": "a"}),
            State.OUT_OF_MEMORY,
            Resources(mem="400M", extra={"comment": "a"}),
        ),
    ],
)
def test_twice_as_much_up_to_what_the_partition_gives(
    asked: Resources, state: State, wanted: Resources
) -> None:
    assert retries.more(asked, state, BOUNDED) == wanted


@pytest.mark.parametrize("asked", [Resources(retries=1, mem="2000M"), Resources(retries=1)])
def test_all_the_memory_of_a_node_is_not_asked_for_again(asked: Resources) -> None:
    site = SITE if asked.mem is None else BOUNDED  # where nobody limits it, it was all

    with pytest.raises(RequestError, match="had all the memory that there is"):
        retries.more(asked, State.OUT_OF_MEMORY, site)


@pytest.mark.parametrize(
    ("state", "cause", "token"),
    [
        (State.TIMEOUT, None, ""),  # of an earlier version, which did not say
        (State.TIMEOUT, Cause(Kind.SIGNAL, status=12), "mine"),
        (State.TIMEOUT, Cause(Kind.TIME_LIMIT, limit_s=5.0), ""),
        (State.OUT_OF_MEMORY, Cause(Kind.OUT_OF_MEMORY), "mine"),
        (State.FAILED, Cause(Kind.EXITED, status=1), ""),
        (State.TIMEOUT, Cause(Kind.SIGNAL, status=12), "of somebody faster"),
    ],
)
def test_only_what_ended_with_its_job_is_retried(
    state: State,
    cause: Cause | None,
    token: str,
    make_submission: Callable[..., Submission],
    make_record: Callable[..., Record],
) -> None:
    mine = make_submission("mine", {0: 1}, Cluster.SLURM)
    last = dataclasses.replace(mine, token=token or "mine")
    record = make_record(state=state, causes=() if cause is None else (cause,))
    status = Status(Experiment(0, Point("0", {}, 1)), state, 1, last, record=record)

    wanted = [
        s for s in (State.TIMEOUT, State.OUT_OF_MEMORY) if retries._ran_short(status, mine, s)
    ]
    assert wanted == [state] * (token == "mine")
