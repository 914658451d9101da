"""Downsampled height maps and spectra: fewer times and cells, one byte per value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.analysis import sampling

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOTAL_BYTES = 13_500_000
"""Limit for all blocks together; in base64 they are 18 MB of the page."""

_HUNDRED_BYTES = 2_000_000  # of a hundred experiments or fewer, whose page has 3 MB
_MOST_BYTES = 300_000  # per experiment
_FRAME_BYTES = 1_600  # of a domain of 200 x 100 cells, in pixels of 2 x 2
_FINEST_STEP = 0.25  # cells; averages over several cells are kept to a quarter of a cell
_COARSEST = 64  # cells on a pixel's side
_MOST_COMPRESSED = 12  # times, a bed of single grains; a rough one about five times


@dataclass(frozen=True, slots=True)
class Allowance:
    """The share of the page that each experiment of a sweep may use.

    Attributes
    ----------
    times
        float64 [n], the stops of the time slider, in t0.
    block_bytes
        Maximum size of a block, compressed, in bytes.
    points
        Maximum number of points of a series.
    """

    times: NDArray[np.float64]
    block_bytes: int
    points: int


def allowance(experiments: int, times: NDArray[np.float64]) -> Allowance:
    """Share the page among a number of experiments.

    Parameters
    ----------
    times
        float64 [n], the times at which any of them may have a snapshot, in t0. Few experiments get
        up to 41 of them, a hundred get twelve, a thousand eight, always with the first and the last.
    """
    count = max(1, experiments)
    share = min(_MOST_BYTES, TOTAL_BYTES // count, _HUNDRED_BYTES // min(count, 100))
    frames = int(np.clip(share // _FRAME_BYTES, 8, 41))
    stops = times[sampling.evenly(len(times), frames)]
    return Allowance(stops, share, int(np.clip(share // 300, 40, 400)))


def snapshots(times: NDArray[np.float64], stops: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the indices of the snapshots nearest to the stops of the slider, and of the last.

    Parameters
    ----------
    times, stops
        float64 [n] and [m], in t0; either may be empty. No index is returned twice.
    """
    if len(times) == 0:
        return np.zeros(0, np.int64)
    return np.unique(np.append(sampling.nearest(times, stops), len(times) - 1))


@dataclass(frozen=True, slots=True)
class Maps:
    """Height maps as bytes: a height is ``low + step * level``, in cells.

    Attributes
    ----------
    levels
        uint8 [n, rows, columns].
    low, step
        In cells.
    side
        Side of a pixel, in cells; its height is their mean.
    """

    levels: NDArray[np.uint8]
    low: float
    step: float
    side: int


def quantized(height_maps: NDArray[np.int16], side: int) -> Maps:
    """Average height maps over squares of ``side`` cells, one byte each.

    Cells beyond the last whole square are left out. Single cells of a relief of up to 255 cells are
    exact.

    Parameters
    ----------
    height_maps
        int16 [n, D, L], in cells.
    """
    averages = _averaged(height_maps, side)
    low, high = (float(averages.min()), float(averages.max())) if averages.size else (0.0, 0.0)
    step = max((high - low) / 255, 1.0 if side == 1 else _FINEST_STEP)
    levels = np.round((averages - low) / step).astype(np.uint8)
    return Maps(levels, low, step, side)


def sides(depth: int, length: int, count: int, block_bytes: int) -> list[int]:
    """Return the sides of a pixel to try, in cells, the smallest first.

    Those with which ``count`` maps of ``depth`` x ``length`` cells cannot be compressed into
    ``block_bytes`` are left out.
    """
    most = max(1, min(depth, length, _COARSEST))
    most_pixels = _MOST_COMPRESSED * block_bytes
    return [
        side
        for side in range(1, most + 1)
        if side == most or count * (depth // side) * (length // side) <= most_pixels
    ]


def _averaged(height_maps: NDArray[np.int16], side: int) -> NDArray[np.float64]:
    count, depth, length = height_maps.shape
    rows, columns = depth // side, length // side
    lines = np.zeros((count, rows * side, columns), np.int32)
    for x in range(side):
        lines += height_maps[:, : rows * side, x : columns * side : side]
    squares = np.zeros((count, rows, columns), np.int32)
    for y in range(side):
        squares += lines[:, y::side]
    return squares / side**2


def scaled(spectra: NDArray[np.float32]) -> tuple[NDArray[np.uint8], list[float]]:
    """Return spectra as uint8 [n, ky, kx], 255 being the peak of each, and the n peaks in cells.

    Parameters
    ----------
    spectra
        float32 [n, ky, kx], amplitudes in cells.
    """
    peaks = spectra.max(axis=(1, 2), initial=0.0).astype(np.float64)
    parts = spectra / np.where(peaks > 0, peaks, 1.0)[:, None, None]
    return np.round(255 * parts).astype(np.uint8), peaks.tolist()
