"""How far forms have moved along the wind from one map to the next."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AS_GOOD = 0.95  # of the best match
_RESEMBLES = 0.5  # at less, two maps share less variance than each has of its own
_BY_CHANCE = 5.0  # standard deviations of Fisher's z, reached by one in millions of shifts


def tapered(heights: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Return the transforms [map, D, L // 2 + 1] along the wind of maps under a Hann taper.

    Each map is moved up or down so that it has no mean under the taper.

    Parameters
    ----------
    heights
        float32 [map, D, L], in cells.
    """
    from scipy import fft  # noqa: PLC0415  # four times as fast as NumPy's

    _, depth, length = heights.shape
    taper = _taper(length)
    mean = heights.sum(axis=1) @ taper / (depth * taper.sum())
    lowered = heights - mean[:, None, None].astype(np.float32)
    lowered *= taper.astype(np.float32)
    return np.asarray(fft.rfft(lowered, axis=2, overwrite_x=True))


def resemblance(tapered: NDArray[np.complexfloating], length: int) -> NDArray[np.float64]:
    """Return how much each map resembles the one before, shifted by x cells: [map - 1, x].

    Inlet and outlet stay where they are and would hold the maps together without the taper.
    """
    from scipy import fft  # noqa: PLC0415  # four times as fast as NumPy's

    common = (np.conj(tapered[:-1]) * tapered[1:]).sum(axis=1)
    return np.asarray(fft.irfft(common, n=length, axis=1), np.float64)


def power(heights: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the power of maps about their mean under a Hann taper, along the wind [map, x]."""
    _, depth, length = heights.shape
    total = heights.sum(axis=1)
    mean = total @ _taper(length) / (depth * length / 2)
    power = np.einsum("tyx,tyx->tx", heights, heights)
    return np.asarray(power - 2 * mean[:, None] * total + depth * mean[:, None] ** 2)


@functools.cache
def _taper(length: int) -> NDArray[np.float64]:
    """Return Hann's taper [x]."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)


def shifts(
    resemblance: NDArray[np.float64], power: NDArray[np.float64], depth: int
) -> NDArray[np.float64]:
    """Return how far each map is shifted from the one before, from -L/2 to L/2 cells: [map - 1].

    Forms that repeat resemble themselves nearly as much a wavelength on, and grains would decide
    which; of such shifts the shortest is meant. The taper draws the maximum towards no shift, so
    that between whole cells it is sought in Pearson's correlation of what overlaps. Not a number
    where that is low or what chance may make of it.

    Parameters
    ----------
    resemblance
        float64 [map - 1, x], from :func:`resemblance`.
    power
        float64 [map, x], from :func:`power`.
    depth
        How many rows they have.
    """
    length = resemblance.shape[1]
    cells = np.fft.fftfreq(length, 1 / length)
    neighbours = np.maximum(np.roll(resemblance, 1, 1), np.roll(resemblance, -1, 1))
    good = resemblance >= np.maximum(
        neighbours, _AS_GOOD * resemblance.max(axis=1, keepdims=True)
    )
    best = np.where(good, np.abs(cells), np.inf).argmin(axis=1)
    around = (best[:, None] + np.arange(-1, 2)) % length
    # of a circle, what is shifted by so many cells
    shifted = (np.arange(length) + around[:, :, None]) % length
    taper = _taper(length)
    overlaps = taper * taper[shifted]
    later = np.take_along_axis(power[1:, None], shifted, axis=2)
    both = np.vecdot(overlaps, power[:-1, None]) * np.vecdot(overlaps, later)
    pearson = np.take_along_axis(resemblance, around, axis=1)
    pearson /= np.sqrt(np.maximum(both, np.finfo(float).tiny))
    low, here, high = np.minimum(pearson, 1).T
    # as many columns as weigh alike tell as much
    overlap = overlaps[:, 1]
    columns = depth * overlap.sum(axis=1) ** 2 / np.vecdot(overlap, overlap)
    chance = np.tanh(_BY_CHANCE / np.sqrt(np.maximum(columns - 3, 1)))
    bend = low - 2 * here + high
    between = np.where(bend < 0, 0.5 * (low - high) / np.where(bend < 0, bend, 1), 0)
    return np.where(here < np.maximum(_RESEMBLES, chance), np.nan, cells[best] + between)
