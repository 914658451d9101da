"""A run: from a cell space and parameters to its snapshots."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine import kmc_loop, shear
from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.engine.ground import date
from orchestrator.engine.kmc_loop import (
    END,
    ERODING,
    FORCED,
    GAS_DUE,
    GENERATOR,
    NOW,
    TURN_DUE,
    Pause,
)
from orchestrator.engine.pairs import enlarged
from orchestrator.engine.run_state import RunState, Stage
from orchestrator.engine.schedule import Schedule
from orchestrator.engine.time_steps import beyond

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.engine.wind import Strength

_BREATH = 1 << 18  # attempts; less than a tenth of a second
_HOPELESS = 2  # turns in a row in which no attempt can succeed, before and after slopes changed


class Simulation(RunState):
    """One run, from its first snapshot to its end."""

    def run(
        self,
        *,
        stop: float | None = None,
        stoptime: float | None = None,
        every: float | None = None,
        every_picture: float | None = None,
        on_snapshot: Callable[[Simulation], None],
        on_pause: Callable[[Simulation], None] | None = None,
    ) -> None:
        """Simulate until the end.

        Parameters
        ----------
        stop, stoptime
            t0 to simulate, or time at which to end; the model adds half a t0. None: no end.
        every
            t0 between snapshots; None: no snapshots.
        every_picture
            t0 between pictures, which are not drawn but tell on the snapshots' times and numbers.
        on_snapshot
            Called whenever a snapshot is due.
        on_pause
            Called many times a second; like ``on_snapshot``, it may save the state.
        """
        clock = self.clock
        self.schedule = Schedule.starting(self.time, every=every, every_picture=every_picture)
        if stop is not None:
            clock.time[END] = self._end(stop)
        elif stoptime is not None:
            clock.time[END] = float(np.float32(stoptime)) + 0.5
        self._snapshot(on_snapshot)
        self.resume(on_snapshot=on_snapshot, on_pause=on_pause)

    def extend(self, *, stop: float | None, every: float | None) -> None:
        """Set another end, and another interval between snapshots, for a run that was restored.

        Raises
        ------
        ExitError
            If a snapshot that is asked for now lies before the saved state.
        """
        if stop is not None:
            self.clock.time[END] = self._end(stop)
        if every is None or float(np.float32(every)) == self.schedule.every:
            return
        start = self.progress.start_t0
        wanted = Schedule.starting(start, every=every, every_picture=None)
        if wanted.due <= start:
            wanted.take(start)
        if wanted.due <= self.time or wanted.taken != self.schedule.taken:
            raise ExitError(
                Exit.STALE,
                f"-dcsp {every:g}t0: the state of {self.time:g} t0 is of a run with snapshots every "
                f"{self.schedule.every:g} t0; others before it are missing",
            )
        self.schedule = wanted
        self.clock.time[TURN_DUE] = -math.inf

    def _end(self, stop: float) -> float:
        """Return the time at which a run of ``stop`` t0 ends; the model adds half a t0."""
        added = float(np.float32(float(np.float32(stop)) + 0.5))
        return self.progress.start_t0 + added

    def resume(
        self,
        *,
        on_snapshot: Callable[[Simulation], None],
        on_pause: Callable[[Simulation], None] | None = None,
    ) -> None:
        """Go on where the run stands, to the end that was set for it."""
        progress = self.progress
        if progress.stage == Stage.START:
            self._begin()
        elif self.clock.time[NOW] >= self.clock.time[END]:
            return
        elif progress.stage == Stage.TASKS:
            self._end_turn()
        progress.stage = int(Stage.TURN)
        while self._settled() or self._turns(on_snapshot):
            if on_pause:
                on_pause(self)

    def _begin(self) -> None:
        """See to the tasks before the first turn.

        Raises
        ------
        ExitError
            If the file of winds is at fault, which the model reads now.
        """
        if self.weather.fault is not None:
            raise self.weather.fault
        if self.weather.file is not None:
            angle, strength = self.weather.begin(self.vane, self.time, self.strength)
            self._blow(angle, strength)
        self.centering.start(self.time)
        self._centre()
        self._sweep()
        self.slopes.begin(self.clock, self.rates)
        if not self.settings.gas:
            return
        if self.progress.renewing:
            self._fill_gas()
        cycles = self.settings.stabilisation
        self._settle(2 * self.ground.length if cycles is None else cycles)

    def _end_turn(self) -> None:
        """See to the tasks at the end of a turn that are due."""
        time = self.time
        moved = self._centre()
        self.rotation.start(time, later=True)
        if self.rotation.take(time):
            self._rotate(self.settings.rotation_angle)
            if self.slopes.sweeps.active:
                self.on_sweep(self.slopes.sweep(self.bed, self.clock))
            self.progress.renewing, moved = True, True
        self._sweep()
        self.slopes.change(time, self.rates)
        if self.weather.file is not None and time >= self.vane.due:
            self._blow(*self.weather.turn(self.vane, self.strength))
            moved = True
        if moved:
            self.progress.hopeless = 0
        if self.progress.renewing and self.settings.gas:
            self.clock.time[GAS_DUE] = -math.inf
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Say when the next task is due at the end of a turn."""
        self.clock.time[TURN_DUE] = min(
            self.schedule.due,
            self.centering.next,
            self.rotation.next,
            self.slopes.sweeps.next(self.time),
            self.slopes.stability.next(self.time),
            math.inf if self.weather.file is None else self.vane.due,
        )

    def _blow(self, angle: np.float32, strength: Strength) -> None:
        """Turn the wind by ``angle`` and give it another strength."""
        if angle != 0:
            self._rotate(np.float32(-angle))
            self.progress.renewing = True
        self.set_strength(strength)

    def _rotate(self, angle: np.float32) -> None:
        """Turn the bed; the gas is only told where the ground is now."""
        if angle == 0:
            return
        self.atmosphere.leave(self.ground)
        self.bed.rotate(angle)
        if self.settings.gas:
            self.atmosphere.follow(self.ground)

    def _centre(self) -> bool:
        """Move the bed to the middle if it is time; return whether it has moved."""
        if not self.centering.take(self.time) or not self.bed.centre():
            return False
        if self.settings.gas:
            self.atmosphere.follow(self.ground)
        self.progress.renewing = True
        return True

    def _sweep(self) -> None:
        """Relax the ground if a sweep of avalanches is due."""
        if self.slopes.sweeps.take(self.time):
            self.on_sweep(self.slopes.sweep(self.bed, self.clock))
            self.slopes.sweeps.postpone(self.time)

    def _settle(self, cycles: int) -> None:
        """Let the gas flow over the ground for some cycles before the next turn."""
        self.bed.survey()
        self.progress.renewing = False
        self.progress.pending = max(cycles, 0)
        self.atmosphere.prepare_cycles(cycles)

    def _settled(self) -> bool:
        """Run one pending gas cycle; return whether there was any."""
        progress = self.progress
        if progress.pending == 0:
            return False
        progress.pending -= 1
        self._flow(following=progress.pending)
        return True

    def _turns(self, on_snapshot: Callable[[Simulation], None]) -> bool:
        """Run turns until something else is due, see to it, and return whether to go on."""
        if self.on_ready is not None:
            self.on_ready()
            self.on_ready = None
        pause = kmc_loop.advance(
            self.ground,
            self.rules,
            self.slopes.repose,
            self.clock,
            self.rates,
            self.sums,
            self.strength.tau_min,
            self.strength.tau_max,
            self.ground.cells.size,
            _BREATH,
        )
        match pause:
            case Pause.GAS:
                self._cycle()
                return True
            case Pause.ROOM:
                date(self.ground)
                self.bed.ground = enlarged(self.ground)
                return True
            case Pause.BREATH:
                return True
            case Pause.PROPAGATION:
                self.slopes.propagate(self.bed, self.clock)
                return True
            case Pause.EMPTY:
                raise ExitError(
                    Exit.REFUSED,
                    "Ava_mode = PROPAG: a pair was drawn that a large avalanche has taken away",
                )
            case Pause.STILL | Pause.TRAPPED if not self._passed(pause):
                return False
        return self._turn_ended(on_snapshot)

    def _passed(self, pause: int) -> bool:
        """Let time pass without an event, where there is gas; return whether the run goes on."""
        time = self.clock.time
        if not self.settings.gas:
            if pause == Pause.TRAPPED:
                self._refuse_hopeless()
            return pause == Pause.TRAPPED
        if pause == Pause.STILL or time[NOW] < time[FORCED]:
            time[NOW] = time[FORCED]
        else:
            self._postpone()
        return True

    def _turn_ended(self, on_snapshot: Callable[[Simulation], None]) -> bool:
        """Take a snapshot and see to the other tasks; return whether to go on."""
        self.progress.stage = int(Stage.TASKS)
        self._snapshot(on_snapshot)
        if self.clock.time[NOW] >= self.clock.time[END]:
            return False
        self._end_turn()
        self.progress.stage = int(Stage.TURN)
        return True

    def _refuse_hopeless(self) -> None:
        """End a run without gas in which no attempt can succeed any more."""
        if kmc_loop.possible(self.ground, self.rules, self.slopes.repose, self.rates):
            self.progress.hopeless = 0
            return
        self.progress.hopeless += 1
        if self.progress.hopeless > _HOPELESS:
            raise ExitError(
                Exit.REFUSED,
                f"nothing can happen any more at {self.time:g} t0: only avalanches are left, and no "
                "grain may slide; without gas time does not pass",
            )

    def _snapshot(self, on_snapshot: Callable[[Simulation], None]) -> None:
        """Call ``on_snapshot`` if a snapshot is due."""
        if self.time < self.schedule.due:
            return
        self._shown = self.bed.shown()
        if self.schedule.take(self.time):
            on_snapshot(self)
        self._shown = None

    def _flow(self, following: int) -> None:
        state = self.clock.state
        state[GENERATOR] = self.atmosphere.flow(
            self.ground, state[GENERATOR], following=following
        )

    def _cycle(self) -> None:
        """Run the gas cycle that is due, and find the stress that it puts on the ground.

        If the bed has moved, the cycles come first after which the gas follows it.
        """
        if self.progress.renewing:
            if self.settings.renew_gas:
                self._fill_gas()
            self._settle(self.settings.cycles_after_turn(self.ground.length))
            return
        self.atmosphere.refresh(self.ground)
        self._flow(following=0)
        self.atmosphere.press(self.ground)
        counted = shear.census(self.ground, self.bed.corridor.solid, *self.strength[:2])
        if counted[0]:
            self.settle_tau_max()
        share = shear.eroding_share(counted, *self.strength[:2])
        if math.isnan(share) and np.any(self.rates * self.ground.lengths[self.rules.kind]):
            raise ExitError(Exit.REFUSED, "Tau_max = 0: no gas moves, so that time cannot pass")
        self.clock.factor[ERODING] = share
        self._postpone()

    def settle_tau_max(self) -> None:
        """Replace a ``Tau_max`` of 0 by the largest speed of the gas, for the rest of the run.

        The model does so when it first uses the value: after the first census of the stress, or
        after the stabilisation if it logs the acceptance there.
        """
        if self.strength.tau_max == 0:
            self.strength = self.strength._replace(tau_max=np.float32(self.speeds[0]))

    def _postpone(self) -> None:
        """Set the next gas cycle after the present time."""
        time, delay = self.clock.time, self.settings.gas_delay
        time[FORCED] = beyond(time[FORCED] + delay, delay, time[NOW], True)
        time[GAS_DUE] = time[FORCED]
