"""Pictures of curves: series over time, spectra, a quantity against a parameter."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import plots, text
from orchestrator.analysis import units
from orchestrator.analysis.approach import approach
from orchestrator.analysis.numbers import numbers
from orchestrator.errors import RequestError
from orchestrator.model.pictures import QUANTITIES_SHOWN, How
from orchestrator.plots import layout, motion, panels, points, series, window
from orchestrator.plots.dependence import dependence, parameter
from orchestrator.plots.display import quantity_label
from orchestrator.plots.lines import Chart, Scale
from orchestrator.records import selection, winds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.analysis.numbers import Numbers
    from orchestrator.analysis.observables import Quantity
    from orchestrator.model.pictures import Choice


def series_over_time(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the figure of series: a panel for each quantity."""
    names = choice.quantity or QUANTITIES_SHOWN
    look, quantities = choice.look, grid.quantities
    scales = {
        name: Scale(quantity_label(name, quantities[name], look), axial=quantities[name].axial)
        for name in names
    }
    if choice.fit and len(names) > 1:
        raise RequestError(f"--fit: of one quantity, not of {', '.join(names)}")
    shown = narrowed(grid, choice)
    course = series.series(shown, look.units, names, choice.panels)
    if not any(
        np.isfinite(curve.means[name]).any() for curve in course.curves for name in names
    ):
        raise panels.without_values(grid, names)
    along = Scale(f"t ({units.time_name(look.units)})")
    curves, shade, notes = course.curves, points.shade(shown, choice.panels), course.notes
    if choice.fit:
        curves = [_with_fit(c, names[0], quantities[names[0]], choice) for c in curves]
        shade = None  # each curve is to be named
        notes = [*notes, "dashed: exponential approach to a limit, by 1/e in each tau"]
    chart = Chart(along, scales, name_of(grid, choice), shade, notes)
    yield "", plots.curves(curves, chart, look)


def _with_fit(curve: plots.Curve, name: str, quantity: Quantity, choice: Choice) -> plots.Curve:
    """Return a curve with its exponential approach, and a label that tells its constants."""
    fit = approach(curve.x, curve.means[name])
    if fit is None:
        sentence, fits = "no limit", {}
    else:
        unit = units.name(quantity, choice.look.units)
        limit, tau = (
            text.with_error(value, error)
            for value, error in zip((fit.limit, fit.tau), fit.errors[1:], strict=True)
        )
        sentence = f"{limit} {unit}, tau {tau} {units.time_name(choice.look.units)}"
        fits = {name: fit.at(curve.x)}
    name = ", ".join(filter(None, (*curve.labels, curve.panel)))
    label = "\n".join(filter(None, (name, sentence)))
    return dataclasses.replace(curve, labels=(label, ""), fits=fits)


