"""The shear stress in an enlarged box, where the space lies at an angle.

Columns outside the space have no stress. In a cyclic box neighbours and the places of samples are
looked up by the copies of the space that lie around it. Between the planes of the gas the velocity
outside the space is not computed: it keeps what it was when the place lay in the space last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine.jit import at, kernel, part, whole
from orchestrator.engine.shear import DISTANCES, SPAN, STEEPEST, clipped, velocity_at
from orchestrator.engine.slopes import across

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.engine.ground import Ground
    from orchestrator.engine.shear import Samples


@kernel
def press_space(
    ground: Ground,
    corners: NDArray[np.float32],
    samples: Samples,
    field: NDArray[np.float32],
    depth: int,
) -> None:
    """Write the stress of all columns of the space, from box velocities as ``shear.pair_up`` lays them.

    ``field`` float32 [2, Dp * Hp * Lp] holds the velocities that cells outside keep; it may be
    empty, where they are 0.
    """
    Hp, Lp = ground.height, ground.length
    altitude = ground.altitude
    for j in range(ground.width):
        z = ground.first + j
        for i in range(Lp - 2):
            column = z * Lp + i + 1
            if not ground.inside[column]:
                continue
            west, s_west = column_beside(ground, i, j, -2, 0)
            east, s_east = column_beside(ground, i, j, 2, 0)
            north, s_north = column_beside(ground, i, j, 0, -2)
            south, s_south = column_beside(ground, i, j, 0, 2)
            s_x, s_z = s_east - s_west, s_south - s_north
            D_x = clipped(whole(altitude[at(east)]) - whole(altitude[at(west)]))
            D_z = clipped(whole(altitude[at(south)]) - whole(altitude[at(north)]))
            shape = ((s_x * DISTANCES + s_z) * SPAN + D_x + STEEPEST) * SPAN + D_z + STEEPEST
            x = min(max(i + 1 + samples.offset[0, at(shape)], 0), Lp - 1)
            y = min(max(Hp - altitude[at(column)] - samples.offset[1, at(shape)], 0), Hp - 1)
            there = min(max(z + samples.offset[2, at(shape)], 1), depth - 2)
            if ground.tiled:
                image = ground.images[at(x + Lp * there)]
                there = whole(at(image) // at(Lp))
                x = image - there * Lp
            if ground.inside[at(x + Lp * there)] or samples.weight[1, at(there)] == 0:
                u_x, u_y = velocity_at(ground, corners, samples, x, y, there)
            elif field.size:
                cell = x + Lp * (y + Hp * there)
                u_x, u_y = field[0, cell], field[1, cell]
            else:
                u_x, u_y = np.float32(0), np.float32(0)
            ground.stress[at(column)] = np.float32(
                np.float32(u_x * samples.tangent[1, at(shape)])
                + np.float32(u_y * -samples.tangent[0, at(shape)])
            )


@part
def column_beside(ground: Ground, i: int, j: int, step_x: int, step_z: int) -> tuple[int, int]:
    """Return the column some steps away, or that which stands for it, and the steps to it."""
    Lp = ground.length
    if ground.tiled:
        column = i + 1 + step_x + Lp * (ground.first + j + step_z)
        return whole(ground.images[at(column)]), step_x + step_z
    x = across(i, step_x, Lp - 2, False)
    z = across(j, step_z, ground.width, False)
    return x + 1 + Lp * (ground.first + z), x - i + z - j


@kernel
def keep_field(
    ground: Ground, corners: NDArray[np.float32], samples: Samples, field: NDArray[np.float32]
) -> None:
    """Write the velocities of all cells of the space that lie between the planes of the gas."""
    Hp, Lp = ground.height, ground.length
    for z in range(ground.first, ground.first + ground.width):
        if samples.weight[1, z] == 0:
            continue
        for x in range(1, Lp - 1):
            if not ground.inside[x + Lp * z]:
                continue
            for y in range(Hp):
                cell = x + Lp * (y + Hp * z)
                field[0, cell], field[1, cell] = velocity_at(ground, corners, samples, x, y, z)
