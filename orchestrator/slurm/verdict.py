"""What became of a job, from Slurm's two answers; for experiments whose own files do not say.

That an experiment is done only its own record can tell. A job that ended in order without one has
lost it; and where an answer is missing, the verdict is that nobody knows, never that it failed.
"""

from __future__ import annotations

import dataclasses
import pwd
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.model import State
from orchestrator.slurm import reasons
from orchestrator.slurm.client import Unknown
from orchestrator.slurm.jobs import HALTED, LIVE, STARTED, WAITING, array_of
from orchestrator.slurm.units import duration, memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.slurm.jobs import Accounted, Queued

SETTLING_S = 60.0
"""A job whose node was lost or taken stands among the ended ones before it is queued again."""

_COMES_BACK = {"NODE_FAIL", "PREEMPTED", "BOOT_FAIL"}
# what the queue calls so may have run out of memory or been ended by a signal
_AMBIGUOUS = {"COMPLETED", "FAILED"} | _COMES_BACK


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a job stands; no state means that it cannot be told now.

    ``word`` is Slurm's own for a job that it has ended, empty for any other; ``memory_mb`` and
    ``limit_s`` are the memory and the time that such a job had, where its accounts say.
    ``script_killed`` is whether its end began with that of its script; ``halted`` is whether a
    job that has begun is kept from going on.
    """

    state: State | None
    sentence: str
    start: float | None = None
    word: str = field(default="", compare=False)
    memory_mb: float | None = field(default=None, compare=False)
    limit_s: int | None = field(default=None, compare=False)
    script_killed: bool = field(default=False, compare=False)
    halted: bool = field(default=False, compare=False)

    @property
    def may_return(self) -> bool:
        """Whether Slurm has ended the job but may start it again."""
        return self.state is None and self.word in _COMES_BACK


def verdict(
    job: str,
    queued: Mapping[str, Queued] | Unknown,
    accounted: Mapping[str, Accounted] | Unknown,
    now: float,
) -> Verdict:
    """Tell what became of ``job`` (``12`` or ``12_3``), ``now`` in seconds since the epoch."""
    entry = None if isinstance(queued, Unknown) else queued.get(job)
    if entry is not None and entry.state in WAITING:
        return _waiting(entry)
    if entry is not None and entry.state in STARTED:
        where = f" on {entry.node}" if entry.node else ""
        sentence, halted = f"{entry.state.lower()}{where}", entry.state in HALTED
        return Verdict(State.RUNNING, sentence, start=entry.start, halted=halted)
    row = None if isinstance(accounted, Unknown) else accounted.get(job)
    if row is not None and row.state not in LIVE:
        ended = _accounted(row)
        may_return = row.state in _COMES_BACK and (
            isinstance(queued, Unknown) or _just_now(row.ended, now)
        )
        return _unsure(ended, "Slurm may start it again") if may_return else ended
    if isinstance(queued, Unknown):
        return Verdict(None, queued.reason)
    if entry is not None:
        return _ended(entry, accounted, now)
    return _vanished(job, accounted)


def _waiting(entry: Queued) -> Verdict:
    """Say why a job in the queue has not started, and whether it ever will."""
    known = reasons.meaning(entry.reason)
    if known is not None and known[1]:
        return Verdict(State.PENDING, f"cannot start: {known[0]} ({entry.reason.strip('()')})")
    why = entry.reason if known is None else f"{known[0]} ({entry.reason})"
    verb = "waits" if entry.state in {"PENDING", "CONFIGURING"} else "requeued"
    return Verdict(State.PENDING, f"{verb}: {why}", start=entry.start)


def verdict_within(row: Accounted) -> Verdict | None:
    """Tell a job's own script what became of the worker in it, whose step has ended before the job.

    None where that was not for memory.
    """
    return _accounted(row) if row.out_of_memory else None


def _accounted(row: Accounted) -> Verdict:
    """Say what the accounts say of a job that has ended, and what it had."""
    return dataclasses.replace(
        _end_of(row),
        word=row.state,
        memory_mb=row.memory_mb,
        limit_s=row.time_limit_s,
        script_killed=row.script_killed,
    )


def _end_of(row: Accounted) -> Verdict:
    if row.out_of_memory:
        available = f"the {memory(row.memory_mb)} that it had" if row.memory_mb else "it had"
        return Verdict(State.OUT_OF_MEMORY, f"used more memory than {available}")
    if row.state == "FAILED":
        return _failed(row)
    limit = f" of {duration(row.time_limit_s)}" if row.time_limit_s else ""
    by = f" by {_user(row.canceller)}" if row.canceller else ""
    return _by_name(row.state, node=row.node, limit=limit, by=by)


def _failed(row: Accounted) -> Verdict:
    if row.exit.signal == 53:
        return Verdict(
            State.LOST, "its log could not be opened (0:53): was its directory moved?"
        )
    if signal.SIGUSR2 in row.signals:
        return Verdict(State.LOST, "ended by Slurm's warning before it was ready for it")
    if row.script_killed:
        return Verdict(State.FAILED, "the job's script was killed by SIGKILL")
    if row.signals:
        return Verdict(State.FAILED, f"killed by {text.signal_name(row.signals[0])}")
    return Verdict(State.FAILED, f"the job failed with exit status {row.exit.status}")


def _by_name(state: str, *, node: str, limit: str = "", by: str = "") -> Verdict:
    where = f" ({node})" if node else ""
    known = {
        "COMPLETED": (
            State.LOST,
            "the job ended, but its worker was killed or died before it wrote a record",
        ),
        "TIMEOUT": (State.TIMEOUT, f"reached the job's time limit{limit}"),
        "DEADLINE": (State.TIMEOUT, "reached the job's deadline"),
        "CANCELLED": (State.CANCELLED, f"cancelled{by}"),
        "REVOKED": (State.CANCELLED, "taken back by the federation"),
        "OUT_OF_MEMORY": (State.OUT_OF_MEMORY, "used more memory than it had"),
        "FAILED": (State.FAILED, f"the job failed{where}"),
        "NODE_FAIL": (State.NODE_FAIL, f"the node failed{where}"),
        "BOOT_FAIL": (State.NODE_FAIL, f"the node did not boot{where}"),
        "PREEMPTED": (State.LOST, f"preempted: another job took the node{where}"),
    }
    return Verdict(*known.get(state, (State.LOST, f"the job ended as {state}{where}")))


def _ended(entry: Queued, accounted: Mapping[str, Accounted] | Unknown, now: float) -> Verdict:
    """Judge an ended job that the queue remembers and the accounts do not, or not yet."""
    by_name = dataclasses.replace(_by_name(entry.state, node=entry.node), word=entry.state)
    if entry.state in _COMES_BACK and _just_now(entry.end, now):
        return _unsure(by_name, "Slurm may start it again")
    if entry.state not in _AMBIGUOUS or (isinstance(accounted, Unknown) and accounted.lasting):
        return by_name
    why = accounted.reason if isinstance(accounted, Unknown) else "the accounts will say why"
    return _unsure(by_name, why)


def _vanished(job: str, accounted: Mapping[str, Accounted] | Unknown) -> Verdict:
    """Judge a job that the queue, which was read, does not have any more."""
    if isinstance(accounted, Unknown):
        sentence = f"it has left the queue, and how it ended cannot be told: {accounted.reason}"
        return Verdict(State.LOST if accounted.lasting else None, sentence)
    array = array_of(job)
    row = accounted.get(job)
    if row is not None and row.state not in WAITING:
        return Verdict(
            State.LOST, f"it has left the queue; the accounts have it as {row.state}"
        )
    if row is not None or any(array_of(other) == array for other in accounted):
        # the accounts never hear of an element that is cancelled before it starts
        return Verdict(State.CANCELLED, "cancelled before it started")
    return Verdict(State.LOST, "Slurm knows nothing of it any more")


def _unsure(known: Verdict, why: str) -> Verdict:
    return dataclasses.replace(known, state=None, sentence=f"{known.sentence}; {why}")


def _just_now(ended: float | None, now: float) -> bool:
    return ended is None or now - ended < SETTLING_S


def _user(number: str) -> str:
    try:
        return pwd.getpwuid(int(number)).pw_name
    except (KeyError, ValueError):
        return f"user {number}"
