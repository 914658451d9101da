"""Height map and spectrum of a snapshot: pure functions from arrays to arrays."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIGMA = 1.0  # cells of the spectrum
_TRUNCATE = 4.0  # standard deviations at which the blur ends
_SHARE = 6  # of each axis of the quadrant, one part in so many is kept
_COUNTED = 255  # rows that a uint8 can count


def lowest_open(cells: NDArray[np.generic], heights: NDArray[np.int16], usual: int) -> int:
    """Write the height of the lowest air or mobile cell of each column into ``heights``.

    Rows are looked at from the ground upwards and only until every column is decided. A column
    without such a cell gets 0.

    Parameters
    ----------
    cells
        Unsigned integers [plane, H, L], row 0 on top; the state is in the lowest byte.
    heights
        int16 [plane, L], in cells above the ground row, which is 0.
    usual
        Rows that were needed last time, a guess that costs or saves time only.

    Returns
    -------
    int
        The number of rows that were looked at, ``usual`` for the next planes.

    Examples
    --------
    >>> sand = np.array([[[3, 3, 0], [3, 1, 0], [0, 2, 0]]], np.uint8)
    >>> heights = np.empty((1, 3), np.int16)
    >>> lowest_open(sand, heights, usual=1)
    3
    >>> heights
    array([[1, 1, 0]], dtype=int16)
    """
    rows = cells.shape[1]
    # states 1 (mobile) and 3 (air) are the ones that differ from 1 in no bit but this one
    mask = cells.dtype.type(0xFF & ~2)
    state = np.empty(heights.shape, cells.dtype)
    closed = np.empty(heights.shape, np.bool_)
    below = np.ones(heights.shape, np.bool_)  # closed in every row so far
    counted = np.zeros(heights.shape, np.uint8)
    heights[...] = 0
    row = 0
    while row < rows:
        end = min(rows, max(row + 1, usual - 1), row + _COUNTED - row % _COUNTED)
        while row < end:
            np.bitwise_and(cells[:, rows - 1 - row], mask, state)
            np.not_equal(state, 1, closed)
            np.logical_and(below, closed, below)
            np.add(counted, below.view(np.uint8), counted)
            row += 1
        if not below.any():
            break
        if row % _COUNTED == 0:
            heights += counted
            counted[...] = 0
    heights += counted
    if row == rows:
        heights[below] = 0
    return row


def spectrum_shape(depth: int, length: int) -> tuple[int, int]:
    """Return how many wavenumbers are kept across and along the wind for a map [D, L]."""
    return max(1, depth // 2 // _SHARE), max(1, length // 2 // _SHARE)


def spectrum(height_map: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return the blurred magnitude of the lowest wavenumbers of a height map.

    Parameters
    ----------
    height_map
        int16 [D, L], in cells.

    Returns
    -------
    NDArray
        float32 [ky, kx], in cells; ``[0, 0]`` is 0.
    """
    depth, length = height_map.shape
    across, along = spectrum_shape(depth, length)
    deviation = height_map - height_map.mean()
    # only the wavenumbers that are kept go through the second transform
    waves = np.fft.fft(np.fft.rfft(deviation, axis=1)[:, :along], axis=0)[:across]
    magnitude = np.abs(waves) * (2 / (depth * length))
    blurred: NDArray[np.float32] = (_blur(across) @ magnitude @ _blur(along).T).astype("f4")
    blurred[0, 0] = 0
    return blurred


@functools.cache
def _blur(size: int) -> NDArray[np.float64]:
    """Return the Gaussian blur of a line of ``size`` values as a matrix [size, size].

    Beyond either end the line is continued by its mirror image, the end value doubled.
    """
    radius = int(_TRUNCATE * _SIGMA + 0.5)
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / _SIGMA) ** 2)
    weights /= weights.sum()
    source = (np.arange(size)[:, None] + offsets) % (2 * size)
    source = np.minimum(source, 2 * size - 1 - source)
    matrix = np.zeros((size, size))
    np.add.at(matrix, (np.arange(size)[:, None], source), weights)
    return matrix
