"""Pictures of curves: series over time, spectra, a quantity against a parameter."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import plots
from orchestrator.analysis import observables, units
from orchestrator.analysis.numbers import numbers
from orchestrator.errors import RequestError
from orchestrator.model.pictures import QUANTITIES_SHOWN, How, Units
from orchestrator.plots import layout, series
from orchestrator.plots.dependence import dependence, parameter
from orchestrator.plots.display import quantity_label
from orchestrator.plots.lines import Chart, Scale
from orchestrator.records import selection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.analysis.numbers import Numbers
    from orchestrator.model.pictures import Choice


def series_over_time(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the figure of series: a panel for each quantity."""
    names = choice.quantity or QUANTITIES_SHOWN
    look = choice.look
    scales = {
        name: Scale(quantity_label(name, look), axial=observables.quantities()[name].axial)
        for name in names
    }
    course = series.series(narrowed(grid, choice), look.units)
    if not any(
        np.isfinite(curve.means[name]).any() for curve in course.curves for name in names
    ):
        raise RequestError(f"{grid.directory.name}: no value of {', '.join(names)}")
    along = Scale(f"t ({units.time_name(look.units)})")
    chart = Chart(along, scales, name_of(grid, choice), series.shade(grid), course.notes)
    yield "", plots.curves(course.curves, chart, look)


def spectrum(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the figure of the power along the wind, by wavelength."""
    look = choice.look
    time_t0 = None if choice.time is None else choice.time.value
    waves = series.waves(narrowed(grid, choice), time_t0, look.units)
    if not waves.curves:
        raise RequestError(f"{grid.directory.name}: no height maps of which there are spectra")
    unit = "cells" if look.units is Units.MODEL else "m"
    power = (
        f"power per wavenumber\n({unit}² / (1/{unit}))" if waves.unequal else f"power ({unit}²)"
    )
    chart = Chart(
        Scale(f"wavelength along the wind ({unit})", logarithmic=True),
        {"power": Scale(power, logarithmic=True)},
        f"{name_of(grid, choice)}, {plots.when(waves.times)}",
        series.shade(grid),
        waves.notes,
    )
    yield "", plots.curves(waves.curves, chart, look)


def against_parameter(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the figure of quantities against a parameter, a panel for each."""
    names, look = choice.quantity or QUANTITIES_SHOWN, choice.look
    against = parameter(grid, "--against", choice.against)
    found = numbers(narrowed(grid, choice), names, choice.summary, look.units)
    check(grid, choice, found)
    curves, shade = dependence(grid, found.values, against)
    panels = {name: scale_of(choice, name) for name in names}
    title, notes = name_of(grid, choice), notes_of(found, choice)
    chart = Chart(against.scale, panels, title, shade, notes, marked=True)
    yield "", plots.curves(curves, chart, look)


def check(grid: Grid, choice: Choice, found: Numbers) -> None:
    """Refuse to draw where there is no number."""
    if any(np.isfinite(values).any() for values in found.values.values()):
        return
    names = ", ".join(found.values)
    if choice.summary.how is How.CROSSING:
        raise RequestError(f"--crosses {choice.summary.level:g}: no {names} comes to it")
    if found.incomplete:
        count = found.incomplete
        some = "1 experiment has" if count == 1 else f"{count} experiments have"
        raise RequestError(
            f"{grid.directory.name}: {some} not come so far; --time draws what is there"
        )
    raise RequestError(f"{grid.directory.name}: no value of {names}")


def scale_of(choice: Choice, name: str) -> Scale:
    """Return what stands along the numbers of a quantity, as the choice makes them of series."""
    summary, look = choice.summary, choice.look
    unit = units.time_name(look.units)
    if summary.how is How.CROSSING:
        label = look.labels.get(name, name.replace("_", " "))
        of = units.name(observables.quantities()[name], look.units)
        return Scale(f"time at which {label}\ncomes to {summary.level:g} {of} ({unit})")
    axial = observables.quantities()[name].axial
    if summary.how is How.RATE:
        return Scale("rate of change of\n" + quantity_label(name, look, rate=1))
    label = quantity_label(name, look)
    return Scale(f"mean {label}" if summary.how is How.MEAN else label, axial=axial)


def notes_of(found: Numbers, choice: Choice) -> list[str]:
    """Return what is to be told of numbers in words."""
    summary = choice.summary
    notes = []
    if found.times:
        notes.append(plots.when(found.times))
    if summary.how in {How.MEAN, How.RATE}:
        ends = [
            "the end" if end is None else f"{end.value:g} {'s' if end.in_nature else 't0'}"
            for end in (summary.first, summary.last)
        ]
        first = "the beginning" if summary.first is None else ends[0]
        notes.append(f"from {first} to {ends[1]}")
    if found.incomplete:
        some = "1 experiment" if found.incomplete == 1 else f"{found.incomplete} experiments"
        notes.append(f"{some} left out: not so far yet")
    if found.full:
        some = "a domain is" if found.full == 1 else f"{found.full} domains are"
        notes.append(f"{some} full by then and left out")
    return notes


def name_of(grid: Grid, choice: Choice) -> str:
    """Return the sweep's name, with the experiment or the seed that alone is drawn."""
    parts = [grid.directory.name]
    if choice.experiment is not None:
        parts.append(f"exp{selection.choose_one(choice.experiment, grid.directory, 'plot')}")
    if choice.seed is not None:
        parts.append(f"seed = {choice.seed}")
    return ", ".join(parts)


def narrowed(grid: Grid, choice: Choice) -> Grid:
    """Leave of a sweep the one experiment or seed of which curves were asked for."""
    cells = grid.cells
    if choice.experiment is not None:
        number = selection.choose_one(choice.experiment, grid.directory, "--experiment")
        [chosen] = layout.alone(grid, number).pages[0].statuses.values()
        cells = {index: status for index, status in cells.items() if status == chosen}
    if choice.seed is not None:
        seed = layout.seed_of(grid, choice.seed)
        cells = {index: status for index, status in cells.items() if index[-1] == seed}
    return dataclasses.replace(grid, cells=cells)
