"""Progress and records of attempts as JSON, judged where they are read."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from orchestrator.model import Cause, Continuation, Kind, Progress, Record, State
from orchestrator.records import border, failures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.records.border import Fields

_CONTINUED = re.compile(r"went on from attempt (\d+) at t = (\S+) t0, (.*)")
"""How earlier versions wrote a continuation."""

_REACHED: Fields = {
    "time_t0": border.TIME_T0,
    "snapshots": border.COUNT,
    "wall_s": border.SECONDS,
    "start_t0": border.TIME_T0,
    "adopted": border.COUNT,
    "adopted_t0": border.TIME_T0,
}
_PROGRESS: Fields = {
    **_REACHED,
    "pid": border.optional(border.ORDINAL),
    "snapshot_s": border.SECONDS,
    "roughness": border.all_of(border.TIME_T0),  # in cells, and as finite
}
_SENTENCES = ("reason", "continued")  # in a record, for people
_STANDING: Fields = {
    "saved_t0": border.optional(border.TIME_T0),
    "stuck_since": border.COUNT,
    "enough_s": border.SECONDS,
}
_USED: Fields = {"cpu_s": border.SECONDS, "memory_mb": border.MEMORY_MB}
_FULL: Fields = {"full_t0": border.optional(border.TIME_T0)}
_LATER = (_STANDING, _USED, _FULL)
"""What records of earlier versions do not have, one after the other."""

_RECORD: Fields = {
    **_REACHED,
    **dict.fromkeys(("state", "reason", "continued", "host", "engine"), border.TEXT),
    **dict.fromkeys(("started", "ended"), border.MOMENT),
    "attempt": border.ORDINAL,
    "expected": border.COUNT,
    **dict.fromkeys(("simulating_s", "reducing_s"), border.SECONDS),
    "exit_status": border.optional(border.WHOLE),
    "last_lines": border.all_of(border.TEXT),
}
_PARTS: Fields = {
    "causes": border.all_of(border.OBJECT),
    "continuation": border.optional(border.OBJECT),
}
_CAUSE: Fields = {
    **dict.fromkeys(("kind", "program", "subject", "detail", "last_line"), border.TEXT),
    "status": border.WHOLE,
    "limit_s": border.SECONDS,
    "attempt": border.COUNT,
    "memory_mb": border.MEMORY_MB,
}
_CONTINUATION: Fields = {
    "attempt": border.COUNT,
    "time_t0": border.optional(border.TIME_T0),
    "exact": border.FLAG,
    "detail": border.TEXT,
}
_MOST_TIMES, _MOST_MORE = 2, 22
"""An engine may go on for twice its time and twenty intervals before its snapshots are refused."""


def progress(data: dict[str, Any]) -> Progress | None:
    """Return the progress in a file; None where it means nothing."""
    if (
        border.problem(data, _PROGRESS)
        or border.problem_in(data, _FULL)
        or _contradiction(data)
    ):
        return None
    kept: dict[str, Any] = {name: data.get(name) for name in (*_PROGRESS, *_FULL)}
    return Progress(**{**kept, "roughness": (*data["roughness"],)})


def record(data: dict[str, Any], attempt: int) -> Record | str:
    """Return the record of an attempt in its file, or what is wrong with it."""
    wrong = border.problem(data, _RECORD) or _wrong_part(data) or _contradiction(data)
    if not wrong and data["attempt"] != attempt:
        wrong = f"attempt: expected {attempt}, got {data['attempt']}"
    if wrong:
        return wrong
    try:
        return _record(data)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        return str(error)


def of_record(record: Record) -> dict[str, Any]:
    """Return a record as its file has it, with sentences for people."""
    return {
        **dataclasses.asdict(record),
        "state": record.state.value,
        "causes": [_plain(cause) for cause in record.causes],
        "reason": failures.reason(record),
        "continued": failures.continued(record.continuation),
    }


def _wrong_part(data: dict[str, Any]) -> str:
    """Say what is wrong with what records of earlier versions lack; empty where nothing is."""
    if wrong := border.problem_in(data, _PARTS):
        return wrong
    for cause in data.get("causes", ()):
        if wrong := border.problem_in(cause, _CAUSE):
            return f"causes: {wrong}"
    if wrong := border.problem_in(data.get("continuation") or {}, _CONTINUATION):
        return f"continuation: {wrong}"
    later = [border.problem(data, fields) for fields in _LATER if fields.keys() & data.keys()]
    return next(filter(None, later), "")


def _contradiction(data: Mapping[str, Any]) -> str:
    """Say which numbers of a record or a progress cannot be true together; empty where all can."""
    snapshots, adopted = data["snapshots"], data["adopted"]
    if adopted > snapshots:
        return f"adopted: expected at most {snapshots}, the snapshots, got {adopted}"
    expected = data.get("expected", 0)
    most = _MOST_TIMES * expected + _MOST_MORE
    if expected and snapshots > most:
        return f"snapshots: expected at most {most} of a run with {expected}, got {snapshots}"
    return ""


def _record(data: dict[str, Any]) -> Record:
    """Return the record in a file; the sentences in it are for people."""
    sentence, continued = data["reason"], data["continued"]
    if "causes" in data:
        causes = [Cause(**{**cause, "kind": Kind(cause["kind"])}) for cause in data["causes"]]
        resumed = data["continuation"]
        continuation = None if resumed is None else Continuation(**resumed)
    else:  # of a version that wrote the sentences only
        causes = [Cause(Kind.TEXT, detail=sentence)] if sentence else []
        continuation = _continuation(continued)
    return Record(
        **{
            **{name: data[name] for name in _RECORD if name not in _SENTENCES},
            **{name: data[name] for fields in _LATER for name in fields if name in data},
            "state": State(data["state"]),
            "causes": tuple(causes),
            "continuation": continuation,
            "last_lines": tuple(data["last_lines"]),
        }
    )


def _continuation(text: str) -> Continuation | None:
    match = _CONTINUED.fullmatch(text)
    if match is None:
        return None
    return Continuation(int(match[1]), float(match[2]), exact=match[3] == "exactly")


def _plain(cause: Cause) -> dict[str, Any]:
    """Return the fields of a cause that say something."""
    data = {k: v for k, v in dataclasses.asdict(cause).items() if v not in {None, ""}}
    return {**data, "kind": cause.kind.value}
