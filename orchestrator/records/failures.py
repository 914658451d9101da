"""Why experiments ended badly: the sentence of each cause, and causes grouped over a sweep."""

from __future__ import annotations

import re
import signal
import time
from typing import TYPE_CHECKING, NamedTuple

from orchestrator import text
from orchestrator.model import State
from orchestrator.model.causes import Kind
from orchestrator.records import memory, time_needed
from orchestrator.slurm import units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Record, Status
    from orchestrator.model.causes import Cause, Continuation

_FOLDERS = re.compile(r"[^\s\"']*/")
_NUMBER = re.compile(r"(?<!\d)(0x[\da-f]+|[-+]?\d[\d.e+-]*)")
_SIGKILL = -signal.SIGKILL
_FEWER = {
    "builtin": "consecutive events were further apart than the output interval",
    "rescal": "ReSCAL skips a snapshot that follows within 0.1 s",
}
_SENTENCES = {
    Kind.EXITED: "{program} {ending}",
    Kind.NOT_STARTED: "cannot start {program}: {detail}",
    Kind.NO_OUTPUT: "{program} exited with status 0 but made no {subject}",
    Kind.ENDED_EARLY: "{program} exited with status 0 before the end",
    Kind.HANGS: "{program} hangs: it neither wrote nor used a processor for {limit_s:g} s",
    Kind.CUT_STREAM: "{detail}",
    Kind.BAD_STREAM: "{detail}",
    Kind.REFUSED: "{subject}: {detail}",
    Kind.CANNOT_WRITE: "cannot write {subject}: {detail}",
    Kind.DAMAGED: "{subject} is damaged: {detail}",
    Kind.OUT_OF_MEMORY: "the kernel killed the {killed}: {ran_out}",
    Kind.TIME_LIMIT: "reached its time limit of {limit_s:g} s",
    Kind.SIGNAL: "stopped by {signal}",
    Kind.INTERRUPTED: "interrupted{waiting}",
    Kind.CANCELLED: "cancelled{waiting}",
    Kind.SUPERSEDED: "attempt {attempt} was started meanwhile",
    Kind.CUT_OFF: "it was cut off, and its job started again",
    Kind.DIED: "its process exited without writing a record",
    Kind.KILLED: "its worker {ending}",
    Kind.UNREADABLE: "{subject} cannot be read: {detail}",
    Kind.SLURM: "{detail}",
    Kind.NEVER_STARTED: "never started: {detail}",
    Kind.SUPERVISOR: "the supervisor failed: {detail}",
    Kind.CONDITION: "{subject}, as {detail}",
    Kind.FEWER_SNAPSHOTS: "{fewer}",
    Kind.OUTREACHED: "an earlier attempt came further, and its data stay",
    Kind.OWN_OUTPUT: "outputs.own.{subject} {detail}",
    Kind.TEXT: "{detail}",
}
_WAITING = {
    "pending": " while pending",
    "silent": "; no sign of life had been seen for minutes",
}


def reason(record: Record) -> str:
    """Return why an attempt ended so, in a sentence; empty for one that finished as it should."""
    return "; ".join(_with_progress(cause, record) for cause in record.causes)


def _with_progress(cause: Cause, record: Record) -> str:
    reached = f"{record.snapshots} of {record.expected} snapshots"
    if cause.kind is Kind.FEWER_SNAPSHOTS:
        return f"{reached}; {sentence(cause)}"
    if cause.program == "genesis" or cause.kind not in {Kind.EXITED, Kind.ENDED_EARLY}:
        return sentence(cause)
    at = f"at t = {text.time_t0(record.time_t0)} t0"
    return f"{_what(cause)} after {reached}, {at}{_hint(cause)}"


def sentence(cause: Cause) -> str:
    """Return what happened, without how far the attempt had come."""
    return f"{_what(cause)}{_hint(cause)}"


def _what(cause: Cause) -> str:
    on_request = " on request" if cause.kind is Kind.CANCELLED else ""
    return _SENTENCES[cause.kind].format(
        program=cause.program,
        ending=_ending(cause.status or 0),
        signal=text.signal_name(cause.status or 0),
        limit_s=cause.limit_s or 0.0,
        attempt=cause.attempt,
        subject=cause.subject or "the results",
        killed=cause.subject or "engine",
        ran_out=_ran_out(cause.memory_mb),
        detail=cause.detail,
        waiting=_WAITING.get(cause.subject, on_request),
        fewer=_FEWER.get(cause.subject, f"{cause.subject} sent fewer than asked for"),
    )


def _ran_out(memory_mb: float | None) -> str:
    """Say what was too little; of all experiments of a job together, which share its memory."""
    if memory_mb is None:
        return "memory ran out"
    return f"its job used more memory than the {units.memory(memory_mb)} that it had"


def _ending(status: int) -> str:
    """Say how a program ended."""
    if status >= 0:
        return f"exited with status {status}"
    return f"was killed by signal {-status} ({text.signal_name(-status)})"


