"""What was asked of a sweep: submissions and what became of them, its axes, what it leaves out.

``submissions.jsonl`` tells all of it, in order. It only grows; a torn last line, left by a process
that was killed while writing, is cut off by the next writer and ignored by readers.
"""

from __future__ import annotations

import dataclasses
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.errors import FormatError
from orchestrator.formats.durable import NO_SPACE, append_lines, open_regular, write_spare
from orchestrator.model import (
    Cluster,
    KeepInitial,
    Kind,
    OnTimeout,
    Outputs,
    Resources,
    Run,
    Submission,
)
from orchestrator.records import border, json_lines
from orchestrator.records.border import Form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from orchestrator.model import Axis
    from orchestrator.records.border import Fields
    from orchestrator.records.paths import SweepDirectory

_ID = re.compile(r"\d{1,10}", re.ASCII)
_JOB = Form("the id of a job", lambda job: type(job) is str and _ID.fullmatch(job) is not None)
_EVENT: Fields = {"event": border.TEXT, "token": border.TEXT}
_EVENTS: dict[str, Fields] = {
    "intended": {
        "time": border.MOMENT,
        "attempts": border.all_of(border.counts(2)),  # experiment, attempt
        **dict.fromkeys(("run", "outputs", "resources"), border.OBJECT),
    },
    "orphaned": {"experiments": border.all_of(border.COUNT)},
    "axes": {"axes": border.all_of(border.OBJECT)},
    "withdrawn": {
        "attempts": border.all_of(border.counts(3)),  # first experiment, how many, attempt
        "kind": border.TEXT,
    },
}
_AXIS: Fields = {"names": border.all_of(border.TEXT), "block": border.TEXT}
_AXIS_LATER: Fields = {"logarithmic": border.all_of(border.TEXT)}
_SENT: Fields = {
    "job_ids": border.all_of(_JOB),
    "chunks": border.all_of(border.ORDINAL),
    "last_job": Form(f"{_JOB.wish}, or nothing", lambda job: job == "" or _JOB.holds(job)),
}
_RUN: Fields = {
    **dict.fromkeys(("stop_t0", "every_t0"), border.LENGTH_T0),
    **dict.fromkeys(("silence_s", "checkpoint_every_s"), border.SECONDS),
    **dict.fromkeys(("engine", "stop_when", "invalid_when"), border.TEXT),
    "time_limit_s": border.optional(border.SECONDS),
}
_RESOURCES: Fields = {
    **dict.fromkeys(("time_min", "jobs"), border.optional(border.ORDINAL)),
    "pack": border.optional(border.COUNT),
    "retries": border.COUNT,
    **dict.fromkeys(
        ("partition", "account", "qos", "constraint", "mem"), border.optional(border.TEXT)
    ),
    "extra": border.PARAMETERS,
}
_SPARE_BYTES = 1 << 18
_MOST = 10_000_000  # experiments of a sweep, or snapshots of one, whatever a damaged line says


@dataclass(frozen=True, slots=True)
class SweptAxis:
    """One axis of a sweep: the parameters that vary along it, and the ``block`` that says how.

    ``texts`` has, of each parameter whose values are texts, these in the order of the sweep file;
    ``logarithmic`` are those whose values are even in the logarithm.
    """

    names: tuple[str, ...]
    block: str
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    logarithmic: tuple[str, ...] = ()

    @property
    def sorted(self) -> bool:
        """Whether its points are in the order of their values, not one by one as they are given."""
        return self.block not in {"list", "sample"} or len(self.names) == 1


def leave_out(directory: SweepDirectory, numbers: Iterable[int]) -> None:
    """Write down which experiments the sweep file no longer has; the lock must be held."""
    wanted = sorted(numbers)
    if wanted != sorted(orphaned(directory)):
        event = {"event": "orphaned", "token": "", "experiments": wanted}
        append_lines(directory.submissions, [event])


def orphaned(directory: SweepDirectory) -> frozenset[int]:
    """Return the numbers of the experiments that the sweep file no longer has."""
    numbers: list[int] = []
    for _, line in _events(directory):
        if line["event"] == "orphaned":
            numbers = line["experiments"]
    return frozenset(numbers)


