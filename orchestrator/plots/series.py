"""What curves are drawn of: each point of a sweep with its seeds, measured over time or by wave."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from orchestrator import plots
from orchestrator.analysis import measured, observables, replicates, units
from orchestrator.analysis.numbers import scales_of
from orchestrator.model.heights import full
from orchestrator.model.pictures import Units
from orchestrator.plots import Curve, Shade, panels
from orchestrator.plots.layout import line, parameters, scale
from orchestrator.threads import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Dimension, Grid
    from orchestrator.analysis.measured import Measured
    from orchestrator.analysis.scales import Scales
    from orchestrator.model import Status

_Read = TypeVar("_Read")

_NAMED = 16  # points that a legend can name and colours can tell apart,
_NAMED_LOOSELY = 8  # or where they stand in no order


@dataclass(frozen=True, slots=True)
class Waves:
    """The power along the wind of every point.

    Attributes
    ----------
    curves
        By the name ``power`` over wavelengths in cells, in cells²; in cells² per wavenumber in
        1/cells where domains differ in length, for the longer one has more waves among which it
        shares the same power.
    times
        Of the snapshots, in t0.
    unequal
        Whether domains differ in length.
    full
        How many domains are full then, and left out.
    """

    curves: list[Curve]
    times: list[float]
    unequal: bool
    full: int = 0

    @property
    def notes(self) -> list[str]:
        """What is to be told of it in words."""
        some = f"{self.full} domains are" if self.full > 1 else "a domain is"
        return [f"{some} full and left out"] if self.full else []


@dataclass(frozen=True, slots=True)
class Course:
    """The series of every point, and what of the snapshots is not in them.

    Attributes
    ----------
    late
        How many came too late for any time that several seeds could share.
    full
        From which times in t0 on domains are full, one for each that is.
    """

    curves: list[Curve]
    late: int
    full: list[float]

    @property
    def notes(self) -> list[str]:
        """What is to be told of it in words."""
        sentences = []
        if self.late:
            some = "1 snapshot" if self.late == 1 else f"{self.late} snapshots"
            sentences.append(f"{some} left out: too late for the times that seeds share")
        if self.full:
            count, since = len(self.full), plots.time(min(self.full))
            some = f"{count} domains are full" if count > 1 else "a domain is full"
            first = ", the first" if count > 1 else ""
            sentences.append(f"{some}{first} from t = {since} t0 on, and not measured then")
        return sentences


@dataclass(frozen=True, slots=True)
class _Spectrum:
    """Power by wave, of a map of so many cells along the wind; None where the domain is full."""

    time_t0: float
    length: int
    cell: float
    power: NDArray[np.float64] | None

    @property
    def extent(self) -> float:
        return self.length * self.cell


def series(
    grid: Grid, in_units: Units = Units.MODEL, names: Collection[str] | None = None
) -> Course:
    """Read the series of every point: on the times that were asked for there.

    Of a point that has one seed, at the times of its snapshots. With ``names``, only those series.
    """

    def read(statuses: Sequence[Status]) -> Iterator[tuple[Measured, Scales]]:
        numbers = [status.experiment.number for status in statuses]
        kept = measured.measured(grid.directory, numbers)
        for status, of_one in zip(statuses, kept, strict=True):
            yield of_one, scales_of(grid, status, in_units, needed=in_units.days)

    wanted = grid.quantities if names is None else names
    quantities = {name: grid.quantities[name] for name in wanted}
    axial = {name for name, quantity in quantities.items() if quantity.axial}
    curves, late, full = [], 0, []
    for labels, seeds in each_point(grid, read):
        scales = max(
            (s for _, s in seeds), key=lambda s: math.isfinite(s.cell_m)
        )  # of one that has begun
        t0 = units.days(in_units, scales)
        full += [of_one.full_from for of_one, _ in seeds if np.isfinite(of_one.full_from)]
        if len(seeds) == 1:
            [(alone, _)] = seeds
            there = alone.times
            values = {name: alone.of(name)[np.newaxis] for name in quantities}
        else:
            there, values, missed = _together(grid, [of_one for of_one, _ in seeds], wanted)
            late += missed
        in_one = {
            name: array * units.factor(quantities[name], in_units, scales)
            for name, array in values.items()
        }
        curves.append(curve_of(labels, there * t0, in_one, axial))
    return Course(curves, late, full)


def _together(
    grid: Grid, seeds: Sequence[Measured], names: Collection[str]
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]], int]:
    """Return times that seeds share, their values [seed, time] by name, and how many have no time."""
    places = [grid.aligned(of_one.times) for of_one in seeds]
    late = sum(
        len(of_one.times) - len(at) for of_one, (at, _) in zip(seeds, places, strict=True)
    )
    there = np.unique(np.concatenate([at for at, _ in places]))
    values = {name: np.full((len(seeds), len(there)), np.nan) for name in names}
    for i, (of_one, (at, sources)) in enumerate(zip(seeds, places, strict=True)):
        for name, array in values.items():
            array[i, np.searchsorted(there, at)] = of_one.of(name)[sources]
    return grid.times[there], values, late


def waves(grid: Grid, time_t0: float | None, in_units: Units = Units.MODEL) -> Waves:
    """Measure the power along the wind of every point at the time nearest to ``time_t0``.

    From the longest wave on; the shortest, of two cells, is left out. In units of nature,
    wavelengths are in m and powers in m².
    """

    def measure(status: Status) -> _Spectrum | None:
        maps_read = panels.read(grid, status)
        if len(maps_read.height_maps) == 0:
            return None
        shown = panels.nearest(maps_read, time_t0)
        length, time = maps_read.height_maps.shape[2], float(maps_read.times[shown])
        in_nature = scales_of(grid, status, in_units)
        cell = in_nature.cell_m if in_units.metres else 1.0
        if full(maps_read.height_maps)[shown]:
            return _Spectrum(time, length, cell, None)
        power = observables.power_along_wind(maps_read.height_maps[shown])
        return _Spectrum(time, length, cell, power[1 : (length + 1) // 2] * cell**2)

    def read(statuses: Sequence[Status]) -> Iterator[_Spectrum | None]:
        return in_order(measure, statuses)

    spectra: list[tuple[tuple[str, str], _Spectrum]] = []
    left_out = 0
    for labels, seeds in each_point(grid, read):
        for spectrum in filter(None, seeds):
            if spectrum.power is None:
                left_out += 1
            else:
                spectra.append((labels, spectrum))
    unequal = len({spectrum.extent for _, spectrum in spectra}) > 1
    times = [spectrum.time_t0 for _, spectrum in spectra]
    common = panels.common_time(times, time_t0, grid.tolerance_t0)
    apart = any(abs(time - common) > grid.tolerance_t0 for time in times)
    alike: dict[tuple[tuple[str, str], int, float], list[NDArray[np.float64]]] = {}
    for labels, spectrum in spectra:
        named = labels
        if apart:  # only what is of one time can be compared and averaged
            index, _ = grid.aligned(np.array([spectrum.time_t0]))
            of = plots.when([*grid.times[index], spectrum.time_t0][:1])
            named = labels[0], ", ".join(filter(None, (labels[1], of)))
        assert spectrum.power is not None
        power = spectrum.power * spectrum.extent if unequal else spectrum.power
        alike.setdefault((named, spectrum.length, spectrum.cell), []).append(power)
    curves = [
        curve_of(
            labels, cell * length / np.arange(1, (length + 1) // 2), {"power": np.array(powers)}
        )
        for (labels, length, cell), powers in alike.items()
    ]
    return Waves(curves, times, unequal, left_out)


def curve_of(
    labels: tuple[str, str],
    x: NDArray[np.float64],
    values: Mapping[str, NDArray[np.float64]],
    axial: Collection[str] = (),
) -> Curve:
    """Return the curve of a point, from the values float64 [seed, x] of its seeds by name.

    ``axial`` names those that are directions of which the opposite is the same.
    """
    spreads = {
        name: replicates.spread(seeds, axial=name in axial) for name, seeds in values.items()
    }
    means = {name: spread.mean for name, spread in spreads.items()}
    errors = {name: spread.sem for name, spread in spreads.items()}
    sets = {name: _sets(seeds) for name, seeds in values.items()}
    count = max(len(seeds) for seeds in values.values())
    return Curve(labels, x, means, errors, count, sets)


def _sets(seeds: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return numbers [x] for the sets of seeds [seed, x] that have a value; 0 for all that ever have."""
    known = np.isfinite(seeds)
    known = known[known.any(axis=1)]
    _, numbers = np.unique(known, axis=1, return_inverse=True)
    return np.where(known.all(axis=0) | ~known.any(axis=0), 0, 1 + numbers.reshape(-1))


