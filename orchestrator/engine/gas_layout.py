"""Where the lattice gas keeps its nodes: planes, tiles and boxes, as numbers and empty arrays.

A node holds at most one particle for each of eight velocities and may be solid. Plane k is bit
``k % 64`` of word ``k // 64``. The words of a row lie in tiles of 40 columns, and in a tile the
columns of one velocity lie side by side, so that a loop over them becomes vector instructions:
the word of velocity v at (y, x) is ``tile * 360 + v * 40 + x % 40`` with
``tile = (word * Hp + y) * tiles + x // 40``. Velocity 8 is the solid bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.engine.active_region import Corridor

E, W, B, T, EB, ET, WB, WT, SOLID = range(9)  # east, west, bottom, top and between

PLANE_SPACING = 5
BOX = 5  # columns and rows of a box over which velocities are averaged
TILE = 40  # columns; a multiple of a box, so that no box lies in two tiles
NODE_TILE = 9 * TILE
PITCH = TILE + 2  # an outcome tile has a column of each neighbour at its ends
OUTCOME_TILE = 8 * PITCH


class Planes(NamedTuple):
    """The empty gas of a box.

    Attributes
    ----------
    nodes
        int64, all words.
    fluid, box_nodes
        int16 [planes * boxes], [boxes], nodes that are not solid and all nodes of each box.
    share
        float32 [planes * boxes], fluid nodes per node, at least 0.2.
    plane
        int16 [Dp], the gas plane of a depth, or -1.
    """

    nodes: NDArray[np.int64]
    fluid: NDArray[np.int16]
    share: NDArray[np.float32]
    box_nodes: NDArray[np.int16]
    plane: NDArray[np.int16]
    tiles: int
    boxes_high: int
    boxes_long: int


def planes(between: Corridor, Hp: int, Lp: int, Dp: int, *, with_gas: bool) -> Planes:
    """Lay out the gas of a padded box of these sizes; without gas there is no plane at all."""
    count = -(-between.width // PLANE_SPACING) if with_gas else 0
    plane = np.full(Dp, -1, dtype=np.int16)
    plane[between.first + PLANE_SPACING * np.arange(count)] = np.arange(count)
    tiles, words = -(-Lp // TILE), -(-count // 64)
    high, long = -(-Hp // BOX), -(-Lp // BOX)
    rows = np.minimum(BOX, Hp - BOX * np.arange(high))
    columns = np.minimum(BOX, Lp - BOX * np.arange(long))
    return Planes(
        nodes=np.zeros(words * Hp * tiles * NODE_TILE, dtype=np.int64),
        fluid=np.zeros(count * high * long, dtype=np.int16),
        share=np.zeros(count * high * long, dtype=np.float32),
        box_nodes=np.outer(rows, columns).astype(np.int16).ravel(),
        plane=plane,
        tiles=tiles,
        boxes_high=high,
        boxes_long=long,
    )
