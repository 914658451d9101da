"""Whether what is asked for can ever run, and in how many arrays it is to be queued.

Slurm itself takes most impossible requests and leaves them pending for ever.
"""

from __future__ import annotations

import dataclasses
import math
import os
import re
import socket
from typing import TYPE_CHECKING

from orchestrator.formats.spelling import did_you_mean
from orchestrator.slurm import units
from orchestrator.slurm.bounds import association_of, chosen, levels_of, slots, usual_qos
from orchestrator.slurm.cluster import Qos, my_groups
from orchestrator.slurm.fit import MOST_NAMED, Need, described, refusals
from orchestrator.slurm.units import duration
from orchestrator.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from orchestrator.model import Resources
    from orchestrator.slurm.bounds import Level
    from orchestrator.slurm.cluster import Limits, Partition

_BOUND = {"associations", "limits", "qos", "safe", "wckeys"}
_SIZES: dict[str, tuple[str, Callable[[float], str]]] = {
    "cpu": ("slurm.pack", lambda cores: counted(int(cores), "core")),
    "mem": ("slurm.mem", units.memory),
    "node": ("slurm.extra.nodes", lambda nodes: counted(int(nodes), "node")),
}
_PLAIN_FEATURES = re.compile(r"[\w.-]+(?:&[\w.-]+)*")


def need(request: Resources) -> Need:
    """Return what each job of a request needs; a whole node has at least one core."""
    extra = {name.replace("-", "_"): str(value) for name, value in request.extra.items()}
    cores = _count(extra.get("cpus_per_task")) or max(1, request.together)
    per_core_mb = units.megabytes(extra.get("mem_per_cpu", "")) or 0.0
    constraint = request.constraint or ""
    return Need(
        time_s=None if request.time_min is None else 60 * request.time_min,
        cores=cores,
        nodes=_count(extra.get("nodes")) or 1,
        memory_mb=units.megabytes(request.mem or "") or cores * per_core_mb,
        features=frozenset(
            constraint.split("&") if _PLAIN_FEATURES.fullmatch(constraint) else ()
        ),
        excluded=_hosts(request.exclude),
        listed=_hosts(extra.get("nodelist")),
    )


def memory_mb(
    request: Resources, partitions: Sequence[Partition], limits: Limits
) -> float | None:
    """Return the memory that a job of a request gets, in MB; None where nobody limits it.

    What is asked for, else what the partition gives, else the cluster; of several partitions the
    least. A whole node comes with its memory.
    """
    wanted = need(request)
    if wanted.memory_mb:
        return wanted.memory_mb
    amounts = []
    for partition in chosen(request, partitions):
        if request.together == 0 or partition.exclusive:
            amounts.append(min((node.memory_mb for node in partition.nodes), default=None))
            continue
        own = partition if _has_default(partition) else limits
        per_cpu = own.memory_per_cpu_mb
        amounts.append(own.memory_per_node_mb if per_cpu is None else per_cpu * wanted.cores)
    return min((mb for mb in amounts if mb), default=None)


def _has_default(partition: Partition) -> bool:
    return (partition.memory_per_cpu_mb, partition.memory_per_node_mb) != (None, None)


def _on_behalf(request: Resources, wanted: Need, limits: Limits) -> Need:
    """Add the account, the QOS and the groups in whose name, and from where, a job would run."""
    association = association_of(request, limits) if _BOUND & limits.enforced else None
    account, qos = request.account, request.qos
    if association is not None:
        account, qos = association.account, qos or usual_qos(association)
    groups = None if os.geteuid() == 0 else my_groups()
    host = socket.gethostname().partition(".")[0]
    return dataclasses.replace(wanted, account=account, qos=qos, groups=groups, host=host)


def check(request: Resources, partitions: Sequence[Partition], limits: Limits) -> list[str]:
    """Return a sentence for everything that keeps a request from ever running, with what would do.

    Several partitions, as ``pbatch,pdebug``, are enough if one of them takes the request.
    """
    wanted = _on_behalf(request, need(request), limits)
    there = {node.name for partition in partitions for node in partition.nodes}
    wanted = dataclasses.replace(wanted, listed=wanted.listed & there)  # others are told apart
    problems = [
        *_unknown_partitions(request, partitions),
        *_unknown_nodes(request, partitions),
        *_own_names(request, limits),
    ]
    if wanted.time_s is not None and wanted.time_s <= 0:
        problems.append("slurm.time: 0 lets nothing run; 1 minute is the least")
    problems += [
        *_too_long(request, partitions, limits),
        *_wrong_size(request, partitions, limits),
        *_no_slot(request, partitions, limits),
    ]
    refused = [
        refusals(request, wanted, partition, partitions)
        for partition in chosen(request, partitions)
    ]
    return problems + min(refused, key=len, default=[])


def chunks(tasks: int, limits: Limits) -> list[int]:
    """Split array tasks into arrays that Slurm takes, each counted from index 0."""
    largest = max(1, limits.max_array_size)
    return [min(largest, tasks - first) for first in range(0, tasks, largest)]


