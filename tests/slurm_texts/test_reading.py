"""What Slurm's clients print is understood; the texts were recorded from a real cluster."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from orchestrator.slurm import client, cluster, jobs
from orchestrator.slurm.client import Unknown
from orchestrator.slurm.cluster import Association, Limits, Qos
from orchestrator.slurm.jobs import Exit, Queued
from orchestrator.slurm.nodes import Node

TEXTS = Path(__file__).parent / "recorded"


def recorded(name: str) -> str:
    return (TEXTS / f"{name}.txt").read_text()


def at(clock: str) -> float:
    return time.mktime(time.strptime(f"2026-11-23T{clock}", "%Y-%m-%dT%H:%M:%S"))


def test_limits_are_those_of_the_cluster_and_of_the_user() -> None:
    texts = (recorded(name) for name in ("config", "associations", "qos"))

    limits = cluster.read_limits(*texts)

    def account(name: str, *, default: bool) -> Association:
        return Association(name, default, None, 5000, None, ("normal", "short"))

    assert limits == Limits(
        cluster="throwaway",
        version="22.05.8",
        max_array_size=1001,
        max_job_count=20000,
        min_job_age_s=300,
        accounting=True,
        enforced=frozenset({"associations", "limits", "qos"}),
        associations=(
            account("science", default=False),
            account("root", default=True),
        ),
        qos=(Qos("normal", None, None), Qos("short", 50, 1800)),
        memory_per_cpu_mb=100.0,
    )


def test_a_limit_on_the_tasks_of_one_array_counts_too() -> None:
    config = (
        "ClusterName             = dane\n"
        "MaxArraySize            = 1001\n"
        "MaxJobCount             = 10000\n"
        "SchedulerParameters     = bf_interval=2,max_array_tasks=500\n"
    )

    limits = cluster.read_limits(config)

    assert isinstance(limits, Limits)
    assert limits.max_array_size == 500
    assert not limits.accounting


def test_a_configuration_that_says_nothing_is_not_guessed_at() -> None:
    assert cluster.read_limits("Slurmctld(primary) at n1 is DOWN\n") == Unknown(
        "scontrol show config says nothing usable about 'MaxArraySize'"
    )


def test_partitions_come_with_their_terms_and_nodes() -> None:
    batch, debug = cluster.read_partitions(recorded("partitions"), recorded("nodes"))

    assert (batch.name, batch.default, batch.up, batch.max_time_s) == (
        "pbatch",
        True,
        True,
        86400,
    )
    assert (debug.name, debug.default, debug.max_time_s, debug.max_nodes) == (
        "pdebug",
        False,
        3600,
        None,
    )
    assert not batch.exclusive
    assert batch.accounts is None
    assert [node.name for node in batch.nodes] == ["n1", "n2", "n3", "n4"]
    assert debug.nodes[0] == batch.nodes[0]


@pytest.mark.parametrize(
    ("state", "able"),
    [
        ("idle", True),
        ("mixed", True),
        ("allocated", True),
        ("reserved", True),
        ("idle~", True),  # asleep, woken for a job
        *((state, True) for state in ("powered_down", "powering_down", "powering_up", "idle#")),
        *((state, True) for state in ("reboot_issued", "idle@")),  # back by itself
        ("future", False),  # has no machine yet
        ("down", False),
        ("down*", False),
        ("idle*", False),  # does not answer
        ("drained", False),
        ("draining", False),
        ("unknown", False),
    ],
)
def test_a_node_is_able_if_it_takes_jobs(state: str, able: bool) -> None:  # noqa: FBT001
    assert Node("n1", 2, 2, 2000.0, state, frozenset()).able is able


def test_hardware_threads_are_no_cores() -> None:
    partition = "PartitionName=pbatch State=UP OverSubscribe=EXCLUSIVE MaxTime=UNLIMITED"

    (found,) = cluster.read_partitions(partition, "pbatch|n1|224|2|56|256000|idle|a,b\n")

    assert found.nodes == (Node("n1", 224, 112, 256000.0, "idle", frozenset({"a", "b"})),)
    assert found.exclusive
    assert found.max_time_s is None


def test_the_queue_tells_of_every_element() -> None:
    queue = jobs.read_queue(recorded("queue"))

    assert len(queue) == 39
    assert queue["57_1"] == Queued(
        state="RUNNING",
        reason="None",
        start=at("02:24:23"),
        end=at("02:29:23"),
        left_s=285,
        node="n3",
        name="winds.0a|b c",
    )
    assert queue["68"].start == at("02:29:36")
    assert queue["60"].reason == "PartitionTimeLimit"
    assert queue["60"].start is None
    assert "57_2" not in queue  # cancelled before it started


def test_the_accounts_tell_how_each_job_ended() -> None:
    accounts = jobs.read_accounts(recorded("accounts"))

    assert accounts["42"].state == "FAILED"
    assert accounts["42"].exit == Exit(status=3)
    assert accounts["43"].worst == Exit(signal=9)
    assert accounts["41"].time_limit_s == 60
    assert accounts["41"].ended == at("02:23:43")
    assert accounts["56"].canceller == "0"
    assert accounts["60"].node == ""
    assert [j for j, a in accounts.items() if a.out_of_memory] == ["46", "47", "48"]


def test_one_row_may_stand_for_many_elements() -> None:
    accounts = jobs.read_accounts(recorded("accounts"))

    assert [j for j in accounts if j.startswith("57_")] == ["57_1", "57_3", "57_5", "57_0"]
    assert {accounts[f"58_{i}"].state for i in range(10)} == {"CANCELLED"}


def test_steps_add_what_was_used_and_change_nothing_else() -> None:
    accounts = jobs.read_accounts(recorded("steps"))

    assert [(s.name, s.state) for s in accounts["46"].steps] == [
        ("batch", "FAILED"),
        ("0", "OUT_OF_MEMORY"),
    ]
    assert accounts["56"].max_rss_mb == pytest.approx(3780 / 1024)
    assert accounts["59"].max_rss_mb is None
    whole = jobs.read_accounts(recorded("accounts"))
    assert {j: a.state for j, a in accounts.items()} == {j: a.state for j, a in whole.items()}


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def write(program: Path, text: str) -> None:
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)


def test_where_slurm_is_not_there_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert jobs.queue(["12"]) == Unknown("squeue is not on this machine", lasting=True)
    assert jobs.accounting(["12"]) == Unknown("sacct is not on this machine", lasting=True)
    assert cluster.limits() == Unknown("scontrol is not on this machine", lasting=True)
    assert cluster.partitions() == Unknown("scontrol is not on this machine", lasting=True)


@pytest.mark.parametrize(
    ("bound", "asked"),
    [
        ("", []),
        ("of the user", ["--noheader --array --me --format=%a|%q|%P|%u"]),
        ("of all", ["--noheader --array --format=%a|%q|%P|%u"]),
    ],
)
@pytest.mark.parametrize("others", ["", "normal||||||"], ids=["no QOS", "a QOS"])
def test_the_queue_is_asked_about_those_alone_whose_jobs_are_limited(
    programs: Path, bound: str, others: str, asked: list[str]
) -> None:
    own = f"root|throwaway|root||{'50' if bound == 'of the user' else ''}||normal|||"
    tree = f"throwaway|root||{'90' if bound == 'of all' else ''}"
    write(programs / "scontrol", f"cat {TEXTS / 'config.txt'}")
    write(
        programs / "sacctmgr",
        f"case $* in *withassoc*) echo '{own}';; *qos*) echo '{others}';; *) echo '{tree}';; esac",
    )
    write(programs / "squeue", f'echo "$*" >> {programs / "asked"}')

    limits = cluster.limits()

    assert isinstance(limits, Limits)
    assert limits.accounts.keys() == {"root"}
    log = programs / "asked"
    assert (log.read_text().splitlines() if log.exists() else []) == asked


def test_without_any_limit_nobody_is_asked_about_the_queue(programs: Path) -> None:
    write(programs / "scontrol", f"cat {TEXTS / 'config.txt'}")
    write(programs / "sacctmgr", ":")
    write(programs / "squeue", f"touch {programs / 'asked'}")

    assert isinstance(cluster.limits(), Limits)

    assert not (programs / "asked").exists()


def test_a_scheduler_that_is_down_is_an_answer(programs: Path) -> None:
    said = "squeue: error: Unable to contact slurm controller (connect failure)"
    write(programs / "squeue", f"echo '{said}' >&2; exit 1")

    assert jobs.queue(["12"]) == Unknown(
        "squeue: Unable to contact slurm controller (connect failure)"
    )


def test_a_scheduler_that_keeps_silent_is_not_waited_for(programs: Path) -> None:
    write(programs / "squeue", "exec sleep 60")

    assert client.ask("squeue", patience_s=0.2) == Unknown("squeue gave no answer within 0.2 s")


def test_a_single_job_that_the_controller_has_forgotten_is_not_in_the_queue(
    programs: Path,
) -> None:
    write(
        programs / "squeue",
        "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1",
    )

    assert jobs.queue(["12"]) == {}


def test_accounts_that_nobody_keeps_will_never_answer(programs: Path) -> None:
    write(programs / "sacct", "echo 'Slurm accounting storage is disabled' >&2; exit 1")

    assert jobs.accounting(["12"]) == Unknown(
        "sacct: Slurm accounting storage is disabled", lasting=True
    )


def test_jobs_from_before_are_others_with_the_same_ids(programs: Path) -> None:
    write(programs / "sacct", f"cat {TEXTS / 'accounts.txt'}")

    found = jobs.accounting(["42"], since=at("02:24:00") + 300)

    assert isinstance(found, dict)
    assert sorted(found) == ["49_1", "65"]


def test_the_accounts_are_asked_for_no_longer_than_needed(programs: Path) -> None:
    write(
        programs / "sacct",
        'case "$*" in *--starttime=2*) echo "7|COMPLETED|0:0|0:0|||||||n1|w";; '
        '*) echo "sacct: error: Too wide of a date range in query" >&2; exit 1;; esac',
    )

    found = jobs.accounting(["7"], since=at("02:24:00"))

    assert isinstance(found, dict)
    assert found["7"].state == "COMPLETED"


def test_a_profile_or_an_enclosing_job_changes_no_answer(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(programs / "squeue", "env | grep -E '^(SLURM|SQUEUE)' | sort")
    monkeypatch.setenv("SLURM_CONF", "/somewhere/slurm.conf")
    monkeypatch.setenv("SLURM_TIME_FORMAT", "relative")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SQUEUE_PARTITION", "pdebug")

    assert client.ask("squeue") == (
        "SLURM_BITSTR_LEN=0\nSLURM_CONF=/somewhere/slurm.conf\nSLURM_TIME_FORMAT=standard\n"
    )


def test_asking_for_no_jobs_asks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert jobs.queue([]) == {}
    assert jobs.accounting([]) == {}


def test_nodes_that_wait_in_the_cloud_count_and_planned_ones_do_not() -> None:
    texts = ("cloud_partitions", "cloud_nodes", "cloud_planned")

    partitions = cluster.read_partitions(*map(recorded, texts))

    virtual = ("n1", 2, 2000.0, "idle~", frozenset({"virtual"}))
    asleep = [(name, 8, 8000.0, "idle~", None) for name in ("c1", "c2")]
    assert {
        p.name: [(n.name, n.cpus, n.memory_mb, n.state, n.features) for n in p.nodes]
        for p in partitions
    } == {
        "pbatch": [virtual, *asleep],
        "pdebug": [virtual],
        "cloud": asleep,
        "later": [],
        "mixed": [virtual, *asleep],
    }
    assert all(node.able and node.may_have(frozenset({"gpu"})) for node in partitions[2].nodes)


def test_nodes_are_had_whole_where_the_cluster_hands_out_nothing_less() -> None:
    config = (TEXTS / "config.txt").read_text()
    linear = config.replace("select/cons_tres", "select/linear")
    text = (
        "PartitionName=whole OverSubscribe=NO\n"
        "PartitionName=shared OverSubscribe=FORCE:2\n"
        "PartitionName=alone OverSubscribe=EXCLUSIVE"
    )
    partitions = cluster.read_partitions(text, "")

    exclusive = [
        [p.exclusive for p in cluster.as_handed_out(partitions, limits)]
        for limits in map(cluster.read_limits, (config, linear))
        if isinstance(limits, cluster.Limits)
    ]

    assert exclusive == [[False, False, True], [True, False, True]]
