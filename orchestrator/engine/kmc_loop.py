"""The main loop: draw a transition and a pair, perform it, advance the clock."""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.engine.events import perform_all
from orchestrator.engine.ground import DATED, FULL, column_of, stand_in
from orchestrator.engine.jit import at, kernel, part, whole
from orchestrator.engine.pairs import MARGIN
from orchestrator.engine.random48 import UNIT, following
from orchestrator.engine.shear import acceptance
from orchestrator.engine.slopes import may_slide
from orchestrator.engine.states import GRAIN, MOBILE, WALL
from orchestrator.engine.transitions import Check, Time

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.engine.events import Rules
    from orchestrator.engine.ground import Ground
    from orchestrator.engine.slopes import Repose

_SHEAR_FIRST, _SHEAR_SECOND = int(Check.SHEAR_FIRST), int(Check.SHEAR_SECOND)
_SLOPE_FIRST, _SLOPE_SECOND = int(Check.SLOPE_FIRST), int(Check.SLOPE_SECOND)
_EVOLVES, _CORRECTED = int(Time.EVOLVES), int(Time.CORRECTED)


class Pause(enum.IntEnum):
    """Why the loop returned."""

    GAS = 0  # a gas cycle is due; at the top of a turn
    ROOM = 1  # arrays are nearly full; at the top of a turn
    STILL = 2  # nothing can happen
    TRAPPED = 3  # every attempt of a turn failed
    STOP = 4  # the clock reached its end
    TURN = 5  # a snapshot or another task is due; at the end of a turn
    BREATH = 6  # many attempts were made; before the next one
    PROPAGATION = 7  # a large avalanche is due before an attempt is decided
    EMPTY = 8  # a pair was drawn that a large avalanche of this turn has taken away


_GAS, _ROOM, _STILL, _TRAPPED, _STOP, _TURN, _BREATH, _PROPAGATION, _EMPTY = map(int, Pause)


class Clock(NamedTuple):
    """What the loop carries from turn to turn.

    Attributes
    ----------
    time
        float64 [6]: the time; when the next gas cycle, the end and the next task of the end of a
        turn are due; the regular time of the next gas cycle, which is where time goes when every
        attempt of a turn has failed; and when the next large avalanche may start; in t0.
    state
        int64 [7]: the generator, failed attempts in a row, transitions performed, grains that
        injection is to keep up; whether a turn goes on, 0 no, 1 with its next attempt, 2 with the
        performance of the transition and the first cell that follow.
    factor
        float64 [4]: the share of the ground that erodes, and the rate of regulated injection, -1
        before it is known; of a turn that goes on the sums of all rates and of those that take time.
    """

    time: NDArray[np.float64]
    state: NDArray[np.int64]
    factor: NDArray[np.float64]


NOW, GAS_DUE, END, TURN_DUE, FORCED, PROPAGATION_DUE = range(6)
GENERATOR, FAILED, PERFORMED, KEPT, GOING_ON, ROW, FIRST = range(7)
ERODING, INJECTION, ALL_RATES, TIMED = range(4)
NEW_TURN, NEXT_ATTEMPT, PERFORM = range(3)  # of GOING_ON


@part
def injection(ground: Ground, clock: Clock, rate: float) -> float:
    """Return the rate of injection that replaces lost grains; the first evaluation counts them.

    A run that starts without any keeps none up: the second evaluation keeps the first one's 0.
    """
    grains = ground.counts[GRAIN] + ground.counts[MOBILE]
    if clock.state[KEPT] == 0:
        clock.state[KEPT] = grains
        clock.factor[INJECTION] = rate if clock.factor[INJECTION] < 0 else 0.0
        return 0.0
    return clock.factor[INJECTION] if grains < clock.state[KEPT] else 0.0


