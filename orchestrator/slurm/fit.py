"""Whether a job fits a partition: its terms, then its nodes, each with the words for a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.slurm.units import duration, memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from orchestrator.model import Resources
    from orchestrator.slurm.cluster import Partition
    from orchestrator.slurm.nodes import Node


MOST_NAMED = 8
"""Nodes that a sentence names."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one job needs of the nodes it runs on, and on whose behalf it is.

    ``account`` and ``qos`` are those asked for or the user's own; ``groups`` are the user's, None
    for the superuser, whom no partition refuses for its groups. ``host`` is the machine from which
    it is submitted.
    """

    time_s: int | None
    cores: int
    nodes: int
    memory_mb: float
    features: frozenset[str]
    excluded: frozenset[str]
    listed: frozenset[str] = frozenset()
    account: str | None = None
    qos: str | None = None
    groups: frozenset[str] | None = None
    host: str = ""

    def met_by(self, node: Node) -> bool:
        """Whether this node alone has all of it."""
        return (
            node.name not in self.excluded
            and node.may_have(self.features)
            and self.cores <= node.cpus
            and self.memory_mb <= node.memory_mb
        )


@dataclass(frozen=True, slots=True)
class _Aspect:
    """One thing that a partition either offers or not, and the words for it."""

    key: str
    wish: str
    fits: Callable[[Partition], bool]
    offer: Callable[[Partition], str]


def refusals(
    request: Resources, wanted: Need, partition: Partition, partitions: Sequence[Partition]
) -> list[str]:
    """Say why a partition would never run the job, and which of ``partitions`` would do better."""
    aspects = [*_terms(request, wanted), *_hardware(wanted)]
    missed = [aspect for aspect in aspects if not aspect.fits(partition)]
    return [_sentence(aspect, partition, partitions) for aspect in missed] or _together(
        wanted, partition
    )


def described(partition: Partition) -> str:
    """Return a partition's name with what people choose it for."""
    longest = duration(partition.max_time_s) if partition.max_time_s else "any time"
    default = "default, " if partition.default else ""
    nodes = f"{_nodes(len(partition.nodes))} of {_most_cores(partition)} cores"
    return f"{partition.name} ({default}{longest}, {nodes})"


def _terms(request: Resources, wanted: Need) -> Iterator[_Aspect]:
    """Yield what a partition's terms decide."""
    yield _Aspect(
        "slurm.partition", "and starts no jobs", lambda p: p.up, lambda p: f"is {p.state}"
    )
    time_s = wanted.time_s
    if time_s is not None:
        yield _Aspect(
            "slurm.time",
            f"{duration(time_s)} was asked",
            lambda p: p.max_time_s is None or time_s <= p.max_time_s,
            lambda p: "allows " + (duration(p.max_time_s) if p.max_time_s else "any time"),
        )
    if wanted.nodes > 1:
        yield _Aspect(
            "slurm.extra.nodes",
            f"{wanted.nodes} {'was' if wanted.nodes == 1 else 'were'} asked",
            lambda p: wanted.nodes <= _most_nodes(p),
            lambda p: f"allows {_nodes(_most_nodes(p))}",
        )
    account, qos = wanted.account, wanted.qos
    if account is not None:
        yield _Aspect(
            "slurm.account",
            f"{account} was asked" if request.account else f"{account} is your default",
            lambda p: _allows(account, p.accounts, p.denied_accounts),
            lambda p: f"takes {_listed(p.accounts, 'account', p.denied_accounts)}",
        )
    if qos is not None:
        yield _Aspect(
            "slurm.qos",
            f"{qos} was asked" if request.qos else f"{qos} is your default",
            lambda p: _allows(qos, p.qos, p.denied_qos),
            lambda p: f"takes {_listed(p.qos, 'QOS', p.denied_qos)}",
        )
    if wanted.groups is not None:
        mine = wanted.groups
        yield _Aspect(
            "slurm.partition",
            "of which you are in none",
            lambda p: p.groups is None or not mine.isdisjoint(p.groups),
            lambda p: f"takes {_listed(p.groups, 'group')}",
        )
        yield _Aspect(
            "slurm.partition",
            "and you are not root",
            lambda p: not p.root_only,
            lambda p: f"takes jobs of {'root only' if p.root_only else 'all users'}",
        )
    yield from _way_in(request, wanted)


