"""What every snapshot is reduced to: the table of reductions, and how each is computed."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Accumulate = Callable[["NDArray[Any]", "NDArray[np.uint8]", int], None]
"""Adds planes to an array: the array, states uint8 [plane, H, L] with row 0 on top, and the first
plane's number."""

EXTRAS: Mapping[str, str] = {
    "ages": "float32 [plane, H, L], in t0, since when each grain is at rest",
    "depth": "the number of planes of the whole snapshot",
}
"""What an own reduction may be given with planes, where its function has an argument of that name."""

COUNTED = 3
"""How many states are counted: 0 grain, 1 mobile grain, 2 sintered grain."""

_SIGMA = 1.0  # cells of the spectrum
_TRUNCATE = 4.0  # standard deviations at which the blur ends
_SHARE = 6  # of each axis of the quadrant, one part in so many is kept
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


def count_states(states: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how many cells are in each of the counted states.

    Parameters
    ----------
    states
        uint8 of any shape.

    Returns
    -------
    NDArray
        int64 [COUNTED], cells in states 0, 1, 2.

    Examples
    --------
    >>> count_states(np.array([[3, 1, 0], [0, 2, 0]], np.uint8))
    array([3, 1, 1])
    """
    return np.array([np.count_nonzero(states == state) for state in range(COUNTED)], np.int64)


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


@dataclass(frozen=True, slots=True)
class Reduction:
    """One array per snapshot: its names, its form, and how it is computed.

    Attributes
    ----------
    name
        Of the array and its file in ``out/``.
    variable
        Of the variable in datasets; without further dimensions it is drawn as a series, too.
    dtype
        As NumPy writes it, little-endian.
    dims
        Dimensions of one snapshot's array; none for a single number.
    shape
        Sizes of these dimensions for a domain of a depth and a length, in cells; None where they
        follow from ``y``, ``x`` and ``sizes``.
    from_planes
        Makes what adds planes to an array of zeros; one is made per run and may keep state.
    from_map
        Or: computes it from the finished height map, int16 [D, L].
    output
        The key under ``outputs`` that switches it off; None for one that is always kept.
    missing
        Value that stands for "not known", or None.
    tolerance
        Share of the largest value by which two runs may differ, as processors round differently.
    sizes
        Of dimensions beside ``y`` and ``x``; used where there is no ``shape``.
    source
        Where the code of one that does not ship comes from; empty for those that do.
    takes
        Which of :data:`EXTRAS` what adds planes is given by name.
    """

    name: str
    variable: str
    long_name: str
    units: str
    dtype: str
    dims: tuple[str, ...] = ()
    shape: Callable[[int, int], tuple[int, ...]] | None = None
    from_planes: Callable[[], Accumulate] | None = None
    from_map: Callable[[NDArray[np.int16]], NDArray[Any]] | None = None
    output: str | None = None
    missing: float | None = None
    tolerance: float = 0.0
    comment: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    source: Mapping[str, str] = field(default_factory=dict)
    takes: frozenset[str] = frozenset()

    def shape_in(self, depth: int, length: int) -> tuple[int, ...]:
        """Return the sizes of its dimensions for a domain of a depth and a length, in cells."""
        if self.shape is not None:
            return self.shape(depth, length)
        sizes = {"y": depth, "x": length, **self.sizes}
        return tuple(sizes[dim] for dim in self.dims)

    def bytes_in(self, depth: int, length: int) -> int:
        """Return the size of one snapshot's array for such a domain, as it is in memory."""
        return math.prod(self.shape_in(depth, length)) * np.dtype(self.dtype).itemsize

    def about(self) -> dict[str, str]:
        """Return its name and unit, as the CF conventions call them."""
        about = {"long_name": self.long_name, "units": self.units}
        return {**about, "comment": self.comment} if self.comment else about


def _height_maps() -> Accumulate:
    rows = 0  # that were needed last

    def add(heights: NDArray[Any], states: NDArray[np.uint8], first: int) -> None:
        nonlocal rows
        rows = lowest_open(states, heights[first : first + len(states)], rows)

    return add


def _cell_counts() -> Accumulate:
    def add(counts: NDArray[Any], states: NDArray[np.uint8], _first: int) -> None:
        counts += count_states(states)

    return add


HEIGHT_MAPS = Reduction(
    name="height_maps",
    variable="height",
    long_name="height of the lowest air or mobile cell",
    units="cells",
    dtype="<i2",
    dims=("y", "x"),
    from_planes=_height_maps,
    output="height_maps",
    missing=0,
    comment="missing in columns that have none",
)

REDUCTIONS: tuple[Reduction, ...] = (
    HEIGHT_MAPS,
    Reduction(
        name="ffts",
        variable="spectrum",
        long_name="blurred magnitude of the lowest wavenumbers",
        units="cells",
        dtype="<f4",
        dims=("ky", "kx"),
        shape=spectrum_shape,
        from_map=spectrum,
        output="ffts",
        tolerance=1e-5,
    ),
    Reduction(
        name="cell_counts",
        variable="cell_counts",
        long_name="cells of each state",
        units="1",
        dtype="<i8",
        dims=("cell_state",),
        shape=lambda _depth, _length: (COUNTED,),
        from_planes=_cell_counts,
        comment="states 0 (grain), 1 (mobile grain) and 2 (sintered grain)",
    ),
)
"""Everything that a snapshot is reduced to, in the order of comparison."""
