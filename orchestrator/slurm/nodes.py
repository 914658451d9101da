"""The machines of a cluster, also those that Slurm does not show.

A node that is made in a cloud for a job (state CLOUD) is not shown while it is powered down, and one
that is only planned (FUTURE) never; a partition counts both. The first takes jobs, the second does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.slurm.units import megabytes, names, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_UNABLE = ("down", "drain", "fail", "unk", "future", "error", "inval")
_POWERED_DOWN = "idle~"

COLUMNS = "%R|%N|%c|%X|%Y|%m|%T|%f"
"""What :func:`read` wants to know from ``sinfo -N``."""


@dataclass(frozen=True, slots=True)
class Node:
    """One machine; ``cpus`` counts what Slurm hands out, ``cores`` leaves out hardware threads.

    ``features`` is None for one whose features are not shown.
    """

    name: str
    cpus: int
    cores: int
    memory_mb: float
    state: str
    features: frozenset[str] | None

    @property
    def able(self) -> bool:
        """Whether it takes jobs, now or when the present ones have ended."""
        return "*" not in self.state and not self.state.startswith(_UNABLE)

    def may_have(self, features: frozenset[str]) -> bool:
        """Return whether it has these features, as far as is known."""
        return self.features is None or features <= self.features


def read(text: str) -> dict[str, list[Node]]:
    """Read the answer of ``sinfo -N``: the nodes of each partition, without planned ones."""
    members: dict[str, list[Node]] = {}
    for row in (line.split("|") for line in text.splitlines()):
        if len(row) != 8:
            continue
        partition, name, *counts, memory, state, features = row
        cpus, sockets, cores = map(whole, counts)
        if cpus is None or sockets is None or cores is None or state.startswith("future"):
            continue
        node = Node(
            name=name,
            cpus=cpus,
            cores=min(cpus, sockets * cores),
            memory_mb=megabytes(memory) or 0.0,
            state=state,
            features=frozenset(features.split(",")) - {"(null)"},
        )
        members.setdefault(partition, []).append(node)
    return members


def read_planned(rows: Sequence[Mapping[str, str]]) -> dict[str, Node]:
    """Read those nodes of ``scontrol --future show node`` that are only planned, by name."""
    planned = {}
    for row in rows:
        if row.get("State", "").startswith("FUTURE"):
            name, cpus = row.get("NodeName", ""), whole(row.get("CPUTot", "")) or 0
            memory_mb = megabytes(row.get("RealMemory", "")) or 0.0
            planned[name] = Node(name, cpus, cpus, memory_mb, "future", None)
    return planned


def powered_down(
    partition: Mapping[str, str], shown: Sequence[Node], planned: Mapping[str, Node]
) -> list[Node]:
    """Return the nodes of a partition that wait in the cloud, all of the same size.

    Slurm shows only how many nodes, CPUs and how much memory the partition has in all.
    """
    known = {node.name for node in shown}
    hosts = [name for name in names(partition.get("Nodes", "")) if name not in known]
    awaited = [planned[name] for name in hosts if name in planned]
    hidden = [name for name in hosts if name not in planned]
    if not hidden:
        return []
    others = [*shown, *awaited]
    cpus = (whole(partition.get("TotalCPUs", "")) or 0) - sum(n.cpus for n in others)
    trackable = dict(part.partition("=")[::2] for part in partition.get("TRES", "").split(","))
    memory_mb = (megabytes(trackable.get("mem", "")) or 0.0) - sum(n.memory_mb for n in others)
    each = max(1, cpus // len(hidden))
    size_mb = max(0.0, memory_mb / len(hidden))
    return [Node(name, each, each, size_mb, _POWERED_DOWN, None) for name in hidden]
