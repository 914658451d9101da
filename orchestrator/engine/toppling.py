"""Synchronous avalanches: the whole map relaxes until no step is too high."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.engine.events import put
from orchestrator.engine.ground import DATED, date
from orchestrator.engine.jit import kernel, part, whole
from orchestrator.engine.random48 import UNIT, following
from orchestrator.engine.states import GRAIN

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from orchestrator.engine.ground import Ground

_AROUND = ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1))


@kernel
def topple(
    ground: Ground,
    depth: int,
    limit: int,
    cells_per_visit: int,
    stamp: int,
    targets: NDArray[np.int64],
    state: int,
) -> tuple[int, int, int]:
    """Move top grains down steps higher than ``limit``.

    Return the generator, the cells moved and the passes over the map, the last, idle one included.
    A cyclic box is joined along its axes, except at the northern seam. The pairs are not followed.
    ``targets`` int64 [11] is working room.
    """
    long, wide, Lp, Hp = ground.length - 2, ground.width, ground.length, ground.height
    altitude = ground.altitude
    moved, passes = 0, 0
    before = -1
    while moved != before:
        before = moved
        passes += 1
        for j in range(wide):
            for i in range(long):
                column = (ground.first + j) * Lp + i + 1
                count = candidates(ground, depth, limit, i, j, targets)
                if count == 0:
                    continue
                for _ in range(cells_per_visit):
                    state = following(state)
                    target = targets[whole(count * (state * UNIT))]
                    high, low = whole(altitude[column]), whole(altitude[target])
                    top = Hp - high
                    what = whole(ground.cells[cell_at(ground, column, top)])
                    if what != GRAIN:
                        break
                    if high > low:
                        slide(ground, column, target, top, Hp - low - 1, stamp)
                        altitude[column] = high - 1
                        altitude[target] = low + 1
                        moved += 1
    return state, moved, passes


@part
def candidates(
    ground: Ground, depth: int, limit: int, i: int, j: int, targets: NDArray[np.int64]
) -> int:
    """Write the columns that lie more than ``limit`` lower than (i, j); return their number."""
    long, wide, Lp = ground.length - 2, ground.width, ground.length
    column = (ground.first + j) * Lp + i + 1
    altitude = whole(ground.altitude[column])
    count = 0
    for step_x, step_z in _AROUND:
        if 0 <= i + step_x < long and 0 <= j + step_z < wide:
            there = column + step_x + Lp * step_z
            if altitude - ground.altitude[there] > limit:
                targets[count] = there
                count += 1
    if ground.periodic:
        western = column + long - 1
        if i == 0 and altitude - ground.altitude[western] > limit:
            targets[count] = western
            count += 1
        eastern = column - long + 1
        if i == long - 1 and altitude - ground.altitude[eastern] > limit:
            targets[count] = eastern
            count += 1
        southern = column - (wide - 1) * Lp
        if ground.first + j == depth - 2 and altitude - ground.altitude[southern] > limit:
            targets[count] = southern
            count += 1
    return count


@part
def slide(ground: Ground, column: int, target: int, top: int, bottom: int, stamp: int) -> None:
    """Move the top grain of a column to row ``bottom`` of another; the cells above it move up."""
    if ground.stock[DATED] + ground.height > ground.dates.size:
        date(ground)
    there = cell_at(ground, target, top)
    displaced = whole(ground.cells[there])
    put(ground, cell_at(ground, column, top), displaced, stamp)
    for _ in range(top, bottom):
        put(ground, there, whole(ground.cells[there + 1]), stamp)
        there += 1
    put(ground, there, GRAIN, stamp)


@part
def cell_at(ground: Ground, column: int, y: int) -> int:
    """Return the cell of a column in row ``y``."""
    return y + ground.height * column
