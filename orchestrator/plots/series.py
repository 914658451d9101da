"""What curves are drawn of: each point of a sweep with its seeds, measured over time or by wave."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import plots
from orchestrator.analysis import measured, observables, replicates, units
from orchestrator.analysis.numbers import scales_of
from orchestrator.model.heights import full
from orchestrator.model.pictures import ONE_PANEL, Units
from orchestrator.plots import Curve, panels
from orchestrator.plots.points import each_point
from orchestrator.threads import in_order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.analysis.measured import Measured
    from orchestrator.analysis.scales import Scales
    from orchestrator.model import Status
    from orchestrator.model.pictures import Instant
    from orchestrator.plots.points import Name


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
        Of the snapshots.
    unequal
        Whether domains differ in length.
    full
        How many domains are full then, and left out.
    """

    curves: list[Curve]
    times: list[Instant]
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
        From which times on domains are full, one for each that is.
    """

    curves: list[Curve]
    late: int
    full: list[Instant]

    @property
    def notes(self) -> list[str]:
        """What is to be told of it in words."""
        sentences = []
        if self.late:
            some = "1 snapshot" if self.late == 1 else f"{self.late} snapshots"
            sentences.append(f"{some} left out: too late for the times that seeds share")
        if self.full:
            count, since = len(self.full), plots.when([min(self.full, key=_elapsed)])
            some = f"{count} domains are full" if count > 1 else "a domain is full"
            first = ", the first" if count > 1 else ""
            sentences.append(f"{some}{first} from {since} on, and not measured then")
        return sentences


@dataclass(frozen=True, slots=True)
class _Spectrum:
    """Power by wave, of a map of so many cells along the wind; None where the domain is full."""

    instant: Instant
    length: int
    cell: float
    power: NDArray[np.float64] | None

    @property
    def extent(self) -> float:
        return self.length * self.cell


def series(
    grid: Grid,
    in_units: Units = Units.MODEL,
    names: Collection[str] | None = None,
    in_panels: str | None = ONE_PANEL,
) -> Course:
    """Read the series of every point: on the times that were asked for there.

    Of a point that has one seed, at the times of its snapshots. With ``names``, only those series;
    ``in_panels`` is what has a panel for each value, see :func:`orchestrator.plots.points.panels_of`.
    """

    def read(statuses: Sequence[Status]) -> Iterator[tuple[Measured, Scales]]:
        numbers = [status.experiment.number for status in statuses]
        kept = measured.measured(grid.directory, numbers)
        for status, of_one in zip(statuses, kept, strict=True):
            yield of_one, scales_of(grid, status, in_units, needed=in_units.days)

    wanted = grid.quantities if names is None else names
    quantities = {name: grid.quantities[name] for name in wanted}
    axial = {name for name, quantity in quantities.items() if quantity.axial}
    curves, late = [], 0
    full: list[Instant] = []
    for name_of_point, seeds in each_point(grid, read, in_panels):
        scales = max(
            (s for _, s in seeds), key=lambda s: math.isfinite(s.cell_m)
        )  # of one that has begun
        t0 = units.days(in_units, scales)
        full += [
            units.instant(of_one.full_from, in_units, of_seed)
            for of_one, of_seed in seeds
            if np.isfinite(of_one.full_from)
        ]
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
        curves.append(curve_of(name_of_point, there * t0, in_one, axial))
    return Course(curves, late, full)


def _together(
    grid: Grid, seeds: Sequence[Measured], names: Collection[str]
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]], int]:
    """Return times that seeds share, their values [seed, time] by name, and how many have no time."""
    aligned = [grid.aligned(of_one.times) for of_one in seeds]
    late = sum(
        len(of_one.times) - len(at) for of_one, (at, _) in zip(seeds, aligned, strict=True)
    )
    there = np.unique(np.concatenate([at for at, _ in aligned]))
    values = {name: np.full((len(seeds), len(there)), np.nan) for name in names}
    for i, (of_one, (at, sources)) in enumerate(zip(seeds, aligned, strict=True)):
        for name, array in values.items():
            array[i, np.searchsorted(there, at)] = of_one.of(name)[sources]
    return grid.times[there], values, late


def waves(
    grid: Grid,
    time_t0: float | None,
    in_units: Units = Units.MODEL,
    in_panels: str | None = ONE_PANEL,
) -> Waves:
    """Measure the power along the wind of every point at the time nearest to ``time_t0``.

    From the longest wave on; the shortest, of two cells, is left out. In units of nature,
    wavelengths are in m and powers in m².
    """

    def measure(status: Status) -> _Spectrum | None:
        maps_read = panels.read(grid, status)
        if len(maps_read.height_maps) == 0:
            return None
        shown = panels.nearest(maps_read, time_t0)
        length, in_nature = maps_read.height_maps.shape[2], scales_of(grid, status, in_units)
        instant = units.instant(float(maps_read.times[shown]), in_units, in_nature)
        cell = in_nature.cell_m if in_units.metres else 1.0
        if full(maps_read.height_maps)[shown]:
            return _Spectrum(instant, length, cell, None)
        power = observables.power_along_wind(maps_read.height_maps[shown])
        return _Spectrum(instant, length, cell, power[1 : (length + 1) // 2] * cell**2)

    def read(statuses: Sequence[Status]) -> Iterator[_Spectrum | None]:
        return in_order(measure, statuses)

    spectra: list[tuple[Name, _Spectrum]] = []
    left_out = 0
    for point, seeds in each_point(grid, read, in_panels):
        for spectrum in filter(None, seeds):
            if spectrum.power is None:
                left_out += 1
            else:
                spectra.append((point, spectrum))
    unequal = len({spectrum.extent for _, spectrum in spectra}) > 1
    instants = [spectrum.instant for _, spectrum in spectra]
    times = [instant.time_t0 for instant in instants]
    common = panels.common_time(times, time_t0, grid.tolerance_t0)
    apart = any(abs(time - common) > grid.tolerance_t0 for time in times)
    alike: dict[tuple[Name, int, float], list[NDArray[np.float64]]] = {}
    for point, spectrum in spectra:
        named = point
        if apart:  # only what is of one time can be compared and averaged
            index, _ = grid.aligned(np.array([spectrum.instant.time_t0]))
            shared = [*grid.times[index], spectrum.instant.time_t0][0]
            of = plots.when([spectrum.instant._replace(time_t0=float(shared))])
            colour, line = point.labels
            named = point._replace(labels=(colour, ", ".join(filter(None, (line, of)))))
        assert spectrum.power is not None
        power = spectrum.power * spectrum.extent if unequal else spectrum.power
        alike.setdefault((named, spectrum.length, spectrum.cell), []).append(power)
    curves = [
        curve_of(
            named, cell * length / np.arange(1, (length + 1) // 2), {"power": np.array(powers)}
        )
        for (named, length, cell), powers in alike.items()
    ]
    return Waves(curves, instants, unequal, left_out)


def _elapsed(instant: Instant) -> float:
    """Return how much time has passed then, in s where that is known, else in t0."""
    return instant.time_t0 * (instant.t0_s if math.isfinite(instant.t0_s) else 1.0)


def curve_of(
    name: Name,
    x: NDArray[np.float64],
    values: Mapping[str, NDArray[np.float64]],
    axial: Collection[str] = (),
) -> Curve:
    """Return the curve of a point, from the values float64 [seed, x] of its seeds by name.

    ``axial`` names those that are directions of which the opposite is the same.
    """
    spreads = {of: replicates.spread(seeds, axial=of in axial) for of, seeds in values.items()}
    means = {of: spread.mean for of, spread in spreads.items()}
    errors = {of: spread.sem for of, spread in spreads.items()}
    sets = {of: _sets(seeds) for of, seeds in values.items()}
    count = max(len(seeds) for seeds in values.values())
    every = all(np.isin(spread.count, (0, count)).all() for spread in spreads.values())
    return Curve(name.labels, x, means, errors, count, sets, panel=name.panel, every=every)


def _sets(seeds: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return numbers [x] for the sets of seeds [seed, x] that have a value; 0 for all that ever have."""
    known = np.isfinite(seeds)
    known = known[known.any(axis=1)]
    _, numbers = np.unique(known, axis=1, return_inverse=True)
    return np.where(known.all(axis=0) | ~known.any(axis=0), 0, 1 + numbers.reshape(-1))
