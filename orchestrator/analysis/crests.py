"""Which way crests lie: circular statistics of the slopes of a bed.

A slope counts by the square of its steepness, and slopes of opposite directions are one axis: the
structure tensor of the bed (Bigun and Granlund 1987), whose smaller axis lies along the crests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.analysis import directions

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SUMS = 8
"""Sums of neighbours, one after the other: a binomial mean over nine cells, of 1.4 cells' standard
deviation. Forms stay, and single grains and steps do not.
"""

_PIECE_CELLS = 1 << 17  # whose sums stay in a core's cache


def axes(surfaces: NDArray[np.float32]) -> NDArray[np.complex128]:
    """Return the mean of slopes with their angles doubled, over their squares; 0 of a flat bed.

    Parameters
    ----------
    surfaces
        float32 [snapshot, D, L], in cells; not a number in closed columns, whose neighbourhood is
        left out.
    """
    count, depth, length = surfaces.shape
    if count == 0 or min(depth, length) < _SUMS + 3:
        return np.zeros(count, np.complex128)
    step = max(1, _PIECE_CELLS // (depth * length))
    pieces = [_moments(surfaces[i : i + step]) for i in range(0, count, step)]
    xx, yy, xy = np.concatenate(pieces, axis=1)
    total = np.where(xx + yy > 0, xx + yy, np.inf)
    return np.asarray((xx - yy + 2j * xy) / total)


def orientation(axes: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Return the direction of the crests, float64 [snapshot], in degrees.

    0 along the wind, positive towards larger y, in (-90, 90]; not a number of a flat bed.
    """
    angle = np.degrees(np.angle(axes)) / 2 + 90
    return np.where(axes == 0, np.nan, directions.measured(angle))


def alignment(axes: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Return how much crests are of one direction, float64 [snapshot]: 1 of parallel ones, 0 of none."""
    return np.abs(axes)


def _moments(surfaces: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the sums of squares and products of the slopes along x and y, [xx yy xy, snapshot]."""
    known = np.isfinite(surfaces)
    everywhere = bool(known.all())
    heights = surfaces if everywhere else np.where(known, surfaces, np.float32(0))
    smooth = _summed(heights)  # exact up to 256 cells
    along = smooth[:, 1:-1, 2:] - smooth[:, 1:-1, :-2]
    across = smooth[:, 2:, 1:-1] - smooth[:, :-2, 1:-1]
    if not everywhere:
        whole = ~_summed(~known)
        inside = whole[:, 1:-1, 2:] & whole[:, 1:-1, :-2]
        inside &= whole[:, 2:, 1:-1] & whole[:, :-2, 1:-1]
        along *= inside
        across *= inside
    products = ((along, along), (across, across), (along, across))
    rows = [np.einsum("tyx,tyx->ty", a, b) for a, b in products]
    return np.asarray(np.sum(rows, axis=2, dtype=np.float64))


def _summed(values: NDArray[Any]) -> NDArray[Any]:
    """Return binomial sums over nine cells each way, where all of them are there; of bools, any.

    All cells are taken as one row, which is fast; sums over the end of a line of it are cut off.
    """
    _, depth, length = values.shape
    row = values.reshape(-1)
    for apart in (*[1] * _SUMS, *[length] * _SUMS):
        row = row[apart:] + row[:-apart]
    sums = np.empty(values.size, values.dtype)
    sums[: len(row)] = row
    return sums.reshape(values.shape)[:, : depth - _SUMS, : length - _SUMS]
