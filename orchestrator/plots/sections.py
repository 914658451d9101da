"""Pictures of cross sections, and of the flux through them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import plots
from orchestrator.analysis import units
from orchestrator.analysis.flux import flux, supply
from orchestrator.errors import RequestError
from orchestrator.model.heights import surface_of
from orchestrator.plots import charts, layout, motion, panels, points
from orchestrator.plots.lines import Chart, Scale
from orchestrator.plots.motion import Along

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.model import Status
    from orchestrator.model.pictures import Choice, Instant
    from orchestrator.plots.lines import Curve
    from orchestrator.plots.motion import Window


def cross_sections(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the figure of heights along a row or a column of the bed, a line for each point."""
    narrowed = charts.narrowed(grid, choice)
    shown = _first_seeds(narrowed)
    _check(shown, choice, last=0)
    curves, times = heights_along(shown, choice)
    if not curves:
        raise panels.without_maps(grid)
    long, _ = charts.units_of(choice)
    where = "the middle row" if choice.y is None else f"row {choice.y}"
    where = where if choice.x is None else f"column {choice.x}"
    height = "height above the\nmean of its map" if choice.relative else "height"
    parts = [charts.name_of(shown, choice), where, *_seeds(narrowed, shown), plots.when(times)]
    chart = Chart(
        Scale(f"{charts.directions(shown)[choice.x is not None]} ({long})"),
        {"height": Scale(f"{height} ({long})")},
        ", ".join(parts),
        points.shade(shown, choice.panels),
    )
    yield "", plots.curves(curves, chart, choice.look)


def heights_along(grid: Grid, choice: Choice) -> tuple[list[Curve], list[Instant]]:
    """Return ``height`` along a row or a column of each point, and the times of the maps."""
    times: list[Instant] = []
    of_units = choice.look.units

    def of_one(status: Status) -> Along | None:
        shown = panels.shown(grid, status, choice.time, of_units)
        if shown is None:
            return None
        surface = surface_of(shown.reduced.height_maps[shown.number]).astype(np.float64)
        level = np.nanmean(surface) if choice.relative and np.isfinite(surface).any() else 0.0
        row = surface.shape[0] // 2 if choice.y is None else choice.y
        heights = surface[row] if choice.x is None else surface[:, choice.x]
        times.append(shown.instant)
        cell = motion.cell_of(of_units, shown.scales)
        x = np.arange(len(heights), dtype=np.float64) * cell
        return Along(x, {"height": (heights - level) * cell})

    return motion.of_points(grid, choice, of_one), times


def fluxes(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the figure of the flux through each section on average, or through one over time."""
    shown = charts.narrowed(grid, choice)
    _check(shown, choice, last=1)
    curves = through_sections(shown, choice)
    if not curves:
        where = "".join(f", {note}" for note in charts.window_notes(choice))
        raise RequestError(f"{grid.directory.name}: no two height maps of an experiment{where}")
    long, late = charts.units_of(choice)
    unit = f"{long}²/{late}"
    chart = Chart(
        Scale(
            f"section {charts.directions(shown)[0]} ({long})"
            if choice.x is None
            else f"t ({late})"
        ),
        {"flux": Scale(f"flux per width\n({unit})")},
        charts.name_of(shown, choice)
        + ("" if choice.x is None else f", through column {choice.x}"),
        points.shade(shown, choice.panels),
        [*charts.window_notes(choice), _what(shown)],
    )
    yield "", plots.curves(curves, chart, choice.look)


def through_sections(grid: Grid, choice: Choice) -> list[Curve]:
    """Return ``flux`` of each point, over sections or over time, see :mod:`orchestrator.analysis.flux`."""
    of_units = choice.look.units

    def measure(shown: Window) -> Along:
        cell = motion.cell_of(of_units, shown.scales)
        t0 = units.days(of_units, shown.scales)
        unit, times = cell**2 / t0, shown.times
        falls = supply(shown.status.experiment.point) or 0.0
        if choice.x is None:
            ends = [0, -1]
            [through] = flux(shown.surfaces[ends], times[ends], falls)
            x = np.arange(len(through), dtype=np.float64) * cell
            return Along(x, {"flux": through * unit})
        through = flux(shown.surfaces, times, falls)[:, choice.x]
        at, sources = grid.aligned(times[1:])
        return Along(grid.times[at] * t0, {"flux": through[sources] * unit})

    return motion.in_window(grid, choice, measure)


def _first_seeds(grid: Grid) -> Grid:
    """Leave of each point its first seed that has snapshots: a mean over several would be no bed."""
    first: dict[tuple[int, ...], tuple[int, ...]] = {}
    for index in sorted(grid.cells, key=lambda index: (grid.cells[index].kept == 0, index)):
        first.setdefault(index[:-1], index)
    return dataclasses.replace(
        grid, cells={index: grid.cells[index] for index in first.values()}
    )


def _seeds(grid: Grid, shown: Grid) -> list[str]:
    """Say which seed is shown, where there are others."""
    if len(grid.cells) == len(shown.cells):
        return []
    seeds = {status.experiment.point.seed for status in shown.cells.values()}
    return [
        f"seed = {min(seeds)}" if len(seeds) == 1 else "of each the first seed that has begun"
    ]


def _what(grid: Grid) -> str:
    """Say what the flux is, and what of it no height map tells."""
    points = [status.experiment.point for status in grid.cells.values()]
    falls = [supply(point) for point in points]
    what = "what passes: what the bed upwind loses"
    if any(falls):
        what += " and what falls on it, of which each source gives Lambda_I on average"
    less = []
    if any(point.periodic for point in points):
        less.append("what comes in over a periodic edge")
    if None in falls:
        less.append("what sources give that are in some places alone or replace what has left")
    return f"{what}, less {' and '.join(less)}, which height maps do not tell" if less else what


def _check(grid: Grid, choice: Choice, last: int) -> None:
    """Refuse a row or column that some domain has not; ``last`` is how far one may lie beyond."""
    for option, value, side in (("y", choice.y, 0), ("x", choice.x, 1)):
        smallest = min(grid.cells.values(), key=lambda s, side=side: layout.domain(s)[side])  # type: ignore[misc]
        size = layout.domain(smallest)[side] + last
        if value is not None and not 0 <= value < size:
            what = ("row", "column")[side]
            raise RequestError(
                f"--{option} {value}: expected a {what} from 0 to {size - 1}; "
                f"{smallest.experiment.name} has no others"
            )
