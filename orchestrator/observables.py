"""What is measured on reduced snapshots: one number each, as series over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from orchestrator.model import Reduced

_PEAK = 1  # wavenumbers each way that belong to a peak, which seldom falls on a whole one
_AS_GOOD = 0.95  # of the best match
_PIECE_CELLS = 1 << 22  # that are transformed at a time


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a series is called, in what unit it is, and how it is found."""

    long_name: str
    units: str
    comment: str


QUANTITIES: Mapping[str, Quantity] = {
    "mean_height": Quantity("mean height", "cells", "of the surface above the ground"),
    "roughness": Quantity("roughness", "cells", "standard deviation of the height"),
    "wavelength": Quantity("dominant wavelength", "cells", "of the wave with the most power"),
    "orientation": Quantity(
        "orientation", "degrees", "of the dominant wave's vector, 0 along the wind"
    ),
    "mass": Quantity("mass", "cells", "grains below the surface, the ground left out"),
    "migration_speed": Quantity(
        "migration speed", "cells/t0", "shift along the wind that matches successive maps best"
    ),
    "mobile_fraction": Quantity("mobile fraction", "1", "of all grains, those that move"),
    "sintered_fraction": Quantity("sintered fraction", "1", "of all grains, those sintered"),
}
"""The series by name, in the order in which they are shown."""


def series(reduced: Reduced) -> dict[str, NDArray[np.float64]]:
    """Return every quantity of :data:`QUANTITIES` over time, float64 [snapshot].

    ``mean_height``, ``roughness``, ``mass``
        Mean and standard deviation of the height, and the cells under it but for the ground.
    ``wavelength``, ``orientation``
        As :func:`dominant_wave` has them.
    ``migration_speed``
        How fast the forms move along the wind since the snapshot before: the shift at which the
        two resemble each other most, between whole cells on a parabola, over the time between.
        Forms that move by more than half their wavelength meanwhile cannot be told from slower
        ones.
    ``mobile_fraction``, ``sintered_fraction``
        Mobile and sintered grains, over the grains of all three kinds.

    Not a number where a quantity has no meaning or was not kept: waves on a flat bed, a speed at
    the first snapshot, fractions of nothing.
    """
    maps = reduced.height_maps
    found = {name: np.full(len(reduced.times), np.nan) for name in QUANTITIES}
    counts = reduced.cell_counts
    grains = np.where(counts.any(axis=1), counts.sum(axis=1), np.nan)
    for state, name in ((1, "mobile_fraction"), (2, "sintered_fraction")):
        found[name][: len(counts)] = counts[:, state] / grains
    step = max(1, _PIECE_CELLS // max(1, int(np.prod(maps.shape[1:]))))
    for first in range(0, len(maps), step):
        # with the last map of the piece before, from which speeds are counted
        overlap = min(first, 1)
        for name, values in _measured(maps[first - overlap : first + step]).items():
            found[name][first : first + step] = values[overlap:]
    # so far the migration since the snapshot before
    found["migration_speed"][1:] /= np.diff(reduced.times)
    return found


def _measured(maps: NDArray[np.int16]) -> dict[str, NDArray[np.float64]]:
    """Measure maps that fit into memory together; of speeds, how far the forms have come."""
    from scipy import fft  # noqa: PLC0415  # four times as fast as NumPy's, and not always here

    length = maps.shape[2]
    heights = maps.astype(np.float32)
    mean = heights.mean(axis=(1, 2), dtype=np.float64)
    mass = np.maximum(heights - 1, 0).sum(axis=(1, 2), dtype=np.float64)
    heights -= mean[:, None, None].astype(np.float32)
    roughness = np.sqrt(np.einsum("tyx,tyx->t", heights, heights) / heights[0].size)
    along = fft.rfft(heights, axis=2)
    waves = fft.fft(along, axis=1)
    power = waves.real**2 + waves.imag**2
    rough = roughness > 0
    peaks = [
        dominant_wave(one, length) if is_rough else (np.nan, np.nan)
        for one, is_rough in zip(power, rough, strict=True)
    ]
    come = np.full(len(maps), np.nan)
    resemblance = fft.irfft(
        np.einsum("tyk,tyk->tk", np.conj(along[:-1]), along[1:]), n=length, axis=1
    )
    for i in np.flatnonzero(rough[:-1] & rough[1:]):
        come[i + 1] = _shift(resemblance[i])
    wavelength, orientation = np.array(peaks).T
    return {
        "mean_height": mean,
        "roughness": roughness.astype(np.float64),
        "wavelength": wavelength,
        "orientation": orientation,
        "mass": mass,
        "migration_speed": come,
    }


def dominant_wave(power: NDArray[np.floating], length: int) -> tuple[float, float]:
    """Return the wavelength in cells and the direction in degrees of the strongest wave.

    The strongest peak of a periodogram, at the mean of the wave vectors around it weighted by
    their power. The direction is that of the wave vector: 0 along the wind, positive towards
    larger y, in (-90, 90].

    Parameters
    ----------
    power
        Periodogram [ky, kx] of a map [D, L], with kx from 0 to L/2 and ky as the transform has it.
    length
        L, in cells.
    """
    depth = power.shape[0]
    across, along = (int(i) for i in np.unravel_index(np.argmax(power), power.shape))
    rows = np.arange(across - _PEAK, across + _PEAK + 1)
    columns = np.arange(max(0, along - _PEAK), min(power.shape[1], along + _PEAK + 1))
    peak = power[np.ix_(rows % depth, columns)].astype(np.float64)
    ky = (rows - depth * (across > depth // 2)) / depth
    weight = peak.sum()
    vector_y = float((peak.sum(1) * ky).sum() / weight)
    vector_x = float((peak.sum(0) * columns).sum() / weight) / length
    if along == 0 and vector_y < 0:  # of a wave along y alone both directions are the same
        vector_y = -vector_y
    angle = float(np.degrees(np.arctan2(vector_y, vector_x)))
    return 1 / float(np.hypot(vector_y, vector_x)), angle


def power_along_wind(height_map: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return the power of each wavenumber along the wind, the mean over all rows.

    Parameters
    ----------
    height_map
        int16 [D, L], in cells.

    Returns
    -------
    NDArray
        float64 [L // 2 + 1], in cells²; but for the first, the mean, their sum is the variance of
        the height about each row's mean.
    """
    length = height_map.shape[1]
    waves = np.fft.rfft(height_map - height_map.mean(), axis=1) / length
    power: NDArray[np.float64] = 2 * (waves.real**2 + waves.imag**2).mean(axis=0)
    if length % 2 == 0:
        power[-1] /= 2  # of the shortest wave there is only one
    return power


def _shift(resemblance: NDArray[np.floating]) -> float:
    """Return where a circular cross-correlation [x] is highest, from -L/2 to L/2 cells.

    Forms that repeat resemble themselves nearly as much a wavelength on, and grains would decide
    which; of such shifts the shortest is meant.
    """
    length = len(resemblance)
    shifts = np.fft.fftfreq(length, 1 / length)
    neighbours = np.maximum(np.roll(resemblance, 1), np.roll(resemblance, -1))
    good = (resemblance >= neighbours) & (resemblance >= _AS_GOOD * resemblance.max())
    best = int(np.where(good, np.abs(shifts), np.inf).argmin())
    low, here, high = (float(resemblance[(best + step) % length]) for step in (-1, 0, 1))
    bend = low - 2 * here + high
    return float(shifts[best]) + (0.5 * (low - high) / bend if bend < 0 else 0.0)