@kernel
def advance(
    ground: Ground,
    rules: Rules,
    repose: Repose,
    clock: Clock,
    current: NDArray[np.float64],
    sums: NDArray[np.float64],
    tau_min: np.float32,
    tau_max: np.float32,
    attempts: int,
    breath: int,
) -> int:
    """Run turns until something else is due; return a Pause.

    ``current`` float64 [rows] holds the rates of the moment; ``sums`` float64, a multiple of eight
    and more than rows long, the sums of rates of the turn, infinite beyond the rows. ``attempts``
    is how often a turn may fail in a row, ``breath`` after how many attempts the loop returns.
    """
    rows = rules.rate.size
    t = clock.time[NOW]
    state, failed = clock.state[GENERATOR], clock.state[FAILED]
    performed = clock.state[PERFORMED]
    eroding = clock.factor[ERODING]
    going_on = clock.state[GOING_ON]
    all_rates, timed = clock.factor[ALL_RATES], clock.factor[TIMED]
    row, first = clock.state[ROW], clock.state[FIRST]
    pause = -1
    while pause < 0:
        if going_on == NEW_TURN:
            if ground.stock[FULL] != 0 or ground.stock[DATED] + MARGIN > ground.dates.size:
                pause = _ROOM
                break
            if t >= clock.time[GAS_DUE]:
                pause = _GAS
                break

            all_rates, timed = 0.0, 0.0
            for i in range(rows):
                if i == rules.regulated:
                    current[i] = injection(ground, clock, rules.rate[i])
                rate = ground.lengths[at(rules.kind[at(i)])] * current[at(i)]
                all_rates = all_rates + rate
                sums[at(i)] = all_rates
                if rules.time[at(i)] == _EVOLVES:
                    timed = timed + rate
                elif rules.time[at(i)] == _CORRECTED:
                    timed = timed + rate * eroding
            if all_rates == 0:
                pause = _STILL
                break

        success = going_on == PERFORM
        going_on = NEW_TURN
        while not success and failed < attempts:
            if breath == 0:
                going_on = NEXT_ATTEMPT
                pause = _BREATH
                break
            breath -= 1
            state = following(state)
            mark = all_rates * (state * UNIT)
            row = 0
            for i in range(sums.size):
                row += mark >= sums[i]
            kind = rules.kind[at(row)]
            state = following(state)
            length = ground.lengths[at(kind)]
            pick = whole(state * UNIT * length)
            if length == 0:
                pause = _EMPTY
                break
            first = whole(ground.entries[at(ground.starts[at(kind)] + pick)])
            check = rules.check[at(row)]
            success = True
            if check != 0:
                direction = rules.direction[at(row)]
                cell = first
                if check in (_SHEAR_SECOND, _SLOPE_SECOND):
                    cell = first + ground.offsets[2 * direction + 1]
                    if ground.periodic and ground.cells[at(cell)] == WALL:
                        cell = stand_in(ground, cell)
                if check in (_SHEAR_FIRST, _SHEAR_SECOND):
                    state = following(state)
                    tau = ground.stress[at(column_of(ground, cell))]
                    success = bool(acceptance(tau, tau_min, tau_max) > np.float32(state * UNIT))
                else:
                    sense = 1 if check == _SLOPE_FIRST else -1
                    slides = may_slide(ground, repose, cell, direction, sense)
                    success = slides != 0
                    if slides == 2 and t > clock.time[PROPAGATION_DUE]:
                        going_on = PERFORM
                        pause = _PROPAGATION
                        break
                if not success:
                    failed += 1
        if pause >= 0:
            break
        if not success:
            failed = 0
            pause = _TRAPPED
            break

        state, more = perform_all(ground, rules, row, first, whole(t), state)
        performed += more
        if rules.time[at(row)] != 0:
            failed = 0
            if timed != 0:
                state = following(state)
                t += -math.log(state * UNIT) / timed
            if t >= clock.time[END]:
                pause = _STOP
                break
        if t >= clock.time[TURN_DUE]:
            pause = _TURN

    clock.time[NOW] = t
    clock.state[GENERATOR], clock.state[FAILED] = state, failed
    clock.state[PERFORMED] = performed
    clock.state[GOING_ON], clock.state[ROW], clock.state[FIRST] = going_on, row, first
    clock.factor[ALL_RATES], clock.factor[TIMED] = all_rates, timed
    return pause


@kernel
def possible(
    ground: Ground, rules: Rules, repose: Repose, current: NDArray[np.float64]
) -> bool:
    """Return whether any transition could happen now, were it drawn; there is no gas."""
    for row in range(rules.rate.size):
        kind = rules.kind[row]
        check = rules.check[row]
        if ground.lengths[kind] * current[row] == 0:
            continue
        if check not in (_SLOPE_FIRST, _SLOPE_SECOND):
            return True
        direction = rules.direction[row]
        sense = 1 if check == _SLOPE_FIRST else -1
        for position in range(ground.lengths[kind]):
            cell = whole(ground.entries[ground.starts[kind] + position])
            if check == _SLOPE_SECOND:
                cell += ground.offsets[2 * direction + 1]
                if ground.periodic and ground.cells[cell] == WALL:
                    cell = stand_in(ground, cell)
            if may_slide(ground, repose, cell, direction, sense) != 0:
                return True
    return False
