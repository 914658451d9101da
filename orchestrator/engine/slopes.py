"""The shape of the ground around a column: the test whether a grain may slide."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.engine.ground import column_of
from orchestrator.engine.jit import at, kernel, part, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.engine.ground import Ground
    from orchestrator.engine.settings import Settings

PI = 3.14159265  # the model's own
_STEEPEST = 15  # differences of altitude up to which bearings are remembered
_SPAN = 2 * _STEEPEST + 1
_REACH = 5  # columns beyond which no altitude counts
_MARGIN = 0.05  # cells, more than single precision makes of altitudes


class Repose(NamedTuple):
    """When grains slide.

    ``limit`` is the upward part of the normal below which a slope is too steep, ``radius`` the
    distance over which slopes are taken; where altitudes differ by no more than ``gentle`` over that
    distance no slope is. ``bearings`` float32 [31 * 31 * 2] remembers cosine and sine of the direction
    of descent, NaN where it is not known yet.
    """

    step: int
    by_angle: bool
    upwind: bool
    limit: np.float32
    radius: np.float32
    gentle: int
    bearings: NDArray[np.float32]


def repose(settings: Settings, angle: np.float32 | None = None) -> Repose:
    """Return the conditions that ``settings`` set, with another ``angle`` if one is given."""
    degrees = float(settings.angle if angle is None else angle)
    radius = 3.5 if degrees <= 33 else 3.0 if degrees <= 45 else 1.5
    limit = np.float32(0.999 * math.cos(PI * degrees / 180.0))
    return Repose(
        step=settings.step_limit,
        by_angle=degrees != 0,
        upwind=settings.upwind,
        limit=limit,
        radius=np.float32(radius),
        gentle=gentle(limit, radius),
        bearings=np.full(2 * _SPAN * _SPAN, np.nan, np.float32),
    )


def gentle(limit: np.float32, radius: float) -> int:
    """Return the largest difference of altitude over twice ``radius`` that is not too steep."""
    if limit <= 0:
        return -1
    return math.floor(2 * radius * math.sqrt(1 / float(limit) ** 2 - 1) - _MARGIN)


@part
def across(position: int, steps: int, size: int, periodic: bool) -> int:
    """Return the index ``steps`` away, cyclic or kept inside ``[0, size)``."""
    there = position + steps
    if periodic:
        if there < 0:
            return there + size
        return there - size if there >= size else there
    return min(max(there, 0), size - 1)


@part
def bearing(nx: np.float32, nz: np.float32) -> tuple[np.float32, np.float32]:
    """Return cosine and sine of the horizontal direction (nx, nz), as a line."""
    theta = np.float32(PI / 2)
    if nx != 0:
        theta = np.float32(math.atan(np.float64(np.float32(nz / nx))))
    return np.float32(math.cos(np.float64(theta))), np.float32(math.sin(np.float64(theta)))


@part
def inside(position: np.float32, size: int, periodic: bool) -> np.float32:
    """Bring a point back into the map."""
    if periodic:
        if position < 0:
            position = np.float32(position + np.float32(size))
        if position >= size:
            position = np.float32(position - np.float32(size))
        return position
    if position < 0:
        return np.float32(0)
    return np.float32(size - 1) if position >= size else position


@part
def height_at(ground: Ground, long: int, X: np.float32, Z: np.float32) -> np.float32:
    """Interpolate the altitude between the four columns around a point."""
    i0, j0 = whole(np.floor(X)), whole(np.floor(Z))
    i1 = across(i0, 1, long, ground.periodic)
    j1 = across(j0, 1, ground.width, ground.periodic)
    tx1, tz1 = np.float32(X - np.float32(i0)), np.float32(Z - np.float32(j0))
    tx0, tz0 = np.float32(np.float32(1) - tx1), np.float32(np.float32(1) - tz1)
    row0, row1 = (
        ground.length * (ground.first + j0) + 1,
        ground.length * (ground.first + j1) + 1,
    )
    altitude = ground.altitude
    q00 = np.float32(np.float32(altitude[at(row0 + i0)]) * tx0) * tz0
    q01 = np.float32(np.float32(altitude[at(row1 + i0)]) * tx0) * tz1
    q10 = np.float32(np.float32(altitude[at(row0 + i1)]) * tx1) * tz0
    q11 = np.float32(np.float32(altitude[at(row1 + i1)]) * tx1) * tz1
    return np.float32(np.float32(np.float32(q00 + q01) + q10) + q11)


@part
def in_space(ground: Ground, X: np.float32, Z: np.float32) -> tuple[np.float32, np.float32]:
    """Bring a point outside a turned cyclic space back into it."""
    x, z = whole(np.floor(X)) + 1, whole(np.floor(Z)) + ground.first
    column = x + ground.length * z
    if ground.inside[at(column)]:
        return X, Z
    image = ground.images[at(column)]
    image_z = whole(at(image) // at(ground.length))
    image_x = image - image_z * ground.length
    return (
        np.float32(X + np.float32(image_x - x)),
        np.float32(Z + np.float32(image_z - z)),
    )


@part
def height_in_space(ground: Ground, X: np.float32, Z: np.float32) -> np.float32:
    """Interpolate the altitude between the four columns around a point of a turned cyclic space.

    Each column outside is replaced by that which stands for it, and the next ones are counted from
    there.
    """
    Lp, altitude = ground.length, ground.altitude
    i0, j0 = whole(np.floor(X)), whole(np.floor(Z))
    tx1, tz1 = np.float32(X - np.float32(i0)), np.float32(Z - np.float32(j0))
    tx0, tz0 = np.float32(np.float32(1) - tx1), np.float32(np.float32(1) - tz1)
    x0, z0 = i0 + 1, j0 + ground.first
    x1, z1 = x0 + 1, z0 + 1
    y00 = altitude[at(x0 + Lp * z0)]
    there = ground.images[at(x0 + Lp * z1)]
    z1 = whole(at(there) // at(Lp))
    y01 = altitude[at(there)]
    there = ground.images[at(x1 + Lp * z0)]
    x1 = there - Lp * whole(at(there) // at(Lp))
    y10 = altitude[at(there)]
    y11 = altitude[at(ground.images[at(x1 + Lp * z1)])]
    q00 = np.float32(np.float32(y00) * tx0) * tz0
    q01 = np.float32(np.float32(y01) * tx0) * tz1
    q10 = np.float32(np.float32(y10) * tx1) * tz0
    q11 = np.float32(np.float32(y11) * tx1) * tz1
    return np.float32(np.float32(np.float32(q00 + q01) + q10) + q11)


@part
def steepest(ground: Ground, repose: Repose, i: int, j: int) -> tuple[np.float32, np.float32]:
    """Return the eastward and the upward part of the normal along the steepest slope.

    The direction comes from differences over four columns, the slope from the altitudes at the two
    points ``radius`` away along it.
    """
    m_x, m_up, _ = normal(ground, repose, i, j)
    return m_x, m_up


@part
def normal(
    ground: Ground, repose: Repose, i: int, j: int
) -> tuple[np.float32, np.float32, np.float32]:
    """Return the normal along the steepest slope: eastward, upward and southward."""
    long, wide, periodic = ground.length - 2, ground.width, ground.periodic
    west, east = across(i, -2, long, periodic), across(i, 2, long, periodic)
    north, south = across(j, -2, wide, periodic), across(j, 2, wide, periodic)
    s_x = 4 if periodic else east - west
    v_z = -4 if periodic else north - south
    row = ground.length * (ground.first + j) + 1
    altitude = ground.altitude
    d_x = whole(altitude[at(row + east)]) - whole(altitude[at(row + west)])
    d_z = whole(altitude[at(ground.length * (ground.first + north) + 1 + i)]) - whole(
        altitude[at(ground.length * (ground.first + south) + 1 + i)]
    )
    c, s = descent(repose, d_x, d_z, s_x, v_z, wide)
    r1, r2 = np.float32(c * repose.radius), np.float32(s * repose.radius)
    if np.float32(wide) < np.float32(np.float32(2) * r2):
        r1, r2 = repose.radius, np.float32(0)
    X1 = inside(np.float32(np.float32(i) - r1), long, periodic)
    Z1 = inside(np.float32(np.float32(j) - r2), wide, periodic)
    X2 = inside(np.float32(np.float32(i) + r1), long, periodic)
    Z2 = inside(np.float32(np.float32(j) + r2), wide, periodic)
    fx = np.float32(np.float32(2) * r1) if periodic else np.float32(X2 - X1)
    fz = np.float32(np.float32(2) * r2) if periodic else np.float32(Z2 - Z1)
    h = np.float32(height_at(ground, long, X2, Z2) - height_at(ground, long, X1, Z1))
    return tilt(h, c, s, fx, fz)


@part
def descent(
    repose: Repose, d_x: int, d_z: int, s_x: int, v_z: int, wide: int
) -> tuple[np.float32, np.float32]:
    """Return cosine and sine of the direction of descent, from differences and their distances."""
    flat = wide < 5 or v_z == 0
    nx = np.float32(-d_x) if flat else np.float32(d_x * v_z)
    nz = np.float32(0) if flat else np.float32(s_x * d_z)
    known = (
        not flat and s_x == 4 and v_z == -4 and abs(d_x) <= _STEEPEST and abs(d_z) <= _STEEPEST
    )
    if known:
        shape = at(((d_x + _STEEPEST) * _SPAN + d_z + _STEEPEST) * 2)
        c, s = repose.bearings[shape], repose.bearings[shape + at(1)]
        if np.isnan(c):
            c, s = bearing(nx, nz)
            repose.bearings[shape], repose.bearings[shape + at(1)] = c, s
    else:
        c, s = bearing(nx, nz)
    return c, s


@part
def tilt(
    h: np.float32, c: np.float32, s: np.float32, fx: np.float32, fz: np.float32
) -> tuple[np.float32, np.float32, np.float32]:
    """Return the normal of a slope that rises by ``h`` along (c, s) over the distance (fx, fz)."""
    wx, wz = np.float32(-h * c), np.float32(-h * s)
    wy = np.float32(np.float32(fz * s) + np.float32(fx * c))
    length = np.float32(
        math.sqrt(
            np.float32(
                np.float32(np.float32(wx * wx) + np.float32(wy * wy)) + np.float32(wz * wz)
            )
        )
    )
    if wy < 0:
        length = -length
    return np.float32(wx / length), np.float32(wy / length), np.float32(wz / length)


@part
def may_slide(ground: Ground, repose: Repose, cell: int, direction: int, sense: int) -> int:
    """Return whether the grain in ``cell`` may move one step in ``direction`` (0 east, 2 south).

    ``sense`` is 1 or -1. The grain must belong to the contiguous column; it slides where the step
    to the next column is too high, or, whatever its direction, where the slope is too steep. Then
    the answer is 2, else 1 or 0.
    """
    column = column_of(ground, cell)
    altitude = whole(ground.altitude[at(column)])
    if cell - column * ground.height < ground.height - altitude:
        return 0
    if ground.tiled:
        return may_slide_in_space(ground, repose, column, direction, sense)
    z = whole(at(column) // at(ground.length))
    i, j = column - z * ground.length - 1, z - ground.first
    if direction == 0:
        there = column - i + across(i, sense, ground.length - 2, ground.periodic)
    else:
        there = column + (across(j, sense, ground.width, ground.periodic) - j) * ground.length
    high = altitude - whole(ground.altitude[at(there)]) > repose.step
    if high and (repose.upwind or not repose.by_angle):
        return 1
    if not high and (not repose.by_angle or is_gentle(ground, repose, column, i, j)):
        return 0
    eastward, upward = steepest(ground, repose, i, j)
    if not repose.upwind and eastward <= 0:
        return 0
    return 1 if high else 2 if upward < repose.limit else 0


@part
def is_gentle(ground: Ground, repose: Repose, column: int, i: int, j: int) -> bool:
    """Return whether the altitudes from which ``steepest`` takes its slope differ too little.

    Near the sides of the box, and where bearings are not known yet, the answer is no.
    """
    Lp, altitude = ground.length, ground.altitude
    if not (_REACH <= i < Lp - 2 - _REACH and _REACH <= j < ground.width - _REACH):
        return False
    d_x = whole(altitude[at(column + 2)]) - whole(altitude[at(column - 2)])
    d_z = whole(altitude[at(column - 2 * Lp)]) - whole(altitude[at(column + 2 * Lp)])
    if abs(d_x) > _STEEPEST or abs(d_z) > _STEEPEST:
        return False
    shape = at(((d_x + _STEEPEST) * _SPAN + d_z + _STEEPEST) * 2)
    c, s = repose.bearings[shape], repose.bearings[shape + at(1)]
    if np.isnan(c):
        return False
    r1, r2 = np.float32(c * repose.radius), np.float32(s * repose.radius)
    first = ground.first * Lp + 1
    near = first + cell_below(i, -r1) + Lp * cell_below(j, -r2)
    two = first + cell_below(i, r1) + Lp * cell_below(j, r2)
    low_1, high_1 = range_of_four(altitude, near, Lp)
    low_2, high_2 = range_of_four(altitude, two, Lp)
    return max(high_2 - low_1, high_1 - low_2) <= repose.gentle


@part
def cell_below(position: int, distance: np.float32) -> int:
    """Return the column at or before the point that lies ``distance`` away."""
    return whole(np.floor(np.float32(np.float32(position) + distance)))


@part
def range_of_four(altitude: NDArray[np.int16], column: int, Lp: int) -> tuple[int, int]:
    """Return the lowest and the highest altitude of four columns around a point."""
    a, b = whole(altitude[at(column)]), whole(altitude[at(column + 1)])
    c, d = whole(altitude[at(column + Lp)]), whole(altitude[at(column + Lp + 1)])
    return min(a, b, c, d), max(a, b, c, d)


@kernel
def may_slide_in_space(
    ground: Ground, repose: Repose, column: int, direction: int, sense: int
) -> int:
    """Answer as ``may_slide`` does, for the top of a column of a turned cyclic space."""
    step = sense if direction == 0 else sense * ground.length
    there = whole(ground.images[at(column + step)])
    high = whole(ground.altitude[at(column)]) - whole(ground.altitude[at(there)]) > repose.step
    if not repose.by_angle:
        return 1 if high else 0
    eastward, upward = steepest_in_space(ground, repose, column)
    if not repose.upwind and eastward <= 0:
        return 0
    return 1 if high else 2 if upward < repose.limit else 0


@part
def steepest_in_space(
    ground: Ground, repose: Repose, column: int
) -> tuple[np.float32, np.float32]:
    """Return what ``steepest`` does, for a column of a turned cyclic space."""
    Lp, altitude, images = ground.length, ground.altitude, ground.images
    d_x = whole(altitude[at(images[at(column + 2)])])
    d_x -= whole(altitude[at(images[at(column - 2)])])
    d_z = whole(altitude[at(images[at(column - 2 * Lp)])])
    d_z -= whole(altitude[at(images[at(column + 2 * Lp)])])
    c, s = descent(repose, d_x, d_z, 4, -4, ground.width)
    r1, r2 = np.float32(c * repose.radius), np.float32(s * repose.radius)
    if np.float32(ground.width) < np.float32(np.float32(2) * r2):
        r1, r2 = repose.radius, np.float32(0)
    z = whole(at(column) // at(Lp))
    i, j = np.float32(column - z * Lp - 1), np.float32(z - ground.first)
    X1, Z1 = in_space(ground, np.float32(i - r1), np.float32(j - r2))
    X2, Z2 = in_space(ground, np.float32(i + r1), np.float32(j + r2))
    h = np.float32(height_in_space(ground, X2, Z2) - height_in_space(ground, X1, Z1))
    fx, fz = np.float32(np.float32(2) * r1), np.float32(np.float32(2) * r2)
    m_x, m_up, _ = tilt(h, c, s, fx, fz)
    return m_x, m_up
