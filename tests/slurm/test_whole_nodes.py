"""A whole node comes with all of its cores and its memory, whatever the site's defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.slurm.conftest import Cluster, Desk

pytestmark = pytest.mark.slurm

SITE = (
    "TaskPlugin=task/affinity",
    "DefMemPerNode=500",
    "PartitionName=little Nodes=ALL MaxMemPerNode=1000 MaxTime=UNLIMITED State=UP",
    "PartitionName=alone Nodes=ALL OverSubscribe=EXCLUSIVE MaxTime=UNLIMITED State=UP",
    "PartitionName=secret Nodes=ALL Hidden=YES MaxTime=UNLIMITED DefaultTime=1 State=UP",
)


@pytest.fixture(scope="session")
def sparing(make_cluster: Callable[..., Cluster]) -> Cluster:
    """A cluster whose jobs get little memory by default, with a hidden partition."""
    extra = (word for line in SITE for word in ("--extra", line))
    return make_cluster("--nodes", "1", "--no-accounting", *extra)


@pytest.mark.parametrize(
    ("partition", "pack", "memory"),
    [
        ("pbatch", "node", "2000M"),
        ("little", "node", "1000M"),
        ("secret", "node", "2000M"),
        ("alone", "1", "2000M"),
    ],
)
def test_a_whole_node_is_had_with_its_memory(
    sparing: Cluster, sit_at: Callable[[Cluster], Desk], partition: str, pack: str, memory: str
) -> None:
    desk = sit_at(sparing)
    desk.write("[0]")

    done = desk.run("submit", "winds.yaml", "-p", partition, "--pack", pack, "--wait")
    first = desk.noted()[-1]["token"]
    name = f"--name=winds.{first}"
    told = sparing.ask("squeue", "-h", "-t", "all", name, "-O", "tres-alloc:100")

    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.counts() == {"done": 2}
    assert f"mem={memory}" in told


@pytest.mark.parametrize(
    ("words", "warned"),
    [
        (("-p", "pbatch", "-t", "1"), {"time", "memory"}),
        (("-p", "pbatch", "-t", "600", "--set", "slurm.mem=1900M"), set()),
        (("-p", "alone", "-t", "600"), {"node"}),
        (("-p", "alone", "-t", "600", "--pack", "node"), set()),
    ],
)
def test_a_plan_warns_of_time_memory_and_cores_that_do_not_suit(
    sparing: Cluster,
    sit_at: Callable[[Cluster], Desk],
    words: tuple[str, ...],
    warned: set[str],
) -> None:
    desk = sit_at(sparing)
    desk.write("[0]")
    large = "parameters={H: 150, L: 800, D: 300, Csp_template: LAYER(2)}"

    planned = desk.run(
        "plan", "winds.yaml", *words, "--set", "run.engine=builtin", "--set", large
    )

    sentences = {
        "time": "warning: an experiment is expected to take ",
        "memory": " of memory, and a job gets 500M; --mem or slurm.mem asks for more",
        "node": (
            "warning: each job has a node of 2 cores to itself and runs one experiment at a time; "
            "--pack node fills it"
        ),
    }
    assert planned.returncode == 0, planned.stderr
    assert {key for key, text in sentences.items() if text in planned.stdout} == warned
