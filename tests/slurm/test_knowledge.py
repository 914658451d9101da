"""What the package knows of Slurm holds on a real cluster."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING

import pytest

from orchestrator.model import Resources, State
from orchestrator.slurm import cluster as clusters
from orchestrator.slurm import jobs
from orchestrator.slurm.client import Unknown
from orchestrator.slurm.cluster import Limits
from orchestrator.slurm.feasibility import check, chunks
from orchestrator.slurm.jobs import Accounted
from orchestrator.slurm.verdict import Verdict, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.slurm.conftest import Cluster

pytestmark = pytest.mark.slurm


def judged(job: str) -> Verdict:
    array = job.partition("_")[0]
    queued = jobs.queue([array])
    return verdict(job, queued, jobs.accounting([array]), time.time())


def watched(job: str, seen: list[State | None]) -> list[State | None]:
    """Look once more, and return all that was seen."""
    seen.append(judged(job).state)
    return seen


@pytest.fixture
def limits(cluster: Cluster) -> Limits:  # noqa: ARG001  # the calls below talk to it
    found = clusters.limits()
    assert isinstance(found, Limits)
    return found


def test_limits_and_partitions_are_read(limits: Limits) -> None:
    partitions = clusters.partitions()

    assert not isinstance(partitions, Unknown)
    assert limits.accounting
    assert limits.max_array_size == 1001
    assert "science" in [a.account for a in limits.associations]
    assert [(p.name, p.max_time_s, len(p.nodes)) for p in partitions] == [
        ("pbatch", 86400, 4),
        ("pdebug", 3600, 2),
    ]
    assert all(node.able and node.cpus == 2 for p in partitions for node in p.nodes)


def test_a_full_array_is_accepted_and_one_more_element_is_not(
    cluster: Cluster, limits: Limits
) -> None:
    (largest,) = chunks(limits.max_array_size, limits)

    job = cluster.submit("--hold", f"--array=0-{largest - 1}", "--wrap", "true")
    try:
        queue = jobs.queue([job])
        with pytest.raises(Exception, match="returned non-zero exit status 1"):
            cluster.submit("--hold", f"--array=0-{largest}", "--wrap", "true")
    finally:
        cluster.ask("scancel", job)

    assert isinstance(queue, dict)
    assert list(queue) == [f"{job}_{i}" for i in range(largest)]


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        (("-p", "pdebug", "-t", "120"), Resources(partition="pdebug", time_min=120)),
        (("-p", "pdebug", "-N", "3"), Resources(partition="pdebug", extra={"nodes": 3})),
    ],
)
def test_what_is_refused_here_would_wait_for_ever_there(
    words: tuple[str, ...],
    request_: Resources,
    cluster: Cluster,
    limits: Limits,
    wait_until: Callable[..., bool],
) -> None:
    partitions = clusters.partitions()
    assert not isinstance(partitions, Unknown)

    job = cluster.submit(*words, "--wrap", "true")
    stuck = wait_until(lambda: judged(job).sentence.startswith("cannot start: "))
    cluster.ask("scancel", job)

    assert stuck
    assert len(check(request_, partitions, limits)) == 1


def test_each_death_is_told_from_the_others(
    cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    wrapped = {
        "srun true": (
            State.LOST,
            "the job ended, but its worker was killed or died before it wrote a record",
        ),
        "srun sh -c 'exit 3'": (State.FAILED, "the job failed with exit status 3"),
        "srun sh -c 'kill -9 $$'": (State.FAILED, "killed by SIGKILL"),
        "srun sh -c 'kill -12 $$'": (
            State.LOST,
            "ended by Slurm's warning before it was ready for it",
        ),
    }
    expected = {cluster.submit("--wrap", w): Verdict(*v) for w, v in wrapped.items()}
    no_log = cluster.ask("sbatch", "--parsable", "--output=/nowhere/log", "--wrap", "true")
    expected[no_log.strip()] = Verdict(
        State.LOST, "its log could not be opened (0:53): was its directory moved?"
    )

    wait_until(lambda: all(judged(job).state is not None for job in expected))
    wait_until(lambda: all(judged(job) == v for job, v in expected.items()), within_s=15)

    assert {job: judged(job) for job in expected} == expected


def test_an_array_is_followed_from_hold_to_cancellation(
    cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    job = cluster.submit("--hold", "--array=0-3%1", "--wrap", "srun sleep 120")
    held = judged(f"{job}_0")
    cluster.ask("scontrol", "release", job)
    assert wait_until(lambda: judged(f"{job}_0").state is State.RUNNING)
    waiting = judged(f"{job}_3")
    cluster.ask("scancel", f"{job}_2")
    assert wait_until(lambda: judged(f"{job}_2").state is State.CANCELLED)
    still = judged(f"{job}_3")
    cluster.ask("scancel", job)
    whole = [f"{job}_{i}" for i in range(4)]

    assert held.sentence.startswith("cannot start: it is held")
    assert waiting.state is State.PENDING
    assert waiting.sentence.startswith("waits: ")
    assert still.state is State.PENDING
    assert wait_until(lambda: all(judged(j).state is State.CANCELLED for j in whole))


def test_a_requeued_job_is_pending_again(
    cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    job = cluster.submit("--requeue", "--wrap", "srun sleep 120")
    assert wait_until(lambda: judged(job).state is State.RUNNING)
    seen: list[State | None] = []

    cluster.ask("scontrol", "requeue", job)
    again = wait_until(lambda: State.PENDING in watched(job, seen))
    cluster.ask("scancel", job)

    assert again
    assert set(seen) <= {State.RUNNING, State.PENDING}


@pytest.mark.slow
def test_a_job_on_a_node_that_dies_is_pending_again_and_never_ended(
    cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    job = cluster.submit("--requeue", "--nodelist=n3", "--wrap", "srun sleep 300")
    once = cluster.submit("--no-requeue", "--nodelist=n3", "--wrap", "srun sleep 300")
    assert wait_until(lambda: {judged(j).state for j in (job, once)} == {State.RUNNING})
    seen: list[State | None] = []

    cluster.kill("n3")
    again = wait_until(lambda: State.PENDING in watched(job, seen), within_s=60)
    failed = verdict(once, {}, jobs.accounting([once]), time.time() + 3600)
    cluster.ask("scancel", job)
    cluster.mend()

    assert again
    assert set(seen) <= {State.RUNNING, State.PENDING, None}
    assert failed == Verdict(State.NODE_FAIL, "the node failed (n3)")


@pytest.mark.slow
def test_a_controller_that_stops_makes_nothing_fail(
    cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    job = cluster.submit("--wrap", "srun sleep 120")
    assert wait_until(lambda: judged(job).state is State.RUNNING)

    cluster.stop("slurmctld")
    try:
        unknown = judged(job)
        limits = clusters.limits()
    finally:
        cluster.mend()
    back = judged(job)
    cluster.ask("scancel", job)

    assert unknown.state is None
    assert "Unable to contact slurm controller" in unknown.sentence
    assert isinstance(limits, Unknown)
    assert back.state is State.RUNNING


def test_a_database_that_stops_leaves_causes_open(
    cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    cluster.stop("slurmdbd")
    try:
        job = cluster.submit("--wrap", "exit 3")
        ended = wait_until(lambda: "failed" in judged(job).sentence)
        unsure = judged(job)
        limits = clusters.limits()
    finally:
        cluster.mend()

    assert ended
    assert unsure.state is None
    assert isinstance(limits, Limits)
    assert "sacctmgr" in limits.unknown
    assert wait_until(lambda: judged(job).state is State.FAILED)


def test_without_accounts_the_queue_explains_what_it_remembers(
    make_cluster: Callable[..., Cluster],
    monkeypatch: pytest.MonkeyPatch,
    wait_until: Callable[..., bool],
) -> None:
    bare = make_cluster("--nodes=1", "--no-accounting")
    monkeypatch.setenv("SLURM_CONF", str(bare.configuration))

    job = bare.submit("--wrap", "exit 3")
    limits = clusters.limits()

    assert wait_until(lambda: judged(job) == Verdict(State.FAILED, "the job failed (n1)"))
    assert isinstance(limits, Limits)
    assert not limits.accounting
    assert judged("9999").state is State.LOST


@pytest.mark.slow
@pytest.mark.skipif(
    not os.access("/sys/fs/cgroup/memory", os.W_OK) or os.geteuid() != 0,
    reason="only root can enforce memory limits, through cgroups",
)
def test_a_job_that_needs_too_much_memory_is_known_as_such(
    make_cluster: Callable[..., Cluster],
    monkeypatch: pytest.MonkeyPatch,
    wait_until: Callable[..., bool],
) -> None:
    # job ids of its own, as those of another such cluster would share its cgroups
    first = random.randrange(10**6, 10**7)
    strict = make_cluster("--nodes=1", "--cgroup", "--extra", f"FirstJobId={first}")
    monkeypatch.setenv("SLURM_CONF", str(strict.configuration))
    greedy = "python3 -c 'bytearray(300_000_000)'"

    in_step = strict.submit("--mem=50", "--wrap", f"srun {greedy}")
    in_script = strict.submit("--mem=50", "--wrap", greedy)

    expected = Verdict(State.OUT_OF_MEMORY, "used more memory than the 50M that it had")
    assert wait_until(lambda: judged(in_step) == expected)
    assert wait_until(lambda: judged(in_script) == expected)
    found = jobs.accounting([in_step])
    assert isinstance(found, dict)
    assert isinstance(found[in_step], Accounted)
    assert [s.state for s in found[in_step].steps] == ["FAILED", "OUT_OF_MEMORY"]
