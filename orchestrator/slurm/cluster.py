"""What a cluster offers and where it draws the line: partitions, nodes and limits."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import grp
import os
import pwd
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.slurm import nodes, tree
from orchestrator.slurm.client import Unknown, ask
from orchestrator.slurm.units import amounts, megabytes, names, seconds, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from orchestrator.slurm.nodes import Node
    from orchestrator.slurm.tree import Account

_SETTING = re.compile(r"(\w+)\s*=\s*(.*)")
_WORD = re.compile(r"(\w+)=(\S*)")

_ASSOCIATION = "DefaultAccount,Cluster,Account,Partition,MaxSubmitJobs,MaxWall,QOS,DefaultQOS,GrpSubmitJobs,MaxTRES"
_QOS = "Name,MaxSubmitJobsPerUser,MaxWall,GrpSubmitJobs,MaxTRES,MaxTRESPerUser,MinTRESPerJob"
_QUEUED = "%a|%q|%P|%u"


@dataclass(frozen=True, slots=True)
class Association:
    """What one account allows this user, in one partition or in all; None is no limit.

    ``most`` is what a job may have, in cores, MB and nodes by the names of Slurm; see :class:`Qos`.
    """

    account: str
    default: bool
    partition: str | None
    max_submit: int | None
    max_time_s: int | None
    qos: tuple[str, ...]
    default_qos: str | None = None
    group_submit: int | None = None
    most: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Qos:
    """What one quality of service allows a user, and all users together; None is no limit.

    ``most`` is what a job may have, alone or as all that its user may have at once, and ``least``
    what it has to ask for: ``cpu`` in cores, ``mem`` in MB, ``node``.
    """

    name: str
    max_submit: int | None
    max_time_s: int | None
    group_submit: int | None = None
    most: Mapping[str, float] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)


class Place(NamedTuple):
    """Where jobs are in the queue, and whether they are this user's."""

    account: str
    qos: str
    partition: str
    mine: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """What the whole cluster allows, and what it allows this user.

    Attributes
    ----------
    max_array_size
        Elements of one array; its last index is one less.
    max_job_count
        Jobs that the controller holds at once, everybody's, array elements counted one by one.
    min_job_age_s
        For so long the queue remembers a job that has ended.
    enforced
        What ``AccountingStorageEnforce`` names; without ``limits`` and ``qos`` none is applied.
    accounts
        All accounts of the cluster by name; empty where no limits on jobs are applied.
    unknown
        Why the user's own limits could not be read, empty where they were or where there are none.
    queued
        Jobs in the queue, array elements counted one by one; those of others only where a limit
        counts them.
    held
        Jobs that the controller holds, everybody's that it shows, also for a while those that have ended.
    memory_per_cpu_mb, memory_per_node_mb
        The memory that a job gets which asks for none, where its partition does not say; None: all.
    whole_nodes
        Whether nodes are handed out whole (``SelectType=select/linear``).
    """

    cluster: str
    version: str
    max_array_size: int
    max_job_count: int
    min_job_age_s: int
    accounting: bool
    enforced: frozenset[str] = frozenset()
    associations: tuple[Association, ...] = ()
    qos: tuple[Qos, ...] = ()
    accounts: Mapping[str, Account] = field(default_factory=dict)
    unknown: str = ""
    queued: Mapping[Place, int] = field(default_factory=dict)
    held: int = 0
    memory_per_cpu_mb: float | None = None
    memory_per_node_mb: float | None = None
    whole_nodes: bool = False

    @property
    def bind_jobs(self) -> bool:
        """Whether limits of accounts and QOS are applied."""
        return not self.enforced.isdisjoint({"limits", "safe"})


@dataclass(frozen=True, slots=True)
class Partition:
    """A set of nodes and the terms on which it takes jobs; None is no limit, or everybody.

    Attributes
    ----------
    memory_per_cpu_mb, memory_per_node_mb
        The memory that a job gets which asks for none; None where the cluster's own counts.
    own_qos
        The QOS whose limits bind all jobs in the partition, whatever theirs is; empty for none.
    min_nodes
        Nodes that a job has to ask for at least.
    shared
        Whether several jobs may have the same node, or core.
    root_only, reserved
        Whether it takes jobs of the superuser only, and in reservations only.
    submit_hosts
        The machines from which it takes jobs; None for all.
    """

    name: str
    default: bool
    state: str
    max_time_s: int | None
    default_time_s: int | None
    max_nodes: int | None
    max_cpus_per_node: int | None
    max_memory_mb: float | None
    exclusive: bool
    accounts: tuple[str, ...] | None
    qos: tuple[str, ...] | None
    nodes: tuple[Node, ...]
    groups: tuple[str, ...] | None = None
    denied_accounts: tuple[str, ...] = ()
    denied_qos: tuple[str, ...] = ()
    hidden: bool = False
    memory_per_cpu_mb: float | None = None
    memory_per_node_mb: float | None = None
    own_qos: str = ""
    min_nodes: int = 0
    shared: bool = False
    root_only: bool = False
    reserved: bool = False
    submit_hosts: tuple[str, ...] | None = None

    @property
    def up(self) -> bool:
        """Whether it starts jobs."""
        return self.state == "UP"


