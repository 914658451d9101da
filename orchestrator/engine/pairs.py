"""The pair arrays: every pair of neighbouring cells from which a transition starts.

One array per pair type. An entry leaves by being overwritten with the last one and comes in at the
end; which entry stands where is part of the model, since pairs are drawn by position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine.ground import DOWN, EAST, FREE, FRESH, FULL, SOUTH, stand_in, zeros
from orchestrator.engine.jit import at, kernel, part, whole
from orchestrator.engine.states import WALL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.engine.ground import Ground

MARGIN = 256  # more than one turn of the loop can append to one array or take of blocks
BLOCK = 16  # entries of Ground.places: four for each of four cells
_COUNT = (
    BLOCK - 1
)  # the bits that hold how many pairs a block has; four cells own twelve at most


@part
def append(ground: Ground, kind: int, owner: int, direction: int) -> None:
    """Put the pair that ``owner`` makes in ``direction`` at the end of array ``kind``."""
    blocks, places, stock = ground.blocks, ground.places, ground.stock
    block = whole(blocks[at(owner >> 2)])
    if block == 0:
        block = stock[FREE]
        if block != 0:
            stock[FREE] = places[at(block)]
        else:
            block = stock[FRESH]
            stock[FRESH] = block + BLOCK
            if block + BLOCK * MARGIN >= places.size:
                stock[FULL] = 1
    blocks[at(owner >> 2)] = block + 1
    position = ground.lengths[at(kind)]
    ground.entries[at(ground.starts[at(kind)] + position)] = owner
    places[at((block & ~_COUNT) + 4 * (owner & 3) + direction)] = position
    ground.lengths[at(kind)] = position + 1
    if position + MARGIN >= ground.rooms[at(kind)]:
        stock[FULL] = 1


@part
def remove(ground: Ground, kind: int, owner: int, direction: int) -> None:
    """Take the pair that ``owner`` makes in ``direction`` out of array ``kind``."""
    blocks, places, stock = ground.blocks, ground.places, ground.stock
    block = whole(blocks[at(owner >> 2)])
    position = places[at((block & ~_COUNT) + 4 * (owner & 3) + direction)]
    start = ground.starts[at(kind)]
    last = ground.lengths[at(kind)] - 1
    ground.lengths[at(kind)] = last
    # the last one moves even onto itself: asking whether it does takes longer
    moved = whole(ground.entries[at(start + last)])
    ground.entries[at(start + position)] = moved
    there = whole(blocks[at(moved >> 2)])
    places[at((there & ~_COUNT) + 4 * (moved & 3) + direction)] = position
    block -= 1
    if block & _COUNT == 0:
        places[at(block)] = stock[FREE]
        stock[FREE] = block
        block = 0
    blocks[at(owner >> 2)] = block


@part
def clear(ground: Ground) -> None:
    """Empty all pair arrays."""
    ground.lengths[:] = 0
    ground.blocks[:] = 0
    ground.stock[FREE], ground.stock[FRESH], ground.stock[FULL] = 0, BLOCK, 0


@kernel
def scan(ground: Ground, depth: int, store: bool, rows: NDArray[np.bool_]) -> None:
    """Count all pairs into ``lengths``, and if ``store`` fill the arrays.

    ``rows`` bool [depth, Hp] marks the rows that own pairs: counting finds them, filling skips others.
    The order is depth, height, length, the last fastest, and per cell the eastern, the southern
    and the lower pair. A cyclic box has no pairs owned by cells outside the space.
    """
    cells, kinds = ground.cells, ground.kinds
    Hp, Lp = ground.height, ground.length
    clear(ground)
    for z in range(depth - 1):
        for y in range(Hp - 1):
            if store and not rows[z, y]:
                continue
            for x in range(Lp - 1):
                if ground.periodic and not ground.inside[x + Lp * z]:
                    continue
                cell = y + Hp * (x + Lp * z)
                state = whole(cells[cell])
                for neighbour in (EAST, SOUTH, DOWN):
                    if y == 0 and neighbour != DOWN:
                        continue
                    if neighbour == SOUTH and ground.width == 1:
                        continue
                    there = cell + ground.offsets[neighbour]
                    other = whole(cells[there])
                    if other == WALL:
                        other = whole(cells[stand_in(ground, there)])
                    kind = kinds[neighbour * 256 + state * 16 + other]
                    if kind >= 0:
                        if store:
                            append(ground, kind, cell, neighbour >> 1)
                        else:
                            ground.lengths[at(kind)] += 1
                            rows[z, y] = True


def filled(ground: Ground) -> Ground:
    """Return ``ground`` with all its pairs in their arrays, in the order of a scan."""
    depth = ground.plane.size
    rows = np.zeros((depth, ground.height), np.bool_)
    scan(ground, depth, False, rows)
    ground = roomy(ground, ground.lengths)
    scan(ground, depth, True, rows)
    return ground


def roomy(ground: Ground, lengths: NDArray[np.int64]) -> Ground:
    """Return ``ground`` with room for arrays of these lengths, which it may have lost.

    Raises
    ------
    MemoryError
        If there are more pairs than 32 bits can tell the places of.
    """
    wanted = lengths + 2 * MARGIN
    if np.any(wanted > ground.rooms):
        ground = _with_rooms(ground, np.maximum(wanted + wanted // 8, ground.rooms))
    pairs = int(lengths.sum())
    blocks = pairs + pairs // 8 + 2 * MARGIN  # one for each; unused ones take no memory
    size = BLOCK * blocks
    if size > np.iinfo(np.int32).max:
        raise MemoryError
    if size > ground.places.size:
        ground = ground._replace(places=zeros(size, np.int32))
    return ground


def enlarged(ground: Ground) -> Ground:
    """Return ``ground`` with more room for the arrays and the blocks that are nearly full."""
    tight = ground.lengths + 2 * MARGIN > ground.rooms
    if tight.any():
        kept = [
            ground.entries[start : start + length].copy()
            for start, length in zip(ground.starts, ground.lengths, strict=True)
        ]
        ground = _with_rooms(
            ground, np.where(tight, ground.lengths * 3 // 2 + 4 * MARGIN, ground.rooms)
        )
        for start, pairs in zip(ground.starts, kept, strict=True):
            ground.entries[start : start + pairs.size] = pairs
    if ground.stock[FRESH] + 2 * BLOCK * MARGIN > ground.places.size:
        places = zeros(ground.places.size * 5 // 4 + 4 * BLOCK * MARGIN, np.int32)
        places[: ground.places.size] = ground.places
        ground = ground._replace(places=places)
    ground.stock[FULL] = 0
    return ground


def _with_rooms(ground: Ground, rooms: NDArray[np.int64]) -> Ground:
    """Lay the arrays out anew, with nothing in them."""
    ends = np.cumsum(rooms)
    return ground._replace(
        entries=np.empty(int(ends[-1]), np.int32), starts=ends - rooms, rooms=rooms
    )
