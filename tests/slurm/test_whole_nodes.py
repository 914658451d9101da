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
    "PartitionName=secret Nodes=ALL Hidden=YES MaxTime=UNLIMITED DefaultTime=1 State=UP",
)


@pytest.fixture(scope="session")
def sparing(make_cluster: Callable[..., Cluster]) -> Cluster:
    """A cluster whose jobs get little memory by default, with a hidden partition."""
    extra = (word for line in SITE for word in ("--extra", line))
    return make_cluster("--nodes", "1", "--no-accounting", *extra)


@pytest.mark.parametrize(
    ("partition", "memory"), [("pbatch", "2000M"), ("little", "1000M"), ("secret", "2000M")]
)
def test_a_whole_node_is_had_with_its_memory(
    sparing: Cluster, sit_at: Callable[[Cluster], Desk], partition: str, memory: str
) -> None:
    desk = sit_at(sparing)
    desk.write("[0]")

    done = desk.run("submit", "winds.yaml", "-p", partition, "--pack", "node", "--wait")
    first = desk.noted()[-1]["token"]
    name = f"--name=winds.{first}"
    told = sparing.ask("squeue", "-h", "-t", "all", name, "-O", "tres-alloc:100")

    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.counts() == {"done": 2}
    assert f"mem={memory}" in told
