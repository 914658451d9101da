"""What this engine would refuse in a run, told before anything is simulated.

``check PARFILE`` writes a line ``NAME: sentence`` for each problem. ``check`` alone reads parameter
sets from standard input, a JSON object in a line, and answers each with a JSON list of pairs of name
and sentence. The status is 0 if there are no problems and 2 if there are. Files that parameters
name are looked for from the working directory.
"""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.engine import genesis, limits, parameter_file, settings, wind
from orchestrator.engine.exit_status import ExitError
from orchestrator.engine.settings import Boundary
from orchestrator.engine.wind import Physics, Vane, Weather
from orchestrator.errors import FormatError
from orchestrator.formats import properties
from orchestrator.formats.cellspace import Cell
from orchestrator.formats.parameter_values import RefusedValueError, parse_text
from orchestrator.formats.parameters import PARAMETERS
from orchestrator.formats.templates import parse_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from orchestrator.engine.settings import Settings
    from orchestrator.formats.parameters import Value

Problem = tuple[str, str]

_REFUSED = 2
_READERS: dict[str, Callable[[Path], object]] = {
    "Phys_prop_file": properties.read_properties,
    "Qsat_file": properties.read_saturated_flux,
    "Wind_file": wind.read,
}
_WEATHER = ("Tau_min", "Tau_max", "Lambda_T", "Lambda_C", "Time")
_SEED = 1  # of the random part of a layer, which changes none of what is asked here


def main(words: Sequence[str]) -> None:
    """Check a parameter file, or the parameter sets on standard input.

    Raises
    ------
    ExitError, SystemExit
        If more than one file is named; with the status 2 if there are problems.
    """
    refused = False
    if len(words) > 1 or (words and words[0].startswith("-")):
        sys.stderr.write("usage: check [PARFILE]\n")
        raise SystemExit(_REFUSED)
    if words:
        for name, sentence in problems_of_file(Path(words[0])):
            sys.stdout.write(f"{name}: {sentence}\n")
            refused = True
    else:
        for line in sys.stdin:
            refusals = list(problems(json.loads(line)))
            sys.stdout.write(f"{json.dumps(refusals)}\n")
            refused |= bool(refusals)
    sys.stdout.flush()
    if refused:
        raise SystemExit(_REFUSED)


def problems_of_file(path: Path) -> Iterator[Problem]:
    """Yield the problems of a parameter file."""
    try:
        _, values = parameter_file.read(path, PARAMETERS.keys())
    except ExitError as error:
        yield str(path), str(error)
        return
    yield from problems(values)


def problems(parameters: Mapping[str, Value]) -> Iterator[Problem]:
    """Yield each name with a sentence that says why this engine refuses its value.

    Parameters
    ----------
    given
        ReSCAL's names with values, or with texts as in a parameter file.
    """
    values: dict[str, Value] = {}
    for name, value in parameters.items():
        try:
            values[name] = _read(name, value)
        except RefusedValueError as error:
            yield name, str(error).removeprefix(f"{name}: ")
    try:
        wanted = settings.read(values, str(values.get("Model", "SNO")))
    except (ValueError, KeyError):
        return  # a choice that is not there has been told
    yield from limits.problems(values)
    yield from _files(values)
    yield from _space(values, wanted)


def _read(name: str, value: Value) -> Value:
    """Return a value as the parameter's type.

    Raises
    ------
    RefusedValueError
        If it is no such value, or not one of the choices.
    """
    parameter = PARAMETERS.get(name)
    if parameter is None:
        raise RefusedValueError("no such parameter")
    read = parse_text(parameter, value) if isinstance(value, str) else value
    if parameter.choices and read not in parameter.choices:
        raise RefusedValueError(f"expected one of {', '.join(parameter.choices)}, got {read}")
    return read


def _files(values: Mapping[str, Value]) -> Iterator[Problem]:
    """Yield the files that cannot be read, or do not go together."""
    readable = set()
    for name in _READERS:
        if name == "Qsat_file" and "Phys_prop_file" not in values:
            continue
        if name in values:
            if why := _unreadable(name, str(values[name])):
                yield name, why
            else:
                readable.add(name)
        elif name == "Qsat_file":
            yield name, "expected one beside Phys_prop_file"
    if "Wind_file" in readable:
        files = tuple((name, str(values[name])) for name in _READERS if name in readable)
        others = tuple((name, values[name]) for name in _WEATHER if name in values)
        yield from _unsuited(files, others)


