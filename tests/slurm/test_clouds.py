"""Nodes that Slurm does not show: those that wait in a cloud take jobs, planned ones do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.slurm.conftest import Cluster, Desk

pytestmark = pytest.mark.slurm

LINES = (
    "SuspendProgram=/bin/true",
    "ResumeProgram=/bin/true",
    "NodeName=c[1-2] State=CLOUD CPUs=8 RealMemory=8000",
    "NodeName=f[1-2] State=FUTURE CPUs=64 RealMemory=64000",
    "PartitionName=cloud Nodes=c[1-2] State=UP MaxTime=60",
    "PartitionName=later Nodes=f[1-2] State=UP MaxTime=60",
)


@pytest.fixture(scope="session")
def cloudy(make_cluster: Callable[..., Cluster]) -> Cluster:
    """A cluster of a node, two that wait in a cloud and two that are planned."""
    extra = [word for line in LINES for word in ("--extra", line)]
    return make_cluster("--nodes", "1", "--no-accounting", *extra)


def test_nodes_in_a_cloud_are_counted_and_planned_ones_are_not(
    cloudy: Cluster, sit_at: Callable[[Cluster], Desk]
) -> None:
    desk = sit_at(cloudy)
    desk.write("[0, 1, 2, 3, 4]")

    whole = desk.run("plan", "winds.yaml", "-t", "10", "-p", "cloud", "--pack", "node")
    large = desk.run("plan", "winds.yaml", "-t", "10", "-p", "cloud", "--pack", "16")
    later = desk.run("plan", "winds.yaml", "-t", "10", "-p", "later")
    doctor = desk.run("doctor").stdout

    assert "10 experiments in 2 Slurm jobs" in whole.stdout, whole.stderr
    assert "slurm.pack: cloud has 8 cores on a node, 16 were asked" in large.stderr
    assert "slurm.partition: later has 0 nodes and starts no jobs" in later.stderr
    assert (large.returncode, later.returncode) == (2, 2)
    assert "ok       partition cloud: UP, up to 1:00:00, 2 of 2 nodes of 8 cores" in doctor
    assert "warning  partition later: UP, up to 1:00:00, 0 of 0 nodes" in doctor
    assert "3 of 3 nodes of 8 cores" in doctor
