"""What curves of motion and of heights are drawn of: waves by length, offsets, distributions."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.analysis import units
from orchestrator.analysis.dispersion import dispersion
from orchestrator.analysis.dunes import follow
from orchestrator.analysis.numbers import scales_of
from orchestrator.analysis.offset import offset
from orchestrator.model.heights import brimful, full, surface_of
from orchestrator.plots import Curve, panels
from orchestrator.plots.points import each_point
from orchestrator.plots.series import curve_of
from orchestrator.threads import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.analysis.scales import Scales
    from orchestrator.model import Status
    from orchestrator.model.pictures import Choice, Instant, Moment, Units

_BINS = 60  # of heights at most; of fewer, one per cell


@dataclass(frozen=True, slots=True)
class Along:
    """What is drawn of one experiment over an x of its own."""

    x: NDArray[np.float64]
    values: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Window:
    """The maps of an experiment in a window of time.

    Attributes
    ----------
    surfaces
        float32 [snapshot, D, L], in cells; two snapshots or more, all of numbers.
    times
        float64 [snapshot], in t0.
    """

    status: Status
    surfaces: NDArray[np.float32]
    times: NDArray[np.float64]
    scales: Scales


def waves_by_length(grid: Grid, choice: Choice) -> list[Curve]:
    """Return ``velocity`` and ``growth`` over wavelength of each point, see :mod:`.dispersion`."""
    of_units = choice.look.units

    def measure(shown: Window) -> Along:
        relation = dispersion(shown.surfaces, shown.times)
        cell, t0 = cell_of(of_units, shown.scales), units.days(of_units, shown.scales)
        values = {"velocity": relation.velocity * cell / t0, "growth": relation.growth / t0}
        coherent = np.isfinite(relation.velocity)
        values["growth"] = np.where(coherent, values["growth"], np.nan)
        return Along(relation.wavelengths * cell, values)

    return in_window(grid, choice, measure)


def offsets(grid: Grid, choice: Choice) -> list[Curve]:
    """Return ``along``, ``across`` and ``quality`` over time of each point, see :mod:`.offset`."""
    of_units = choice.look.units

    def measure(shown: Window) -> Along:
        cell, t0 = cell_of(of_units, shown.scales), units.days(of_units, shown.scales)
        pairs = [offset(*pair) for pair in itertools.pairwise(shown.surfaces)]
        x, y, quality = np.array(pairs).T
        speed = cell / (np.diff(shown.times) * t0)
        values = {"along": x * speed, "across": y * speed, "quality": quality}
        at, sources = grid.aligned(shown.times[1:])
        on_grid = {name: of[sources] for name, of in values.items()}
        return Along(grid.times[at] * t0, on_grid)

    return in_window(grid, choice, measure)


def in_window(
    grid: Grid,
    choice: Choice,
    measure: Callable[[Window], Along],
) -> list[Curve]:
    """Measure the maps of a window of each experiment, and return a curve for each point."""

    def of_one(status: Status) -> Along | None:
        scales = scales_of(grid, status, choice.look.units, needed=_timed(choice))
        reduced = panels.read(grid, status)
        times = reduced.times[: len(reduced.height_maps)]
        chosen = _inside(times, choice.window, scales, grid.tolerance_t0)
        if np.count_nonzero(chosen) < 2 or full(reduced.height_maps)[chosen].any():
            return None
        maps = brimful(reduced.height_maps[chosen]).astype(np.float32)
        return measure(Window(status, maps, times[chosen], scales))

    return of_points(grid, choice, of_one)


def of_points(
    grid: Grid, choice: Choice, of_one: Callable[[Status], Along | None]
) -> list[Curve]:
    """Return a curve for each point whose seeds have values, on every x that one of them has."""

    def read(statuses: Sequence[Status]) -> Iterator[Along | None]:
        return in_order(of_one, statuses)

    curves = []
    for name_of_point, seeds in each_point(grid, read, choice.panels):
        known = [seed for seed in seeds if seed is not None]
        if not known:
            continue
        x = np.unique(np.concatenate([seed.x for seed in known]))
        values = {name: np.full((len(known), len(x)), np.nan) for name in known[0].values}
        for i, seed in enumerate(known):
            for name, of_seed in seed.values.items():
                values[name][i, np.searchsorted(x, seed.x)] = of_seed
        curves.append(curve_of(name_of_point, x, values))
    return curves


def celerities(grid: Grid, choice: Choice) -> list[Curve]:
    """Return ``celerity`` over mean height of the dunes of each point, and its standard error."""
    of_units = choice.look.units

    def of_one(status: Status) -> NDArray[np.float64]:
        scales = scales_of(grid, status, of_units, needed=_timed(choice))
        directory = grid.directory.experiment(status.experiment.number)
        followed = follow(
            directory, choice.threshold, periodic=status.experiment.point.periodic
        )
        inside = _inside(followed.times, choice.window, scales, grid.tolerance_t0)
        celerities = followed.celerities(inside)
        cell, t0 = cell_of(of_units, scales), units.days(of_units, scales)
        return celerities * (cell, cell / t0, cell / t0)

    def read(statuses: Sequence[Status]) -> Iterator[NDArray[np.float64]]:
        return in_order(of_one, statuses)

    curves = []
    for point, seeds in each_point(grid, read, choice.panels):
        dunes = np.concatenate(seeds)
        height, celerity, error = dunes[np.argsort(dunes[:, 0])].T
        if len(dunes):
            means, errors = {"celerity": celerity}, {"celerity": error}
            curve = Curve(point.labels, height, means, errors, len(seeds), panel=point.panel)
            curves.append(curve)
    return curves


def heights(grid: Grid, choice: Choice) -> tuple[list[Curve], list[Instant]]:
    """Return the share of columns by height of each point, per unit, and the times of the maps."""
    of_units = choice.look.units

    def of_one(status: Status) -> tuple[NDArray[np.float64], Instant] | None:
        shown = panels.shown(grid, status, choice.time, of_units)
        if shown is None or full(shown.reduced.height_maps)[shown.number]:
            return None
        surface = surface_of(shown.reduced.height_maps[shown.number]).astype(np.float64)
        known = surface[np.isfinite(surface)]
        above = known - known.mean() if choice.relative else known
        return above * cell_of(of_units, shown.scales), shown.instant

    def all_of(
        statuses: Sequence[Status],
    ) -> Iterator[tuple[NDArray[np.float64], Instant] | None]:
        return in_order(of_one, statuses)

    points = [
        (point, [seed for seed in seeds if seed is not None])
        for point, seeds in each_point(grid, all_of, choice.panels)
    ]
    every = [seed for _, seeds in points for seed in seeds]
    if not every:
        return [], []
    at = _steps([columns for columns, _ in every], _unit(grid, choice))
    curves = []
    for point, seeds in points:
        if seeds:
            shares = [_density(columns, at) for columns, _ in seeds]
            curves.append(curve_of(point, at, {"share": np.array(shares)}))
    return curves, [time for _, time in every]


def _unit(grid: Grid, choice: Choice) -> float:
    """Return how high a cell is in the unit of the picture."""
    of_units = choice.look.units
    cells = (
        cell_of(of_units, scales_of(grid, status, of_units)) for status in grid.cells.values()
    )
    return next(filter(np.isfinite, cells))  # of one that has begun


def _steps(columns: Sequence[NDArray[np.float64]], cell: float) -> NDArray[np.float64]:
    """Return heights in steps of whole cells, from below the lowest column to above the highest."""
    low = min(float(c.min()) for c in columns)
    high = max(float(c.max()) for c in columns)
    step = cell * max(1, int(np.ceil((high - low) / cell / _BINS)))
    first = np.floor(low / cell) * cell - step
    return np.asarray(np.arange(first, high + 2 * step, step), np.float64)


def _density(columns: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of columns per unit of height, float64 [at].

    A column between two heights counts for both of them, the more the nearer it is, so that their
    mean is that of the columns (linear binning, Wand 1994, J. Comput. Graph. Stat. 3, 433).
    """
    step = at[1] - at[0]
    below, beyond = np.divmod((columns - at[0]) / step, 1)
    index = below.astype(np.int64)
    counts = np.bincount(index, 1 - beyond, len(at)) + np.bincount(index + 1, beyond, len(at))
    return np.asarray(counts / len(columns) / step, np.float64)


def cell_of(of_units: Units, scales: Scales) -> float:
    """Return the side of a cell in the unit of length."""
    return scales.cell_m if of_units.metres else 1.0


def _timed(choice: Choice) -> bool:
    ends: list[Moment | None] = [*choice.window]
    in_nature = any(end is not None and end.in_nature for end in ends)
    return in_nature or choice.look.units.days


def _inside(
    times: NDArray[np.float64],
    window: tuple[Moment | None, Moment | None],
    scales: Scales,
    late_t0: float,
) -> NDArray[np.bool_]:
    """Return which of the times of height maps, in t0, are in a window of time."""
    first, last = window
    inside = np.ones(len(times), np.bool_)
    if first is not None:
        inside &= times >= first.in_t0(scales.t0_s)
    if last is not None:
        inside &= times <= last.in_t0(scales.t0_s) + late_t0
    return inside