def _hint(cause: Cause) -> str:
    """Quote the last line of output; after SIGKILL, of which a program cannot know, guess."""
    if cause.kind is Kind.EXITED and cause.status == _SIGKILL:
        return "; somebody killed it, or memory ran out"
    return f'; last output: "{cause.last_line}"' if cause.last_line else ""


def continued(continuation: Continuation | None) -> str:
    """Say where an attempt resumed; nothing of one from the beginning."""
    if continuation is None:
        return ""
    number = continuation.attempt
    if continuation.time_t0 is None:
        return f"could not resume attempt {number}{continuation.detail}"
    reached = f"resumed attempt {number} at t = {text.time_t0(continuation.time_t0)} t0"
    if continuation.exact:
        return f"{reached}, exactly"
    return f"{reached} from cell states only (new gas, new random stream); results will differ"


class Trouble(NamedTuple):
    """Experiments that ended badly for the same cause: a sentence, and the commands in it."""

    sentence: str
    commands: tuple[str, ...]


def grouped(
    name: str,
    statuses: Sequence[Status],
    axes: Sequence[Sequence[str]],
) -> list[Trouble]:
    """Return for each cause how many, where on the axes, and the command that mends it.

    Parameters
    ----------
    name
        The sweep's name, for the commands.
    axes
        The names on each axis of the sweep.
    """
    causes: dict[tuple[object, ...], list[Status]] = {}
    for status in statuses:
        if status.state.bad:
            key = (status.state, *_key(_cause(status)))
            causes.setdefault(key, []).append(status)
    troubles = []
    for group in sorted(causes.values(), key=len, reverse=True):
        state = group[0].state
        remedy = _remedy(name, state, group)
        what = f"{len(group)} {state.value}{_shared(group)}{_where(group, statuses, axes)}"
        troubles.append(Trouble(f"{what}: {remedy.sentence}", remedy.commands))
    if incomplete := [status for status in statuses if status.missing]:
        again = f"rescal-sweep resubmit {name} {text.ranges(s.experiment.number for s in incomplete)}"
        files = ", ".join(dict.fromkeys(_file(n) for s in incomplete for n in s.missing))
        removed = f"{len(incomplete)} done, but {files} removed since"
        troubles.append(Trouble(f"{removed}: {again} makes them again", (again,)))
    return troubles


def damage(damaged: Iterable[str], missing: Iterable[str]) -> str:
    """Say which arrays of an experiment cannot be read, and which have no file; or nothing."""
    parts = []
    if unread := ", ".join(map(_file, damaged)):
        parts.append(f"{unread} cannot be read")
    if removed := ", ".join(map(_file, missing)):
        parts.append(f"{removed} removed since")
    return "; ".join(parts)


def _file(array: str) -> str:
    return f"out/{array}.npz"


def _key(cause: Cause | None) -> tuple[object, ...]:
    """Return what causes share that a person would call the same.

    What programs print differs in folders and numbers from one experiment to the next.
    """
    if cause is None:
        return ()
    printed = _NUMBER.sub("#", _FOLDERS.sub("", f"{cause.detail} {cause.last_line}"))
    subject = "" if cause.kind is Kind.CANNOT_WRITE else cause.subject
    detail = "" if cause.kind is Kind.SLURM else printed
    return cause.kind, cause.program, cause.status, cause.limit_s, subject, detail


def _shared(group: Sequence[Status]) -> str:
    """Return the cause that a group shares, as the first of them has it."""
    first, *others = dict.fromkeys(
        sentence(cause) for status in group if (cause := _cause(status))
    ) or [""]
    return f" ({first}{', or alike' * bool(others)})" if first else ""


def _cause(status: Status) -> Cause | None:
    """Return the main cause of an end."""
    if status.record is None:
        return status.cause
    return status.record.causes[0] if status.record.causes else None


def _where(
    group: Sequence[Status],
    statuses: Sequence[Status],
    axes: Sequence[Sequence[str]],
) -> str:
    """Say at which values of the axes all of a group stand, as ``14 of 14 at Lambda_I = 0.01``."""
    places_on_axes = []
    for names in axes:
        values = {_values(status, names) for status in group}
        if len(values) == 1 and len({_values(s, names) for s in statuses}) > 1:
            (value,) = values
            among = sum(_values(status, names) == value for status in statuses)
            at = ", ".join(f"{n} = {text.number(v)}" for n, v in zip(names, value, strict=True))
            places_on_axes.append(f"{len(group)} of {among} at {at}")
    return f", {'; '.join(places_on_axes)}" if places_on_axes else ""


def _values(status: Status, names: Sequence[str]) -> tuple[Value, ...]:
    parameters = status.experiment.point.parameters
    return tuple(parameters.get(name, "") for name in names)


