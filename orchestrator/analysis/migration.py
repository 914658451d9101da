"""How far forms have moved along the wind from one map to the next."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AS_GOOD = 0.95  # of the best match
_RESEMBLES = 0.5  # at less, two maps share less variance than each has of its own
_BY_CHANCE = 5.0  # standard deviations of Fisher's z, reached by one in millions of shifts


def tapered(along: NDArray[np.complexfloating], length: int) -> NDArray[np.complexfloating]:
    """Return the transforms [map, D, L // 2 + 1] along the wind of maps under a Hann taper.

    Each map is moved up or down so that it has no mean under the taper.
    """
    mean = along[:, :, :2].real.mean(axis=1)
    along[:, :, 0] += (mean[:, 1] - mean[:, 0])[:, None]
    mirrored = along[:, :, -2:-1] if length % 2 == 0 else along[:, :, -1:]
    around = np.concatenate([along[:, :, 1:2].conj(), along, mirrored.conj()], axis=2)
    return np.asarray(along / 2 - (around[:, :, :-2] + around[:, :, 2:]) / 4)


def resemblance(tapered: NDArray[np.complexfloating], length: int) -> NDArray[np.float64]:
    """Return how much each map resembles the one before, shifted by x cells: [map - 1, x].

    Inlet and outlet stay where they are and would hold the maps together without the taper.
    """
    from scipy import fft  # noqa: PLC0415  # four times as fast as NumPy's

    common = np.einsum("tyk,tyk->tk", np.conj(tapered[:-1]), tapered[1:])
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


def shift(resemblance: NDArray[np.float64], power: NDArray[np.float64], depth: int) -> float:
    """Return where a circular cross-correlation [x] is highest, from -L/2 to L/2 cells.

    Forms that repeat resemble themselves nearly as much a wavelength on, and grains would decide
    which; of such shifts the shortest is meant. The taper draws the maximum towards no shift, so
    that between whole cells it is sought in Pearson's correlation of what overlaps. Not a number
    where that is low or what chance may make of it.

    Parameters
    ----------
    power
        Of both maps, from :func:`power`.
    depth
        How many rows they have.
    """
    length = len(resemblance)
    shifts = np.fft.fftfreq(length, 1 / length)
    neighbours = np.maximum(np.roll(resemblance, 1), np.roll(resemblance, -1))
    good = (resemblance >= neighbours) & (resemblance >= _AS_GOOD * resemblance.max())
    best = int(np.where(good, np.abs(shifts), np.inf).argmin())
    around = (best + np.arange(-1, 2)) % length
    # of a circle, what is shifted by so many cells
    shifted = (np.arange(length) + around[:, None]) % length
    taper = _taper(length)
    overlaps = taper * taper[shifted]
    both = (overlaps @ power[0]) * np.einsum("sx,sx->s", overlaps, power[1][shifted])
    pearson = resemblance[around] / np.sqrt(np.maximum(both, np.finfo(float).tiny))
    low, here, high = np.minimum(pearson, 1).tolist()
    # as many columns as weigh alike tell as much
    columns = depth * overlaps[1].sum() ** 2 / float(overlaps[1] @ overlaps[1])
    chance = math.tanh(_BY_CHANCE / math.sqrt(max(columns - 3, 1)))
    if here < max(_RESEMBLES, chance):
        return math.nan
    bend = low - 2 * here + high
    return float(shifts[best]) + (0.5 * (low - high) / bend if bend < 0 else 0.0)
