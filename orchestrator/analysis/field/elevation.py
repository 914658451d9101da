"""An elevation map in metres, as it comes from any kind of file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.errors import RequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 100_000_000
"""Heights of the largest map that is read."""

FEWEST = 12
"""Heights along each side of a map, at the least."""

_NOTHING_M = (-9000.0, 9000.0)  # beyond these no surface of snow or sand lies
_SMALLEST_M = 1e-6  # between heights


@dataclass(frozen=True, slots=True)
class Elevation:
    """An elevation map of a surface in nature.

    Attributes
    ----------
    name
        Of the file that it comes from.
    heights
        float32 [row, column], in m above the mean; the first row lies to the north, the first column to
        the west. Not a number where nothing is known.
    spacing_m
        Between rows, and between columns, in m.
    """

    name: str
    heights: NDArray[np.float32]
    spacing_m: tuple[float, float]

    @property
    def size_m(self) -> tuple[float, float]:
        """How far it reaches from south to north and from west to east, in m."""
        rows, columns = self.heights.shape
        return rows * self.spacing_m[0], columns * self.spacing_m[1]

    @property
    def known(self) -> float:
        """The share of its heights that are known."""
        return float(np.isfinite(self.heights).mean())


def check_size(name: str, shape: tuple[int, ...]) -> None:
    """Refuse a map that is too large to be read, or too small to have forms, before it is read.

    Raises
    ------
    RequestError
        With its size, and what to do.
    """
    rows, columns = shape
    if rows * columns > MOST:
        raise RequestError(
            f"{name}: {columns} x {rows} heights; at most {MOST // 10**6} million are read: cut out a "
            "part of it, or make it coarser"
        )
    if min(rows, columns) < FEWEST:
        raise RequestError(
            f"{name}: {columns} x {rows} heights; expected a map of {FEWEST} or more each way"
        )


def elevation(
    name: str, heights: NDArray[Any], spacing_m: tuple[float, float], unit_m: float = 1.0
) -> Elevation:
    """Return an elevation map of heights in a unit; no real height counts as none.

    Raises
    ------
    RequestError
        Where it is too large or too small, nothing is known, or nothing stands out.
    """
    check_size(name, heights.shape)
    if not all(np.isfinite(side) and side > _SMALLEST_M for side in spacing_m):
        raise RequestError(
            f"{name}: heights are {spacing_m[1]:g} m apart; expected more than 0"
        )
    low, high = (end / unit_m for end in _NOTHING_M)
    known = np.isfinite(heights) & (heights > low) & (heights < high)
    if not known.any():
        finite = heights[np.isfinite(heights)]
        if not finite.size:
            raise RequestError(f"{name}: no height in it is a number")
        raise RequestError(
            f"{name}: heights are {finite.min():.7g} to {finite.max():.7g}; expected metres, "
            f"{low:g} to {high:g}"
        )
    real = heights[known]
    if real.min() == real.max():
        raise RequestError(f"{name}: flat: every height is {real[0]:g}")
    # the mean in double precision first, as metres above the sea have few digits left
    above = np.where(known, heights - real.mean(dtype=np.float64), np.nan) * unit_m
    return Elevation(name, above.astype(np.float32), spacing_m)
