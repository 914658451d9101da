"""Pieces of one size, cut out of surfaces so that they can be compared."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.errors import RequestError, optional

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from orchestrator.analysis.field.elevation import Elevation

SMALLEST = 12
"""Cells along each side of a piece, at least, and along a domain."""

_MOST = 32  # pieces of a map
_TRIED = 512  # places at which pieces are looked for
_KNOWN = 0.95  # of the cells of a piece
_SMALLER = 0.8  # of both sides, if no piece of a size is known
_FEWEST = 3.0  # of the shortest waves along a piece
_SHORTEST = 4.0  # cells, or distances between the map's own heights
_SOFT = 4.0  # parts of the shortest wave, of which the blur's standard deviation is one


@dataclass(frozen=True, slots=True)
class Tiles:
    """Pieces of a surface, each without its mean and its trend.

    Attributes
    ----------
    heights
        float32 [tile, y, x], in m; x along the wind.
    cell_m
        The side of a cell, in m.
    shortest_m
        The shortest wave that is in them, in m.
    """

    heights: NDArray[np.float32]
    cell_m: float
    shortest_m: float


def of_field(
    elevation: Elevation, shape: tuple[int, int], cell_m: float, wind_from: float
) -> Tiles:
    """Cut pieces of a domain's size out of an elevation map, resampled to its cells.

    They are turned so that the wind, which comes from ``wind_from`` degrees clockwise from north,
    blows along x. Where nothing of that size is known, they are smaller.

    Raises
    ------
    RequestError
        Where the map is smaller than the smallest piece, or too coarse.
    """
    # averaged over what fits into a cell, and between the means by straight lines
    blocks = tuple(max(1, int(cell_m / side + 1e-6)) for side in elevation.spacing_m)
    means = _block_means(elevation.heights, blocks)
    apart = tuple(n * side for n, side in zip(blocks, elevation.spacing_m, strict=True))
    shortest_m = _SHORTEST * max(cell_m, *apart)
    smaller = shape
    while min(smaller) >= min(SMALLEST, *shape):
        if shortest_m * _FEWEST > max(smaller) * cell_m:
            break
        offsets = _spread(elevation.size_m, smaller, cell_m, wind_from)
        pieces = (
            _sampled(means, apart, offset, smaller, (cell_m, wind_from)) for offset in offsets
        )
        known = (piece for piece in pieces if np.isfinite(piece).mean() >= _KNOWN)
        if tiles := list(itertools.islice(known, _MOST)):
            return _prepared(np.stack(tiles), cell_m, shortest_m)
        smaller = int(smaller[0] * _SMALLER), int(smaller[1] * _SMALLER)
    high, wide = elevation.size_m
    holes = 1 - elevation.known
    raise RequestError(
        f"{elevation.name}: {wide:.3g} x {high:.3g} m with a height every "
        f"{max(elevation.spacing_m):.3g} m have no piece to compare with a domain of "
        f"{shape[1] * cell_m:.3g} x {shape[0] * cell_m:.3g} m in cells of {cell_m:.2g} m"
        + (f"; {100 * holes:.2g} % of its heights are missing" if holes else "")
    )


def of_domain(surface: NDArray[np.float32], like: Tiles) -> Tiles | None:
    """Cut pieces of the same size out of a surface [D, L] in cells; None where it is full or has no forms."""
    _, depth, length = like.heights.shape
    starts = itertools.product(
        _starts(surface.shape[0], depth), _starts(surface.shape[1], length)
    )
    pieces = [surface[y : y + depth, x : x + length] for y, x in starts]
    known = [piece for piece in pieces if np.isfinite(piece).mean() >= _KNOWN]
    if not known:
        return None
    metres = np.stack(known) * np.float32(like.cell_m)
    tiles = _prepared(metres, like.cell_m, like.shortest_m)
    return tiles if tiles.heights.any() else None


def _starts(size: int, piece: int) -> list[int]:
    """Return where pieces begin that overlap by about a half and fill a side."""
    count = max(1, math.ceil((size - piece) / (piece / 2)) + 1)
    return sorted(set(np.linspace(0, size - piece, count).astype(int).tolist()))


def _block_means(heights: NDArray[np.float32], blocks: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the means of what is known in each block."""
    down, right = blocks
    if down == right == 1:
        return heights
    rows, columns = (size // n for size, n in zip(heights.shape, blocks, strict=True))
    inside = heights[: rows * down, : columns * right].reshape(rows, down, columns, right)
    known = np.isfinite(inside)
    total = np.where(known, inside, 0).sum(axis=(1, 3), dtype=np.float64)
    count = known.sum(axis=(1, 3))
    most = count * 2 > down * right
    return np.where(most, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _directions(wind_from: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how columns and rows change along the wind, and to the right of it."""
    to = math.radians(wind_from + 180)
    along = np.array([math.sin(to), -math.cos(to)])
    return along, np.array([-along[1], along[0]])


def _spread(
    size_m: tuple[float, float], shape: tuple[int, int], cell_m: float, wind_from: float
) -> Iterator[NDArray[np.float64]]:
    """Yield middles of pieces, x and y in m from the middle of the map, which soon lie everywhere.

    They overlap by a half. Nearly all of each is within the map's edges.
    """
    along, across = np.abs(_directions(wind_from))
    east_m, north_m = size_m[1], size_m[0]
    reach = (
        along @ (east_m, north_m),
        across @ (east_m, north_m),
    )  # of the map, as the wind sees it
    sides = shape[1] * cell_m, shape[0] * cell_m
    free = [max(0.0, whole - side) for whole, side in zip(reach, sides, strict=True)]
    counts = [math.ceil(room / (side / 2)) + 1 for room, side in zip(free, sides, strict=True)]
    middles = [
        np.linspace(-room / 2, room / 2, count) if count > 1 else np.zeros(1)
        for room, count in zip(free, counts, strict=True)
    ]
    total = counts[0] * counts[1]
    stride = _coprime(total)
    for i in range(min(total, _TRIED)):
        x, y = divmod((total // 2 + i * stride) % total, counts[1])
        yield np.array([middles[0][x], middles[1][y]])


def _coprime(total: int) -> int:
    """Return a step by about the golden section that comes to each of ``total`` at once."""
    step = max(1, round(total * 0.618))
    while math.gcd(step, total) > 1:
        step += 1
    return step


def _sampled(
    heights: NDArray[np.float32],
    apart_m: tuple[float, ...],
    middle_m: NDArray[np.float64],
    shape: tuple[int, int],
    cells: tuple[float, float],
) -> NDArray[np.float32]:
    """Return the heights of a piece [y, x] on straight lines between those of a map."""
    with optional("comparing with the field needs"):
        from scipy import ndimage  # noqa: PLC0415  # heavy, and optional

    cell_m, wind_from = cells
    along, across = _directions(wind_from)
    x, y = (
        (np.arange(size) - (size - 1) / 2) * cell_m + at
        for size, at in zip(shape[::-1], middle_m, strict=True)
    )
    east_m, south_m = (along[i] * x[None, :] + across[i] * y[:, None] for i in range(2))
    rows = south_m / apart_m[0] + (heights.shape[0] - 1) / 2
    columns = east_m / apart_m[1] + (heights.shape[1] - 1) / 2
    # half a cell beyond the outermost heights is still theirs
    for at, size in ((rows, heights.shape[0]), (columns, heights.shape[1])):
        near = (at > -0.51) & (at < size - 0.49)
        at[near] = np.clip(at[near], 0, size - 1)
    sampled = ndimage.map_coordinates(
        heights, [rows, columns], order=1, mode="constant", cval=np.nan
    )
    return np.asarray(sampled, np.float32)


def _prepared(pieces: NDArray[np.float32], cell_m: float, shortest_m: float) -> Tiles:
    """Take mean and trend out of pieces, and what is shorter than the shortest wave.

    What is not known counts as level.
    """
    from scipy import ndimage  # noqa: PLC0415  # heavy, and optional

    level = np.stack([_detrended(piece) for piece in pieces])
    blur = shortest_m / cell_m / _SOFT
    soft = ndimage.gaussian_filter(level, (0, blur, blur), mode="nearest")
    return Tiles(np.asarray(soft, np.float32), cell_m, shortest_m)


def _detrended(piece: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return heights above the plane with the least squares."""
    known = np.isfinite(piece)
    y, x = np.nonzero(known)
    sides = np.stack([np.ones(len(x)), x - x.mean(), y - y.mean()], axis=1)
    heights = piece[known].astype(np.float64)
    plane, *_ = np.linalg.lstsq(sides.T @ sides, sides.T @ heights, rcond=None)
    level = np.zeros(piece.shape, np.float32)
    level[known] = heights - sides @ plane
    return level
