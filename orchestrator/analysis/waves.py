"""The dominant wave of a height map: its length, the uncertainty of it, and its direction.

It is the strongest peak of the premultiplied periodogram, power times frequency, in which the long
undulations that every uneven bed has do not hide its forms. The map is tapered along the wind (Hann),
so that inlet and outlet count little, and the power is blurred over two wavenumbers each way, so that
chance decides little. Waves of less than four cells are grains. The wave vector is the mean over the
peak, weighted by power; its direction is 0 along the wind, positive towards larger y, in (-90, 90].

The uncertainty of the wavelength is the standard error of that mean along the wave vector. Ordinates
of a periodogram scatter as much as they are large, independently of each other (Priestley 1981,
Spectral Analysis and Time Series, section 6.2), so that the squares of the power times the distance
from the mean add up; the taper makes neighbours alike, which adds the inflation factor 35/18 of a
Hann window (Percival and Walden 1993, Spectral Analysis for Physical Applications, section 6.6). Of
beds of random waves it is within a factor of two of how much the wavelength scatters.

A wave counts if it has ten times the power of the median one and fits one and a half times into the
domain. Another one is told beside it if its premultiplied power is at least 0.7 of the first one's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestrator.analysis import directions

if TYPE_CHECKING:
    from numpy.typing import NDArray

NARROWEST = 12
"""Cells of length in which waves are looked for."""

_SHORTEST = 4  # cells; what is shorter is single grains
_FEWEST = 1.5  # waves in the domain
_PEAK = 2  # wavenumbers each way that belong to a peak, which seldom falls on a whole one
_FLANKS = 6  # wavenumbers each way that tell how uncertain the centre of a peak is
_STANDS_OUT = 10.0  # times the median
_NEARLY = 0.7  # of the strongest
_INFLATION = 35 / 18  # of the variance, by the taper


def dominant_waves(tapered: NDArray[np.complexfloating], length: int) -> NDArray[np.float64]:
    """Return the strongest wave of each map and another one that is nearly as strong.

    Parameters
    ----------
    tapered
        The transforms along the wind [map, D, L // 2 + 1] of maps that are not flat, from
        :func:`orchestrator.analysis.migration.tapered`; L is :data:`NARROWEST` or more.

    Returns
    -------
    NDArray
        float64 [map, 2, 3], of both waves the wavelength in cells, its standard error in cells and
        the direction in degrees; not a number where none stands out.
    """
    power = _periodogram(tapered, length)
    count, depth, columns = power.shape[0], power.shape[1], power.shape[2] - 2 * _PEAK
    ky, kx = np.fft.fftfreq(depth, 1 / depth), np.arange(columns)
    frequency = np.hypot(ky[:, None] / depth, kx / length)
    looked_at = (frequency > 0) & (frequency <= 1 / _SHORTEST)
    looked_at[:, 0] &= ky > 0  # of a wave across the wind both directions are the same
    frequency[~looked_at] = 0  # so that none of these is the strongest
    blurred = _blurred(power).reshape(count, depth * columns)
    scores = blurred * frequency.astype(np.float32).reshape(-1)
    at = np.stack([np.repeat(ky, columns), np.tile(kx, depth)]).astype(np.int64)
    both = np.full((count, 2, 3), np.nan)
    strongest = scores.argmax(axis=1)
    candidates = looked_at.reshape(-1)
    maps = np.arange(count)
    maps = maps[_stands_out(blurred, maps, strongest, candidates)]
    both[maps, 0] = _waves_at(power, maps, at[:, strongest[maps]], length)
    maps = maps[np.isfinite(both[maps, 0, 0])]
    maps, second = _elsewhere(scores, maps, strongest[maps], at, depth)
    strong = _stands_out(blurred, maps, second, candidates)
    maps, second = maps[strong], second[strong]
    both[maps, 1] = _waves_at(power, maps, at[:, second], length)
    return both


def _stands_out(
    blurred: NDArray[np.float32],
    maps: NDArray[np.int64],
    waves: NDArray[np.int64],
    candidates: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Return which waves of maps have enough power above the median one among the candidates.

    Whether more than half of the candidates are so weak is counted, since a median takes ten times as
    long; it is found only where exactly half of them are.

    Parameters
    ----------
    blurred
        float32 [map, wavenumber].
    maps, waves
        int64 [n], of which maps, and at which wavenumbers, the nth are.
    candidates
        bool [wavenumber].
    """
    strong = blurred[maps, waves]
    several = _STANDS_OUT * (blurred if len(maps) == len(blurred) else blurred[maps])
    weak = np.count_nonzero((several < strong[:, None]) & candidates, axis=1)
    half = np.count_nonzero(candidates) / 2
    out: NDArray[np.bool_] = weak > half
    for i in np.flatnonzero(weak == half):
        out[i] = strong[i] > _STANDS_OUT * np.median(blurred[maps[i], candidates])
    return out


def _elsewhere(
    scores: NDArray[np.float32],
    maps: NDArray[np.int64],
    strongest: NDArray[np.int64],
    at: NDArray[np.int64],
    depth: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which of the maps have a second wave nearly as strong, apart from the first, and where.

    Parameters
    ----------
    scores
        float32 [map, candidate].
    strongest
        The candidate that is the first wave of each of ``maps``.
    at
        int64 [2, candidate], wavenumbers across and along.
    """
    equal = scores[maps] >= _NEARLY * scores[maps, strongest][:, None]
    rows, others = np.nonzero(equal)  # few
    apart = ~_near(at[:, strongest[rows]], at[:, others], depth)
    rows, others = rows[apart], others[apart]
    order = np.lexsort((-others, scores[maps[rows], others], rows))
    last = order[np.flatnonzero(np.diff(rows, append=-1))]  # the best of each map
    return maps[rows[last]], others[last]


def followed(waves: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return the waves of successive maps as series, without jumps between two of equal strength.

    Where there are two, the first is the one that is nearer, in the logarithm of its length, to the
    first one of the map before.

    Parameters
    ----------
    waves
        float64 [map, 2, 3], from :func:`dominant_waves`.
    """
    ordered = waves.copy()
    before = np.nan
    for both in ordered:
        if abs(np.log(both[1, 0] / before)) < abs(np.log(both[0, 0] / before)):
            both[:] = both[::-1].copy()
        before = before if np.isnan(both[0, 0]) else both[0, 0]
    return {
        "wavelength": ordered[:, 0, 0],
        "wavelength_error": ordered[:, 0, 1],
        "orientation": ordered[:, 0, 2],
        "second_wavelength": ordered[:, 1, 0],
    }


def _near(first: NDArray[np.int64], other: NDArray[np.int64], depth: int) -> NDArray[np.bool_]:
    """Tell which wavenumbers share parts of a peak, or of its mirror image, after the blurring.

    Parameters
    ----------
    first, other
        int64 [2, n], wavenumbers across and along, of which the nth are compared.
    """
    apart = 2 * _PEAK
    near = np.zeros(other.shape[1], np.bool_)
    for y, x in (first, -first):
        aside = np.abs(other[0] - y) % depth
        near |= (np.minimum(aside, depth - aside) <= apart) & (np.abs(other[1] - x) <= apart)
    return near


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
    from scipy import fft  # noqa: PLC0415  # heavy, and optional

    columns = min(length // _SHORTEST, length // 2 - _PEAK - 1) + _PEAK + 1
    waves = fft.fft(tapered[:, :, :columns], axis=1)
    power = waves.real**2 + waves.imag**2
    mirrored = np.roll(power[:, ::-1, _PEAK:0:-1], 1, axis=1)  # -ky and -kx
    return np.concatenate([mirrored, power], axis=2)


def _blurred(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blur over ``_PEAK`` wavenumbers each way; kx beyond what is looked at is used up."""
    depth = power.shape[1]
    around = power[:, np.arange(-_PEAK, depth + _PEAK) % depth]
    for _ in range(2 * _PEAK):  # sums of neighbours, one after the other, are binomial ones
        around = around[:, 1:] + around[:, :-1]
    for _ in range(2 * _PEAK):
        around = around[:, :, 1:] + around[:, :, :-1]
    around *= np.float32(1 / 4 ** (2 * _PEAK))
    return around


def _waves_at(
    power: NDArray[np.float32], maps: NDArray[np.int64], at: NDArray[np.int64], length: int
) -> NDArray[np.float64]:
    """Return wavelength, its standard error and direction of the peaks at wavenumbers of maps.

    Not a number of what may be a single form and no wave.

    Parameters
    ----------
    power
        float32 [map, ky, kx], from :func:`_periodogram`.
    maps
        int64 [n].
    at
        int64 [2, n], wavenumbers across and along.

    Returns
    -------
    NDArray
        float64 [n, 3], in cells, cells and degrees.
    """
    peak, rows, columns = _around(power, maps, at, _PEAK)
    depth, weight = power.shape[1], peak.sum(axis=(1, 2))
    vector_y = (peak.sum(2) * rows).sum(1) / weight / depth
    vector_x = (peak.sum(1) * columns).sum(1) / weight / length
    several = np.maximum(np.abs(vector_y) * depth, vector_x * length) >= _FEWEST
    wavenumber = np.where(several, np.hypot(vector_y, vector_x), np.nan)
    # with the flanks of a broad peak, of which any part might have been the strongest
    peak, rows, columns = _around(power, maps, at, _FLANKS)
    y, x = rows / depth - vector_y[:, None], columns / length - vector_x[:, None]
    aside = y[:, :, None] * vector_y[:, None, None] + (x * vector_x[:, None])[:, None, :]
    aside /= wavenumber[:, None, None]
    error = np.sqrt(_INFLATION * ((peak * aside) ** 2).sum((1, 2))) / peak.sum((1, 2))
    angle = directions.measured(np.degrees(np.arctan2(vector_y, vector_x)))
    # of a wave across the wind the mean may be on the other side
    direction = np.where(several, angle, np.nan)
    return np.stack([1 / wavenumber, error / wavenumber**2, direction], axis=1)


def _around(
    power: NDArray[np.float32], maps: NDArray[np.int64], at: NDArray[np.int64], reach: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the power so many wavenumbers around some, and these wavenumbers across and along.

    float64 [n, ky, kx], int64 [n, ky] and int64 [n, kx]; 0 where there is none.
    """
    depth, most = power.shape[1], power.shape[2] - _PEAK - 1
    across, along = at
    high = min(reach, (depth - 1) // 2)
    rows = across[:, None] + np.arange(-high, high + 1)
    columns = along[:, None] + np.arange(-reach, reach + 1)
    # a long wave is not to be mixed with its mirror image
    lowest = np.where(along > 0, 0, -_PEAK)
    known = (columns >= lowest[:, None]) & (columns <= most)
    taken = np.clip(columns + _PEAK, 0, power.shape[2] - 1)
    around = power[maps[:, None, None], (rows % depth)[:, :, None], taken[:, None, :]]
    return around.astype(np.float64) * known[:, None, :], rows, columns
