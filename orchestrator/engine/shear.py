"""The shear stress on every column: the velocity of the gas ten cells away along the normal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.engine.gas_layout import BOX, PLANE_SPACING
from orchestrator.engine.jit import at, kernel, part, whole
from orchestrator.engine.slopes import across

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.engine.active_region import Corridor
    from orchestrator.engine.ground import Ground

_STEEPEST = 5  # differences of altitude over four columns are cut to this
_SPAN = 2 * _STEEPEST + 1
_DISTANCES = 5  # a difference is taken over 0..4 columns
_HEIGHT = np.float32(10.0)  # distance of the sample from the ground


class Samples(NamedTuple):
    """Where the stress of a column is sampled, by the shape of the ground around it.

    Attributes
    ----------
    tangent
        float32 [2, 5 * 5 * 11 * 11], eastward and upward part of the unit normal in the vertical
        plane; index ``((s_x * 5 + s_z) * 11 + D_x + 5) * 11 + D_z + 5`` with the distances s and
        the differences of altitude D.
    offset
        int8 [3, 5 * 5 * 11 * 11], cells from the ground to the sample: east, up, south.
    below, above
        int64 [Dp], the gas planes north and south of a depth, -1 outside the corridor.
    weight
        float32 [2, Dp], their weights; the second is 0 on a plane.
    """

    tangent: NDArray[np.float32]
    offset: NDArray[np.int8]
    below: NDArray[np.int64]
    above: NDArray[np.int64]
    weight: NDArray[np.float32]


def samples(between: Corridor, Dp: int, *, periodic: bool) -> Samples:
    """Return the tables for a corridor in a padded box of depth ``Dp``."""
    distance = np.arange(_DISTANCES)
    difference = np.arange(-_STEEPEST, _STEEPEST + 1)
    s_x, s_z, D_x, D_z = (
        axis.ravel()
        for axis in np.meshgrid(distance, distance, difference, difference, indexing="ij")
    )
    with np.errstate(invalid="ignore", divide="ignore"):  # both 0 where a box is one cell long
        length = np.sqrt((s_x**2 + D_x**2).astype(np.float64)).astype(np.float32)
        tangent = np.stack(
            [(-D_x).astype(np.float32) / length, s_x.astype(np.float32) / length]
        )
        w = np.stack([-D_x * s_z, s_x * s_z, -D_z * s_x])
        norm = np.sqrt((w**2).sum(axis=0).astype(np.float64)).astype(np.float32)
        normal = w.astype(np.float32) / norm
    flat = (s_z == 0) | (between.width < 5)
    normal = np.where(flat, np.stack([*tangent, np.zeros_like(norm)]), normal)
    reach = np.nan_to_num(normal * _HEIGHT).astype(np.float64)
    offset = np.copysign(np.floor(np.abs(reach) + 0.5), reach).astype(np.int8)

    planes = -(-between.width // PLANE_SPACING)
    depth = np.arange(Dp)
    below = (depth - between.first) // PLANE_SPACING
    above = np.where(below == planes - 1, 0 if periodic else planes - 1, below + 1)
    beyond = (depth - between.first) % PLANE_SPACING
    gap = np.where(
        below == planes - 1, between.width - PLANE_SPACING * (planes - 1), PLANE_SPACING
    )
    outside = (depth < between.first) | (depth > between.last)
    second = beyond.astype(np.float32) / gap.astype(np.float32)
    return Samples(
        tangent=tangent,
        offset=offset,
        below=np.where(outside, -1, below),
        above=np.where(outside, -1, above),
        weight=np.stack([np.float32(1) - second, second]),
    )


@part
def clipped(difference: int) -> int:
    """Cut a difference of altitude."""
    return min(max(difference, -_STEEPEST), _STEEPEST)


@kernel
def press(ground: Ground, total: NDArray[np.int32], samples: Samples, depth: int) -> None:
    """Write the stress of all columns of the corridor, from box velocities ``total`` [2, boxes].

    Between box corners the velocity is bilinear, between planes linear. The downward velocity
    enters with the sign of an upward one, as in the original.
    """
    Hp, Lp, periodic = ground.height, ground.length, ground.periodic
    long, wide = Lp - 2, ground.width
    high, boxes_long = ground.boxes_high, ground.boxes_long
    boxes = high * boxes_long
    altitude = ground.altitude
    eastward, downward = total[0], total[1]
    edge, floor = BOX * (boxes_long - 2), BOX * (high - 1)
    for j in range(wide):
        z = ground.first + j
        north, south = across(j, -2, wide, periodic), across(j, 2, wide, periodic)
        s_z = 4 if periodic else south - north
        row = z * Lp + 1
        north_row, south_row = (ground.first + north) * Lp + 1, (ground.first + south) * Lp + 1
        for i in range(long):
            west, east = across(i, -2, long, periodic), across(i, 2, long, periodic)
            s_x = 4 if periodic else east - west
            D_x = clipped(whole(altitude[at(row + east)]) - whole(altitude[at(row + west)]))
            D_z = clipped(
                whole(altitude[at(south_row + i)]) - whole(altitude[at(north_row + i)])
            )
            shape = (
                ((s_x * _DISTANCES + s_z) * _SPAN + D_x + _STEEPEST) * _SPAN + D_z + _STEEPEST
            )
            x = min(max(i + 1 + samples.offset[0, at(shape)], 0), Lp - 1)
            y = min(max(Hp - altitude[at(row + i)] - samples.offset[1, at(shape)], 0), Hp - 1)
            there = min(max(z + samples.offset[2, at(shape)], 1), depth - 2)
            below = samples.below[at(there)]
            u_x, u_y = np.float32(0), np.float32(0)
            if y < floor and below >= 0:
                x = min(x, edge - 1)
                j_box, i_box = whole(at(y) // at(BOX)), whole(at(x) // at(BOX))
                a, b = y - BOX * j_box, x - BOX * i_box
                w00, w01 = (BOX - a) * (BOX - b), (BOX - a) * b
                w10, w11 = a * (BOX - b), a * b
                box = below * boxes + j_box * boxes_long + i_box
                u_x = blend(eastward, box, boxes_long, w00, w01, w10, w11)
                u_y = blend(downward, box, boxes_long, w00, w01, w10, w11)
                g1 = samples.weight[1, at(there)]
                if g1 != 0:
                    g0 = samples.weight[0, at(there)]
                    box = samples.above[at(there)] * boxes + j_box * boxes_long + i_box
                    v_x = blend(eastward, box, boxes_long, w00, w01, w10, w11)
                    v_y = blend(downward, box, boxes_long, w00, w01, w10, w11)
                    u_x = np.float32(np.float32(u_x * g0) + np.float32(v_x * g1))
                    u_y = np.float32(np.float32(u_y * g0) + np.float32(v_y * g1))
            ground.stress[at(row + i)] = np.float32(
                np.float32(u_x * samples.tangent[1, at(shape)])
                + np.float32(u_y * -samples.tangent[0, at(shape)])
            )


@part
def blend(
    velocity: NDArray[np.int32], box: int, next_row: int, w00: int, w01: int, w10: int, w11: int
) -> np.float32:
    """Interpolate between the corners of four boxes."""
    bracket = (
        w00 * velocity[at(box)]
        + w01 * velocity[at(box + 1)]
        + w10 * velocity[at(box + next_row)]
        + w11 * velocity[at(box + next_row + 1)]
    )
    return np.float32(np.float32(bracket) / np.float32(25.0))


@kernel
def census(
    ground: Ground, solid: NDArray[np.bool_], tau_min: np.float32, tau_max: np.float32
) -> tuple[int, int, int, np.float32]:
    """Count all columns of open planes, those that erode always, those that may, and sum the latter."""
    columns, always, maybe, sum_ = 0, 0, 0, np.float32(0)
    for z in range(ground.first, ground.first + ground.width):
        if solid[z]:
            continue
        for x in range(1, ground.length - 1):
            tau = ground.stress[z * ground.length + x]
            if tau > tau_max:
                always += 1
            elif tau > tau_min:
                maybe += 1
                sum_ = np.float32(sum_ + tau)
        columns += ground.length - 2
    return columns, always, maybe, sum_


@part
def acceptance(tau: np.float32, tau_min: np.float32, tau_max: np.float32) -> np.float32:
    """Return the probability that a grain under stress ``tau`` is eroded."""
    if tau < tau_min or tau < 0:
        return np.float32(0)
    if tau > tau_max:
        return np.float32(1)
    return np.float32(np.float32(tau - tau_min) / np.float32(tau_max - tau_min))


@kernel
def eroding_share(
    counted: tuple[int, int, int, np.float32], tau_min: np.float32, tau_max: np.float32
) -> np.float32:
    """Return the share of the ground that erodes, by which erosion counts in the time step."""
    columns, always, maybe, sum_ = counted
    if columns == 0:
        return np.float32(0)
    mean = np.float32(sum_ / np.float32(maybe)) if maybe > 0 else np.float32(0)
    often = np.float32(acceptance(mean, tau_min, tau_max) * np.float32(maybe))
    return np.float32((often + np.float32(always)) / np.float32(columns))
