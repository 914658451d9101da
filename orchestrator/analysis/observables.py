"""What is measured on reduced snapshots: one number each, as series over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.analysis import crests, migration
from orchestrator.errors import optional
from orchestrator.model import reductions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.model.reductions import Reduction
    from orchestrator.model.snapshots import Reduced

_SHORTEST = 4  # cells; what is shorter is single grains
NARROWEST = 12  # cells of length in which waves are looked for
_FEWEST = 1.5  # waves in the domain
_PEAK = 2  # wavenumbers each way that belong to a peak, which seldom falls on a whole one
_BLUR = np.array([1, 4, 6, 4, 1], np.float32) / 16
_STANDS_OUT = 10.0  # times the median
_DECIMALS = 4  # of a direction in degrees, so that 90 is not -90 by rounding
_FULL = 0.01  # of the columns: without them a mean is off by a hundredth of the height at most
_PIECE_CELLS = 1 << 22  # that are transformed at a time


Measure = Callable[["NDArray[np.float32]"], "NDArray[np.float64]"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a series is called, in what unit it is, and how it is found.

    Attributes
    ----------
    measure
        Computes it from surfaces, float32 [snapshot, D, L] in cells, in which closed columns are
        not a number; returns float64 [snapshot]. None for one that is found with others.
    length, time
        The powers of a cell and of a t0 in its unit, by which it is turned into metres and days.
    """

    long_name: str
    units: str
    comment: str
    measure: Measure | None = None
    length: int = 0
    time: int = 0

    def about(self) -> dict[str, str]:
        """Return its name, unit and comment, as the CF conventions call them."""
        return {"long_name": self.long_name, "units": self.units, "comment": self.comment}

    @property
    def axial(self) -> bool:
        """Whether it is a direction whose opposite is the same, -90 and 90 degrees being one."""
        return self.units == "degrees"


QUANTITIES: Mapping[str, Quantity] = {
    "mean_height": Quantity(
        "mean height", "cells", "of the surface above the ground", length=1
    ),
    "roughness": Quantity("roughness", "cells", "standard deviation of the height", length=1),
    "wavelength": Quantity(
        "dominant wavelength", "cells", "of the wave that stands out", length=1
    ),
    "orientation": Quantity(
        "orientation", "degrees", "of the dominant wave's vector, 0 along the wind"
    ),
    "crest_orientation": Quantity(
        "crest orientation",
        "degrees",
        "mean axis of the slopes, turned by 90 degrees; 0 along the wind",
    ),
    "crest_alignment": Quantity("crest alignment", "1", "1 of parallel crests, 0 of none"),
    "mass": Quantity(
        "mass", "cells", "grains below the surface, the ground left out", length=3
    ),
    "migration_speed": Quantity(
        "migration speed",
        "cells/t0",
        "shift along the wind that matches successive maps best",
        length=1,
        time=-1,
    ),
    "mobile_fraction": Quantity("mobile fraction", "1", "of all grains, those that move"),
    "sintered_fraction": Quantity("sintered fraction", "1", "of all grains, those sintered"),
}
"""Series that are measured here, by name, in the order in which they are shown."""

_SOURCES = ("height_maps", "cell_counts")
"""Reductions from which they are measured."""


def quantities(own: Iterable[Reduction] = ()) -> dict[str, Quantity]:
    """Return all series by name: those measured here, and reductions to a single number.

    ``own`` are the user's reductions, of which those to a single number are among them.
    """
    numbers = {
        r.variable: Quantity(r.long_name, r.units, r.comment)
        for r in (*reductions.REDUCTIONS, *own)
        if not r.dims
    }
    return {**QUANTITIES, **numbers}


def sources(own: Iterable[Reduction] = ()) -> list[str]:
    """Return the names of the reductions that :func:`series` needs."""
    shipped = [r.name for r in reductions.REDUCTIONS if r.name in _SOURCES or not r.dims]
    return [*shipped, *(r.name for r in own if not r.dims)]


