"""The pair arrays: every pair of neighbouring cells from which a transition starts.

One array per pair type. An entry leaves by being overwritten with the last one and comes in at the
end; which entry stands where is part of the model, since pairs are drawn by position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine.ground import DOWN, EAST, SOUTH, stand_in
from orchestrator.engine.jit import at, kernel, part, whole
from orchestrator.engine.states import STATE_BITS, STATE_MASK, WALL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.engine.ground import Ground

MARGIN = 256  # more than one turn of the loop can append to one array or take of slots
FREE, FRESH, FULL = 0, 1, 2  # the entries of Ground.slots


@part
def append(ground: Ground, kind: int, owner: int, direction: int) -> None:
    """Put the pair that ``owner`` makes in ``direction`` at the end of array ``kind``."""
    cells, places, slots = ground.cells, ground.places, ground.slots
    slot = whole(cells[at(owner)]) >> STATE_BITS
    if slot == 0:
        slot = slots[FREE]
        if slot != 0:
            slots[FREE] = places[at(4 * slot + 3)]
        else:
            slot = slots[FRESH]
            slots[FRESH] = slot + 1
            if 4 * (slot + MARGIN) >= places.size:
                slots[FULL] = 1
        cells[at(owner)] |= slot << STATE_BITS
        places[at(4 * slot + 3)] = 0
    position = ground.lengths[at(kind)]
    ground.entries[at(ground.starts[at(kind)] + position)] = owner | slot << 32
    places[at(4 * slot + direction)] = position
    places[at(4 * slot + 3)] += 1
    ground.lengths[at(kind)] = position + 1
    if position + MARGIN >= ground.rooms[at(kind)]:
        slots[FULL] = 1


@part
def remove(ground: Ground, kind: int, owner: int, direction: int) -> None:
    """Take the pair that ``owner`` makes in ``direction`` out of array ``kind``."""
    cells, places = ground.cells, ground.places
    slot = whole(cells[at(owner)]) >> STATE_BITS
    position = places[at(4 * slot + direction)]
    start = ground.starts[at(kind)]
    last = ground.lengths[at(kind)] - 1
    ground.lengths[at(kind)] = last
    if position != last:
        entry = ground.entries[at(start + last)]
        ground.entries[at(start + position)] = entry
        places[at(4 * (entry >> 32) + direction)] = position
    present = places[at(4 * slot + 3)] - 1
    if present == 0:
        cells[at(owner)] &= STATE_MASK
        places[at(4 * slot + 3)] = ground.slots[FREE]
        ground.slots[FREE] = slot
    else:
        places[at(4 * slot + 3)] = present


@kernel
def scan(ground: Ground, depth: int, store: bool) -> int:
    """Count all pairs into ``lengths``, and if ``store`` fill the arrays; return the owners.

    The order is depth, height, length, the last fastest, and per cell the eastern, the southern
    and the lower pair. A cyclic box has no pairs owned by cells outside the space.
    """
    cells, kinds = ground.cells, ground.kinds
    Hp, Lp = ground.height, ground.length
    ground.lengths[:] = 0
    if store:
        ground.slots[:] = 0
        ground.slots[FRESH] = 1
        for cell in range(cells.size):
            cells[cell] &= STATE_MASK
    owners = 0
    for z in range(depth - 1):
        for y in range(Hp - 1):
            for x in range(Lp - 1):
                if ground.periodic and not ground.inside[x + Lp * z]:
                    continue
                cell = x + Lp * (y + Hp * z)
                state = cells[cell] & STATE_MASK
                owns = False
                for neighbour in (EAST, SOUTH, DOWN):
                    if y == 0 and neighbour != DOWN:
                        continue
                    if neighbour == SOUTH and ground.width == 1:
                        continue
                    there = cell + ground.offsets[neighbour]
                    other = cells[there] & STATE_MASK
                    if other == WALL:
                        other = cells[stand_in(ground, there)] & STATE_MASK
                    kind = kinds[neighbour * 256 + state * 16 + other]
                    if kind >= 0:
                        owns = True
                        if store:
                            append(ground, kind, cell, neighbour >> 1)
                        else:
                            ground.lengths[at(kind)] += 1
                owners += owns
    return owners


def filled(ground: Ground) -> Ground:
    """Return ``ground`` with all its pairs in their arrays, in the order of a scan."""
    depth = ground.plane.size
    owners = scan(ground, depth, False)
    ground = roomy(ground, ground.lengths, owners)
    scan(ground, depth, True)
    return ground


def roomy(ground: Ground, lengths: NDArray[np.int64], owners: int) -> Ground:
    """Return ``ground`` with room for arrays of these lengths, which it may have lost."""
    wanted = lengths + 2 * MARGIN
    if np.any(wanted > ground.rooms):
        ground = _with_rooms(ground, np.maximum(wanted + wanted // 8, ground.rooms))
    if 4 * (owners + 2 * MARGIN) > ground.places.size:
        ground = ground._replace(
            places=np.empty(4 * (owners + owners // 8 + 2 * MARGIN), np.int32)
        )
    return ground


def enlarged(ground: Ground) -> Ground:
    """Return ``ground`` with more room for the arrays and the slots that are nearly full."""
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
    if 4 * (ground.slots[FRESH] + 2 * MARGIN) > ground.places.size:
        places = np.empty(ground.places.size * 5 // 4 + 16 * MARGIN, np.int32)
        places[: ground.places.size] = ground.places
        ground = ground._replace(places=places)
    ground.slots[FULL] = 0
    return ground


def _with_rooms(ground: Ground, rooms: NDArray[np.int64]) -> Ground:
    """Lay the arrays out anew, with nothing in them."""
    ends = np.cumsum(rooms)
    return ground._replace(
        entries=np.empty(int(ends[-1]), np.int64), starts=ends - rooms, rooms=rooms
    )
