"""What is measured on reduced snapshots: one number each, as series over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.analysis import crests, migration, waves
from orchestrator.errors import optional
from orchestrator.model import reductions
from orchestrator.model.heights import closed, full, surface_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.model.reductions import Reduction
    from orchestrator.model.snapshots import Reduced

_PIECE_CELLS = 1 << 21  # that are transformed at a time; of less, threads wait for each other


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
    "wavelength_error": Quantity(
        "uncertainty of the dominant wavelength",
        "cells",
        "standard error of the centre of its peak",
        length=1,
    ),
    "second_wavelength": Quantity(
        "second wavelength", "cells", "of another wave that is nearly as strong", length=1
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

OF_COUNTS = frozenset({"mobile_fraction", "sintered_fraction"})
"""Those that are measured on the counts of cells; all others are measured on height maps."""

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
    ``wavelength``, ``wavelength_error``, ``orientation``, ``second_wavelength``
        Of the dominant wave, see :mod:`orchestrator.analysis.waves`, and of another one that is
        nearly as strong. Of two such waves the dominant one is that which is nearer to the dominant
        one of the snapshot before, so that the wavelength does not jump between them.
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

    Columns without air or mobile cells, see :func:`orchestrator.model.heights.closed`, are left out of mean and roughness,
    count for the mass as the mean of the others unless they are walls, and have no part in waves.

    Not a number where a quantity has no meaning or was not kept: waves where none stands out, a speed at the first snapshot and of maps that do not resemble each other, both where the domain is shorter than twelve cells,
    fractions of nothing, and all that is measured on the surface where the domain is :func:`full
    <orchestrator.model.heights.full>`.
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
    two_waves = np.full((len(reduced.times), 2, 3), np.nan)
    step = max(1, _PIECE_CELLS // max(1, int(np.prod(maps.shape[1:]))))
    for first in range(0, len(maps), step):
        # with the last map of the piece before, from which speeds are counted
        overlap = min(first, 1)
        piece = slice(first - overlap, first + step)
        numbers, two_waves[piece] = _measured(maps[piece], cut_off[piece], columns)
        for name, values in numbers.items():
            measured[name][first : first + step] = values[overlap:]
        surfaces = surface_of(maps[piece])
        lie = crests.axes(surfaces)
        of_surfaces = {
            "crest_orientation": crests.orientation(lie),
            "crest_alignment": crests.alignment(lie),
            **{name: measure(surfaces) for name, measure in added.items()},
        }
        for name, values in of_surfaces.items():
            measured[name][piece] = np.where(cut_off[piece], np.nan, values)
    measured |= waves.followed(two_waves)
    # so far the migration since the snapshot before
    measured["migration_speed"][1:] /= np.diff(reduced.times)
    for r in (*reductions.REDUCTIONS, *own):
        if not r.dims:
            kept = reduced.arrays.get(r.name, np.full(len(reduced.times), np.nan))
            measured[r.variable] = kept.astype(np.float64)
    return measured


def _measured(
    maps: NDArray[np.int16], cut_off: NDArray[np.bool_], columns: int
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """Measure maps that fit into memory together; of speeds, how far the forms have come.

    Beside the numbers, the two strongest waves of each map are returned.
    """
    length = maps.shape[2]
    heights = maps.astype(np.float32)
    shut = closed(maps)
    there = np.array([np.count_nonzero(each) for each in maps])
    known = np.where(cut_off, np.nan, there)
    total = heights.sum(axis=1).sum(axis=1, dtype=np.float64)
    mean = total / known
    mass = (total - there) * np.fmax(columns, known) / known  # the closed ones as the others
    heights -= np.nan_to_num(mean)[:, None, None].astype(np.float32)
    if shut.any():
        heights[shut] = 0
    roughness = np.sqrt(np.einsum("tyx,tyx->t", heights, heights) / known)
    rough = roughness > 0
    two_waves, come = np.full((len(maps), 2, 3), np.nan), np.full(len(maps), np.nan)
    if length >= waves.NARROWEST:
        with optional("series need"):
            tapered = migration.tapered(heights)
        two_waves[rough] = waves.dominant_waves(tapered[rough], length)
        resemblance, power = migration.resemblance(tapered, length), migration.power(heights)
        shifts = migration.shifts(resemblance, power, maps.shape[1])
        come[1:] = np.where(rough[:-1] & rough[1:], shifts, np.nan)
    numbers = {
        "mean_height": mean,
        "roughness": roughness,
        "mass": mass,
        "migration_speed": come,
    }
    return numbers, two_waves


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
