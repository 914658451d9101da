"""Avalanches of one run: which slopes are stable now, and what relaxes the whole ground."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.engine import propagation, slopes, toppling
from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.engine.kmc_loop import (
    FAILED,
    FIRST,
    GENERATOR,
    GOING_ON,
    NEXT_ATTEMPT,
    NOW,
    PROPAGATION_DUE,
    ROW,
)
from orchestrator.engine.settings import Avalanches, in_16_bits
from orchestrator.engine.states import WALL
from orchestrator.engine.tasks import Stability, Sweeps
from orchestrator.engine.transitions import Check

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.engine.bed import Bed
    from orchestrator.engine.events import Rules
    from orchestrator.engine.kmc_loop import Clock
    from orchestrator.engine.settings import Settings

_SLOPES = (int(Check.SLOPE_FIRST), int(Check.SLOPE_SECOND))


class Sweep(NamedTuple):
    """What one synchronous sweep did: cells moved and passes made, at a time, above a step."""

    moved: int
    passes: int
    time: float
    limit: int


class Slopes:
    """The conditions under which grains slide, and how they change in the course of a run.

    Attributes
    ----------
    repose
        The conditions of the moment.
    sweeps, stability
        When the whole ground relaxes, and when the angle of repose changes.
    angle, rate
        The angle in force and the rate of single slides, single precision.
    """

    def __init__(self, wanted: Settings, rules: Rules, time: float) -> None:
        self._settings, self._rules = wanted, rules
        mode, delay = wanted.avalanches, float(wanted.sweep_delay)
        self.sweeps = Sweeps.starting(time, active=mode is Avalanches.SYNC, interval=delay)
        changes = mode is Avalanches.TRANS and delay != 0
        self.stability = Stability(changes, float(wanted.stable_time), delay)
        self.angle, self.rate = wanted.angle, wanted.avalanche_rate
        self.repose = slopes.repose(wanted)
        self._stable = propagation.stable(self.repose, float(wanted.angle))

    @property
    def limit(self) -> int:
        """The step that a sweep leaves, as the model keeps it, in 16 bits."""
        return in_16_bits(self._settings.step_limit)

    def begin(self, clock: Clock, rates: NDArray[np.float64]) -> None:
        """Start what changes in the course of the run; ``rates`` are those of all transitions."""
        if self._settings.avalanches is Avalanches.PROPAG:
            wanted = self._settings
            self.set(
                wanted.unstable_angle or wanted.angle,
                wanted.unstable_rate or wanted.avalanche_rate,
                rates,
            )
            clock.time[PROPAGATION_DUE] = float(wanted.sweep_delay)
        self.change(float(clock.time[NOW]), rates)

    def change(self, time: float, rates: NDArray[np.float64]) -> bool:
        """Change the angle of repose and the rate if it is time; return whether it was."""
        if not self.stability.take(time):
            return False
        wanted = self._settings
        if self.stability.stable:
            self.set(wanted.angle, wanted.avalanche_rate, rates)
        else:
            self.set(wanted.unstable_angle, wanted.unstable_rate, rates)
        return True

    def set(self, angle: np.float32, rate: np.float32, rates: NDArray[np.float64]) -> None:
        """Put an angle and a rate into force."""
        self.angle, self.rate = angle, rate
        self.repose = slopes.repose(self._settings, angle)
        rates[np.isin(self._rules.check, _SLOPES)] = float(rate)

    def sweep(self, bed: Bed, clock: Clock) -> Sweep:
        """Relax the whole ground, whether it is time or not."""
        time = float(clock.time[NOW])
        clock.state[GENERATOR], moved, passes = toppling.topple(
            bed.ground,
            bed.padded[0],
            self.limit,
            in_16_bits(self._settings.cells_per_visit),
            int(time),
            np.empty(11, np.int64),
            clock.state[GENERATOR],
        )
        if moved:
            bed.refill()
        return Sweep(int(moved), int(passes), time, self.limit)

    def propagate(self, bed: Bed, clock: Clock) -> None:
        """Run a large avalanche from the grain that is about to slide, and decide on that."""
        ground, row, first = bed.ground, int(clock.state[ROW]), int(clock.state[FIRST])
        cell = first
        if self._rules.check[row] == Check.SLOPE_SECOND:
            cell += int(ground.offsets[2 * self._rules.direction[row] + 1])
            if ground.periodic and ground.cells[cell] == WALL:
                cell += int(ground.seams[cell // ground.height])
        time, columns = float(clock.time[NOW]), ground.altitude.size
        moved = propagation.propagate(
            ground,
            self._stable,
            cell // ground.height,
            int(time),
            np.empty(columns, np.int64),
            np.zeros(columns, np.bool_),
        )
        if moved < 0:
            raise ExitError(
                Exit.REFUSED,
                f"Ava_mode = PROPAG: a large avalanche at {time:g} t0 never ends: grains go round in "
                "circles; use a larger Ava_angle",
            )
        delay = float(self._settings.sweep_delay)
        clock.time[PROPAGATION_DUE] = float(np.float32(time + delay))
        if moved:
            bed.refill()
            clock.state[FAILED] += 1
            clock.state[GOING_ON] = NEXT_ATTEMPT