def name() -> str | Unknown:
    """Ask which cluster answers here."""
    config = ask("scontrol", "show", "config")
    return config if isinstance(config, Unknown) else _settings(config).get("ClusterName", "")


@functools.cache
def me() -> str:
    """Return the name of this process's user, or its number where it has none."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


@functools.cache
def my_groups() -> frozenset[str]:
    """Return the names of this process's groups; those without a name are left out."""
    groups = set()
    for number in {os.getegid(), *os.getgroups()}:
        with contextlib.suppress(KeyError):
            groups.add(grp.getgrgid(number).gr_name)
    return frozenset(groups)


def limits() -> Limits | Unknown:
    """Ask what the cluster and this user's accounts allow."""
    config = ask("scontrol", "show", "config")
    if isinstance(config, Unknown):
        return config
    if not _settings(config).get("AccountingStorageType", "").endswith("slurmdbd"):
        return read_limits(config)
    table = ("sacctmgr", "--noheader", "--parsable2", "show")
    associations = ask(*table, "user", me(), "withassoc", f"format={_ASSOCIATION}")
    if isinstance(associations, Unknown):
        return read_limits(config, unknown=associations.reason)
    qos = ask(*table, "qos", f"format={_QOS}")
    if isinstance(qos, Unknown):
        return read_limits(config, unknown=qos.reason)
    own = read_limits(config, associations, qos)
    return own if isinstance(own, Unknown) or not own.bind_jobs else _with_use(own)


def _with_use(limits: Limits) -> Limits:
    """Add the tree of accounts and, where anything limits the jobs in the queue, those there are."""
    words = ("sacctmgr", "--noheader", "--parsable2", "show", "association", "user=")
    answer = ask(*words, f"format={tree.COLUMNS}")
    if isinstance(answer, Unknown):
        limits = dataclasses.replace(limits, unknown=answer.reason)
    else:
        limits = dataclasses.replace(limits, accounts=tree.read(answer, limits.cluster))
    own = [bound for a in limits.associations for bound in (a.max_submit, a.group_submit)]
    own += [q.max_submit for q in limits.qos]
    of_all = [group.group_submit for group in limits.qos]
    of_all += [account.group_submit for account in limits.accounts.values()]
    if all(bound is None for bound in (*own, *of_all)):
        return limits
    whose = ("--me",) if all(bound is None for bound in of_all) else ()
    queued = ask("squeue", "--noheader", "--array", *whose, f"--format={_QUEUED}")
    return limits if isinstance(queued, Unknown) else _with_queue(limits, queued)


def _with_queue(limits: Limits, queued: str) -> Limits:
    counted = Counter(
        Place(account, qos, partition, user == me())
        for account, qos, partition, user in _rows(queued, columns=4)
    )
    return dataclasses.replace(limits, queued=dict(counted))


def held() -> int:
    """Ask how many jobs the controller holds, array elements counted one by one; 0 if it does not say."""
    answer = ask("squeue", "--noheader", "--array", "--states=all", "--format=%t")
    return 0 if isinstance(answer, Unknown) else len(answer.splitlines())


def partitions() -> tuple[Partition, ...] | Unknown:
    """Ask for all partitions and their nodes."""
    answer = ask("scontrol", "--all", "--oneliner", "show", "partition")
    if isinstance(answer, Unknown):
        return answer
    shown = ask("sinfo", "--all", "--Node", "--noheader", f"--format={nodes.COLUMNS}")
    if isinstance(shown, Unknown):
        return shown
    members = nodes.read(shown)
    if all(
        len(members.get(row.get("PartitionName", ""), ())) == whole(row.get("TotalNodes", ""))
        for row in _words(answer)
    ):
        return read_partitions(answer, shown)
    planned = ask("scontrol", "--all", "--future", "--oneliner", "show", "node")
    return planned if isinstance(planned, Unknown) else read_partitions(answer, shown, planned)


