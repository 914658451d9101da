"""Turning the bed under the wind: where each column of cells comes from.

The wind blows east for ever; when it turns, the cells turn the other way. Whole cells are moved, with
the times at which they came to rest, and a cell whose source is cut off is lost or doubled.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.engine.jit import kernel, part, whole
from orchestrator.engine.settings import Rotation
from orchestrator.engine.states import AIR, NEUTRAL, SOURCE, WALL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.engine.enlarged_box import EnlargedBox

_PI = 3.14159265  # the model's own
_LEAST_DISK = 10  # padded cells; a disk reaches beyond a smaller box
_LEAST_FULL = 4  # cells
_STEPS_INWARD = 9


class Cells(NamedTuple):
    """States uint8 and times int32 of all cells, [Dp, Hp, Lp], walls included."""

    states: NDArray[np.uint8]
    times: NDArray[np.int32]


class _Turn(NamedTuple):
    """A turn of the box around its middle, in single precision."""

    co: np.float32
    si: np.float32
    c0: np.float32
    d0: np.float32


def _turn(angle: np.float32, Dp: int, Lp: int) -> _Turn:
    alpha = float(np.float32(float(angle) * _PI / 180.0))
    return _Turn(
        np.float32(math.cos(alpha)),
        np.float32(math.sin(alpha)),
        np.float32(Lp / 2.0 - 0.5),
        np.float32(Dp / 2.0 - 0.5),
    )


def sources(angle: np.float32, Dp: int, Lp: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the columns that turn into those of a box: x and z, int64 [Dp, Lp] each."""
    turn = _turn(angle, Dp, Lp)
    di = np.arange(Lp, dtype=np.float32)[None, :] - turn.c0
    dk = np.arange(Dp, dtype=np.float32)[:, None] - turn.d0
    x = (turn.c0 + turn.co * di) + turn.si * dk
    z = (turn.d0 - turn.si * di) + turn.co * dk
    return _rounded(x), _rounded(z)


