"""Where in the box something can happen: between solid planes, below a solid ceiling."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.engine.states import NEUTRAL, SINK, SOURCE, WALL

if TYPE_CHECKING:
    from numpy.typing import NDArray


_MARGIN_WITH_GAS, _MARGIN = 6, 5  # cells beside the circle in which the space turns


class Corridor(NamedTuple):
    """The planes between solid ones, and the solid rows under the top wall.

    ``first`` and ``last`` are the outermost planes that are not solid, ``solid`` [Dp] marks the
    solid ones, ``ceiling`` counts the rows from row 1 down that hold neither air nor grains.
    """

    first: int
    last: int
    solid: NDArray[np.bool_]
    ceiling: int

    @property
    def width(self) -> int:
        """Planes from the first to the last."""
        return self.last - self.first + 1


class Origin(NamedTuple):
    """What is settled by the cells at the start of a run and stays, whatever becomes of them.

    ``sources`` and ``sinks`` tell whether there are any.
    """

    corridor: Corridor
    sources: bool
    sinks: bool


def origin(states: NDArray[np.uint8]) -> Origin:
    """Return what the cells ``states`` [D, H, L] settle."""
    return Origin(
        corridor(states),
        sources=any(SOURCE in plane for plane in states),
        sinks=any(SINK in plane for plane in states),
    )


def corridor(states: NDArray[np.uint8]) -> Corridor:
    """Find the solid planes and the ceiling of ``states`` [D, H, L], the cells without walls."""
    depth, height, _ = states.shape
    solid = np.ones(depth + 2, dtype=np.bool_)
    closed = np.ones(height, dtype=np.bool_)
    for z, plane in enumerate(states, start=1):  # one by one, for the sake of memory
        solid[z] = (plane == NEUTRAL).all()
        closed &= np.isin(plane, (NEUTRAL, WALL, SOURCE, SINK)).all(axis=1)
    open_planes = np.flatnonzero(~solid)
    first, last = (
        (1, depth) if open_planes.size == 0 else (int(open_planes[0]), int(open_planes[-1]))
    )
    ceiling = height if closed.all() else int(np.argmin(closed))
    return Corridor(first, last, solid, ceiling)


def margins(length: int, depth: int, *, gas: bool) -> tuple[int, int]:
    """Return the cells of wall across and along the wind around a space that can turn wholly."""
    diagonal = np.sqrt(np.float32(length * length + depth * depth))
    margin = _MARGIN_WITH_GAS if gas else _MARGIN
    across, along = (
        1 + int(np.ceil((diagonal - np.float32(side)) / np.float32(2))) + margin
        for side in (depth, length)
    )
    return across, along
