"""The limits on a user's jobs: of a partition's QOS, of the job's own QOS and of the account.

Slurm looks at them in this order; of each kind of limit, the first that is set counts
(https://slurm.schedmd.com/resource_limits.html#hierarchy). How many jobs all may have is limited at
each account from the user's own to the root of the tree, and all of these count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.slurm import tree
from orchestrator.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from orchestrator.model import Resources
    from orchestrator.slurm.cluster import Association, Limits, Partition, Place, Qos


@dataclass(frozen=True, slots=True)
class Slots:
    """How many jobs may be in the queue, array elements counted one by one, and who says so.

    ``whose`` names the tightest limit; ``queued`` jobs count against it.
    """

    most: int
    queued: int
    whose: str

    @property
    def free(self) -> int:
        """How many more jobs may be queued."""
        return max(0, self.most - self.queued)

    @property
    def sentence(self) -> str:
        """The limit, and how much of it is used."""
        used = f", and {self.queued} are queued" if self.queued else ""
        return f"{self.whose} allows {counted(self.most, 'queued job')}{used}"


def slots(request: Resources, partitions: Sequence[Partition], limits: Limits) -> Slots:
    """Return how many jobs a user may have in the queue, by the limit that leaves the fewest."""
    # the controller refuses what would make it full
    bounds = [Slots(limits.max_job_count - 1, limits.held, "the cluster")]
    for levels in levels_of(request, partitions, limits):
        for level in levels:
            if level.bound.max_submit is not None:
                mine = sum(n for place, n in level.queued.items() if place.mine)
                bounds.append(Slots(level.bound.max_submit, mine, level.whose))
                break
        bounds += next((level.together for level in levels if level.together), ())
    return min(bounds, key=lambda bound: bound.free)


@dataclass(frozen=True, slots=True)
class Level:
    """One of the limits that bind a job, with the jobs that count against it.

    ``together`` are those of its limits that count the jobs of several users or accounts.
    """

    whose: str
    bound: Association | Qos
    queued: Mapping[Place, int]
    together: tuple[Slots, ...] = ()


def levels_of(
    request: Resources, partitions: Sequence[Partition], limits: Limits
) -> Iterator[list[Level]]:
    """Yield what binds a job in each partition that is asked for, in the order of precedence."""
    if not limits.bind_jobs:
        return
    of_account, of_job = association_of(request, limits), _qos(request, limits)
    for name in sorted({p.own_qos for p in chosen(request, partitions)} or {""}):
        levels = []
        if own := next((q for q in limits.qos if q.name == name), None):
            there = {p.name for p in partitions if p.own_qos == name}
            queued = {
                p: n for p, n in limits.queued.items() if there & {*p.partition.split(",")}
            }
            whose = f"QOS {name} of partition {', '.join(sorted(there))}"
            levels.append(_of_qos(whose, own, queued))
        if of_job is not None:
            queued = {p: n for p, n in limits.queued.items() if p.qos == of_job.name}
            levels.append(_of_qos(f"QOS {of_job.name}", of_job, queued))
        if of_account is not None:
            account = of_account.account
            queued = {p: n for p, n in limits.queued.items() if p.account == account}
            together = tuple(_in_the_tree(of_account, limits))
            levels.append(Level(f"account {account}", of_account, queued, together))
        yield levels


def _of_qos(whose: str, qos: Qos, queued: Mapping[Place, int]) -> Level:
    most, everybody = qos.group_submit, sum(queued.values())
    together = () if most is None else (Slots(most, everybody, f"{whose} together"),)
    return Level(whose, qos, queued, together)


def _in_the_tree(association: Association, limits: Limits) -> Iterator[Slots]:
    """Yield what limits the jobs of a user's association, and of each account above, as a group."""
    account = association.account
    if association.group_submit is not None:
        queued = sum(n for p, n in limits.queued.items() if p.account == account and p.mine)
        yield Slots(association.group_submit, queued, f"account {account}")
    for name in tree.above(account, limits.accounts):
        most = limits.accounts[name].group_submit
        if most is not None:
            queued = sum(
                n
                for place, n in limits.queued.items()
                if name in tree.above(place.account, limits.accounts)
            )
            yield Slots(most, queued, f"account {name}, with all users and accounts below,")


def chosen(request: Resources, partitions: Sequence[Partition]) -> list[Partition]:
    """Return the partitions that a request names, or the default one."""
    if request.partition is None:
        return [p for p in partitions if p.default]
    names = request.partition.split(",")
    return [p for name in names for p in partitions if p.name == name]


def association_of(request: Resources, limits: Limits) -> Association | None:
    """Return what binds this user with the account asked for, the partition's own first."""
    candidates = [
        a
        for a in limits.associations
        if (a.account == request.account if request.account is not None else a.default)
        and a.partition in {None, request.partition}
    ]
    return max(candidates, key=lambda a: a.partition is not None, default=None)


def _qos(request: Resources, limits: Limits) -> Qos | None:
    association = association_of(request, limits)
    name = request.qos or (usual_qos(association) if association is not None else None)
    return next((q for q in limits.qos if q.name == name), None)


def usual_qos(association: Association) -> str:
    """Return the QOS of jobs that name none: the default, else the only one, else ``normal``."""
    if association.default_qos is not None:
        return association.default_qos
    return association.qos[0] if len(association.qos) == 1 else "normal"
