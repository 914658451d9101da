"""What a sweep consists of and what was asked of it: numbered experiments and submissions.

``experiments.jsonl`` gives every point its number for ever; ``submissions.jsonl`` tells, in
order, what was intended and what became of it. Both only grow; a torn last line, left by a
process that was killed while writing, is cut off by the next writer and ignored by readers.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.errors import FormatError
from orchestrator.formats.content_names import copy_by_content
from orchestrator.formats.durable import (
    NO_SPACE,
    append_lines,
    read_lines,
    replacing,
    write_spare,
)
from orchestrator.model import (
    Cluster,
    Experiment,
    KeepInitial,
    Kind,
    OnTimeout,
    Outputs,
    Point,
    Resources,
    Run,
    Submission,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from orchestrator.model import Axis
    from orchestrator.records.paths import SweepDirectory

_EXPERIMENT = {"number": int, "key": str, "seed": int, "parameters": dict}
_PRUNED = {"pruned": list}
_EVENT = {"event": str, "token": str}
_EVENTS: dict[str, dict[str, type]] = {
    "orphaned": {"experiments": list},
    "axes": {"axes": list},
    "withdrawn": {"attempts": list, "kind": str},
}
_SPARE_BYTES = 1 << 18
_MOST = 10_000_000  # experiments of a sweep, whatever a damaged line says


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """How the points of a sweep file compare with the experiments that have numbers.

    ``new`` points have none yet; ``kept`` experiments are in the file and in the ledger;
    ``orphaned`` ones are no longer in the file, and stay as they are.
    """

    new: tuple[Point, ...]
    kept: tuple[Experiment, ...]
    orphaned: tuple[Experiment, ...]


@dataclass(frozen=True, slots=True)
class SweptAxis:
    """One axis of a sweep: the parameters that vary along it, and the ``block`` that says how.

    ``texts`` has, of each parameter whose values are texts, these in the order of the sweep file.
    """

    names: tuple[str, ...]
    block: str
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def sorted(self) -> bool:
        """Whether its points are in the order of their values, not one by one as they are given."""
        return self.block not in {"list", "sample"} or len(self.names) == 1


def reconcile(known: Iterable[Experiment], points: Iterable[Point]) -> Reconciliation:
    """Compare the points of a sweep file with the numbered experiments."""
    numbered = {experiment.point.key: experiment for experiment in known}
    wanted = {point.key: point for point in points}
    return Reconciliation(
        new=tuple(point for key, point in wanted.items() if key not in numbered),
        kept=tuple(numbered[key] for key in wanted if key in numbered),
        orphaned=tuple(e for key, e in numbered.items() if key not in wanted),
    )


def experiments(directory: SweepDirectory) -> list[Experiment]:
    """Read all numbered experiments, by number."""
    found: dict[int, Experiment] = {}
    keys: set[str] = set()
    for place, line in _lines(directory.ledger):
        if isinstance(line, dict) and "pruned" in line:
            _check(line, _PRUNED, place)
            for number in line["pruned"]:
                keys.discard(found.pop(number).point.key if number in found else "")
            continue
        _check(line, _EXPERIMENT, place)
        number, key = line["number"], line["key"]
        one = Experiment(number, Point(key, line["parameters"], line["seed"]))
        if found.get(number) == one:  # the same line again does no harm
            continue
        if number in found or key in keys:
            raise FormatError(
                f"{place}: contradicts an earlier line, which has exp{number} or its parameters; "
                "remove the one that is wrong"
            )
        keys.add(key)
        found[number] = one
    return [found[number] for number in sorted(found)]


def prune(directory: SweepDirectory, numbers: Sequence[int]) -> None:
    """Write down that experiments are removed; the lock must be held."""
    append_lines(directory.ledger, [{"pruned": list(numbers)}])


def pruned(directory: SweepDirectory) -> list[int]:
    """Return the numbers of the experiments that were removed."""
    lines = (line for _, line in _lines(directory.ledger) if isinstance(line, dict))
    return [number for line in lines for number in line.get("pruned", ())]


def next_number(directory: SweepDirectory, known: Iterable[Experiment]) -> int:
    """Return the first number that nothing has: none of the ``known``, no submission, no directory."""
    numbers = {experiment.number for experiment in known}
    numbers.update(directory.numbers(), pruned(directory))
    numbers.update(number for made in submissions(directory) for number in made.attempts)
    return 1 + max(numbers, default=-1)


def enlist(directory: SweepDirectory, points: Sequence[Point]) -> list[Experiment]:
    """Give numbers to ``points``, after the last one given; the lock must be held.

    Raises
    ------
    FormatError
        If a file that their parameters name was changed since they were made.
    """
    _keep_inputs(directory, points)
    first = next_number(directory, experiments(directory))
    added = [Experiment(number, point) for number, point in enumerate(points, first)]
    append_lines(
        directory.ledger,
        [
            {
                "number": e.number,
                "key": e.point.key,
                "seed": e.point.seed,
                "parameters": dict(e.point.parameters),
            }
            for e in added
        ],
    )
    return added


def _keep_inputs(directory: SweepDirectory, points: Iterable[Point]) -> None:
    """Copy the files that the parameters of ``points`` name."""
    for name, path in {n: p for point in points for n, p in point.inputs.items()}.items():
        target = directory.inputs / name
        if not target.is_file():
            target.parent.mkdir(exist_ok=True)
            copy_by_content(path, target)


def keep_sweep_file(
    directory: SweepDirectory, text: str, templates: Mapping[str, str] | None = None
) -> Path:
    """Keep the sweep file as it is now, as a new version if it has changed since the last.

    Of ``templates``, the texts of what it extends by name, only the last version is kept.
    """
    for name, template in (templates or {}).items():
        directory.template(name).parent.mkdir(exist_ok=True)
        with replacing(directory.template(name)) as file:
            file.write(template.encode())
    version = _versions(directory)
    if version:
        latest = directory.sweep_file(version)
        if latest.read_text(encoding="utf-8") == text:
            return latest
    target = directory.sweep_file(version + 1)
    with replacing(target) as file:
        file.write(text.encode())
    return target


def last_sweep_file(directory: SweepDirectory) -> Path:
    """Return the sweep file as it was submitted last."""
    return directory.sweep_file(max(1, _versions(directory)))


def _versions(directory: SweepDirectory) -> int:
    version = 0
    while directory.sweep_file(version + 1).exists():
        version += 1
    return version


def leave_out(directory: SweepDirectory, numbers: Iterable[int]) -> None:
    """Write down which experiments the sweep file no longer has; the lock must be held."""
    wanted = sorted(numbers)
    if wanted != sorted(orphaned(directory)):
        event = {"event": "orphaned", "token": "", "experiments": wanted}
        append_lines(directory.submissions, [event])


def orphaned(directory: SweepDirectory) -> frozenset[int]:
    """Return the numbers of the experiments that the sweep file no longer has."""
    found: list[int] = []
    for _, line in _events(directory):
        if line["event"] == "orphaned":
            found = line["experiments"]
    return frozenset(found)


def arrange(directory: SweepDirectory, axes: Sequence[Axis]) -> None:
    """Write down on which axes the experiments of the sweep file stand; the lock must be held."""
    wanted = tuple(SweptAxis(axis.names, axis.block, _texts(axis)) for axis in axes)
    if wanted != swept_axes(directory):
        said = [dataclasses.asdict(axis) for axis in wanted]
        append_lines(directory.submissions, [{"event": "axes", "token": "", "axes": said}])


def swept_axes(directory: SweepDirectory) -> tuple[SweptAxis, ...]:
    """Return the axes of the sweep file as it was last accepted."""
    found: list[dict[str, Any]] = []
    for _, line in _events(directory):
        if line["event"] == "axes":
            found = line["axes"]
    return tuple(
        SweptAxis(
            tuple(axis["names"]),
            axis["block"],
            {name: tuple(values) for name, values in axis.get("texts", {}).items()},
        )
        for axis in found
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
    found: dict[int, tuple[int, Kind]] = {}
    for place, line in _events(directory):
        if line["event"] == "withdrawn":
            try:
                kind = Kind(line["kind"])
                for first, count, attempt in line["attempts"]:
                    numbers = range(first, first + min(count, _MOST))
                    found.update(dict.fromkeys(numbers, (int(attempt), kind)))
            except (ValueError, TypeError) as error:
                raise FormatError(f"{place}: not readable: {error}") from error
    return found


def version(directory: SweepDirectory) -> tuple[int, ...]:
    """Return what changes whenever somebody writes to the submissions."""
    try:
        with directory.submissions.open(
            "rb"
        ) as file:  # opened: an answer of NFS's own may be old
            found = os.fstat(file.fileno())
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


def note(directory: SweepDirectory, event: str, token: str, **details: Any) -> None:
    """Append what became of a submission; the lock must be held."""
    append_lines(directory.submissions, [{"event": event, "token": token, **details}])


def submissions(directory: SweepDirectory) -> list[Submission]:
    """Read every submission that counts, in their order; void ones are left out."""
    found: dict[str, Submission] = {}
    for place, line in _events(directory):
        token = line["token"]
        if line["event"] == "intended":
            found[token] = _from_json(line, place)
        elif line["event"] == "void":
            found.pop(token, None)
        elif line["event"] == "submitted" and token in found:
            found[token] = dataclasses.replace(
                found[token],
                job_ids=tuple(line.get("job_ids", ())),
                chunks=tuple(line.get("chunks", ())),
            )
    return list(found.values())


def unfinished(directory: SweepDirectory) -> list[tuple[Submission, str]]:
    """Return each submission that was neither released nor made void, with its last event."""
    last = {line["token"]: line["event"] for _, line in _events(directory)}
    return [
        (one, event)
        for one in submissions(directory)
        if (event := last[one.token]) in {"intended", "submitted"}
    ]


def submission(directory: SweepDirectory, token: str) -> Submission:
    """Read one submission by its token, whether it still counts or not."""
    for place, line in _events(directory):
        if line["event"] == "intended" and line["token"] == token:
            return _from_json(line, place)
    raise FormatError(f"{directory.submissions}: no submission {token}")


def _from_json(line: Mapping[str, Any], place: str) -> Submission:
    data = {name: value for name, value in line.items() if name != "event"}
    try:
        data["attempts"] = {int(number): attempt for number, attempt in data["attempts"]}
        data["cluster"] = Cluster(data["cluster"])
        run = data["run"]
        data["run"] = Run(**{**run, "on_timeout": OnTimeout(run["on_timeout"])})
        keep = KeepInitial(data["outputs"]["keep_initial"])
        data["outputs"] = Outputs(**{**data["outputs"], "keep_initial": keep})
        data["resources"] = Resources(**data["resources"])
        data["root"] = None if data["root"] is None else Path(data["root"])
        return Submission(**data)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise FormatError(f"{place}: not a readable submission: {error}") from error


def wanted_attempts(submissions: Iterable[Submission]) -> dict[int, tuple[int, Submission]]:
    """Map each experiment's number to the last attempt that was asked for, and by whom."""
    wanted: dict[int, tuple[int, Submission]] = {}
    for one in submissions:
        for number, attempt in one.attempts.items():
            if number not in wanted or attempt > wanted[number][0]:
                wanted[number] = (attempt, one)
    return wanted


