"""The box in which a whole space can turn: a larger one, and where the space lies in it.

For ``Rot_mode = FULL`` the space of the file lies, at an angle, in a box that is long and deep
enough for every angle. In a cyclic box copies of the space lie around it, side by side, and a
column outside stands for the one of which it is a copy. Lengths of sides and corners are rounded
to single precision step by step, as the model rounds them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.engine.jit import kernel
from orchestrator.engine.states import NEUTRAL, WALL

if TYPE_CHECKING:
    from numpy.typing import NDArray

PI = 3.14159265  # the model's own
_EDGE, _INTERIOR = 1, 2
_Corner = tuple[int, int]


class EnlargedBox:
    """The map of the space in the box, for one orientation at a time.

    Attributes
    ----------
    sides
        Length and depth of the space.
    cyclic
        Whether copies of the space lie around it.
    member
        int8 [Dp, Lp], 1 on the edge of the space and 2 within; outside 0, or negative where a copy
        of the space lies.
    source
        int64 [Dp, Lp], for each column outside the one that it is a copy of; where no copy reaches,
        what it was for an earlier orientation.
    former
        int64 [Dp, Lp], ``source`` before the latest change.
    """

    def __init__(
        self, padded: tuple[int, int, int], length: int, depth: int, *, periodic: bool
    ) -> None:
        self.sides = length, depth
        self.cyclic = periodic
        across, _, along = padded
        self.member = np.zeros((across, along), np.int8)
        self.source = np.zeros((across, along), np.int64)
        self.former = self.source.copy()
        self.turn_to(np.float32(0))

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Bool [Dp, Lp], the columns of the space."""
        inside: NDArray[np.bool_] = self.member > 0
        return inside

    @property
    def images(self) -> NDArray[np.int64]:
        """int64 [Dp, Lp], for each column the one inside that it stands for, or itself."""
        own = np.arange(self.member.size).reshape(self.member.shape)
        return np.where(self.inside, own, self.source) if self.cyclic else own

    def turn_to(self, orientation: np.float32) -> None:
        """Lay the space out at ``orientation``, in degrees, single precision."""
        self.former[:] = self.source
        self.member[:] = 0
        north_west, along, across = self._edges(orientation)
        north_east = _sum(north_west, along)
        south_west = _sum(north_west, across)
        south_east = _sum(north_east, across)
        for start, end in (
            (north_west, south_west),
            (north_west, north_east),
            (south_west, south_east),
            (north_east, south_east),
        ):
            self._draw(start, end)
        for row in self.member:
            edge = np.flatnonzero(row > 0)
            if edge.size:
                between = row[edge[0] : edge[-1] + 1]
                between[between == 0] = _INTERIOR
        if self.cyclic:
            self._tile(*_lengthened(along, across))

    def refuse_open_seams(self) -> None:
        """Raise if a neighbour of the space is outside and no copy of a column inside.

        Raises
        ------
        ExitError
            With the status with which ReSCAL ends there.
        """
        if not self.cyclic:
            return
        inside = np.pad(self.inside, 1)
        beside = inside[:-2, 1:-1] | inside[2:, 1:-1] | inside[1:-1, :-2] | inside[1:-1, 2:]
        needed = beside & ~self.inside
        stands_for = self.member.ravel()[self.source]
        if np.any(needed & ((self.member >= 0) | (stands_for < 0))):
            raise ExitError(
                Exit.REFUSED,
                "Rot_mode: the sides of the turned space do not meet; use another angle or size",
            )

    def solid_planes(self, states: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Return the planes, bool [Dp], that are wall or neutral from top to bottom.

        ``states`` is uint8 [Dp, Hp, Lp].
        """
        solid = np.ones(states.shape[0], np.bool_)
        for z in range(1, states.shape[0] - 1):
            plane = states[z, 1:, 1:-1]
            walls = plane == WALL
            above = np.logical_or.accumulate(walls, axis=0)
            solid[z] = np.all(walls[0] | (above | (plane == NEUTRAL)).all(axis=0))
        return solid

    def _edges(self, orientation: np.float32) -> tuple[_Corner, _Corner, _Corner]:
        """Return the north-western corner and the edges that start there, east and south."""
        Dp, Lp = self.member.shape
        length, depth = self.sides
        x1, y1 = np.float32(-0.4999 * length), np.float32(-0.4999 * depth)
        cx, cy = np.float32(Lp / 2.0 - 0.5), np.float32(Dp / 2.0 - 0.5)
        angle = float(orientation) * PI / 180.0
        co, si = np.float32(math.cos(angle)), np.float32(math.sin(angle))

        def corner(u: np.float32, v: np.float32) -> _Corner:
            return (
                round_half_away((cx + co * u) - si * v),
                round_half_away((cy + si * u) + co * v),
            )

        north_west, north_east, south_west = corner(x1, y1), corner(-x1, y1), corner(x1, -y1)
        return (
            north_west,
            _difference(north_east, north_west),
            _difference(south_west, north_west),
        )

    def _draw(self, start: _Corner, end: _Corner) -> None:
        """Mark a line of columns, both ends included."""
        dx, dz = _difference(end, start)
        steps = max(abs(dx), abs(dz))
        for step in range(steps + 1):
            if abs(dx) >= abs(dz):
                x = step if dx >= 0 else -step
                slope = np.float32(dz) / np.float32(dx) if dx else np.float32(0)
                z = round_half_away(slope * np.float32(x))
            else:
                z = step if dz >= 0 else -step
                slope = np.float32(dx) / np.float32(dz)
                x = round_half_away(slope * np.float32(z))
            self.member[start[1] + z, start[0] + x] = _EDGE

    def _tile(self, along: _Corner, across: _Corner) -> None:
        """Lay copies of the space around it."""
        Dp, Lp = self.member.shape
        wide = np.sqrt(np.float32(Lp * Lp + Dp * Dp))
        far_along, far_across = (
            int(np.ceil(np.float32((float(wide / np.float32(side)) - 1.0) / 2)))
            for side in self.sides
        )
        for k in range(-far_across, far_across + 1):
            for i in range(-far_along, far_along + 1):
                if (i, k) != (0, 0):
                    shift_x = i * along[0] + k * across[0]
                    shift_z = i * along[1] + k * across[1]
                    copy_space(self.member, self.source, shift_x, shift_z)


@kernel
def copy_space(
    member: NDArray[np.int8], source: NDArray[np.int64], shift_x: int, shift_z: int
) -> None:
    """Lay one copy of the space over ``member`` and ``source`` [Dp, Lp], column after column."""
    Dp, Lp = member.shape
    for z in range(Dp):
        for x in range(Lp):
            if member[z, x] > 0:
                to_x, to_z = x + shift_x, z + shift_z
                if 0 <= to_x < Lp and 0 <= to_z < Dp:
                    source[to_z, to_x] = x + Lp * z
                    member[to_z, to_x] = -member[z, x]


def round_half_away(value: np.float32) -> int:
    """Return the nearest whole number, the one farther from 0 where two are as near."""
    number = float(value)
    return int(number + 0.5) if number >= 0 else int(number - 0.5)


def _lengthened(along: _Corner, across: _Corner) -> tuple[_Corner, _Corner]:
    """Return the edges as steps from copy to copy: longer by one, so that copies do not share it."""
    (x1, z1), (x2, z2) = along, across
    if abs(x1) > abs(z1):
        return (x1 + _sign(x1), z1), (x2, z2 + _sign(z2))
    return (x1, z1 + _sign(z1)), (x2 + _sign(x2), z2)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _sum(a: _Corner, b: _Corner) -> _Corner:
    return a[0] + b[0], a[1] + b[1]


def _difference(a: _Corner, b: _Corner) -> _Corner:
    return a[0] - b[0], a[1] - b[1]