def _unknown_partitions(request: Resources, partitions: Sequence[Partition]) -> Iterator[str]:
    there = [p.name for p in partitions]
    all_of_them = ", ".join(described(p) for p in partitions if not p.hidden) or "none"
    if request.partition is None:
        if not any(p.default for p in partitions):
            yield f"slurm.partition: this cluster has no default; name one of {all_of_them}"
        return
    for name in request.partition.split(","):
        if name not in there:
            hint = did_you_mean(name, there)
            yield f"slurm.partition: no partition {name}; there are {all_of_them}{hint}"


def _unknown_nodes(request: Resources, partitions: Sequence[Partition]) -> Iterator[str]:
    """Refuse nodes to run on that no partition has; to leave out may be nodes of none."""
    there = dict.fromkeys(node.name for partition in partitions for node in partition.nodes)
    for name in sorted(need(request).listed - there.keys() if there else ()):
        hint = did_you_mean(name, there)
        known = ", ".join([*there][:MOST_NAMED]) + ", ..." * (len(there) > MOST_NAMED)
        yield f"slurm.extra.nodelist: no node {name}; there are {known}{hint}"


def _hosts(words: str | None) -> frozenset[str]:
    """Return the nodes that an option names; a path is a file of them, which Slurm reads."""
    return frozenset() if words is None or "/" in words else frozenset(units.names(words))


def _own_names(request: Resources, limits: Limits) -> Iterator[str]:
    """Compare with the accounts and QOS that are the user's own, where the cluster insists."""
    mine = [a.account for a in limits.associations]
    if request.account is not None and _BOUND & limits.enforced and request.account not in mine:
        known = ", ".join(dict.fromkeys(mine)) or "none is yours"
        yield f"slurm.account: no account {request.account} of yours; there are {known}"
    there = [q.name for q in limits.qos]
    if request.qos is not None and there and request.qos not in there:
        yield f"slurm.qos: no QOS {request.qos}; there are {', '.join(there)}"
    association = association_of(request, limits)
    if (
        request.qos in there
        and "qos" in limits.enforced
        and association is not None
        and request.qos not in association.qos
    ):
        may = ", ".join(association.qos) or "none"
        yield f"slurm.qos: account {association.account} may not use {request.qos}, only {may}"


def _too_long(
    request: Resources, partitions: Sequence[Partition], limits: Limits
) -> Iterator[str]:
    """Compare the time with the limit that counts; of several partitions, one has to allow it."""
    if request.time_min is None:
        return
    wanted_s, sentences = 60 * request.time_min, []
    for levels in levels_of(request, partitions, limits):
        longest = (
            (x.whose, x.bound.max_time_s) for x in levels if x.bound.max_time_s is not None
        )
        whose, longest_s = next(longest, ("", None))
        if longest_s is None or wanted_s <= longest_s:
            return
        sentences.append(
            f"slurm.time: {whose} allows {duration(longest_s)}, {duration(wanted_s)} was asked"
        )
    yield from sentences


def _wrong_size(
    request: Resources, partitions: Sequence[Partition], limits: Limits
) -> Iterator[str]:
    """Compare what a job gets with what is allowed it; of several partitions, one has to allow it."""
    has = _size(request, partitions, limits)
    in_each = [
        [*_beyond(request, has, levels)] for levels in levels_of(request, partitions, limits)
    ]
    yield from min(in_each, key=len, default=[])


def _size(
    request: Resources, partitions: Sequence[Partition], limits: Limits
) -> dict[str, float]:
    """Return the cores, the MB and the nodes that each job of a request gets."""
    wanted, nodes = need(request), [n for p in chosen(request, partitions) for n in p.nodes]
    cores = wanted.cores
    if request.together == 0:  # a whole node
        cores = max(cores, min((node.cpus for node in nodes), default=0))
    return {
        "cpu": float(cores),
        "mem": memory_mb(request, partitions, limits) or 0.0,
        "node": float(wanted.nodes),
    }


def _beyond(
    request: Resources, has: Mapping[str, float], levels: Sequence[Level]
) -> Iterator[str]:
    """Yield what a job has too much of, by the first limit that counts, or too little."""
    for name, (key, written) in _SIZES.items():
        wish = "asked for" if name != "mem" or request.mem else "what it gets here"
        amount = f"{written(has[name])}, {wish}"
        most = ((x.whose, x.bound.most[name]) for x in levels if name in x.bound.most)
        whose, allowed = next(most, ("", math.inf))
        if has[name] > allowed:
            yield f"{key}: {whose} allows a job {written(allowed)}, not {amount}"
        for level in levels:
            least = level.bound.least.get(name, 0.0) if isinstance(level.bound, Qos) else 0.0
            if has[name] < least:
                yield f"{key}: {level.whose} takes jobs of {written(least)} or more, not {amount}"


def _no_slot(
    request: Resources, partitions: Sequence[Partition], limits: Limits
) -> Iterator[str]:
    """Refuse where not even one job may be queued; one runs any number of experiments in turn."""
    bound = slots(request, partitions, limits)
    if not bound.free:
        may = "wait until some have ended, or cancel them" if bound.most else "choose another"
        yield f"slurm: {bound.sentence}; {may}"


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None
