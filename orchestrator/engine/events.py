"""One transition: the cells change, and with them pairs, altitudes and the gas."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.engine.gas import block
from orchestrator.engine.ground import DATED, EAST, SOUTH, UP, WEST, coordinates, stand_in
from orchestrator.engine.jit import at, fetch, kernel, part, whole
from orchestrator.engine.pairs import append, remove
from orchestrator.engine.random48 import UNIT, following
from orchestrator.engine.states import AIR, WALL
from orchestrator.engine.transitions import Check, Time, Trigger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from orchestrator.engine.ground import Ground
    from orchestrator.engine.settings import Settings
    from orchestrator.engine.transitions import Transition

EROSION, HOP, RISE, ESCAPE = (
    int(Trigger.EROSION),
    int(Trigger.HOP),
    int(Trigger.RISE),
    int(Trigger.ESCAPE),
)
NOTHING, LIFT, FORWARD, BEHIND = range(4)


class Rules(NamedTuple):
    """The table of transitions as arrays, one entry per row, in the order of the table.

    Attributes
    ----------
    direction
        int64, 0 east, 1 down, 2 south.
    kind, becomes
        int64, the pair array drawn from, and that of the pair afterwards or -1.
    before, after
        int64 [rows, 2], states of the two cells.
    rate
        float64, per t0.
    time, check, trigger
        int64, values of the enumerations of these names.
    regulated, rise, forward
        Rows of the injection that replaces losses, of the rise and of the step east, or -1.
    lifts, goes_on
        Probabilities that an eroded grain rises, and that a risen one goes on, as does one at an
        obstacle; 0 or less where there is no such link.
    """

    direction: NDArray[np.int64]
    kind: NDArray[np.int64]
    becomes: NDArray[np.int64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    rate: NDArray[np.float64]
    time: NDArray[np.int64]
    check: NDArray[np.int64]
    trigger: NDArray[np.int64]
    regulated: int
    rise: int
    forward: int
    lifts: float
    goes_on: float


def rules(
    rows: Sequence[Transition], kinds: dict[tuple[int, int, int], int], settings: Settings
) -> Rules:
    """Turn the table ``rows`` into arrays; ``kinds`` numbers the pair types."""
    names = [row.name for row in rows]
    regulated = [i for i, row in enumerate(rows) if row.regulated]
    return Rules(
        direction=np.array([row.direction for row in rows], np.int64),
        kind=np.array([kinds[row.pair] for row in rows], np.int64),
        becomes=np.array(
            [kinds.get((row.direction, *row.after), -1) for row in rows], np.int64
        ),
        before=np.array([row.before for row in rows], np.int64),
        after=np.array([row.after for row in rows], np.int64),
        rate=np.array([row.rate for row in rows], np.float64),
        time=np.array([Time(row.time) for row in rows], np.int64),
        check=np.array([Check(row.check) for row in rows], np.int64),
        trigger=np.array([Trigger(row.trigger) for row in rows], np.int64),
        regulated=regulated[0] if regulated else -1,
        rise=names.index("10") if "10" in names else -1,
        forward=names.index("11"),
        lifts=float(settings.link_erosion_lift),
        goes_on=float(settings.link_lift_forward),
    )


@part
def change(ground: Ground, cell: int, role: int, state: int, stamp: int) -> None:
    """Give ``cell`` a new state, as first or second cell (``role``) of a pair that changes.

    Its five other pairs leave their arrays before and come back after. Grains are dated ``stamp``.
    """
    cells, kinds, order = ground.cells, ground.kinds, ground.order
    old = whole(cells[at(cell)])
    for step in range(5 * role, 5 * role + 5):
        neighbour = order[at(step)]
        there = cell + ground.offsets[at(neighbour)]
        other = whole(cells[at(there)])
        if other == WALL:
            there = stand_in(ground, there)
            other = whole(cells[at(there)])
        kind = kinds[at(neighbour * 256 + old * 16 + other)]
        if kind >= 0:
            remove(ground, kind, cell if neighbour & 1 else there, neighbour >> 1)
    put(ground, cell, state, stamp)
    for step in range(5 * role, 5 * role + 5):
        neighbour = order[at(step)]
        there = cell + ground.offsets[at(neighbour)]
        other = whole(cells[at(there)])
        if other == WALL:
            there = stand_in(ground, there)
            other = whole(cells[at(there)])
        kind = kinds[at(neighbour * 256 + state * 16 + other)]
        if kind >= 0:
            append(ground, kind, cell if neighbour & 1 else there, neighbour >> 1)


@part
def put(ground: Ground, cell: int, state: int, stamp: int) -> None:
    """Write a new state and what depends on it, except for the pairs."""
    old = whole(ground.cells[at(cell)])
    ground.cells[at(cell)] = state
    changes = ground.stock[DATED]
    ground.dates[at(changes)] = stamp << 32 | cell
    ground.stock[DATED] = changes + 1
    ground.counts[at(old)] -= 1
    ground.counts[at(state)] += 1
    if (old == AIR) != (state == AIR):
        x, y, z = coordinates(ground, cell)
        settle(ground, cell, x + ground.length * z, y, state != AIR)
        plane = whole(ground.plane[at(z)])
        if plane >= 0:
            block(ground, state != AIR, plane, y, x)


@part
def settle(ground: Ground, cell: int, column: int, y: int, solid: bool) -> None:
    """Follow a cell that became solid or fluid in the altitude of its column."""
    Hp = ground.height
    altitude = whole(ground.altitude[at(column)])
    high = Hp - y
    if solid:
        if high == altitude + 1:
            above = cell - 1
            while high < Hp - 2 and ground.cells[at(above)] != AIR:
                high += 1
                above -= 1
            ground.altitude[at(column)] = high
    elif high <= altitude:
        ground.altitude[at(column)] = high - 1


@kernel
def survey(ground: Ground, depth: int) -> None:
    """Measure the altitude of all columns anew."""
    Hp, Lp = ground.height, ground.length
    for z in range(1, depth - 1):
        for x in range(1, Lp - 1):
            column = x + Lp * z
            y = Hp - 2
            while y > 0 and ground.cells[y + Hp * column] != AIR:
                y -= 1
            ground.altitude[column] = Hp - 1 - y


@part
def beside(ground: Ground, cell: int, neighbour: int) -> int:
    """Return the neighbour of ``cell``, across the seam of a cyclic box if need be."""
    there = whole(cell + ground.offsets[at(neighbour)])
    if ground.cells[at(there)] == WALL:
        return stand_in(ground, there)
    return there


@part
def perform(ground: Ground, rules: Rules, row: int, first: int, stamp: int) -> None:
    """Perform transition ``row`` on the pair that starts with cell ``first``."""
    direction = rules.direction[at(row)]
    second = beside(ground, first, 2 * direction + 1)
    # what is needed next is far apart in memory
    plane = ground.offsets[SOUTH]
    fetch(ground.cells, first - plane)
    fetch(ground.cells, first + plane)
    remove(ground, rules.kind[at(row)], first, direction)
    for role in range(2):
        if rules.after[at(row), at(role)] != rules.before[at(row), at(role)]:
            cell = second if role else first
            change(ground, cell, 2 * direction + role, rules.after[at(row), at(role)], stamp)
    if rules.becomes[at(row)] >= 0:
        append(ground, rules.becomes[at(row)], first, direction)


@part
def matches(ground: Ground, rules: Rules, row: int, first: int) -> bool:
    """Whether the pair that starts with ``first`` is one from which ``row`` starts."""
    if ground.cells[at(first)] != rules.before[at(row), 0]:
        return False
    second = beside(ground, first, 2 * rules.direction[at(row)] + 1)
    return bool(ground.cells[at(second)] == rules.before[at(row), 1])


@part
def perform_all(
    ground: Ground, rules: Rules, row: int, first: int, stamp: int, state: int
) -> tuple[int, int]:
    """Perform transition ``row`` on the pair of ``first``, and all that it sets off.

    An eroded grain, or one at an obstacle, may rise; a risen one may step east, and then one that
    by now stands west of its place may do the same. A number is drawn only where the pattern is
    there. Return the generator's state and the number of transitions performed.
    """
    trigger, up = rules.trigger[at(row)], ground.offsets[UP]
    stage, spot, chance = NOTHING, first, rules.goes_on
    if trigger == EROSION:
        stage, spot, chance = LIFT, beside(ground, first, EAST) + up, rules.lifts
    elif trigger == HOP:
        stage, spot = LIFT, first + up
    elif trigger == RISE:
        stage = FORWARD
    elif trigger == ESCAPE:
        stage, chance = FORWARD, 1.0
    performed = 0
    success = True
    while success:
        perform(ground, rules, row, first, stamp)
        performed += 1
        success = False
        while stage != NOTHING and not success:
            row = rules.rise if stage == LIFT else rules.forward
            first = beside(ground, spot, WEST) if stage == BEHIND else spot
            if chance > 0 and matches(ground, rules, row, first):
                state = following(state)
                success = state * UNIT <= chance
            if stage == LIFT and success:
                stage, chance = FORWARD, rules.goes_on
            else:
                stage = BEHIND if stage == FORWARD else NOTHING
    return state, performed