def _way_in(request: Resources, wanted: Need) -> Iterator[_Aspect]:
    """Yield what a partition demands of the request itself."""
    yield _Aspect(
        "slurm.extra.nodes",
        f"{wanted.nodes} {'was' if wanted.nodes == 1 else 'were'} asked",
        lambda p: p.min_nodes <= wanted.nodes,
        lambda p: f"takes jobs of {_nodes(max(1, p.min_nodes))} or more",
    )
    yield _Aspect(
        "slurm.reservation",
        "none was asked",
        lambda p: request.reservation is not None or not p.reserved,
        lambda p: f"takes jobs {'in' if p.reserved else 'without'} reservations",
    )
    yield _Aspect(
        "slurm.partition",
        f"and this is {wanted.host}",
        lambda p: not wanted.host or p.submit_hosts is None or wanted.host in p.submit_hosts,
        lambda p: f"takes jobs from {', '.join(p.submit_hosts or ('any machine',))}",
    )


def _hardware(wanted: Need) -> Iterator[_Aspect]:
    """Yield what a partition's nodes decide."""
    yield _Aspect(
        "slurm.partition",
        "and starts no jobs",
        lambda p: bool(p.nodes),
        lambda p: f"has {_nodes(len(p.nodes))}",
    )
    yield _Aspect(
        "slurm.pack",
        f"{wanted.cores} {'was' if wanted.cores == 1 else 'were'} asked",
        lambda p: not p.nodes or wanted.cores <= _most_cores(p),
        lambda p: f"has {_most_cores(p)} cores on a node",
    )
    yield _Aspect(
        "slurm.mem",
        f"{memory(wanted.memory_mb)} was asked",
        lambda p: not p.nodes or wanted.memory_mb <= _most_memory_mb(p),
        lambda p: f"has {memory(_most_memory_mb(p))} on a node",
    )
    yield _Aspect(
        "slurm.constraint",
        f"{'&'.join(sorted(wanted.features))} was asked",
        lambda p: not wanted.features or any(n.may_have(wanted.features) for n in p.nodes),
        lambda p: (
            f"has {', '.join(sorted({f for n in p.nodes for f in n.features or ()})) or 'nothing'}"
        ),
    )
    yield _Aspect(
        "slurm.exclude",
        f"{len(wanted.excluded)} are excluded",
        lambda p: not p.nodes or any(n.name not in wanted.excluded for n in p.nodes),
        lambda p: f"has {_nodes(len(p.nodes))}",
    )
    yield _Aspect(
        "slurm.extra.nodelist",
        f"{', '.join(sorted(wanted.listed))} {'was' if len(wanted.listed) == 1 else 'were'} asked",
        lambda p: not p.nodes or wanted.listed <= {n.name for n in p.nodes},
        lambda p: f"has {', '.join(sorted(n.name for n in p.nodes)[:MOST_NAMED])}",
    )


def _sentence(aspect: _Aspect, partition: Partition, partitions: Sequence[Partition]) -> str:
    others = [p for p in partitions if p is not partition and p.up and aspect.fits(p)]
    instead = ", ".join(f"{p.name} {aspect.offer(p)}" for p in others[:3])
    wish = aspect.wish if aspect.wish.startswith("and ") else f", {aspect.wish}"
    text = f"{partition.name} {aspect.offer(partition)} {wish}".replace(" ,", ",")
    return f"{aspect.key}: {text}; {instead or 'no other partition does better'}"


def _together(wanted: Need, partition: Partition) -> list[str]:
    """Find that nodes have each thing asked for, but none has all of them."""
    if not partition.nodes or any(wanted.met_by(node) for node in partition.nodes):
        return []
    wishes = [f"{wanted.cores} cores", *sorted(wanted.features)]
    wishes += [memory(wanted.memory_mb)] if wanted.memory_mb else []
    return [f"slurm: no single node of {partition.name} has all of it: {', '.join(wishes)}"]


def _most_nodes(partition: Partition) -> int:
    there = len(partition.nodes)
    return there if partition.max_nodes is None else min(there, partition.max_nodes)


def _most_cores(partition: Partition) -> int:
    there = max((n.cpus for n in partition.nodes), default=0)
    most = partition.max_cpus_per_node
    return there if most is None else min(there, most)


def _most_memory_mb(partition: Partition) -> float:
    there = max((n.memory_mb for n in partition.nodes), default=0.0)
    most = partition.max_memory_mb
    return there if most is None else min(there, most)


def _allows(name: str, allowed: tuple[str, ...] | None, denied: tuple[str, ...]) -> bool:
    return name not in denied and (allowed is None or name in allowed)


def _listed(allowed: tuple[str, ...] | None, what: str, denied: tuple[str, ...] = ()) -> str:
    if allowed is not None:
        return f"{what} {', '.join(allowed)}"
    return f"any {what}" + (f" but {', '.join(denied)}" if denied else "")


def _nodes(number: int) -> str:
    return "1 node" if number == 1 else f"{number} nodes"
