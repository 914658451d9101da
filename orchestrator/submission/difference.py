"""What the experiments of two sweep files differ in."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import sweepfile, text
from orchestrator.model.simulators import ENGINE
from orchestrator.records import ledger, selection
from orchestrator.sweepfile import expansion

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Point, Sweep

_SHOWN = 8  # values of a parameter


@dataclass(frozen=True, slots=True)
class Difference:
    """What two sweep files differ in.

    Attributes
    ----------
    lines
        A line for each parameter and each key with other values: ``Tau_min: 0 | 0, 100``.
    shared, first_only, second_only
        How many experiments both have, and each alone.
    """

    lines: tuple[str, ...]
    shared: int
    first_only: int
    second_only: int


def difference(
    first: str, second: str, *, data_dir: str | os.PathLike[str] | None = None
) -> Difference:
    """Return what the experiments of two sweeps differ in.

    Parameters
    ----------
    first, second
        Sweep files, or names of sweeps, which stand for the file as it was submitted last.
    data_dir
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else the project's ``data_runs``).

    Raises
    ------
    RequestError
        With the problems of a file, or for an unknown sweep.
    """
    sweeps = [_load(word, data_dir) for word in (first, second)]
    points = [expansion.expand(sweep) for sweep in sweeps]
    keys = [{point.key for point in each} for each in points]
    lines = [*_parameters(*points), *_settings(*sweeps)]
    shared = keys[0] & keys[1]
    return Difference(tuple(lines), len(shared), len(keys[0] - shared), len(keys[1] - shared))


def _load(word: str, data_dir: str | os.PathLike[str] | None) -> Sweep:
    if word.endswith((".yaml", ".yml")):
        return sweepfile.load(Path(word))
    return sweepfile.load(ledger.last_sweep_file(selection.find_sweep(word, data_dir)))


def _parameters(first: Sequence[Point], second: Sequence[Point]) -> Iterator[str]:
    """Yield a line for each parameter whose values, or whose seeds, differ."""
    names = dict.fromkeys(name for point in (*first, *second) for name in point.parameters)
    names.pop(ENGINE, None)  # which run.engine names
    for name in names:
        values = [
            _listed(point.parameters.get(name) for point in each) for each in (first, second)
        ]
        if values[0] != values[1]:
            yield f"{name}: {values[0]} | {values[1]}"
    seeds = [_listed(sorted({point.seed for point in each})) for each in (first, second)]
    if seeds[0] != seeds[1]:
        yield f"seeds: {seeds[0]} | {seeds[1]}"


def _listed(values: Iterable[Value | None]) -> str:
    """Write the different values, in their order."""
    different = dict.fromkeys("none" if v is None else text.number(v) for v in values)
    return text.listed(list(different), _SHOWN)


def _settings(first: Sweep, second: Sweep) -> Iterator[str]:
    """Yield a line for each key of run, outputs and slurm with another value."""
    for section, left, right in (
        ("run", first.run, second.run),
        ("outputs", first.outputs, second.outputs),
        ("slurm", first.resources, second.resources),
    ):
        before, after = dataclasses.asdict(left), dataclasses.asdict(right)
        for key in before:
            if before[key] != after[key]:
                yield f"{section}.{key}: {_shown(before[key])} | {_shown(after[key])}"


def _shown(value: object) -> str:
    """Write a value; of a mapping, as of own outputs, each name with what it stands for."""
    if isinstance(value, dict):
        return ", ".join(f"{name} ({of})" for name, of in value.items()) or "none"
    return str(value)
