"""Centering: the bed is moved back so that its grains lie in the middle of the box on average."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine.enlarged_box import round_half_away
from orchestrator.engine.rotation import Cells
from orchestrator.engine.states import AIR, GRAIN, NEUTRAL, SINK, SOURCE, WALL

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FIXED = (WALL, NEUTRAL, SOURCE, SINK)


def shift(states: NDArray[np.uint8]) -> tuple[int, int]:
    """Return by how many columns along and across the wind to move cells [Dp, Hp, Lp].

    The mean position is that of resting grains, summed one by one in single precision.
    """
    Dp, Hp, Lp = states.shape
    grains = np.flatnonzero(states.ravel() == GRAIN)
    shifts = []
    for positions, side in ((grains % Lp, Lp), (grains // (Lp * Hp), Dp)):
        mean = np.float32(0)
        if grains.size:
            summed = np.add.accumulate(positions.astype(np.float32), dtype=np.float32)[-1]
            mean = np.float32(summed / np.float32(grains.size))
        middle = np.float32(round_half_away(np.float32(side / 2.0 - 0.5)))
        shifts.append(-round_half_away(np.float32(mean - middle)))
    return shifts[0], shifts[1]


def moved(cells: Cells, by_x: int, by_z: int, buffer: Cells | None, *, periodic: bool) -> Cells:
    """Return cells moved along and across the wind; walls, neutral cells, sources and sinks stay.

    Cells that come from outside a box that is not cyclic are air with the times of ``buffer``, the
    result of the move before.
    """
    Dp, _, Lp = cells.states.shape
    x, z = np.arange(Lp) - by_x, np.arange(Dp) - by_z
    known_x, known_z = (x >= 1) & (x <= Lp - 2), (z >= 1) & (z <= Dp - 2)
    x, z = (x - 1) % (Lp - 2) + 1, (z - 1) % (Dp - 2) + 1
    if periodic:
        known_x[:], known_z[:] = True, True
    states = np.empty_like(cells.states)
    times = buffer.times.copy() if buffer else np.zeros_like(cells.times)
    for k in range(Dp):
        states[k] = AIR
        if known_z[k]:
            from_x = x[known_x]
            states[k][:, known_x] = cells.states[z[k]][:, from_x]
            times[k][:, known_x] = cells.times[z[k]][:, from_x]
        stays = np.isin(cells.states[k], _FIXED)
        states[k][stays], times[k][stays] = cells.states[k][stays], cells.times[k][stays]
    return Cells(states, times)
