"""Propagating avalanches: one slide sets off others around it until nothing is too steep."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine.jit import at, kernel, part, whole
from orchestrator.engine.slopes import PI, normal
from orchestrator.engine.states import GRAIN
from orchestrator.engine.toppling import cell_at, slide

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.engine.ground import Ground
    from orchestrator.engine.slopes import Repose

MOST = 10
_ALONG = (
    (1, 0),
    (1, -1),
    (0, -1),
    (-1, -1),
    (-1, 0),
    (-1, 1),
    (0, 1),
    (1, 1),
)  # from east, by 45°
_AROUND = ((1, 0), (-1, 0), (0, 1), (0, -1))


def stable(repose: Repose, angle: float) -> Repose:
    """Return the conditions under which a large avalanche comes to rest."""
    return repose._replace(
        limit=np.float32(math.cos(PI * angle / 180.0)),
        radius=np.float32(3.5 if angle <= 33 else 3.0),
    )


@kernel
def propagate(
    ground: Ground,
    repose: Repose,
    start: int,
    stamp: int,
    queue: NDArray[np.int64],
    waiting: NDArray[np.bool_],
) -> int:
    """Relax the ground around the column ``start``; return how many cells have moved.

    There are slopes on which grains go round in circles: after ``MOST`` moves for each cell of the
    box it is given up, and the answer is negative. The pairs are not followed. ``queue`` int64 and ``waiting`` bool, [Dp * Lp] each, are working
    room, the latter all false.
    """
    long, wide, Lp, Hp = ground.length - 2, ground.width, ground.length, ground.height
    altitude = ground.altitude
    moved, head, count = 0, 0, 1
    queue[0] = start
    waiting[start] = True
    while count > 0:
        column = queue[head]
        head = (head + 1) % queue.size
        count -= 1
        waiting[column] = False
        z = whole(at(column) // at(Lp))
        i, j = column - z * Lp - 1, z - ground.first
        high = whole(altitude[column])
        target = downhill(ground, repose, i, j)
        if target < 0:
            continue
        top = Hp - high
        low = whole(altitude[target])
        if ground.cells[cell_at(ground, column, top)] != GRAIN or high <= low:
            continue
        slide(ground, column, target, top, Hp - low - 1, stamp)
        altitude[column], altitude[target] = high - 1, low + 1
        moved += 1
        if moved > MOST * ground.cells.size:
            return -1
        for step_x, step_z in _AROUND:
            if 0 <= i + step_x < long and 0 <= j + step_z < wide:
                there = column + step_x + Lp * step_z
                if not waiting[there]:
                    waiting[there] = True
                    queue[(head + count) % queue.size] = there
                    count += 1
    return moved


@part
def downhill(ground: Ground, repose: Repose, i: int, j: int) -> int:
    """Return the column to which the top grain of (i, j) slides, or -1."""
    long, wide, Lp = ground.length - 2, ground.width, ground.length
    column = (ground.first + j) * Lp + i + 1
    high, altitude = whole(ground.altitude[column]), ground.altitude
    for step_x, step_z in _AROUND:
        if 0 <= i + step_x < long and 0 <= j + step_z < wide:
            there = column + step_x + Lp * step_z
            if high - altitude[there] > repose.step:
                return there
    if ground.periodic:
        for at_seam, there in (
            (i == 0, column + long - 1),
            (i == long - 1, column - long + 1),
            (j == 0, column + (wide - 1) * Lp),
            (j == wide - 1, column - (wide - 1) * Lp),
        ):
            if at_seam and high - altitude[there] > repose.step:
                return there
    m_x, m_up, m_z = normal(ground, repose, i, j)
    if not m_up < repose.limit:
        return -1
    step_x, step_z = _ALONG[octant(m_x, m_z)]
    if 0 <= i + step_x < long and 0 <= j + step_z < wide:
        return column + step_x + Lp * step_z
    return -1


@part
def octant(m_x: np.float32, m_z: np.float32) -> int:
    """Return the eighth of the horizon in which a direction lies, 0 east, 2 north."""
    if m_x != 0:
        angle = np.float32(math.atan(np.float64(np.float32(-m_z / m_x))))
        if m_x < 0:
            angle = np.float32(np.float64(angle) + PI)
        if angle < 0:
            angle = np.float32(np.float64(angle) + 2 * PI)
    else:
        angle = np.float32(3 * PI / 2) if m_z > 0 else np.float32(PI / 2)
    for eighth in range(1, 9):
        if np.float64(angle) < (2 * eighth - 1) * PI / 8:
            return eighth - 1
    return 0
