"""The main loop: draw a transition and a pair, perform it, advance the clock."""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.engine.events import perform_all
from orchestrator.engine.ground import place
from orchestrator.engine.jit import at, kernel, part, whole
from orchestrator.engine.pairs import FULL
from orchestrator.engine.random48 import UNIT, following
from orchestrator.engine.shear import acceptance
from orchestrator.engine.slopes import may_slide
from orchestrator.engine.states import GRAIN, MOBILE, STATE_MASK, WALL
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
    TURN = 5  # a snapshot or a sweep of avalanches is due; at the end of a turn


_GAS, _ROOM, _STILL, _TRAPPED, _STOP, _TURN = map(int, Pause)


class Clock(NamedTuple):
    """What the loop carries from turn to turn.

    Attributes
    ----------
    time
        float64 [6]: the time; when the next gas cycle, the end, the next snapshot and the next
        sweep of avalanches are due; and where time goes when every attempt of a turn has failed,
        which is the next gas cycle, due or, without gas, not; in t0.
    state
        int64 [4]: the generator, failed attempts in a row, transitions performed, grains that
        injection is to keep up.
    factor
        float64 [2]: the share of the ground that erodes, and the rate of regulated injection, -1
        before it is known.
    """

    time: NDArray[np.float64]
    state: NDArray[np.int64]
    factor: NDArray[np.float64]


NOW, GAS_DUE, END, SNAPSHOT_DUE, SWEEP_DUE, FORCED = range(6)
GENERATOR, FAILED, PERFORMED, KEPT = range(4)
ERODING, INJECTION = range(2)


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
    sweeps: bool,
    attempts: int,
) -> int:
    """Run turns until something else is due; return a Pause.

    ``current`` float64 [rows] holds the rates of the moment; ``sums`` float64, a multiple of eight
    and more than rows long, is working room. ``attempts`` is how often a turn may fail in a row.
    """
    rows = rules.rate.size
    sums[:] = np.inf
    t = clock.time[NOW]
    state, failed = clock.state[GENERATOR], clock.state[FAILED]
    performed = clock.state[PERFORMED]
    eroding = clock.factor[ERODING]
    pause = -1
    while pause < 0:
        if ground.slots[FULL] != 0:
            pause = _ROOM
            break
        if t >= clock.time[GAS_DUE]:
            pause = _GAS
            break

        all_rates, timed = 0.0, 0.0
        for row in range(rows):
            if row == rules.regulated:
                current[row] = injection(ground, clock, rules.rate[row])
            rate = ground.lengths[at(rules.kind[at(row)])] * current[at(row)]
            all_rates = all_rates + rate
            sums[at(row)] = all_rates
            if rules.time[at(row)] == _EVOLVES:
                timed = timed + rate
            elif rules.time[at(row)] == _CORRECTED:
                timed = timed + rate * eroding
        if all_rates == 0:
            pause = _STILL
            break

        success = False
        row, first = 0, 0
        while not success and failed < attempts:
            state = following(state)
            mark = all_rates * (state * UNIT)
            row = 0
            for i in range(sums.size):
                row += mark >= sums[i]
            kind = rules.kind[at(row)]
            state = following(state)
            pick = whole(state * UNIT * ground.lengths[at(kind)])
            first = ground.entries[at(ground.starts[at(kind)] + pick)] & 0xFFFFFFFF
            check = rules.check[at(row)]
            success = True
            if check != 0:
                direction = rules.direction[at(row)]
                cell = first
                if check in (_SHEAR_SECOND, _SLOPE_SECOND):
                    cell = first + ground.offsets[2 * direction + 1]
                    if ground.periodic and ground.cells[at(cell)] & STATE_MASK == WALL:
                        cell = first + ground.wraps[2 * direction + 1]
                if check in (_SHEAR_FIRST, _SHEAR_SECOND):
                    state = following(state)
                    x, _, z = place(ground, cell)
                    tau = ground.stress[at(x + ground.length * z)]
                    success = bool(acceptance(tau, tau_min, tau_max) > np.float32(state * UNIT))
                else:
                    sense = 1 if check == _SLOPE_FIRST else -1
                    success = may_slide(ground, repose, cell, direction, sense)
                if not success:
                    failed += 1
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
        if t >= clock.time[SNAPSHOT_DUE] or (sweeps and (t == 0 or t >= clock.time[SWEEP_DUE])):
            pause = _TURN

    clock.time[NOW] = t
    clock.state[GENERATOR], clock.state[FAILED] = state, failed
    clock.state[PERFORMED] = performed
    return pause