@functools.lru_cache(maxsize=256)  # many parameter sets name the same files
def _unreadable(name: str, path: str) -> str:
    """Return why the file that a parameter names cannot be read; empty if it can."""
    try:
        _READERS[name](Path(path))
    except FormatError as error:
        return str(error).removeprefix(f"{name}: ")
    return ""


@functools.lru_cache(maxsize=256)
def _unsuited(
    files: tuple[tuple[str, str], ...], others: tuple[tuple[str, Value], ...]
) -> tuple[Problem, ...]:
    """Return why the winds of a file cannot blow beside files of nature and other parameters."""
    paths, values = {name: Path(path) for name, path in files}, dict(others)
    winds, physics = wind.read(paths["Wind_file"]), None
    if len(paths) == len(_READERS):
        nature = properties.read_properties(paths["Phys_prop_file"])
        flux = properties.read_saturated_flux(paths["Qsat_file"])
        tau_min = float(values.get("Tau_min", 0))
        if reasons := tuple(wind.unsuited(winds, nature, flux, tau_min)):
            return reasons
        physics = Physics.of(values, nature, flux)
    weather = Weather(winds, physics, "Tau_min" in values)
    try:
        weather.begin(Vane(), float(values.get("Time", 0)), wind.strength_at_first(values))
    except ExitError as error:
        return (("Wind_file", str(error).removeprefix("Wind_file: ")),)
    return ()


def _space(values: Mapping[str, Value], wanted: Settings) -> Iterator[Problem]:
    """Yield what is wrong with the cells at the start."""
    sides = [int(values.get(name, 0)) for name in "HLD"]
    if 0 in sides:  # those of a cell space that is not looked at
        return
    height, length, depth = sides
    yield from limits.too_small(wanted, height, length, depth)
    yield from limits.too_large(wanted, height, length, depth)
    yield from limits.near_walls(wanted, length, depth)
    if min(sides) < 1 or "Csp_template" not in values:
        return
    try:
        start = _start(str(values["Csp_template"]), height, length, depth)
    except FormatError as error:
        yield "Csp_template", str(error).removeprefix("Csp_template: ")
        return
    except ExitError as error:
        yield "Csp_template", str(error)
        return
    if start.air == 0:
        yield "Csp_template", "fills the whole box, so that there is no air"
    elif not start.grains:
        yield from _barren(start, values, wanted)
    if start.walled:
        yield from limits.walled(wanted, start.first, start.last, length, depth)
    yield from (
        (name, f"a rate cannot be negative{why}")
        for name, why in limits.negative_rates(wanted, across=start.last > start.first)
    )


def _barren(start: _Start, values: Mapping[str, Value], wanted: Settings) -> Iterator[Problem]:
    """Yield why nothing ever happens in a box without grains."""
    if not start.sources:
        yield (
            "Csp_template",
            "leaves no grain and no source in the box, so that nothing happens",
        )
    elif wanted.injection == 0:
        yield (
            "Lambda_I",
            f"{values['Lambda_I']}: the sources are all there is in the box, and give no grain",
        )
    elif wanted.boundary is Boundary.REINJECTION and not start.wells:
        yield (
            "Boundary",
            "REINJECTION: only lost grains are replaced, and there is none at the start",
        )


class _Start(NamedTuple):
    """What the cells at the start are: air, whether there are grains or sources, open planes.

    ``wells`` are sources under air, from which grains rise.
    """

    air: int
    grains: bool
    sources: bool
    wells: bool
    first: int
    last: int
    walled: bool


@functools.lru_cache(maxsize=256)
def _start(template: str, height: int, length: int, depth: int) -> _Start:
    """Make the cells of a template and look at them."""
    domain = genesis.domain_of(parse_template(template), height, length, depth)
    counts = np.zeros(len(Cell), np.int64)
    planes = []
    wells = False
    for plane in genesis.planes(domain, _SEED):
        counts += np.bincount(plane.ravel(), minlength=len(Cell))
        planes.append(bool((plane == Cell.DUM).all()))
        wells |= bool(((plane[:-1] == Cell.EAUC) & (plane[1:] == Cell.IN)).any())
    open_planes = [z for z, solid in enumerate(planes, 1) if not solid]
    first, last = (open_planes[0], open_planes[-1]) if open_planes else (1, depth)
    return _Start(
        air=int(counts[Cell.EAUC]),
        grains=bool(counts[[Cell.GR, Cell.GRJ, Cell.GRV]].any()),
        sources=bool(counts[Cell.IN]),
        wells=wells,
        first=first,
        last=last,
        walled=(first, last) != (1, depth),
    )