def arrange(directory: SweepDirectory, axes: Sequence[Axis]) -> None:
    """Write down on which axes the experiments of the sweep file stand; the lock must be held."""
    wanted = tuple(
        SweptAxis(axis.names, axis.block, _texts(axis), axis.logarithmic) for axis in axes
    )
    if wanted != swept_axes(directory):
        axes_as_data = [dataclasses.asdict(axis) for axis in wanted]
        append_lines(
            directory.submissions, [{"event": "axes", "token": "", "axes": axes_as_data}]
        )


def swept_axes(directory: SweepDirectory) -> tuple[SweptAxis, ...]:
    """Return the axes of the sweep file as it was last accepted."""
    axes_as_data: list[dict[str, Any]] = []
    for where, line in _events(directory):
        if line["event"] == "axes":
            axes_as_data = line["axes"]
            for axis in axes_as_data:
                later = {name: form for name, form in _AXIS_LATER.items() if name in axis}
                json_lines.check(axis, {**_AXIS, **later}, where)
    return tuple(
        SweptAxis(
            tuple(axis["names"]),
            axis["block"],
            {name: tuple(values) for name, values in axis.get("texts", {}).items()},
            tuple(axis.get("logarithmic", ())),
        )
        for axis in axes_as_data
    )


def _texts(axis: Axis) -> dict[str, tuple[str, ...]]:
    """Return the values of an axis that are texts, in their order, by parameter."""
    columns = {name: [row[i] for row in axis.points] for i, name in enumerate(axis.names)}
    return {
        name: tuple(dict.fromkeys(map(str, values)))
        for name, values in columns.items()
        if values and all(isinstance(value, str) for value in values)
    }


def axes(directory: SweepDirectory) -> tuple[tuple[str, ...], ...]:
    """Return the names on each axis of the sweep file as it was last accepted."""
    return tuple(axis.names for axis in swept_axes(directory))


def intend(directory: SweepDirectory, submission: Submission) -> None:
    """Write down what a submission asks for, before anything is started; the lock must be held."""
    directory.jobs.mkdir(parents=True, exist_ok=True)
    if not directory.spare.exists():
        write_spare(directory.spare, _SPARE_BYTES)
    append_lines(directory.submissions, [{"event": "intended", **_as_json(submission)}])


def withdraw(directory: SweepDirectory, attempts: Mapping[int, int], kind: Kind) -> None:
    """Write down that attempts, by experiment, are not to be made any more; the lock must be held.

    One line for all of them, for which some space is kept on a full disk. Whoever claims one of
    them reads it afterwards, and whoever writes it looks afterwards who has claimed one.
    """
    runs: list[list[int]] = []  # first number, how many, attempt
    for number, attempt in sorted(attempts.items()):
        if runs and runs[-1][0] + runs[-1][1] == number and runs[-1][2] == attempt:
            runs[-1][1] += 1
        else:
            runs.append([number, 1, attempt])
    event = {"event": "withdrawn", "token": "", "kind": kind.value, "attempts": runs}
    try:
        append_lines(directory.submissions, [event])
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        directory.spare.unlink(missing_ok=True)
        append_lines(directory.submissions, [event])


def withdrawn(directory: SweepDirectory) -> dict[int, tuple[int, Kind]]:
    """Map each experiment's number to the last attempt that was withdrawn, and why."""
    last: dict[int, tuple[int, Kind]] = {}
    for where, line in _events(directory):
        if line["event"] == "withdrawn":
            try:
                kind = Kind(line["kind"])
            except ValueError as error:
                raise FormatError(f"{where}: not readable: {error}") from error
            for first, count, attempt in line["attempts"]:
                numbers = range(first, first + min(count, _MOST))
                last.update(dict.fromkeys(numbers, (attempt, kind)))
    return last


def version(directory: SweepDirectory) -> tuple[int, ...]:
    """Return what changes whenever somebody writes to the submissions."""
    try:
        # opened: an answer of NFS's own may be old
        with open_regular(directory.submissions) as file:
            status = os.fstat(file.fileno())
    except (FileNotFoundError, FormatError):
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns


def note(directory: SweepDirectory, event: str, token: str, **details: Any) -> None:
    """Append what became of a submission; the lock must be held."""
    append_lines(directory.submissions, [{"event": event, "token": token, **details}])


