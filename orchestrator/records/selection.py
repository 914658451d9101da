"""The sweep and the experiments that a person names."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import settings, text
from orchestrator.errors import RequestError
from orchestrator.formats import spelling
from orchestrator.records import ledger, paths
from orchestrator.records.paths import SweepDirectory

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_LONGEST = 14  # digits of a range
_MOST = 1_000_000  # experiments in a range


def find_sweep(
    sweep: str | os.PathLike[str] | None = None,
    data_dir: str | os.PathLike[str] | None = None,
) -> SweepDirectory:
    """Return the directory of a sweep, which its name, its file or its own path names.

    Without a name, the only sweep of the data directory.

    Raises
    ------
    RequestError
        If there is no such sweep, or no data directory.
    """
    word = None if sweep is None else str(sweep)
    if word is not None and _is_path(word) and paths.is_sweep(Path(word)):
        path = Path(word)
        return SweepDirectory(path if path.name else path.resolve())
    data = settings.existing_data_directory(data_dir)
    known = [directory.name for directory in paths.sweeps(data)]
    listed = f"there are {text.listed(known)}" if known else "nothing was submitted yet"
    if word is None:
        if len(known) == 1:
            return SweepDirectory(data / known[0])
        raise RequestError(f"{data}: name a sweep: {listed}")
    is_file = word.endswith((".yaml", ".yml"))
    if _is_path(word) and not is_file and Path(word).resolve().parent != data.resolve():
        raise RequestError(f"{word}: no sweep there; in {data} {listed}")
    name = _name_in_file(Path(word)) if is_file else Path(word).name
    if name not in known:
        hint = spelling.did_you_mean(name, known)
        raise RequestError(f"{data}: no sweep {name!r}; {listed}{hint}")
    return SweepDirectory(data / name)


def word(directory: SweepDirectory) -> str:
    """Return how a command names a sweep from here: by its name, or by its path if it lies elsewhere."""
    return shlex.quote(directory.name if _is_usual(directory) else str(directory.root))


def data_option(directory: SweepDirectory) -> str:
    """Return what a command with a sweep file needs to find the sweep; empty where it needs nothing."""
    return (
        "" if _is_usual(directory) else f" --data-dir {shlex.quote(str(directory.root.parent))}"
    )


def _is_usual(directory: SweepDirectory) -> bool:
    """Return whether a sweep lies where commands look that are told nothing else."""
    here, data = settings.data_directory(), directory.root.parent
    return data == here or data.resolve() == here.resolve()


def _is_path(word: str) -> bool:
    return os.sep in word or word in {os.curdir, os.pardir}


def _name_in_file(path: Path) -> str:
    from orchestrator import sweepfile  # noqa: PLC0415  # YAML is loaded only for a file

    return sweepfile.load(path).name


@dataclass(frozen=True, slots=True)
class Selection:
    """Selected experiments; ``explicit`` when numbers were given."""

    numbers: tuple[int, ...]
    explicit: bool


def choose(words: Collection[str | int], directory: SweepDirectory) -> Selection:
    """Read ``3``, ``exp3``, ``3-7`` and ``all``; no word at all means every experiment."""
    known = {experiment.number for experiment in ledger.experiments(directory)}
    return _select(words, directory.name, known)


def choose_one(word: str | int, directory: SweepDirectory, verb: str) -> int:
    """Read the number of the one experiment that ``verb`` takes."""
    known = {experiment.number for experiment in ledger.experiments(directory)}
    return one_of(word, directory.name, known, verb)


def one_of(word: str | int, sweep: str, known: Collection[int], verb: str) -> int:
    """Read the number of one of the ``known`` experiments of a sweep."""
    numbers = _select([word], sweep, known).numbers
    if len(numbers) != 1:
        raise RequestError(f"{word!r} names several experiments; {verb} takes one")
    return numbers[0]


def _select(words: Collection[str | int], sweep: str, known: Collection[int]) -> Selection:
    if not words or "all" in words:
        return Selection(tuple(sorted(known)), explicit=False)
    picked: set[int] = set()
    problems = []
    for word in words:
        numbers = _numbers(str(word))
        if numbers is None:
            problems.append(f"{word!r} names no experiment; write exp3, 3, 3-7 or all")
        elif missing := [n for n in numbers if n not in known]:
            problems.append(f"{sweep} has no {_exps(missing)}; it has {_exps(known)}")
        else:
            picked.update(numbers)
    if problems:
        raise RequestError(*problems)
    return Selection(tuple(sorted(picked)), explicit=True)


def _numbers(word: str) -> range | None:
    first, dash, last = word.removeprefix("exp").partition("-")
    last = last.removeprefix("exp") if dash else first
    if not (first.isdecimal() and last.isdecimal()) or len(first + last) > _LONGEST:
        return None
    numbers = range(int(first), int(last) + 1)
    return numbers if len(numbers) in range(1, _MOST + 1) else None


def _exps(numbers: Iterable[int]) -> str:
    ordered = sorted(numbers)
    if len(ordered) == 1:
        return f"exp{ordered[0]}"
    return f"exp{ordered[0]} to exp{ordered[-1]}" if ordered else "none"
