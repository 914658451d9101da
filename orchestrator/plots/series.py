"""What curves are drawn of: each point of a sweep with its seeds, measured over time or by wave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from orchestrator import plots
from orchestrator.analysis import observables, replicates
from orchestrator.analysis.observables import quantities
from orchestrator.plots import Curve, Shade, panels
from orchestrator.plots.layout import label, parameters
from orchestrator.threads import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Dimension, Grid
    from orchestrator.model import Status

_Read = TypeVar("_Read")

_NAMED = 16  # points that a legend can name and colours can tell apart,
_NAMED_LOOSELY = 8  # or where they stand in no order
_WIDE = 10  # times the smallest value is the largest, where powers of ten tell more


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


def series(grid: Grid) -> Course:
    """Read the series of every point: on the times that were asked for there.

    Of a point that has one seed, at the times of its snapshots.
    """

    def measure(status: Status) -> tuple[NDArray[np.float64], Mapping[str, Any], float]:
        reduced = panels.read(grid, status)
        since_t0 = observables.full_from(reduced)
        return reduced.times, observables.series(reduced), since_t0

    curves, late, full = [], 0, []
    for labels, seeds in _each_point(grid, measure):
        full += [since_t0 for _, _, since_t0 in seeds if np.isfinite(since_t0)]
        if len(seeds) == 1:
            [(times, values, _)] = seeds
            alone = {name: array[np.newaxis] for name, array in values.items()}
            curves.append(_curve(labels, times, alone))
            continue
        places = [grid.aligned(times) for times, _, _ in seeds]
        late += sum(
            len(times) - len(at) for (times, _, _), (at, _) in zip(seeds, places, strict=True)
        )
        there = np.unique(np.concatenate([at for at, _ in places]))
        values = {name: np.full((len(seeds), len(there)), np.nan) for name in quantities()}
        for i, ((_, measured, _), (at, sources)) in enumerate(zip(seeds, places, strict=True)):
            for name, array in values.items():
                array[i, np.searchsorted(there, at)] = measured[name][sources]
        curves.append(_curve(labels, grid.times[there], values))
    return Course(curves, late, full)


def waves(grid: Grid, time_t0: float | None) -> Waves:
    """Measure the power along the wind of every point at the time nearest to ``time_t0``.

    From the longest wave on; the shortest, of two cells, is left out.
    """

    def measure(status: Status) -> tuple[float, int, NDArray[np.float64] | None] | None:
        maps_read = panels.read(grid, status)
        if len(maps_read.height_maps) == 0:
            return None
        shown = panels.nearest(maps_read, time_t0)
        length = maps_read.height_maps.shape[2]
        if observables.full(maps_read.height_maps)[shown]:
            return float(maps_read.times[shown]), length, None
        power = observables.power_along_wind(maps_read.height_maps[shown])[
            1 : (length + 1) // 2
        ]
        return float(maps_read.times[shown]), length, power

    spectra, full = [], 0
    for labels, seeds in _each_point(grid, measure):
        for time, length, power in filter(None, seeds):
            if power is None:
                full += 1
            else:
                spectra.append((labels, time, length, power))
    unequal = len({length for _, _, length, _ in spectra}) > 1
    times = [time for _, time, _, _ in spectra]
    common = panels.common_time(times, time_t0, grid.tolerance_t0)
    apart = any(abs(time - common) > grid.tolerance_t0 for time in times)
    alike: dict[tuple[tuple[str, str], int], list[NDArray[np.float64]]] = {}
    for (colour, line), time, length, power in spectra:
        labels = colour, line
        if apart:  # only what is of one time can be compared and averaged
            index, _ = grid.aligned(np.array([time]))
            of = plots.when([*grid.times[index], time][:1])
            labels = colour, ", ".join(filter(None, (line, of)))
        alike.setdefault((labels, length), []).append(power * length if unequal else power)
    curves = [
        _curve(labels, length / np.arange(1, (length + 1) // 2), {"power": np.array(powers)})
        for (labels, length), powers in alike.items()
    ]
    return Waves(curves, times, unequal, full)


def _curve(
    labels: tuple[str, str],
    x: NDArray[np.float64],
    values: Mapping[str, NDArray[np.float64]],
) -> Curve:
    """Return what the seeds [seed, x] of a point tell."""
    axial = {name for name, quantity in quantities().items() if quantity.axial}
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


def _each_point(
    grid: Grid, read: Callable[[Status], _Read]
) -> Iterator[tuple[tuple[str, str], list[_Read]]]:
    """Yield each point of a sweep with its labels and what is read of each of its seeds."""
    points = list(_points(grid))
    results = in_order(read, (status for _, statuses in points for status in statuses))
    for labels, statuses in points:
        yield labels, [next(results) for _ in statuses]


def shade(grid: Grid) -> Shade | None:
    """Return what colours tell where an axis has too many points to name; None where it has not.

    That is the first parameter of the axis, if it is a number.
    """
    axis = next(iter(_by_size(grid)), None)
    if axis is None:
        return None
    names = parameters(axis)
    if axis.size <= (_NAMED if axis.name in names else _NAMED_LOOSELY):
        return None
    values = axis.values[names[0]]
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < len(values):
        return None
    by_label = {_named(axis, i): float(number) for i, number in enumerate(numbers)}
    low, high = min(numbers), max(numbers)
    return Shade(names[0], by_label, logarithmic=0 < low * _WIDE < high)


def _named(axis: Dimension, index: int) -> str:
    return label(axis, index).replace("\n", ", ")


def _by_size(grid: Grid) -> list[Dimension]:
    """Return the axes, the longest first: colours are easier to tell apart than styles of lines."""
    return sorted(grid.dimensions[:-1], key=lambda axis: -axis.size)


def _points(grid: Grid) -> Iterator[tuple[tuple[str, str], list[Status]]]:
    """Yield each point of a sweep with its labels and the experiments of its seeds."""
    axes = grid.dimensions[:-1]
    order = [axes.index(axis) for axis in _by_size(grid)]
    for point in np.ndindex(*(axis.size for axis in axes)):
        labels = [_named(axes[i], point[i]) for i in order]
        cells = (grid.cells.get((*point, seed)) for seed in range(grid.dimensions[-1].size))
        statuses = [cell for cell in cells if cell is not None]
        if statuses:
            yield (labels[0] if labels else "", ", ".join(labels[1:])), statuses