def submissions(directory: SweepDirectory) -> list[Submission]:
    """Read every submission that counts, in their order; void ones are left out."""
    counting: dict[str, Submission] = {}
    for where, line in _events(directory):
        token = line["token"]
        if line["event"] == "intended":
            counting[token] = _from_json(line, where)
        elif line["event"] == "void":
            counting.pop(token, None)
        elif line["event"] == "submitted" and token in counting:
            counting[token] = _sent(counting[token], line, where)
    return list(counting.values())


def unfinished(directory: SweepDirectory) -> list[tuple[Submission, str]]:
    """Return each submission that was neither released nor made void, with its last event."""
    last = {line["token"]: line["event"] for _, line in _events(directory)}
    return [
        (submission_made, event)
        for submission_made in submissions(directory)
        if (event := last[submission_made.token]) in {"intended", "submitted"}
    ]


def submission(directory: SweepDirectory, token: str) -> Submission:
    """Read one submission by its token, whether it still counts or not."""
    latest: Submission | None = None
    for where, line in _events(directory):
        if line["token"] != token:
            continue
        if line["event"] == "intended":
            latest = _from_json(line, where)
        elif line["event"] == "submitted" and latest is not None:
            latest = _sent(latest, line, where)
    if latest is None:
        raise FormatError(f"{directory.submissions}: no submission {token}")
    return latest


def _sent(submission: Submission, line: Mapping[str, Any], where: str) -> Submission:
    """Add what Slurm made of a submission."""
    if wrong := border.problem_in(line, _SENT):
        raise FormatError(f"{where}: {wrong}")
    return dataclasses.replace(
        submission,
        job_ids=tuple(line.get("job_ids", ())),
        chunks=tuple(line.get("chunks", ())),
        last_job=line.get("last_job", ""),
    )


def _from_json(line: Mapping[str, Any], where: str) -> Submission:
    data = {name: value for name, value in line.items() if name != "event"}
    for name, fields in (("run", _RUN), ("resources", _RESOURCES)):
        if wrong := border.problem_in(data[name], fields):
            raise FormatError(f"{where}: {name}: {wrong}")
    try:
        data["attempts"] = {int(number): attempt for number, attempt in data["attempts"]}
        data["cluster"] = Cluster(data["cluster"])
        run = data["run"]
        data["run"] = Run(**{**run, "on_timeout": OnTimeout(run["on_timeout"])})
        keep = KeepInitial(data["outputs"]["keep_initial"])
        data["outputs"] = Outputs(**{**data["outputs"], "keep_initial": keep})
        data["resources"] = Resources(**data["resources"])
        data["root"] = None if data["root"] is None else Path(data["root"])
        made = Submission(**data)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise FormatError(f"{where}: not a readable submission: {error}") from error
    if len(made.run.multiples()) > _MOST:
        every, stop = made.run.every_t0, made.run.stop_t0
        raise FormatError(
            f"{where}: run: a snapshot every {every:g} t0 of {stop:g} t0 is too many"
        )
    return made


def wanted_attempts(submissions: Iterable[Submission]) -> dict[int, tuple[int, Submission]]:
    """Map each experiment's number to the last attempt that was asked for, and by whom."""
    wanted: dict[int, tuple[int, Submission]] = {}
    for submission_made in submissions:
        for number, attempt in submission_made.attempts.items():
            if number not in wanted or attempt > wanted[number][0]:
                wanted[number] = (attempt, submission_made)
    return wanted


def _as_json(submission: Submission) -> dict[str, Any]:
    data = dataclasses.asdict(submission)
    del data["job_ids"], data["chunks"], data["last_job"]  # nobody knows them yet
    data["attempts"] = list(submission.attempts.items())
    data["cluster"] = submission.cluster.value
    data["run"]["on_timeout"] = submission.run.on_timeout.value
    data["outputs"]["keep_initial"] = submission.outputs.keep_initial.value
    data["root"] = None if submission.root is None else str(submission.root)
    return data


def _events(directory: SweepDirectory) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what was written down of submissions, in its order, with its place."""
    for where, line in json_lines.lines(directory.submissions):
        json_lines.check(line, _EVENT, where)
        json_lines.check(line, _EVENTS.get(line["event"], {}), where)
        yield where, line