def log(directory: SweepDirectory, time: str, *texts: str) -> None:
    """Append a line for each text to the sweep's log, in one write so that writers do not mix.

    A log that cannot be written, as on a full disk, stops nothing.
    """
    line = "".join(f"{time} {text}\n" for text in texts).encode()
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    with contextlib.suppress(OSError):
        handle = os.open(directory.log, flags, 0o666)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)


def _as_json(submission: Submission) -> dict[str, Any]:
    data = dataclasses.asdict(submission)
    del data["job_ids"], data["chunks"]  # nobody knows them yet
    data["attempts"] = list(submission.attempts.items())
    data["cluster"] = submission.cluster.value
    data["run"]["on_timeout"] = submission.run.on_timeout.value
    data["outputs"]["keep_initial"] = submission.outputs.keep_initial.value
    data["root"] = None if submission.root is None else str(submission.root)
    return data


def _events(directory: SweepDirectory) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what was written down of submissions, in its order, with its place."""
    for place, line in _lines(directory.submissions):
        _check(line, _EVENT, place)
        _check(line, _EVENTS.get(line["event"], {}), place)
        yield place, line


def _lines(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield what stands on the lines of a file, with their places."""
    for number, text in read_lines(path):
        place = f"{path}:{number}"
        try:
            yield place, json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{place}: not a line of JSON: {text[:60]!r}") from error


def _check(line: Any, kinds: Mapping[str, type], place: str) -> None:
    """Refuse a line that is no object or lacks what it must have."""
    if not isinstance(line, dict) or any(
        type(line.get(key)) is not wanted for key, wanted in kinds.items()
    ):
        told = ", ".join(f"{key} ({wanted.__name__})" for key, wanted in kinds.items())
        found = json.dumps(line)[:60]
        raise FormatError(f"{place}: expected an object with {told}, got {found}")