def read_limits(
    config: str, associations: str = "", qos: str = "", unknown: str = ""
) -> Limits | Unknown:
    """Read the answers of ``scontrol show config`` and of sacctmgr."""
    values = _settings(config)
    try:
        size = int(values["MaxArraySize"])
        count = int(values["MaxJobCount"])
        cluster = values["ClusterName"]
    except (KeyError, ValueError) as error:
        return Unknown(f"scontrol show config says nothing usable about {error}")
    tasks = re.search(r"\bmax_array_tasks=([0-9]{1,12})", values.get("SchedulerParameters", ""))
    enforced = values.get("AccountingStorageEnforce", "none").lower().split(",")
    return Limits(
        cluster=cluster,
        version=values.get("SLURM_VERSION", ""),
        max_array_size=min(size, int(tasks[1])) if tasks else size,
        max_job_count=count,
        min_job_age_s=_leading_number(values.get("MinJobAge", "")),
        accounting=values.get("AccountingStorageType", "").endswith("slurmdbd"),
        enforced=frozenset(enforced) - {"none"},
        associations=tuple(_associations(associations, cluster)),
        qos=tuple(
            Qos(
                name,
                whole(submit),
                seconds(wall),
                whole(group),
                most=_least(amounts(of_job), amounts(of_user)),
                least=amounts(least),
            )
            for name, submit, wall, group, of_job, of_user, least in _rows(qos, columns=7)
        ),
        unknown=unknown,
        memory_per_cpu_mb=megabytes(values.get("DefMemPerCPU", "")),
        memory_per_node_mb=megabytes(values.get("DefMemPerNode", "")),
        whole_nodes=values.get("SelectType", "").endswith("linear"),
    )


def as_handed_out(partitions: Iterable[Partition], limits: Limits) -> tuple[Partition, ...]:
    """Return partitions as exclusive where the cluster hands out whole nodes that no jobs share."""
    return tuple(
        dataclasses.replace(p, exclusive=True) if limits.whole_nodes and not p.shared else p
        for p in partitions
    )


def read_partitions(partitions: str, shown: str, planned: str = "") -> tuple[Partition, ...]:
    """Read the answers of ``scontrol -o show partition``, ``sinfo -N`` and ``scontrol -o show node``."""
    members, awaited = nodes.read(shown), nodes.read_planned(_words(planned))
    read = []
    for row in _words(partitions):
        if "PartitionName" in row:
            there = members.get(row["PartitionName"], [])
            read.append(_partition(row, (*there, *nodes.powered_down(row, there, awaited))))
    return tuple(read)


def _partition(row: Mapping[str, str], members: tuple[Node, ...]) -> Partition:
    from_hosts = _some(row.get("AllocNodes", "ALL"))
    return Partition(
        name=row["PartitionName"],
        default=row.get("Default") == "YES",
        state=row.get("State", "UP"),
        max_time_s=seconds(row.get("MaxTime", "")),
        default_time_s=seconds(row.get("DefaultTime", "")),
        max_nodes=whole(row.get("MaxNodes", "")),
        max_cpus_per_node=whole(row.get("MaxCPUsPerNode", "")),
        max_memory_mb=megabytes(row.get("MaxMemPerNode", "")),
        exclusive=row.get("OverSubscribe") == "EXCLUSIVE",
        accounts=_some(row.get("AllowAccounts", "ALL")),
        qos=_some(row.get("AllowQos", "ALL")),
        nodes=members,
        groups=_some(row.get("AllowGroups", "ALL")),
        denied_accounts=_some(row.get("DenyAccounts", "ALL")) or (),
        denied_qos=_some(row.get("DenyQos", "ALL")) or (),
        hidden=row.get("Hidden") == "YES",
        memory_per_cpu_mb=megabytes(row.get("DefMemPerCPU", "")),
        memory_per_node_mb=megabytes(row.get("DefMemPerNode", "")),
        own_qos=row.get("QoS", "").replace("N/A", ""),
        min_nodes=whole(row.get("MinNodes", "")) or 0,
        shared=row.get("OverSubscribe", "").startswith(("YES", "FORCE")),
        root_only=row.get("RootOnly") == "YES",
        reserved=row.get("ReqResv") == "YES",
        submit_hosts=None if from_hosts is None else tuple(names(",".join(from_hosts))),
    )


def _associations(text: str, cluster: str) -> Iterable[Association]:
    for row in _rows(text, columns=10):
        default, where, account, partition, submit, wall, qos, default_qos, group, most = row
        if where == cluster:
            yield Association(
                account=account,
                default=account == default,
                partition=partition or None,
                max_submit=whole(submit),
                max_time_s=seconds(wall),
                qos=tuple(filter(None, qos.split(","))),
                default_qos=default_qos or None,
                group_submit=whole(group),
                most=amounts(most),
            )


def _least(*limits: Mapping[str, float]) -> dict[str, float]:
    """Return the smallest amount of each thing that any of these limits."""
    names = {name for limit in limits for name in limit}
    return {n: min(limit[n] for limit in limits if n in limit) for n in sorted(names)}


def _settings(config: str) -> dict[str, str]:
    matches = (_SETTING.match(line) for line in config.splitlines())
    return {match[1]: match[2].strip() for match in matches if match}


def _words(text: str) -> list[dict[str, str]]:
    return [dict(_WORD.findall(line)) for line in text.splitlines()]


def _rows(text: str, columns: int) -> Iterable[list[str]]:
    for line in text.splitlines():
        row = line.split("|")
        if len(row) == columns:
            yield row


def _some(text: str) -> tuple[str, ...] | None:
    return None if text in {"ALL", "(null)"} else tuple(text.split(","))


def _leading_number(text: str) -> int:
    match = re.match(r"[0-9]{1,12}", text)
    return int(match[0]) if match else 0
