"""Points of a sweep: every combination of its axes and seeds that ``where`` keeps."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError, RequestError
from orchestrator.formats import cellspace, frames
from orchestrator.formats.parameter_values import checked
from orchestrator.formats.winds import WIND
from orchestrator.model import Point
from orchestrator.model.simulators import ENGINE
from orchestrator.sweepfile.input_files import InputFiles
from orchestrator.sweepfile.own_names import described
from orchestrator.sweepfile.problems import OVERRIDE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Sweep

_MOST_SHOWN = 5
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def count(sweep: Sweep) -> int:
    """Return the number of points before ``where`` drops any; builds nothing."""
    return math.prod(len(axis.points) for axis in sweep.axes) * len(sweep.seeds)


def expand(sweep: Sweep) -> list[Point]:
    """Return the points of a sweep: later axes vary faster, seeds fastest of all.

    Raises
    ------
    RequestError
        If a formula has no value, or none that its parameter may have, if a file that a parameter
        names is not there, if a snapshot would not fit the data pipe, if two points are the same, or if none is left. A fault that several
        points share is told of the first, with the number of the others.
    """
    points: list[Point] = []
    faults: dict[str, list[str]] = {}
    files = InputFiles(sweep)
    for combination in _combinations(sweep):
        try:
            parameters = _derive(sweep, {**_held(sweep), **combination})
            wanted = _wanted(sweep, parameters)
            _check_size(parameters)
            inputs = files.settle(parameters) if wanted else {}
        except FormatError as error:
            name, value, *_ = (*str(error).split(": ", 2), "")
            fault = f"{name}: {value}" if name in sweep.positions else name  # each file is told
            sentence = f"{_with_position(sweep, name, str(error))}{_at(combination)}"
            faults.setdefault(fault, []).append(sentence)
        else:
            if wanted:
                digest = _digest(parameters)
                points += [
                    Point(_key(digest, seed), parameters, seed, inputs) for seed in sweep.seeds
                ]
    problems = [first + _more(others) for first, *others in faults.values()]
    if not problems:
        problems = _repeated(sweep, points)
    if not problems and not points:
        where = sweep.where.text if sweep.where else ""
        sentence = f"where: {where}: keeps none of {count(sweep)} points"
        problems = [_with_position(sweep, "where", sentence)]
    if problems:
        raise RequestError(*problems)
    return points


def key(parameters: Mapping[str, Value], seed: int) -> str:
    """Name a parameter set and its seed by their content: the same values, the same key, for ever.

    The order of the names is irrelevant; ``1`` and ``1.0`` are different values, but a sweep
    holds each parameter in ReSCAL's own type, however it was written.
    """
    return _key(_digest(dict(parameters)), seed)


def _digest(parameters: Mapping[str, Value]) -> hashlib._Hash:
    """Begin the hash of the canonical JSON; points that differ in the seed alone share it."""
    canonical = _CANONICAL.encode(parameters)
    return hashlib.sha256(f'{{"parameters":{canonical},"seed":'.encode())


def _key(digest: hashlib._Hash, seed: int) -> str:
    whole = digest.copy()
    whole.update(b"%d}" % seed)
    return whole.hexdigest()[:16]


def _combinations(sweep: Sweep) -> Iterator[dict[str, Value]]:
    """Yield the values on the axes, one combination after the other."""
    names = [name for axis in sweep.axes for name in axis.names]
    for chosen in itertools.product(*(axis.points for axis in sweep.axes)):
        yield dict(zip(names, itertools.chain.from_iterable(chosen), strict=True))


def _held(sweep: Sweep) -> Mapping[str, Value]:
    """Return what is held constant, with the defaults of a simulator of the user's own."""
    if sweep.engine is None:
        return sweep.parameters
    return {**sweep.engine.simulator.settled(sweep.parameters), **sweep.parameters}


def _derive(sweep: Sweep, parameters: dict[str, Value]) -> dict[str, Value]:
    """Add what is computed; a sweep holds its formulas in an order in which this is possible."""
    for name, formula in sweep.derived.items():
        try:
            parameters[name] = checked(
                described(name, sweep.table), formula.evaluate(parameters)
            )
        except FormatError as error:
            raise FormatError(f"derived.{name}: {formula.text}: {error}") from error
    if sweep.wind is not None:
        parameters[WIND] = sweep.wind.settled(parameters)
    if sweep.engine is not None:
        parameters[ENGINE] = sweep.engine.reference
    return parameters


def _wanted(sweep: Sweep, parameters: Mapping[str, Value]) -> bool:
    if sweep.where is None:
        return True
    try:
        kept = sweep.where.evaluate(parameters)
    except FormatError as error:
        raise FormatError(f"where: {sweep.where.text}: {error}") from error
    if not isinstance(kept, bool):
        raise FormatError(f"where: {sweep.where.text}: expected a comparison, got {kept}")
    return kept


def _check_size(parameters: Mapping[str, Value]) -> None:
    """Refuse a domain whose snapshot, walls included, is longer than the data pipe can say."""
    height, length, depth = (int(parameters.get(name, 0)) for name in ("H", "L", "D"))
    cells = (height + 2) * (length + 2) * (depth + 2)
    if cellspace.HEADER_BYTES + cellspace.CELL_BYTES * cells > frames.LARGEST:
        raise FormatError(
            f"H, L, D: {height} x {length} x {depth} cells are more than a snapshot of 2 GiB holds"
        )


def _repeated(sweep: Sweep, points: Sequence[Point]) -> list[str]:
    """Return a sentence for each point that is the same as one before."""
    varied = [name for axis in sweep.axes for name in axis.names]
    first: dict[str, int] = {}
    problems: list[str] = []
    for number, point in enumerate(points, 1):
        before = first.setdefault(point.key, number)
        if before < number:
            values = {name: point.parameters[name] for name in varied}
            same = f"sweep: points {before} and {number} are the same"
            sentence = f"{same}{_at(values)}, seed {point.seed}"
            problems.append(_with_position(sweep, "sweep", sentence))
    if len(problems) > _MOST_SHOWN:
        problems[_MOST_SHOWN:] = [f"and {len(problems) - _MOST_SHOWN} more"]
    return problems


def _with_position(sweep: Sweep, key: str, sentence: str) -> str:
    """Put before a sentence, which begins with a key, where that stands in the file."""
    first = key.partition(",")[0].removeprefix("derived.")
    position = sweep.positions.get(first, str(sweep.path))
    repeated = f"{position.removeprefix(OVERRIDE)}: " if position.startswith(OVERRIDE) else ""
    return f"{position}: {sentence.removeprefix(repeated)}"


def _more(others: Sequence[str]) -> str:
    return f" (and {len(others)} more)" if others else ""


def _at(combination: Mapping[str, Value]) -> str:
    shown = ", ".join(
        f"{name} = {value:g}" if isinstance(value, float) else f"{name} = {value}"
        for name, value in combination.items()
    )
    return f", at {shown}" if shown else ""
