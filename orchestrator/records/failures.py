"""Why experiments ended badly, grouped so that a person sees the pattern and what mends it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.model import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Status

_PROGRESS = re.compile(r",? after \d+ of \d+ snapshots, at t = [^;]* t0")
_FOLDERS = re.compile(r"[^\s\"']*/")
# but an exit status or a signal, which tell causes apart
_NUMBER = re.compile(r"(?<!status )(?<!signal )(?<!\d)(0x[\da-f]+|[-+]?\d[\d.e+-]*)")
_MORE = 1.5  # times what was not enough


def grouped(
    name: str,
    statuses: Sequence[Status],
    axes: Sequence[Sequence[str]],
    shown: Callable[[Value], str],
) -> list[str]:
    """Return a sentence for each cause: how many, where on the axes, and the command that mends it.

    Parameters
    ----------
    name
        The sweep's name, for the commands.
    axes
        The names on each axis of the sweep.
    shown
        Writes a value on an axis.
    """
    causes: dict[tuple[State, str], list[Status]] = {}
    for status in statuses:
        if status.state.bad:
            alike = _without_details(_cause(status))
            causes.setdefault((status.state, alike), []).append(status)
    return [
        f"{len(group)} {state.value}{_told(group)}{_where(group, statuses, axes, shown)}"
        f": {_remedy(name, state, group)}"
        for (state, _), group in sorted(causes.items(), key=lambda item: -len(item[1]))
    ]


def _told(group: Sequence[Status]) -> str:
    """Return the cause that a group shares, as the first of them has it."""
    found = dict.fromkeys(_cause(status) for status in group)
    first, *others = found
    return f" ({first}{', or alike' * bool(others)})" if first else ""


def _cause(status: Status) -> str:
    """Return the reason without how far it had come; of one that was stopped, only by what."""
    reason = status.record.reason if status.record is not None else status.note
    if status.state in {State.TIMEOUT, State.CANCELLED}:
        reason = reason.partition(";")[0]
    return _PROGRESS.sub("", reason).strip()


def _without_details(cause: str) -> str:
    """Return a cause without the folders and numbers that differ from one experiment to the next."""
    return _NUMBER.sub("#", _FOLDERS.sub("", cause))


def _where(
    group: Sequence[Status],
    statuses: Sequence[Status],
    axes: Sequence[Sequence[str]],
    shown: Callable[[Value], str],
) -> str:
    """Say at which values of the axes all of a group stand, as ``14 of 14 at Lambda_I = 0.01``."""
    told = []
    for names in axes:
        values = {_values(status, names) for status in group}
        if len(values) == 1 and len({_values(s, names) for s in statuses}) > 1:
            (value,) = values
            among = sum(_values(status, names) == value for status in statuses)
            at = ", ".join(f"{n} = {shown(v)}" for n, v in zip(names, value, strict=True))
            told.append(f"{len(group)} of {among} at {at}")
    return f", {'; '.join(told)}" if told else ""


def _values(status: Status, names: Sequence[str]) -> tuple[Value, ...]:
    parameters = status.experiment.point.parameters
    return tuple(parameters.get(name, "") for name in names)


def _remedy(name: str, state: State, group: Sequence[Status]) -> str:
    """Return the command that mends a cause; an engine's own error is to be looked at first."""
    again = f"rescal-sweep resubmit {name} --state {state.value}"
    if state is State.FAILED:
        return f"look with rescal-sweep logs {name} {group[0].experiment.name}, then {again}"
    return " ".join([again, *_more(state, group)])


def _more(state: State, group: Sequence[Status]) -> Iterator[str]:
    """Yield what to ask more of, or to avoid."""
    asked = [s.submission.resources for s in group if s.submission is not None]
    if state is State.TIMEOUT:
        limits = [one.time_min for one in asked if one.time_min is not None]
        if limits:
            yield f"-t {round(_MORE * max(limits))}"
    elif state is State.OUT_OF_MEMORY:
        sizes = [re.fullmatch(r"(\d+)([KMGT]?)B?", one.mem or "") for one in asked]
        found = [size for size in sizes if size is not None]
        if found:
            yield f"--mem {round(_MORE * int(found[0][1]))}{found[0][2]}"
    elif state is State.NODE_FAIL:
        hosts = sorted({s.claim.host for s in group if s.claim is not None})
        if hosts:
            yield f"--exclude {','.join(hosts)}"


def remark(status: Status) -> str:
    """Say in a few words what a person should know about an experiment."""
    orphaned = "no longer in the sweep file" * status.orphaned
    return "; ".join(said for said in (orphaned, _story(status)) if said)


def _story(status: Status) -> str:
    record = status.record
    if record is not None:
        kept = f" ({record.snapshots} snapshots kept)" if record.snapshots else ""
        return record.reason if record.state is State.DONE else f"{record.reason}{kept}"
    if status.note:
        return status.note
    if status.state is State.LOST:
        return "its process has died without a word"
    if status.silent:
        return "no sign of life for a while; cancel ends it if it has died"
    if status.stalled_s is not None:
        return f"stalled? no snapshot for {text.seconds(status.stalled_s)}"
    never = status.state is State.PENDING and status.submission is None
    return "never submitted" * never
