"""From a sweep to its points: every combination of its axes, each with every seed."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from typing import TYPE_CHECKING

from orchestrator.arithmetic import FormulaError
from orchestrator.errors import FormatError, RequestError
from orchestrator.formats.parameters import PARAMETERS, checked
from orchestrator.model import Point

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orchestrator.model import Scalar, Sweep


def count(sweep: Sweep) -> int:
    """Return how many points there are before ``where`` drops any."""
    return math.prod(len(axis.points) for axis in sweep.axes) * len(sweep.seeds)


def expand(sweep: Sweep) -> list[Point]:
    """Return the points of a sweep; the last axis varies faster, seeds fastest of all.

    Raises
    ------
    RequestError
        If a formula has no value at some point, two points are the same, or none is left.
    """
    points: dict[str, Point] = {}
    for parameters in _combinations(sweep):
        for seed in sweep.seeds:
            point = Point(key(parameters, seed), parameters, seed)
            if point.key in points:
                shown = _shown(sweep, parameters)
                raise RequestError(f"{sweep.path}: sweep: the point {shown} is there twice")
            points[point.key] = point
    if not points:
        raise RequestError(f"{sweep.path}: where: no point is left")
    return list(points.values())


def key(parameters: Mapping[str, Scalar], seed: int) -> str:
    """Name a parameter set and seed by their content: the same values, the same key, for ever.

    The order of the parameters is irrelevant; their types are ReSCAL's, so that ``50`` and
    ``50.0`` are the same for a size and for a rate alike.
    """
    content = {"parameters": parameters, "seed": seed}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _combinations(sweep: Sweep) -> Iterator[dict[str, Scalar]]:
    for rows in itertools.product(*(axis.points for axis in sweep.axes)):
        parameters = dict(sweep.parameters)
        for axis, row in zip(sweep.axes, rows, strict=True):
            parameters |= dict(zip(axis.names, row, strict=True))
        _derive(sweep, parameters)
        try:
            if sweep.where is None or sweep.where.evaluate(parameters):
                yield parameters
        except FormulaError as error:
            shown = _shown(sweep, parameters)
            raise RequestError(f"{sweep.path}: where at {shown}: {error}") from error


def _derive(sweep: Sweep, parameters: dict[str, Scalar]) -> None:
    """Add the derived parameters, each after those that it needs."""
    waiting = dict(sweep.derived)
    while waiting:
        ready = [name for name, f in waiting.items() if not any(n in waiting for n in f.names)]
        if not ready:
            circle = ", ".join(waiting)
            raise RequestError(f"{sweep.path}: derived: {circle} need each other, in a circle")
        for name in ready:
            try:
                value = waiting.pop(name).evaluate(parameters)
                parameters[name] = checked(PARAMETERS[name], value)
            except (FormatError, FormulaError) as error:
                shown = _shown(sweep, parameters)
                raise RequestError(
                    f"{sweep.path}: derived.{name} at {shown}: {error}"
                ) from error


def _shown(sweep: Sweep, parameters: Mapping[str, Scalar]) -> str:
    names = [name for axis in sweep.axes for name in axis.names]
    return ", ".join(f"{name} = {parameters[name]}" for name in names) or "the only point"
