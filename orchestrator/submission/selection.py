"""The sweep and the experiments that a person names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import RequestError
from orchestrator.records import ledger, paths
from orchestrator.records.paths import SweepDirectory
from orchestrator.submission import settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterable


def find_sweep(request: argparse.Namespace) -> SweepDirectory:
    """Find the sweep that a command names, by its name or its sweep file.

    Without a name the only sweep of the data directory is meant.
    """
    data = settings.data_directory(request)
    known = [directory.name for directory in paths.sweeps(data)]
    said: str | None = request.sweep
    if said is None:
        if len(known) == 1:
            return SweepDirectory(data / known[0])
        listed = f"there are {', '.join(known)}" if known else "there is none yet"
        raise RequestError(f"{data}: name a sweep: {listed}")
    name = _name_in_file(Path(said)) if said.endswith((".yaml", ".yml")) else said.rstrip("/")
    name = Path(name).name
    if name not in known:
        listed = f"there are {', '.join(known)}" if known else "nothing was submitted yet"
        raise RequestError(f"{data}: no sweep {name!r}; {listed}")
    return SweepDirectory(data / name)


def _name_in_file(path: Path) -> str:
    from orchestrator import sweepfile  # noqa: PLC0415  # YAML is loaded only where a file is named

    return sweepfile.load(path).name


@dataclass(frozen=True, slots=True)
class Chosen:
    """Experiments picked on a command line; ``explicit`` when numbers were given."""

    numbers: tuple[int, ...]
    explicit: bool


def choose(words: Collection[str], directory: SweepDirectory) -> Chosen:
    """Read ``exp3``, ``3``, ``3-7`` and ``all``; no word at all means every experiment."""
    known = {experiment.number for experiment in ledger.experiments(directory)}
    return _chosen(words, directory.name, known)


def choose_one(word: str, directory: SweepDirectory, verb: str) -> int:
    """Read the number of the one experiment that ``verb`` takes."""
    known = {experiment.number for experiment in ledger.experiments(directory)}
    return one_of(word, directory.name, known, verb)


def one_of(word: str, sweep: str, known: Collection[int], verb: str) -> int:
    """Read the number of one of the ``known`` experiments of a sweep."""
    numbers = _chosen([word], sweep, known).numbers
    if len(numbers) != 1:
        raise RequestError(f"{word!r} names several experiments; {verb} takes one")
    return numbers[0]


def _chosen(words: Collection[str], sweep: str, known: Collection[int]) -> Chosen:
    if not words or "all" in words:
        return Chosen(tuple(sorted(known)), explicit=False)
    picked: set[int] = set()
    problems = []
    for word in words:
        numbers = _numbers(word)
        if numbers is None:
            problems.append(f"{word!r} names no experiment; write exp3, 3, 3-7 or all")
        elif missing := [n for n in numbers if n not in known]:
            problems.append(f"{sweep} has no {_exps(missing)}; it has {_exps(known)}")
        else:
            picked.update(numbers)
    if problems:
        raise RequestError(*problems)
    return Chosen(tuple(sorted(picked)), explicit=True)


def _numbers(word: str) -> range | None:
    first, dash, last = word.removeprefix("exp").partition("-")
    last = last.removeprefix("exp") if dash else first
    if not (first.isdecimal() and last.isdecimal()) or len(first + last) > 14:
        return None
    numbers = range(int(first), int(last) + 1)
    return numbers if len(numbers) in range(1, 1_000_001) else None


def _exps(numbers: Iterable[int]) -> str:
    ordered = sorted(numbers)
    if len(ordered) == 1:
        return f"exp{ordered[0]}"
    return f"exp{ordered[0]} to exp{ordered[-1]}" if ordered else "none"