def series(reduced: Reduced, own: Sequence[Reduction] = ()) -> dict[str, NDArray[np.float64]]:
    """Return every quantity of :func:`quantities` over time, float64 [snapshot].

    ``mean_height``, ``roughness``, ``mass``
        Mean and standard deviation of the height, and the cells under it but for the ground.
    ``wavelength``, ``orientation``
        Of the dominant wave: the strongest peak of the premultiplied periodogram, power times
        frequency, in which the long undulations that every uneven bed has do not hide its forms.
        It is tapered along the wind (Hann) so that inlet and outlet count little, and blurred over
        two wavenumbers each way so that chance decides little. Waves of less than four cells are
        grains. The wave vector is the mean over the peak, weighted by power; its direction is 0
        along the wind, positive towards larger y, in (-90, 90].
    ``crest_orientation``, ``crest_alignment``
        Of all slopes of the bed, see :mod:`orchestrator.analysis.crests`.
    ``migration_speed``
        How fast the forms move along the wind since the snapshot before: the shift at which the
        two, tapered as above, resemble each other most, between whole cells on a parabola, over the
        time between. Forms that move by more than half their wavelength meanwhile cannot be told
        from slower ones. Only where the two resemble each other: where Pearson's correlation of
        what overlaps is a half or more, so that they share as much variance as each has of its own,
        and so much more than chance would make of as many columns (five standard deviations of
        Fisher's z).
    ``mobile_fraction``, ``sintered_fraction``
        Mobile and sintered grains, over the grains of all three kinds.

    ``own`` are the user's reductions, of which those to a single number are as they were kept.

    Columns without air or mobile cells, see :func:`closed`, are left out of mean and roughness,
    count for the mass as the mean of the others unless they are walls, and have no part in waves.

    Not a number where a quantity has no meaning or was not kept: waves where the dominant one has
    less than ten times the power of the median one or fits less than one and a half times into the
    domain, a speed at the first snapshot and of maps that do not resemble each other, both where the domain is shorter than twelve cells,
    fractions of nothing, and all that is measured on the surface where the domain is :func:`full`.
    """
    maps = reduced.height_maps
    measured = {name: np.full(len(reduced.times), np.nan) for name in QUANTITIES}
    added = {name: q.measure for name, q in QUANTITIES.items() if q.measure is not None}
    counts = reduced.cell_counts
    grains = np.where(counts.any(axis=1), counts.sum(axis=1), np.nan)
    for state, name in ((1, "mobile_fraction"), (2, "sintered_fraction")):
        measured[name][: len(counts)] = counts[:, state] / grains
    cut_off = full(maps)
    columns = int(np.count_nonzero(maps[:1]))  # that are no walls
    step = max(1, _PIECE_CELLS // max(1, int(np.prod(maps.shape[1:]))))
    for first in range(0, len(maps), step):
        # with the last map of the piece before, from which speeds are counted
        overlap = min(first, 1)
        piece = slice(first - overlap, first + step)
        for name, values in _measured(maps[piece], cut_off[piece], columns).items():
            measured[name][first : first + step] = values[overlap:]
        surfaces = surface(maps[piece])
        lie = crests.axes(surfaces)
        of_surfaces = {
            "crest_orientation": crests.orientation(lie),
            "crest_alignment": crests.alignment(lie),
            **{name: measure(surfaces) for name, measure in added.items()},
        }
        for name, values in of_surfaces.items():
            measured[name][piece] = np.where(cut_off[piece], np.nan, values)
    # so far the migration since the snapshot before
    measured["migration_speed"][1:] /= np.diff(reduced.times)
    for r in (*reductions.REDUCTIONS, *own):
        if not r.dims:
            kept = reduced.arrays.get(r.name, np.full(len(reduced.times), np.nan))
            measured[r.variable] = kept.astype(np.float64)
    return measured


def closed(height_map: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return which columns have neither air nor a mobile cell, so that their height is not known.

    Files have 0 there, which no column has otherwise: the floor is solid, and bare ground has the
    height 1. Such a column is a wall, or it is filled up to the ceiling.
    """
    return np.equal(height_map, 0)


def surface(maps: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return heights in which closed columns are not a number."""
    return np.where(closed(maps), np.float32(np.nan), maps.astype(np.float32))


def brimful(maps: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return int16 [snapshot, D, L] in which closed columns are as high as the highest is ever."""
    shut = closed(maps)
    return np.where(shut, maps.max(), maps) if shut.any() else maps


def full(maps: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return at which snapshots the domain is full: its ceiling cuts the surface off.

    More than a hundredth of the columns that were open at first are closed, or all of them.

    Parameters
    ----------
    maps
        int16 [snapshot, D, L], from the first snapshot on.
    """
    shut = closed(maps)
    if not shut.any():
        return np.zeros(len(maps), np.bool_)
    walls = shut[0]
    filled = np.count_nonzero(shut & ~walls, axis=(1, 2))
    cut_off: NDArray[np.bool_] = filled > _FULL * np.count_nonzero(~walls)
    return cut_off | shut.all(axis=(1, 2))


def full_from(reduced: Reduced) -> float:
    """Return the time in t0 from which the domain is :func:`full`; not a number if it never is."""
    indices = np.flatnonzero(full(reduced.height_maps))
    return float(reduced.times[indices[0]]) if indices.size else np.nan


def _measured(
    maps: NDArray[np.int16], cut_off: NDArray[np.bool_], columns: int
) -> dict[str, NDArray[np.float64]]:
    """Measure maps that fit into memory together; of speeds, how far the forms have come."""
    with optional("series need"):
        from scipy import fft  # noqa: PLC0415  # four times as fast as NumPy's

    length = maps.shape[2]
    heights = maps.astype(np.float32)
    shut = closed(maps)
    known = np.where(cut_off, np.nan, heights[0].size - np.count_nonzero(shut, axis=(1, 2)))
    mean = heights.sum(axis=(1, 2), dtype=np.float64) / known
    mass = np.maximum(heights - 1, 0).sum(axis=(1, 2), dtype=np.float64)
    mass *= np.fmax(columns, known) / known  # the closed ones as the others
    heights -= np.nan_to_num(mean)[:, None, None].astype(np.float32)
    if shut.any():
        heights[shut] = 0
    roughness = np.sqrt(np.einsum("tyx,tyx->t", heights, heights) / known)
    rough = roughness > 0
    peaks, come = np.full((len(maps), 2), np.nan), np.full(len(maps), np.nan)
    if length >= NARROWEST:
        tapered = migration.tapered(fft.rfft(heights, axis=2), length)
        peaks[rough] = dominant_waves(tapered[rough], length)
        resemblance, power = migration.resemblance(tapered, length), migration.power(heights)
        for i in np.flatnonzero(rough[:-1] & rough[1:]):
            come[i + 1] = migration.shift(resemblance[i], power[i : i + 2], maps.shape[1])
    wavelength, orientation = peaks.T
    return {
        "mean_height": mean,
        "roughness": roughness,
        "wavelength": wavelength,
        "orientation": orientation,
        "mass": mass,
        "migration_speed": come,
    }


def _periodogram(tapered: NDArray[np.complexfloating], length: int) -> NDArray[np.float32]:
    """Return the power of tapered maps, the longer waves alone.

    Parameters
    ----------
    tapered
        The transforms along the wind [map, D, L // 2 + 1] of tapered maps.

    Returns
    -------
    NDArray
        float32 [map, ky, kx]; ky as the transform has it, kx from ``-_PEAK`` to ``_PEAK`` more
        than is looked at.
    """
    from scipy import fft  # noqa: PLC0415  # as above

    columns = min(length // _SHORTEST, length // 2 - _PEAK - 1) + _PEAK + 1
    waves = fft.fft(tapered[:, :, :columns], axis=1)
    power = waves.real**2 + waves.imag**2
    mirrored = np.roll(power[:, ::-1, _PEAK:0:-1], 1, axis=1)  # -ky and -kx
    return np.concatenate([mirrored, power], axis=2)


def dominant_waves(tapered: NDArray[np.complexfloating], length: int) -> NDArray[np.float64]:
    """Return the dominant wave of each map, as :func:`series` has it.

    Parameters
    ----------
    tapered
        The transforms along the wind [map, D, L // 2 + 1] of maps that are not flat, from
        :func:`orchestrator.analysis.migration.tapered`; L is twelve or more.

    Returns
    -------
    NDArray
        float64 [map, 2], wavelength in cells and direction in degrees; not a number where none
        stands out.
    """
    power = _periodogram(tapered, length)
    count, depth, columns = power.shape[0], power.shape[1], power.shape[2] - 2 * _PEAK
    ky, kx = np.fft.fftfreq(depth, 1 / depth), np.arange(columns)
    frequency = np.hypot(ky[:, None] / depth, kx / length)
    looked_at = (frequency > 0) & (frequency <= 1 / _SHORTEST)
    looked_at[:, 0] &= ky > 0  # of a wave across the wind both directions are the same
    candidates = _blurred(power)[:, looked_at]
    strongest = (candidates * frequency[looked_at].astype(np.float32)).argmax(axis=1)
    chosen = candidates[np.arange(count), strongest]
    stands_out = chosen > _STANDS_OUT * np.median(candidates, axis=1)
    across, along = (places[strongest] for places in np.nonzero(looked_at))
    waves = np.full((count, 2), np.nan)
    for i in np.flatnonzero(stands_out):
        waves[i] = _wave_at(power[i], int(ky[across[i]]), int(along[i]), length)
    return waves


def _blurred(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blur over ``_PEAK`` wavenumbers each way; kx beyond what is looked at is used up."""
    around = np.pad(power, ((0, 0), (_PEAK, _PEAK), (0, 0)), mode="wrap")
    for axis in (1, 2):
        size = around.shape[axis] - 2 * _PEAK
        parts = (np.moveaxis(around, axis, 0)[i : i + size] for i in range(len(_BLUR)))
        around = np.moveaxis(
            sum(w * part for w, part in zip(_BLUR, parts, strict=True)), 0, axis
        )
    return around


def _wave_at(
    power: NDArray[np.float32], across: int, along: int, length: int
) -> tuple[float, float]:
    """Return wavelength and direction of the peak at a wavenumber, its centre of power.

    Not a number of what may be a single form and no wave.
    """
    depth = power.shape[0]
    reach = min(_PEAK, (depth - 1) // 2)
    rows = across + np.arange(-reach, reach + 1)
    # a long wave is not to be mixed with its mirror image
    first = max(0, along - _PEAK) if along else -_PEAK
    around = np.arange(first, along + _PEAK + 1)
    peak = power[np.ix_(rows % depth, around + _PEAK)].astype(np.float64)
    weight = peak.sum()
    vector_y = float((peak.sum(1) * rows).sum() / weight) / depth
    vector_x = float((peak.sum(0) * around).sum() / weight) / length
    if max(abs(vector_y) * depth, vector_x * length) < _FEWEST:
        return np.nan, np.nan
    angle = round(float(np.degrees(np.arctan2(vector_y, vector_x))), _DECIMALS)
    # of a wave across the wind the mean may be on the other side
    return 1 / float(np.hypot(vector_y, vector_x)), 90 - (90 - angle) % 180


def power_along_wind(height_map: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return the power of each wavenumber along the wind, the mean over all rows.

    Parameters
    ----------
    height_map
        int16 [D, L], in cells. Closed columns count as the mean of the others.

    Returns
    -------
    NDArray
        float64 [L // 2 + 1], in cells²; but for the first, the mean, their sum is the variance of
        the height about each row's mean.
    """
    length = height_map.shape[1]
    heights = np.ma.masked_array(height_map, closed(height_map))
    waves = np.fft.rfft((heights - heights.mean()).filled(0), axis=1) / length
    power: NDArray[np.float64] = 2 * (waves.real**2 + waves.imag**2).mean(axis=0)
    if length % 2 == 0:
        power[-1] /= 2  # of the shortest wave there is only one
    return power
