"""A request that can never run is refused before it is queued, with what would run."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model import Resources
from orchestrator.slurm import cluster, units
from orchestrator.slurm.bounds import slots
from orchestrator.slurm.cluster import Limits, Partition, Place, Qos
from orchestrator.slurm.feasibility import check, chunks
from orchestrator.slurm.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Callable

TEXTS = Path(__file__).parent / "recorded"


def node(name: str, cpus: int, memory_mb: float, *features: str) -> Node:
    return Node(name, cpus, cpus, memory_mb, "idle", frozenset(features))


def partition(
    name: str, *nodes: Node, hours: int | None = 24, default: bool = False
) -> Partition:
    return Partition(
        name=name,
        default=default,
        state="UP",
        max_time_s=None if hours is None else 3600 * hours,
        default_time_s=None,
        max_nodes=None,
        max_cpus_per_node=None,
        max_memory_mb=None,
        exclusive=True,
        accounts=None,
        qos=None,
        nodes=nodes,
    )


SMALL = [node(f"n{i}", 112, 256_000.0, "cpu") for i in (1, 2, 3)]
BATCH = partition("pbatch", *SMALL, default=True)
DEBUG = partition("pdebug", SMALL[0], hours=1)
FAT = partition("pfat", node("f1", 64, 1_024_000.0, "fat"), node("f2", 8, 64_000.0, "gpu"))
ALL = (BATCH, DEBUG, FAT)


@pytest.fixture
def limits() -> Limits:
    texts = [(TEXTS / f"{n}.txt").read_text() for n in ("config", "associations", "qos")]
    found = cluster.read_limits(*texts)
    assert isinstance(found, Limits)
    return found


@pytest.mark.parametrize(
    "request_",
    [
        Resources(),
        Resources(partition="pdebug", time_min=60),
        Resources(pack=112, mem="250G"),
        Resources(pack=0, time_min=24 * 60),
        Resources(partition="pfat", constraint="fat", mem="0"),
        Resources(partition="pbatch,pdebug", time_min=120),
        Resources(constraint="cpu|gpu"),  # too much for us; Slurm refuses what does not exist
        Resources(qos="short", time_min=30),
        Resources(account="science"),
        Resources(extra={"nodes": 3}),
        Resources(exclude="n[1-2]"),
        Resources(exclude="n[1-2]", extra={"nodelist": "n3"}),
        Resources(exclude="/etc/broken-nodes"),
    ],
    ids=str,
)
def test_what_can_run_is_let_through(request_: Resources, limits: Limits) -> None:
    assert check(request_, ALL, limits) == []


def _shortly(resources: Resources) -> str:
    chosen = dataclasses.asdict(resources).items()
    return " ".join(f"{name}={value}" for name, value in chosen if value)


@pytest.mark.parametrize(
    ("request_", "place"),
    [
        (Resources(partition="pdebug", time_min=240), "slurm.time"),
        (Resources(time_min=0), "slurm.time"),
        (Resources(partition="pbtach"), "slurm.partition"),
        (Resources(partition="pfat", pack=100), "slurm.pack"),
        (Resources(pack=200), "slurm.pack"),
        (Resources(mem="500G"), "slurm.mem"),
        (Resources(constraint="gpu"), "slurm.constraint"),
        (Resources(partition="pfat", pack=32, constraint="gpu"), "slurm"),
        (Resources(extra={"nodelist": "m1"}), "slurm.extra.nodelist"),
        (Resources(extra={"nodelist": "n1,f1"}, partition="pbatch"), "slurm.extra.nodelist"),
        (Resources(exclude="n[1-3]"), "slurm.exclude"),
        (Resources(partition="pdebug", extra={"nodes": 2}), "slurm.extra.nodes"),
        (Resources(partition="pfat", pack=2, extra={"mem-per-cpu": "900G"}), "slurm.mem"),
        (Resources(qos="expres"), "slurm.qos"),
        (Resources(qos="short", time_min=31), "slurm.time"),
        (Resources(account="ice"), "slurm.account"),
    ],
    ids=lambda value: value if isinstance(value, str) else _shortly(value),
)
def test_what_can_never_run_is_refused_with_what_would(
    request_: Resources, place: str, limits: Limits, check_sentences: Callable[..., None]
) -> None:
    check_sentences(check(request_, ALL, limits), place)


def test_all_problems_are_told_at_once(limits: Limits) -> None:
    asked = Resources(partition="pdebug", time_min=120, pack=200, qos="nope")

    found = check(asked, ALL, limits)

    assert [problem.split(":")[0] for problem in found] == [
        "slurm.qos",
        "slurm.time",
        "slurm.pack",
    ]


def test_a_partition_that_is_down_is_refused(limits: Limits) -> None:
    down = dataclasses.replace(DEBUG, state="DOWN")

    assert check(Resources(partition="pdebug"), (BATCH, down), limits) == [
        "slurm.partition: pdebug is DOWN and starts no jobs; pbatch is UP"
    ]


def test_a_partition_that_takes_others_only_is_refused(limits: Limits) -> None:
    closed = dataclasses.replace(DEBUG, accounts=("ice", "sand"), qos=("short",))
    asked = Resources(partition="pdebug", account="science", qos="normal")

    assert check(asked, (BATCH, closed), limits) == [
        (
            "slurm.account: pdebug takes account ice, sand, science was asked;"
            " pbatch takes any account"
        ),
        "slurm.qos: pdebug takes QOS short, normal was asked; pbatch takes any QOS",
    ]


def test_a_partition_may_hand_out_less_than_its_nodes_have(limits: Limits) -> None:
    tight = dataclasses.replace(DEBUG, max_cpus_per_node=4, max_memory_mb=1000.0)

    found = check(Resources(partition="pdebug", pack=8, mem="2G"), (tight,), limits)

    assert found == [
        "slurm.pack: pdebug has 4 cores on a node, 8 were asked; no other partition does better",
        "slurm.mem: pdebug has 1000M on a node, 2G was asked; no other partition does better",
    ]


def test_without_a_default_a_partition_has_to_be_named(limits: Limits) -> None:
    assert check(Resources(), (DEBUG,), limits) == [
        (
            "slurm.partition: this cluster has no default; name one of"
            " pdebug (1:00:00, 1 node of 112 cores)"
        )
    ]


@pytest.mark.parametrize(
    ("queued", "problem"),
    [
        ({Place("science", "normal", "pbatch", mine=True): 50}, []),
        ({Place("root", "short", "pbatch", mine=True): 49}, []),
        ({Place("root", "short", "pbatch", mine=False): 50}, []),
        (
            {
                Place("root", "short", "pbatch", mine=True): 30,
                Place("science", "short", "pdebug", mine=True): 20,
            },
            [
                (
                    "slurm: QOS short allows 50 queued jobs, and 50 are queued; "
                    "wait until some have ended, or cancel them"
                )
            ],
        ),
    ],
)
def test_only_where_no_job_at_all_may_be_queued_is_a_request_refused(
    limits: Limits, queued: dict[Place, int], problem: list[str]
) -> None:
    busy = dataclasses.replace(limits, queued=queued)

    assert check(Resources(qos="short"), ALL, busy) == problem


def test_a_partition_refuses_an_account_a_qos_and_groups_that_it_does_not_take(
    limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "PartitionName=closed AllowGroups=wheel,ice DenyAccounts=science DenyQos=short State=UP "
        "MaxTime=UNLIMITED Hidden=YES"
    )
    (closed,) = cluster.read_partitions(text, "closed|n1|2|1|2|2000|idle|a\n")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    asked = Resources(partition="closed", account="science", qos="short")

    assert closed.hidden
    assert check(asked, (BATCH, closed), limits) == [
        (
            "slurm.account: closed takes any account but science, science was asked; "
            "pbatch takes any account"
        ),
        "slurm.qos: closed takes any QOS but short, short was asked; pbatch takes any QOS",
        (
            "slurm.partition: closed takes group wheel, ice, of which you are in none; "
            "pbatch takes any group"
        ),
    ]


def test_a_partition_refuses_what_is_too_small_unreserved_or_from_elsewhere(
    limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "PartitionName=odd MinNodes=2 ReqResv=YES RootOnly=YES AllocNodes=login[1-2] State=UP"
    )
    (odd,) = cluster.read_partitions(text, "odd|n1|2|1|2|2000|idle|a\n")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("socket.gethostname", lambda: "desk.site.org")

    assert check(Resources(partition="odd"), (BATCH, odd), limits) == [
        (
            "slurm.partition: odd takes jobs of root only and you are not root; "
            "pbatch takes jobs of all users"
        ),
        (
            "slurm.extra.nodes: odd takes jobs of 2 nodes or more, 1 was asked; "
            "pbatch takes jobs of 1 node or more"
        ),
        (
            "slurm.reservation: odd takes jobs in reservations, none was asked; "
            "pbatch takes jobs without reservations"
        ),
        (
            "slurm.partition: odd takes jobs from login1, login2 and this is desk; "
            "pbatch takes jobs from any machine"
        ),
    ]
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("socket.gethostname", lambda: "login2")
    fitting = Resources(partition="odd", reservation="mine", extra={"nodes": 2})
    assert check(fitting, (BATCH, odd), limits) == [
        "slurm.extra.nodes: odd allows 1 node, 2 were asked; pbatch allows 3 nodes"
    ]


def test_a_partition_without_nodes_starts_nothing(limits: Limits) -> None:
    text = (
        "PartitionName=empty Nodes=(null) TotalNodes=0 TotalCPUs=0 State=UP MaxNodes=UNLIMITED"
    )
    (empty,) = cluster.read_partitions(text, "")

    assert empty.nodes == ()
    assert check(Resources(partition="empty"), (BATCH, empty), limits) == [
        "slurm.partition: empty has 0 nodes and starts no jobs; pbatch has 3 nodes"
    ]


def test_limits_that_the_cluster_does_not_enforce_refuse_nobody(limits: Limits) -> None:
    lax = dataclasses.replace(limits, enforced=frozenset())

    assert check(Resources(qos="short", time_min=31, account="ice"), ALL, lax) == []
    assert slots(Resources(), ALL, lax).free == 19_999


def test_a_qos_that_is_not_the_accounts_own_is_refused(limits: Limits) -> None:
    more = dataclasses.replace(limits, qos=(*limits.qos, Qos("urgent", None, None)))

    assert check(Resources(qos="urgent"), ALL, more) == [
        "slurm.qos: account root may not use urgent, only normal, short"
    ]


def test_as_many_may_be_queued_as_the_strictest_limit_lets(limits: Limits) -> None:
    assert slots(Resources(), ALL, limits).free == 5000
    assert slots(Resources(qos="short"), ALL, limits).free == 50


def test_the_qos_of_a_partition_counts_before_that_of_the_job_and_the_account(
    limits: Limits,
) -> None:
    burst, wide = Qos("burst", 3, 7200), Qos("wide", None, None, group_submit=10)
    there = dataclasses.replace(limits, qos=(*limits.qos, burst, wide))
    partitions = (
        BATCH,
        dataclasses.replace(DEBUG, own_qos="burst", max_time_s=None),
        dataclasses.replace(FAT, own_qos="wide"),
    )
    debug, fat = Resources(partition="pdebug"), Resources(partition="pfat")

    def free(request: Resources, queued: dict[Place, int]) -> int:
        return slots(request, partitions, dataclasses.replace(there, queued=queued)).free

    mine = Place("root", "normal", "pbatch,pdebug", mine=True)
    assert free(debug, {}) == 3
    assert free(debug, {mine: 2, mine._replace(partition="pbatch"): 9}) == 1
    assert free(debug, {mine._replace(mine=False): 2}) == 3
    assert free(dataclasses.replace(debug, qos="short"), {}) == 3
    assert free(Resources(partition="pbatch,pdebug"), {}) == 3
    everybody = {mine._replace(partition="pfat", mine=own): 4 for own in (True, False)}
    full = slots(fat, partitions, dataclasses.replace(there, queued=everybody))
    assert full.sentence == (
        "QOS wide of partition pfat together allows 10 queued jobs, and 8 are queued"
    )
    assert check(dataclasses.replace(debug, qos="short", time_min=120), partitions, there) == []
    assert check(dataclasses.replace(debug, time_min=121), partitions, there) == [
        "slurm.time: QOS burst of partition pdebug allows 2:00:00, 2:01:00 was asked"
    ]


def test_what_the_controller_holds_counts_whosever_it_is(limits: Limits) -> None:
    full = dataclasses.replace(limits, enforced=frozenset(), held=19_990)

    bound = slots(Resources(), ALL, full)

    assert (bound.free, bound.sentence) == (
        9,
        "the cluster allows 19999 queued jobs, and 19990 are queued",
    )


def test_a_job_of_more_than_its_qos_or_account_allows_is_refused(limits: Limits) -> None:
    small = Qos("small", None, None, most={"cpu": 2, "mem": 500})
    wide = Qos("wide", None, None, least={"node": 2, "cpu": 4})
    (science, root) = limits.associations
    root = dataclasses.replace(
        root, qos=("normal", "small", "wide"), most={"cpu": 1, "mem": 2e6, "node": 1}
    )
    bound = dataclasses.replace(
        limits, qos=(*limits.qos, small, wide), associations=(science, root)
    )
    shared = (dataclasses.replace(BATCH, exclusive=False),)

    assert check(Resources(qos="small", pack=2, mem="500M"), shared, bound) == []
    assert check(Resources(qos="small", pack=3, mem="800M"), shared, bound) == [
        "slurm.pack: QOS small allows a job 2 cores, not 3 cores, asked for",
        "slurm.mem: QOS small allows a job 500M, not 800M, asked for",
    ]
    assert check(Resources(pack=2), shared, bound) == [
        "slurm.pack: account root allows a job 1 core, not 2 cores, asked for"
    ]
    assert check(Resources(qos="small", pack=0), ALL, bound) == [
        "slurm.pack: QOS small allows a job 2 cores, not 112 cores, asked for",
        "slurm.mem: QOS small allows a job 500M, not 250G, what it gets here",
    ]
    assert check(Resources(qos="wide"), shared, bound) == [
        "slurm.pack: QOS wide takes jobs of 4 cores or more, not 1 core, asked for",
        "slurm.extra.nodes: QOS wide takes jobs of 2 nodes or more, not 1 node, asked for",
    ]


def test_arrays_are_as_few_as_the_index_limit_allows(limits: Limits) -> None:
    assert chunks(1, limits) == [1]
    assert chunks(1001, limits) == [1001]
    assert chunks(1002, limits) == [1001, 1]
    assert chunks(0, limits) == []


@given(st.integers(0, 20_000), st.integers(0, 5000))
def test_chunks_lose_nothing_and_exceed_nothing(tasks: int, size: int) -> None:
    limits = Limits("c", "", size, 10**6, 300, accounting=True)

    found = chunks(tasks, limits)

    assert sum(found) == tasks
    assert all(0 < one <= max(1, size) for one in found)
    assert all(one == max(1, size) for one in found[:-1])


@given(st.integers(0, 10**8))
def test_durations_are_read_as_they_are_written(amount_s: int) -> None:
    assert units.seconds(units.duration(amount_s)) == amount_s


@given(st.integers(0, 10**9))
def test_memory_is_read_as_it_is_written(amount_mb: int) -> None:
    assert units.megabytes(units.memory(amount_mb)) == amount_mb


def test_a_partition_of_planned_nodes_alone_starts_nothing(limits: Limits) -> None:
    later = partition("later", hours=None)

    assert check(Resources(partition="later", pack=4, mem="2G"), (*ALL, later), limits) == [
        (
            "slurm.partition: later has 0 nodes and starts no jobs; pbatch has 3 nodes, "
            "pdebug has 1 node, pfat has 2 nodes"
        )
    ]
