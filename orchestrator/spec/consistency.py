"""What must hold between the parts of a sweep file, and what is odd about them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from orchestrator.formats.templates import parse_template

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.arithmetic import Formula
    from orchestrator.formats.parameters import Value
    from orchestrator.model import Axis
    from orchestrator.spec.fields import Problems
    from orchestrator.spec.tree import Place

MOST_EXPERIMENTS = 100_000
"""A sweep has at most so many experiments; more is refused before any is made."""

_NEEDED = ("H", "L", "D")


def check(
    place: Place,
    problems: Problems,
    parameters: Mapping[str, Value],
    axes: Sequence[Axis],
    derived: Mapping[str, Formula],
    where: Formula | None,
    run: Mapping[str, Any],
    seeds: Sequence[int],
    places: Mapping[str, Place],
) -> tuple[str, ...]:
    """Note what contradicts itself, and return warnings about what has no effect.

    ``place`` is the file's beginning, ``places`` tell where parameters stand.
    """
    swept = {name for axis in axes for name in axis.names}
    known = {*parameters, *swept, *derived}
    for name in _NEEDED:
        if name not in known:
            problems.add(place, f"parameters.{name}", "required, in cells")
    for name, formula in derived.items():
        for used in formula.names:
            if used not in known or used == name:
                problems.add(places[name], f"derived.{name}", f"{used} has no value here")
    for used in where.names if where is not None else ():
        if used not in known:
            problems.add(place, "where", f"{used} has no value here")
    if {"stop", "every"} <= run.keys() and run["every"] > run["stop"]:
        text = f"{run['every']:g} t0 is more than run.stop, {run['stop']:g} t0"
        problems.add(place, "run.every", text)
    if "Phys_prop_file" in known and "Qsat_file" not in known:
        text = "required beside Phys_prop_file, as real_data/PDF.data"
        problems.add(place, "parameters.Qsat_file", text)
    points = math.prod(len(axis.points) for axis in axes) * max(1, len(seeds))
    if points > MOST_EXPERIMENTS:
        text = f"{points:.4g} experiments; a sweep has at most {MOST_EXPERIMENTS}"
        problems.add(place, "sweep", text)
    return _without_effect(parameters, axes, known, places)


def _without_effect(
    parameters: Mapping[str, Value],
    axes: Sequence[Axis],
    known: set[str],
    places: Mapping[str, Place],
) -> tuple[str, ...]:
    def values(name: str) -> list[Value]:
        found = [parameters[name]] if name in parameters else []
        for axis in axes:
            if name in axis.names:
                column = axis.names.index(name)
                found += [point[column] for point in axis.points]
        return found

    def said(name: str, text: str) -> str:
        return f"{places[name]}: {name}: {text}" if name in places else f"{name}: {text}"

    warnings = []
    templates = [str(value) for value in values("Csp_template")]
    injecting = any(parse_template(text).injects for text in templates)
    if "Lambda_I" in known and values("Lambda_I") != [0.0]:
        if not injecting and "REINJECTION" not in values("Boundary"):
            what = ", ".join(templates) or "the template"
            warnings.append(said("Lambda_I", f"has no effect: {what} has no sources"))
    if "Ava_angle" in known and values("Ava_mode") == ["NONE"]:
        warnings.append(said("Ava_angle", "has no effect: Ava_mode is NONE"))
    return tuple(warnings)