def each_point(
    grid: Grid, read: Callable[[Sequence[Status]], Iterator[_Read]]
) -> Iterator[tuple[tuple[str, str], list[_Read]]]:
    """Yield each point of a sweep with its labels and what is read of each of its seeds."""
    points = list(_points(grid))
    results = read([status for _, statuses in points for status in statuses])
    for labels, statuses in points:
        yield labels, [next(results) for _ in statuses]
    for _ in results:  # so that it ends
        pass


def shade(grid: Grid) -> Shade | None:
    """Return what colours tell where an axis has too many points to name; None where it has not."""
    axis = next(iter(by_size(grid)), None)
    return None if axis is None else shade_of(axis)


def shade_of(axis: Dimension, parameter: str | None = None) -> Shade | None:
    """Return what colours tell of an axis: a parameter, if it is a number.

    Without one it is the first, and None where the points of the axis are few enough to be named.
    """
    names = parameters(axis)
    few = axis.size <= (_NAMED if axis.name in names else _NAMED_LOOSELY)
    if few and parameter is None:
        return None
    name = parameter or names[0]
    values = axis.values[name]
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < len(values):
        return None
    by_label = {line(axis, i): float(number) for i, number in enumerate(numbers)}
    along = scale(axis, name, np.array(numbers, np.float64))
    return Shade(along.label, by_label, along.logarithmic)


def by_size(grid: Grid) -> list[Dimension]:
    """Return the axes, the longest first: colours are easier to tell apart than styles of lines."""
    return sorted(grid.dimensions[:-1], key=lambda axis: -axis.size)


def _points(grid: Grid) -> Iterator[tuple[tuple[str, str], list[Status]]]:
    """Yield each point of a sweep with its labels and the experiments of its seeds."""
    axes = grid.dimensions[:-1]
    order = [axes.index(axis) for axis in by_size(grid)]
    for point in np.ndindex(*(axis.size for axis in axes)):
        labels = [line(axes[i], point[i]) for i in order]
        cells = (grid.cells.get((*point, seed)) for seed in range(grid.dimensions[-1].size))
        statuses = [cell for cell in cells if cell is not None]
        if statuses:
            yield (labels[0] if labels else "", ", ".join(labels[1:])), statuses