def dispersion_relation(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the figure of phase velocity and growth rate, by wavelength along the wind."""
    long, late = units_of(choice)
    panels = {
        "velocity": Scale(f"phase velocity ({long}/{late})"),
        "growth": Scale(f"growth rate (1/{late})"),
    }
    shown = narrowed(grid, choice)
    along = Scale(f"wavelength {directions(shown)[0]} ({long})", logarithmic=True)
    curves = motion.waves_by_length(shown, choice)
    yield "", _of_motion(shown, choice, curves, (along, panels))


def offsets(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the figure of how fast the whole bed moves, and how well successive maps match."""
    long, late = units_of(choice)
    shown = narrowed(grid, choice)
    along, across = directions(shown)
    panels = {
        "along": Scale(f"{along}\n({long}/{late})"),
        "across": Scale(f"{across}\n({long}/{late})"),
        "quality": Scale("correlation"),
    }
    curves = motion.offsets(shown, choice)
    yield "", _of_motion(shown, choice, curves, (Scale(f"t ({late})"), panels))


def _of_motion(
    grid: Grid,
    choice: Choice,
    curves: list[plots.Curve],
    scales: tuple[Scale, dict[str, Scale]],
) -> Figure:
    along, panels = scales
    if not any(np.isfinite(mean).any() for curve in curves for mean in curve.means.values()):
        where = "".join(f", {note}" for note in window_notes(choice))
        alike = " that are alike" if curves else ""
        raise RequestError(
            f"{grid.directory.name}: no two height maps of an experiment{alike}{where}"
        )
    notes = window_notes(choice)
    shade = points.shade(grid, choice.panels)
    chart = Chart(along, panels, name_of(grid, choice), shade, notes)
    return plots.curves(curves, chart, choice.look)


def window_notes(choice: Choice) -> list[str]:
    """Return the window of time in words, if one was chosen."""
    return [window.between(*choice.window)] if any(choice.window) else []


def height_distribution(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the figure of the share of columns by their height."""
    long, _ = units_of(choice)
    shown = narrowed(grid, choice)
    curves, times = motion.heights(shown, choice)
    if not curves:
        raise panels.without_maps(grid)
    height = "height above the mean" if choice.relative else "height"
    chart = Chart(
        Scale(f"{height} ({long})"),
        {"share": Scale(f"share of columns (1/{long.removesuffix('s')})")},
        f"{name_of(grid, choice)}, {plots.when(times)}",
        points.shade(shown, choice.panels),
    )
    yield "", plots.curves(curves, chart, choice.look)


def celerity_against_height(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the figure of how fast dunes go, by how high they are."""
    long, late = units_of(choice)
    shown = narrowed(grid, choice)
    curves = motion.celerities(shown, choice)
    notes = window_notes(choice)
    if not curves:
        where = "".join(f" {note}" for note in notes)
        raise RequestError(
            f"{grid.directory.name}: no dune is in three snapshots{where}; see --threshold and run.every"
        )
    chart = Chart(
        Scale(f"mean height of a dune ({long})"),
        {"celerity": Scale(f"celerity ({long}/{late})")},
        name_of(grid, choice),
        points.shade(shown, choice.panels),
        (*notes, "a mark for each dune, with the standard error of its celerity"),
        marked=True,
        joined=False,
    )
    yield "", plots.curves(curves, chart, choice.look)


def directions(grid: Grid) -> tuple[str, str]:
    """Return what both sides of a map are called: where a wind turns, it blows along neither."""
    turning = any(
        winds.turning(grid.directory, status.experiment.point.parameters)
        for status in grid.cells.values()
    )
    return ("along x", "along y") if turning else ("along the wind", "across the wind")


def units_of(choice: Choice) -> tuple[str, str]:
    """Return the units of length and time."""
    long = "m" if choice.look.units.metres else "cells"
    return long, units.time_name(choice.look.units)


def spectrum(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the figure of the power along the wind, by wavelength."""
    look = choice.look
    time_t0 = None if choice.time is None else choice.time.value
    shown = narrowed(grid, choice)
    waves = series.waves(shown, time_t0, look.units, choice.panels)
    if not waves.curves:
        raise RequestError(f"{grid.directory.name}: no height maps of which there are spectra")
    unit = "m" if look.units.metres else "cells"
    power = (
        f"power per wavenumber\n({unit}² / (1/{unit}))" if waves.unequal else f"power ({unit}²)"
    )
    chart = Chart(
        Scale(f"wavelength {directions(shown)[0]} ({unit})", logarithmic=True),
        {"power": Scale(power, logarithmic=True)},
        f"{name_of(grid, choice)}, {plots.when(waves.times)}",
        points.shade(shown, choice.panels),
        waves.notes,
    )
    yield "", plots.curves(waves.curves, chart, look)


def against_parameter(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the figure of quantities against a parameter, a panel for each."""
    names, look = choice.quantity or QUANTITIES_SHOWN, choice.look
    against = parameter(grid, "--against", choice.against)
    shown = narrowed(grid, choice)
    measured = numbers(shown, names, choice.summary, look.units)
    check(grid, choice, measured)
    curves, shade = dependence(shown, measured.values, against, choice.panels)
    panels = {name: scale_of(choice, name, grid.quantities[name]) for name in names}
    title, notes = name_of(grid, choice), notes_of(measured, choice)
    chart = Chart(against.scale, panels, title, shade, notes, marked=True)
    yield "", plots.curves(curves, chart, look)


def check(grid: Grid, choice: Choice, measured: Numbers) -> None:
    """Refuse to draw where there is no number."""
    if any(np.isfinite(values).any() for values in measured.values.values()):
        return
    if choice.summary.how is How.CROSSING:
        names = ", ".join(measured.values)
        raise RequestError(f"--crosses {choice.summary.level:g}: no {names} comes to it")
    if measured.behind:
        raise RequestError(
            f"{grid.directory.name}: {window.too_late(choice.summary, measured.behind)}"
        )
    raise panels.without_values(grid, [*measured.values], choice.summary)


def scale_of(choice: Choice, name: str, quantity: Quantity) -> Scale:
    """Return what stands along the numbers of a quantity, as the choice makes them of series."""
    summary, look = choice.summary, choice.look
    unit = units.time_name(look.units)
    if summary.how is How.CROSSING:
        label = look.labels.get(name, name.replace("_", " "))
        of = units.name(quantity, look.units)
        return Scale(f"time at which {label}\ncomes to {summary.level:g} {of} ({unit})")
    if summary.how is How.RATE:
        return Scale("rate of change of\n" + quantity_label(name, quantity, look, rate=1))
    label = quantity_label(name, quantity, look)
    return Scale(f"mean {label}" if summary.how is How.MEAN else label, axial=quantity.axial)


def notes_of(measured: Numbers, choice: Choice) -> list[str]:
    """Return what is to be told of numbers in words."""
    summary = choice.summary
    notes = []
    if measured.times:
        notes.append(plots.when(measured.times))
    notes += window.whole(summary)
    if measured.behind:
        some = text.counted(len(measured.behind), "experiment")
        notes.append(f"{some} left out: {window.left_out(measured.behind)}")
    if measured.short:
        notes.append(f"{text.counted(measured.short, 'experiment')} left out: no such value")
    if measured.full:
        some = "a domain is" if measured.full == 1 else f"{measured.full} domains are"
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
