"""How snapshots are reduced: height maps, counts of states and spectra, array by array."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIGMA = 1.0  # cells of the spectrum
_TRUNCATE = 4.0  # standard deviations at which the blur ends
_BUT_MOBILITY = np.uint8(0xFF & ~2)  # air, 3, and mobile, 1, differ in one bit


def lowest_open(states: NDArray[np.uint8], heights: NDArray[np.int16], rows: int) -> int:
    """Write the height of the lowest air or mobile cell of each column into ``heights``.

    Rows are looked at from the ground upwards and only until every column is decided. A column
    without such a cell gets 0.

    Parameters
    ----------
    states
        uint8 [plane, H, L], row 0 on top.
    heights
        int16 [plane, L], in cells above the ground row, which is 0.
    rows
        How many rows may be needed, 0 or more, a guess that only costs or saves time.

    Returns
    -------
    int
        How many rows were needed, a good guess for the next planes; one more than there are
        where a column has no such cell.

    Examples
    --------
    >>> sand = np.array([[[3, 3, 0], [3, 1, 0], [0, 2, 0]]], np.uint8)
    >>> heights = np.empty((1, 3), np.int16)
    >>> lowest_open(sand, heights, rows=1)
    4
    >>> heights
    array([[1, 1, 0]], dtype=int16)
    """
    upwards = states[:, ::-1].transpose(1, 0, 2)
    rows = min(rows + 1, len(upwards))  # neighbouring planes differ by little
    while True:
        kind = np.uint8 if rows < 0xFF else np.uint16
        none = kind(np.iinfo(kind).max)
        # a copy, row by row, on which all else is quick
        lower: NDArray[np.unsignedinteger] = upwards[:rows].astype(kind, order="C")
        # of each cell its row if it is open, else a larger number than any row
        beyond: NDArray[Any] = closed(lower).view(np.uint8) * none
        row = beyond | np.arange(rows, dtype=kind)[:, None, None]
        lowest = np.minimum.reduce(row)
        highest = lowest.max()
        if highest < none or rows == len(upwards):
            break
        rows = min(2 * rows, len(upwards))
    heights[...] = lowest
    if highest == none:
        heights[lowest == none] = 0
        return rows + 1
    return int(highest) + 1


def closed(states: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which cells are neither air nor mobile, bool of the shape of ``states``."""
    resting: NDArray[np.bool_] = (states & _BUT_MOBILITY) != 1
    return resting


def add_states(counts: NDArray[np.int64], states: NDArray[np.uint8]) -> None:
    """Add to ``counts`` how many cells are in each of the states 0, 1 and so on.

    Parameters
    ----------
    counts
        int64 [state], cells.
    states
        uint8 of any shape.

    Examples
    --------
    >>> counts = np.zeros(3, np.int64)
    >>> add_states(counts, np.array([[3, 1, 0], [0, 2, 0]], np.uint8))
    >>> counts
    array([3, 1, 1])
    """
    counts += [np.count_nonzero(states == state) for state in range(len(counts))]


def blurred_waves(height_map: NDArray[np.int16], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return the blurred magnitude of the lowest wavenumbers of a height map.

    Parameters
    ----------
    height_map
        int16 [D, L], in cells.
    shape
        How many wavenumbers are kept across and along the wind.

    Returns
    -------
    NDArray
        float32 [ky, kx], in cells; ``[0, 0]`` is 0.
    """
    depth, length = height_map.shape
    across, along = shape
    # only the wavenumbers that are kept go through the second transform
    waves = np.fft.fft(np.fft.rfft(height_map, axis=1)[:, :along], axis=0)[:across]
    waves[0, 0] = 0  # the mean
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