def _remedy(name: str, state: State, group: Sequence[Status]) -> Trouble:
    """Return what mends a cause; an error of an engine, or of a worker, is to be looked at first."""
    again = f"rescal-sweep resubmit {name} --state {state.value}"
    cause = _cause(group[0])
    if state is State.FAILED or (cause is not None and cause.kind is Kind.KILLED):
        look = f"rescal-sweep logs {name} {group[0].experiment.name}"
        return Trouble(f"look with {look}, then {again}", (look, again))
    if cause is not None and cause.kind is Kind.TIME_LIMIT:
        enough_s = time_needed.enough_s(group, cause.limit_s or 0.0)
        if enough_s > (cause.limit_s or 0.0):
            limit = time_needed.limit(enough_s)
            more = f"raise run.time_limit in the sweep file to {limit}, and resubmit that file"
            return Trouble(more, ())
        return Trouble(again, (again,))
    command = " ".join([again, *_more(state, group)])
    return Trouble(command, (command,))


def _more(state: State, group: Sequence[Status]) -> Iterator[str]:
    """Yield what to ask more of, or to avoid."""
    if state is State.TIMEOUT:
        limits_s = [limit_s for s in group if (limit_s := _job_limit_s(s)) is not None]
        if limits_s:
            least_s = max(
                time_needed.MORE * max(limits_s), time_needed.enough_s(group, max(limits_s))
            )
            yield f"-t {time_needed.limit(least_s, step_s=60)}"
    elif state is State.OUT_OF_MEMORY:
        sizes_mb = [size_mb for s in group if (size_mb := _job_memory_mb(s)) is not None]
        if sizes_mb:
            yield f"--mem {units.memory(memory.enough_mb(group, max(sizes_mb)))}"
    elif state is State.NODE_FAIL:
        hosts = sorted({s.claim.host for s in group if s.claim is not None})
        if hosts:
            yield f"--exclude {','.join(hosts)}"


def _job_limit_s(status: Status) -> float | None:
    """Return the time that an experiment's job had, in s, as asked or as Slurm says."""
    cause = _cause(status)
    wished = status.submission.resources.time_min if status.submission is not None else None
    if wished is not None:
        return 60.0 * wished
    return cause.limit_s if cause is not None else None


def _job_memory_mb(status: Status) -> float | None:
    """Return the memory that an experiment's job had, in MB, as asked or as Slurm says."""
    cause = _cause(status)
    wished = status.submission.resources.mem if status.submission is not None else None
    return units.megabytes(wished or "") or (cause.memory_mb if cause is not None else None)


def remark(status: Status) -> str:
    """Say in a few words what a person should know about an experiment."""
    orphaned = "no longer in the sweep file" * status.orphaned
    parts = (orphaned, _story(status), damage((), status.missing), _earlier(status))
    return "; ".join(filter(None, (*parts, full(status.full_t0))))


def full(since_t0: float | None) -> str:
    """Say from when on the ceiling cuts the surface off; empty where it does not."""
    return "" if since_t0 is None else f"domain full from t = {text.time_t0(since_t0)} t0 on"


def _story(status: Status) -> str:
    why = ""
    if status.cause is not None:
        why = f"{sentence(status.cause)}{_start(status.expected_start)}"
    if status.record is not None:  # of a job that is queued again, also why it waits
        waits = why if status.state is State.PENDING else ""
        return "; ".join(filter(None, (waits, _of_record(status.record))))
    if why:
        return why
    if status.state is State.LOST:
        return "its process exited without writing a record"
    if status.silent:
        return "no sign of life for a while; cancel ends it if it has died"
    if status.stalled_s is not None:
        return f"stalled? no snapshot for {text.seconds(status.stalled_s)}"
    return ""


def _of_record(record: Record) -> str:
    kept = record.snapshots and not record.complete
    snapshots = f" ({text.counted(record.snapshots, 'snapshot')} kept)" if kept else ""
    return "; ".join(filter(None, (reason(record) + snapshots, going_on(record))))


def going_on(record: Record) -> str:
    """Say where the next attempt goes on, and what would help if none comes further; or nothing."""
    parts = []
    if record.saved_t0 is not None:
        parts.append(f"the next attempt goes on at t = {text.time_t0(record.saved_t0)} t0")
    if record.stuck_since:
        parts.append(_no_progress(record))
    return "; ".join(parts)


def _no_progress(record: Record) -> str:
    """Say that attempts in a row came no further, and what would help."""
    count = record.attempt - record.stuck_since + 1
    number = "two" if count == 2 else str(count)
    enough = text.seconds(record.enough_s)
    return (
        f"{number} attempts ended at the same place; raise the time limit to at least {enough}"
    )


def _earlier(status: Status) -> str:
    """Say what an earlier attempt has left that came further; nothing where none did."""
    if status.earlier is None:
        return ""
    reached = text.time_t0(status.earlier.time_t0)
    counted = text.counted(status.earlier.snapshots, "snapshot")
    return f"{counted} kept of an earlier attempt, to t = {reached} t0"


def _start(expected_s: float | None) -> str:
    if expected_s is None:
        return ""
    return f", expected to start {text.moment(expected_s, time.time())}"
