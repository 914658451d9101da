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

STEEPEST = 5  # differences of altitude over four columns are cut to this
SPAN = 2 * STEEPEST + 1
DISTANCES = 5  # a difference is taken over 0..4 columns
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
        int64 [Dp], the gas planes in use north and south of a depth; -1 where there is none and the
        gas counts as still.
    weight
        float32 [2, Dp], their weights; the second is 0 on a plane.
    """

    tangent: NDArray[np.float32]
    offset: NDArray[np.int8]
    below: NDArray[np.int64]
    above: NDArray[np.int64]
    weight: NDArray[np.float32]


def samples(
    between: Corridor, Dp: int, *, periodic: bool, used: tuple[int, int] | None = None
) -> Samples:
    """Return the tables for a corridor in a padded box of depth ``Dp``.

    ``used`` are the first and the last gas plane in use, if not all are.
    """
    distance = np.arange(DISTANCES)
    difference = np.arange(-STEEPEST, STEEPEST + 1)
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

    first, last = used or (0, -(-between.width // PLANE_SPACING) - 1)
    depth = np.arange(Dp)
    below = np.minimum((depth - between.first) // PLANE_SPACING, last)
    partner = (0 if first == 0 else -1) if periodic else last
    above = np.where(below == last, partner, below + 1)
    beyond = depth - between.first - PLANE_SPACING * below
    gap = np.where(below == last, between.width - PLANE_SPACING * last, PLANE_SPACING)
    outside = (
        (depth < between.first + PLANE_SPACING * first)
        | (depth > between.last)
        | (last < first)
    )
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
    return min(max(difference, -STEEPEST), STEEPEST)


@kernel
def press(ground: Ground, corners: NDArray[np.float32], samples: Samples, depth: int) -> None:
    """Write the stress of all columns of the corridor, from box velocities as ``pair_up`` lays them.

    Between box corners the velocity is bilinear, between planes linear. The downward velocity
    enters with the sign of an upward one, as in the original.
    """
    Hp, Lp, periodic = ground.height, ground.length, ground.periodic
    long, wide = Lp - 2, ground.width
    altitude = ground.altitude
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
            shape = ((s_x * DISTANCES + s_z) * SPAN + D_x + STEEPEST) * SPAN + D_z + STEEPEST
            x = min(max(i + 1 + samples.offset[0, at(shape)], 0), Lp - 1)
            y = min(max(Hp - altitude[at(row + i)] - samples.offset[1, at(shape)], 0), Hp - 1)
            there = min(max(z + samples.offset[2, at(shape)], 1), depth - 2)
            u_x, u_y = velocity_at(ground, corners, samples, x, y, there)
            ground.stress[at(row + i)] = np.float32(
                np.float32(u_x * samples.tangent[1, at(shape)])
                + np.float32(u_y * -samples.tangent[0, at(shape)])
            )


@kernel
def pair_up(
    total: NDArray[np.int32], samples: Samples, boxes: int, corners: NDArray[np.float32]
) -> None:
    """Lay box velocities ``total`` [2, planes * boxes] out as they are blended.

    ``corners`` float32 [4 * planes * boxes] gets, per plane and box, the eastward and the downward
    velocity and those of the plane south of it that is in use, 0 where the gas there counts as still.
    """
    done = -1
    for z in range(samples.below.size):
        below, above = samples.below[z], samples.above[z]
        if below in (-1, done):
            continue
        done = below
        for box in range(boxes):
            corner, here, there = (
                4 * (below * boxes + box),
                below * boxes + box,
                above * boxes + box,
            )
            corners[corner], corners[corner + 1] = total[0, here], total[1, here]
            corners[corner + 2], corners[corner + 3] = np.float32(0), np.float32(0)
            if above >= 0:
                corners[corner + 2], corners[corner + 3] = total[0, there], total[1, there]


@part
def velocity_at(
    ground: Ground, corners: NDArray[np.float32], samples: Samples, x: int, y: int, z: int
) -> tuple[np.float32, np.float32]:
    """Return the velocity of the gas at a cell, eastward and downward, in the units of boxes.

    ``corners`` are those of ``pair_up``: whole numbers below 2**20, with which single precision is
    exact up to the division.
    """
    high, long = ground.boxes_high, ground.boxes_long
    below = samples.below[at(z)]
    if y >= BOX * (high - 1) or below < 0:
        return np.float32(0), np.float32(0)
    x = min(x, BOX * (long - 2) - 1)
    j_box, i_box = whole(at(y) // at(BOX)), whole(at(x) // at(BOX))
    a, b = y - BOX * j_box, x - BOX * i_box
    w00, w01 = np.float32((BOX - a) * (BOX - b)), np.float32((BOX - a) * b)
    w10, w11 = np.float32(a * (BOX - b)), np.float32(a * b)
    box = 4 * ((below * high + j_box) * long + i_box)
    u_x = blend(corners, box, 4 * long, w00, w01, w10, w11)
    u_y = blend(corners, box + 1, 4 * long, w00, w01, w10, w11)
    v_x = blend(corners, box + 2, 4 * long, w00, w01, w10, w11)
    v_y = blend(corners, box + 3, 4 * long, w00, w01, w10, w11)
    g0, g1 = samples.weight[0, at(z)], samples.weight[1, at(z)]
    return (
        np.float32(np.float32(u_x * g0) + np.float32(v_x * g1)),
        np.float32(np.float32(u_y * g0) + np.float32(v_y * g1)),
    )


@part
def blend(
    corners: NDArray[np.float32],
    box: int,
    next_row: int,
    w00: np.float32,
    w01: np.float32,
    w10: np.float32,
    w11: np.float32,
) -> np.float32:
    """Interpolate between the corners of four boxes."""
    upper = np.float32(
        np.float32(w00 * corners[at(box)]) + np.float32(w01 * corners[at(box + 4)])
    )
    lower = np.float32(
        np.float32(w10 * corners[at(box + next_row)])
        + np.float32(w11 * corners[at(box + next_row + 4)])
    )
    return np.float32(np.float32(upper + lower) / np.float32(25.0))


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
            column = z * ground.length + x
            if not ground.inside[column]:
                continue
            columns += 1
            tau = ground.stress[column]
            if tau > tau_max:
                always += 1
            elif tau > tau_min:
                maybe += 1
                sum_ = np.float32(sum_ + tau)
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
