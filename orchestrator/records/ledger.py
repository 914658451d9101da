"""What a sweep consists of: its numbered experiments, its sweep files, its log.

``experiments.jsonl`` gives every point its number for ever. It only grows; a torn last line, left
by a process that was killed while writing, is cut off by the next writer and ignored by readers.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError
from orchestrator.formats.content_names import copy_by_content
from orchestrator.formats.durable import (
    append_lines,
    read_bytes,
    replacing,
)
from orchestrator.model import (
    Experiment,
    Point,
)
from orchestrator.records import border, intents, json_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from orchestrator.records.border import Fields
    from orchestrator.records.paths import SweepDirectory

_EXPERIMENT: Fields = {
    "number": border.COUNT,
    "key": border.TEXT,
    "seed": border.WHOLE,
    "parameters": border.PARAMETERS,
}
_PRUNED: Fields = {"pruned": border.all_of(border.COUNT)}


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """How the points of a sweep file compare with the experiments that have numbers.

    ``new`` points have none yet; ``kept`` experiments are in the file and in the ledger;
    ``orphaned`` ones are no longer in the file, and stay as they are.
    """

    new: tuple[Point, ...]
    kept: tuple[Experiment, ...]
    orphaned: tuple[Experiment, ...]


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
    by_number: dict[int, Experiment] = {}
    keys: set[str] = set()
    for where, line in json_lines.lines(directory.ledger):
        if isinstance(line, dict) and "pruned" in line:
            json_lines.check(line, _PRUNED, where)
            for number in line["pruned"]:
                keys.discard(by_number.pop(number).point.key if number in by_number else "")
            continue
        json_lines.check(line, _EXPERIMENT, where)
        number, key = line["number"], line["key"]
        experiment = Experiment(number, Point(key, line["parameters"], line["seed"]))
        if by_number.get(number) == experiment:  # the same line again does no harm
            continue
        if number in by_number or key in keys:
            raise FormatError(
                f"{where}: contradicts an earlier line, which has exp{number} or its parameters; "
                "remove the one that is wrong"
            )
        keys.add(key)
        by_number[number] = experiment
    return [by_number[number] for number in sorted(by_number)]


def prune(directory: SweepDirectory, numbers: Sequence[int]) -> None:
    """Write down that experiments are removed; the lock must be held."""
    append_lines(directory.ledger, [{"pruned": list(numbers)}])


def pruned(directory: SweepDirectory) -> list[int]:
    """Return the numbers of the experiments that were removed."""
    numbers = []
    for where, line in json_lines.lines(directory.ledger):
        if isinstance(line, dict) and "pruned" in line:
            json_lines.check(line, _PRUNED, where)
            numbers += line["pruned"]
    return numbers


def next_number(directory: SweepDirectory, known: Iterable[Experiment]) -> int:
    """Return the first number that nothing has: none of the ``known``, no submission, no directory."""
    numbers = {experiment.number for experiment in known}
    numbers.update(directory.numbers(), pruned(directory))
    numbers.update(
        number for made in intents.submissions(directory) for number in made.attempts
    )
    return 1 + max(numbers, default=-1)


def enlist(directory: SweepDirectory, points: Sequence[Point]) -> list[Experiment]:
    """Give numbers to ``points``, after the last one given; the lock must be held."""
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


def keep_inputs(directory: SweepDirectory, points: Iterable[Point]) -> None:
    """Copy the files that the parameters of ``points`` name, if they are not there yet.

    Raises
    ------
    FormatError
        If one was changed since the points were made.
    """
    keep_files(directory, {n: p for point in points for n, p in point.inputs.items()})


def keep_files(directory: SweepDirectory, files: Mapping[str, Path]) -> None:
    """Copy files to the sweep's inputs, by their names there, which tell their content.

    Of several versions of a file the one that was asked for last is the newest.
    """
    for name, path in files.items():
        target = directory.inputs / name
        if target.is_file():
            with contextlib.suppress(PermissionError):  # somebody else's
                os.utime(target)
        else:
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
        with contextlib.suppress(FormatError):
            if read_bytes(latest) == text.encode():
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


def log(directory: SweepDirectory, time: str, *texts: str) -> None:
    """Append a line for each text to the sweep's log, in one write so that writers do not mix.

    A log that cannot be written, as on a full disk, stops nothing.
    """
    line = "".join(f"{time} {text}\n" for text in texts).encode()
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    with contextlib.suppress(OSError):
        handle = os.open(directory.log, flags, 0o666)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)