def _rounded(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the nearest whole numbers, those farther from 0 where two are as near."""
    numbers = values.astype(np.float64)
    return np.trunc(numbers + np.copysign(0.5, numbers)).astype(np.int64)


def turned(
    cells: Cells,
    angle: np.float32,
    mode: Rotation,
    box: EnlargedBox | None,
    corridor: tuple[int, int],
    *,
    periodic: bool,
) -> Cells:
    """Return the cells of the box turned by ``angle``, in degrees.

    Parameters
    ----------
    box
        The map of the space, already turned, for ``Rotation.FULL``.
    corridor
        The first and the last plane that is not solid.
    periodic
        Whether the box is cyclic.

    Raises
    ------
    ExitError
        Where ReSCAL would read outside its arrays, or finds no cell.
    """
    if mode is Rotation.OVERLAP:
        return _overlapping(cells, angle)
    if mode is Rotation.DISK:
        return _disk(cells, angle, corridor, periodic=periodic)
    assert box is not None
    return _whole_space(cells, angle, box)


def _overlapping(cells: Cells, angle: np.float32) -> Cells:
    """Turn the box as if its sides were joined; walls, neutral cells and sources stay."""
    Dp, _, Lp = cells.states.shape
    x, z = sources(angle, Dp, Lp)
    x, z = (x - 1) % (Lp - 2) + 1, (z - 1) % (Dp - 2) + 1
    states, times = cells.states.copy(), cells.times.copy()
    for k in range(Dp):
        columns, stamps = _columns(cells, x[k], z[k])
        columns[columns == NEUTRAL] = AIR
        here = cells.states[k]
        moves = (here != WALL) & (here != NEUTRAL) & (here != SOURCE)
        np.copyto(states[k], columns, where=moves)
        np.copyto(times[k], stamps, where=moves)
    return Cells(states, times)


def _columns(
    cells: Cells, x: NDArray[np.int64], z: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Return the states and the times of columns, [Hp, columns]."""
    return cells.states[z, :, x].T, cells.times[z, :, x].T


def _disk(
    cells: Cells, angle: np.float32, corridor: tuple[int, int], *, periodic: bool
) -> Cells:
    """Turn all cells of an upright disk in the middle of the box."""
    Dp, _, Lp = cells.states.shape
    if min(Dp, Lp) < _LEAST_DISK:
        raise ExitError(
            Exit.REFUSED,
            f"Rot_mode = DISK: expected {_LEAST_DISK - 2} cells or more in L and D",
        )
    turn = _turn(angle, Dp, Lp)
    radius = np.float32(min(Dp, Lp) // 2 - 10)
    di = np.arange(Lp, dtype=np.float32)[None, :] - turn.c0
    dk = np.arange(Dp, dtype=np.float32)[:, None] - turn.d0
    inside = di * di + dk * dk < radius * radius
    planes = np.flatnonzero(inside.any(axis=1))
    walled = corridor != (1, Dp - 2)
    if walled and planes.size and not corridor[0] <= planes[0] <= planes[-1] <= corridor[1]:
        raise ExitError(Exit.REFUSED, "Rot_mode = DISK: the disk reaches into solid planes")
    x, z = sources(angle, Dp, Lp)
    states, times = cells.states.copy(), cells.times.copy()
    for k in planes:
        here = inside[k]
        states[k][:, here], times[k][:, here] = _columns(cells, x[k, here], z[k, here])
    around = np.ones((Dp, Lp), np.bool_)
    around[1:-1, 1:-1] = False
    walls = states[:, 1] == WALL
    if np.any(around & ~walls) or (periodic and np.any(walls & ~around)):
        raise ExitError(
            Exit.REFUSED, "Rot_mode = DISK: the disk reaches into the walls of so small a box"
        )
    return Cells(states, times)


def _whole_space(cells: Cells, angle: np.float32, box: EnlargedBox) -> Cells:
    """Turn the whole space inside its enlarged box."""
    Dp, _, Lp = cells.states.shape
    if min(box.sides) < _LEAST_FULL:
        raise ExitError(
            Exit.REFUSED, f"Rot_mode = FULL: expected {_LEAST_FULL} cells or more in L and D"
        )
    turn = _turn(angle, Dp, Lp)
    states = np.full(cells.states.shape, WALL, np.uint8)
    times = np.zeros(cells.times.shape, np.int32)
    x, z = sources(angle, Dp, Lp)
    lost = move_space(
        cells, Cells(states, times), box.inside, x, z, box.former, turn, box.cyclic
    )
    if lost:
        raise ExitError(
            Exit.REFUSED, "Rot_mode = FULL: a turned column finds no cells to come from"
        )
    return Cells(states, times)


@part
def nearest(value: np.float32) -> int:
    """Return the nearest whole number, the one farther from 0 where two are as near."""
    number = np.float64(value)
    return whole(number + 0.5) if number >= 0 else whole(number - 0.5)


@kernel
def move_space(
    old: Cells,
    new: Cells,
    inside: NDArray[np.bool_],
    source_x: NDArray[np.int64],
    source_z: NDArray[np.int64],
    former: NDArray[np.int64],
    turn: _Turn,
    cyclic: bool,
) -> int:
    """Copy the cells of all columns ``inside`` from their sources; return how many have none.

    A source that is wall is replaced by what it stood for before, ``former`` int64 [Dp, Lp], in a
    cyclic box, and otherwise by the first cell on the way to the middle of the box that is not.
    """
    Dp, Hp, Lp = old.states.shape
    lost = 0
    for z in range(Dp):
        for x in range(Lp):
            if not inside[z, x]:
                continue
            for y in range(1, Hp - 1):
                i, k = source_x[z, x], source_z[z, x]
                if old.states[k, y, i] == WALL and cyclic:
                    there = former[k, i]
                    k = there // Lp
                    i = there - k * Lp
                elif old.states[k, y, i] == WALL:
                    di = np.float32(np.float32(x) - turn.c0)
                    dk = np.float32(np.float32(z) - turn.d0)
                    far = np.float32(np.sqrt(np.float32(di * di) + np.float32(dk * dk)))
                    step_x, step_z = np.float32(-di / far), np.float32(-dk / far)
                    for _ in range(_STEPS_INWARD):
                        di, dk = np.float32(di + step_x), np.float32(dk + step_z)
                        i = nearest(
                            np.float32(
                                np.float32(turn.c0 + np.float32(turn.co * di))
                                + np.float32(turn.si * dk)
                            )
                        )
                        k = nearest(
                            np.float32(
                                np.float32(turn.d0 - np.float32(turn.si * di))
                                + np.float32(turn.co * dk)
                            )
                        )
                        if old.states[k, y, i] != WALL:
                            break
                if old.states[k, y, i] == WALL:
                    lost += 1
                new.states[z, y, x] = old.states[k, y, i]
                new.times[z, y, x] = old.times[k, y, i]
    return lost
