"""A run: from a cell space and parameters to its snapshots."""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine import (
    flow,
    gas,
    gas_layout,
    kmc_loop,
    settings,
    shear,
    slopes,
    toppling,
    velocity_average,
)
from orchestrator.engine.active_region import corridor
from orchestrator.engine.events import rules, survey
from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.engine.ground import pair_kinds, prepare
from orchestrator.engine.kmc_loop import (
    END,
    ERODING,
    FORCED,
    GAS_DUE,
    GENERATOR,
    NOW,
    PERFORMED,
    SNAPSHOT_DUE,
    SWEEP_DUE,
    Clock,
    Pause,
)
from orchestrator.engine.pairs import enlarged, filled
from orchestrator.engine.random48 import seeded
from orchestrator.engine.schedule import Schedule
from orchestrator.engine.settings import Avalanches, Boundary, refuse_unsupported
from orchestrator.engine.states import SINK, SOURCE, STATE_MASK
from orchestrator.engine.transitions import table
from orchestrator.formats.cellspace import Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Value


class Stage(enum.IntEnum):
    """What comes next in a run."""

    START = 0  # avalanches and the stabilisation of the gas
    SWEEP = 1  # the avalanches that end a turn
    TURN = 2  # the next turn


class Simulation:
    """Cells, gas and clock of one run.

    Parameters
    ----------
    parameters
        ReSCAL's names with typed values; absent names take ReSCAL's defaults. ``Tau_min`` is final.
    cells
        uint8 [D, H, L], states without walls, row 0 on top.
    cell_times
        int32 [D, H, L], whole t0.
    time
        Start time in t0.
    seed
        Seed of the generator, 32 bits.
    model
        ``SNO``, or ``DUN`` without sintering.
    """

    def __init__(
        self,
        parameters: Mapping[str, Value],
        cells: NDArray[np.uint8],
        cell_times: NDArray[np.int32],
        *,
        time: float,
        seed: int,
        model: str = "SNO",
    ) -> None:
        refuse_unsupported(parameters)
        self.parameters = dict(parameters)
        self.settings = settings.read(parameters, model)
        self.depth, self.height, self.length = cells.shape
        periodic = self.settings.boundary is Boundary.PERIODIC
        self.corridor = corridor(cells)
        rows = table(
            self.settings,
            across=self.corridor.width > 1,
            sources=any(SOURCE in plane for plane in cells),
            sinks=any(SINK in plane for plane in cells),
        )
        self.ground = prepare(
            cells,
            cell_times,
            self.corridor,
            rows,
            periodic=periodic,
            with_gas=self.settings.gas,
        )
        self._rules = rules(rows, pair_kinds(rows), self.settings)
        self._rates = self._rules.rate.copy()
        self._sums = np.empty(len(rows) // 8 * 8 + 8)
        self._repose = slopes.repose(self.settings)
        self._samples = shear.samples(self.corridor, self.depth + 2, periodic=periodic)
        self.velocities = velocity_average.at_rest(self.ground)
        self._column_sums = np.empty(velocity_average.COLUMN_ROOM, np.int64)
        self._box_sums = np.empty(
            velocity_average.BOX_ROOM * self.ground.box_nodes.size, np.int64
        )
        self._outcomes = np.empty(3 * self.ground.tiles * gas_layout.OUTCOME_TILE, np.int64)
        self.tau_max = self.settings.tau_max
        self.gas_cycles = 0
        self.schedule = Schedule()
        self.stage = Stage.START
        self.directions = np.array([direction for direction, _, _ in pair_kinds(rows)])

        start, never = float(time), math.inf
        due = start if self.settings.gas else never
        self.clock = Clock(
            np.array([start, due, never, never, self._first_sweep(start), start]),
            np.zeros(4, np.int64),
            np.array([0.0, -1.0]),
        )
        self.clock.state[GENERATOR] = seeded(seed)
        self.ground = filled(self.ground)
        survey(self.ground, self.depth + 2)
        if self.settings.gas:
            self._fill_gas()

    @property
    def time(self) -> float:
        """The time in t0."""
        return float(self.clock.time[NOW])

    @property
    def transitions(self) -> int:
        """Transitions performed so far, those set off by others included."""
        return int(self.clock.state[PERFORMED])

    @property
    def eroding_share(self) -> float:
        """The share of the ground that erodes, of the latest gas cycle."""
        return float(self.clock.factor[ERODING])

    @property
    def counts(self) -> dict[str, int]:
        """Cells per state, walls included."""
        return {cell.name: int(self.ground.counts[cell]) for cell in Cell}

    @property
    def altitude(self) -> NDArray[np.int16]:
        """int16 [planes of the corridor, L], solid cells from the bottom wall up without a gap."""
        first, width = self.corridor.first, self.corridor.width
        columns = self.ground.altitude.reshape(self.depth + 2, self.length + 2)
        return columns[first : first + width, 1:-1]

    @property
    def stress(self) -> NDArray[np.float32]:
        """float32 [planes of the corridor, L], of the latest gas cycle."""
        first, width = self.corridor.first, self.corridor.width
        columns = self.ground.stress.reshape(self.depth + 2, self.length + 2)
        return columns[first : first + width, 1:-1]

    @property
    def speeds(self) -> tuple[float, float]:
        """The largest and the mean gas speed over all boxes, summed over the last 49 cycles."""
        largest, mean = velocity_average.speeds(self.velocities.total)
        return float(largest), float(mean)

    @property
    def particles(self) -> tuple[int, int, int]:
        """The particles of the gas, those of them that are inside solids, and the fluid nodes."""
        words = self.ground.nodes.view(np.uint64).reshape(-1, 9, gas_layout.TILE)
        moving, solid = words[:, : gas_layout.SOLID], words[:, gas_layout.SOLID :]
        inside = np.bitwise_count(moving & solid).sum(dtype=np.int64)
        everywhere = np.bitwise_count(moving).sum(dtype=np.int64)
        return int(everywhere), int(inside), int(self.ground.nodes_fluid[0])

    @property
    def nodes(self) -> NDArray[np.uint16]:
        """The nodes of the gas, uint16 [gas planes, Hp, Lp], with a bit for each velocity."""
        return gas.dumped(self.ground)

    @property
    def box_velocities(self) -> NDArray[np.int32]:
        """int32 [2, gas planes, boxes high, boxes long], eastward and downward, of 49 cycles."""
        shape = (2, -1, self.ground.boxes_high, self.ground.boxes_long)
        return self.velocities.total.reshape(shape)

    def planes(self, *, walls: bool) -> Iterator[NDArray[np.uint64]]:
        """Yield the cells plane by plane, as they are written, with or without the walls.

        Each plane is uint64 [height, length], C-contiguous and little-endian in memory: byte 0 the
        state, bytes 4 to 7 the cell time. It is overwritten by the next one.
        """
        shape = (self.depth + 2, self.height + 2, self.length + 2)
        cells, times = self.ground.cells.reshape(shape), self.ground.times.reshape(shape)
        inner = slice(None) if walls else slice(1, -1)
        cells, times = cells[inner, inner, inner], times[inner, inner, inner]
        plane = np.empty((*cells.shape[1:], 2), np.int32)
        for states, stamps in zip(cells, times, strict=True):
            np.bitwise_and(states, STATE_MASK, out=plane[..., 0])
            plane[..., 1] = stamps
            yield plane.view(np.uint64)[..., 0]

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
            Called after every gas cycle; like ``on_snapshot``, it may save the state.
        """
        clock = self.clock
        self.schedule = Schedule.starting(self.time, every=every, every_picture=every_picture)
        clock.time[SNAPSHOT_DUE] = self.schedule.due
        if stop is not None:
            clock.time[END] = self.time + float(np.float32(float(np.float32(stop)) + 0.5))
        elif stoptime is not None:
            clock.time[END] = float(np.float32(stoptime)) + 0.5
        self._snapshot(on_snapshot)
        self.resume(on_snapshot=on_snapshot, on_pause=on_pause)

    def resume(
        self,
        *,
        on_snapshot: Callable[[Simulation], None],
        on_pause: Callable[[Simulation], None] | None = None,
    ) -> None:
        """Go on where the run stands, to the end that was set for it."""
        if self.stage is Stage.START:
            self._sweep()
            self._stabilise()
        elif self.clock.time[NOW] >= self.clock.time[END]:
            return
        elif self.stage is Stage.SWEEP:
            self._sweep()
        self.stage = Stage.TURN
        while self._turns(on_snapshot):
            if on_pause:
                on_pause(self)

    def restore(
        self, *, stage: Stage, tau_max: np.float32, schedule: Schedule, gas_cycles: int
    ) -> None:
        """Take over what is not in arrays from a saved state."""
        self.stage, self.tau_max = stage, tau_max
        self.schedule, self.gas_cycles = schedule, gas_cycles

    def _turns(self, on_snapshot: Callable[[Simulation], None]) -> bool:
        """Run turns until something else is due, see to it, and return whether to go on."""
        clock = self.clock
        match kmc_loop.advance(
            self.ground,
            self._rules,
            self._repose,
            clock,
            self._rates,
            self._sums,
            self.settings.tau_min,
            self.tau_max,
            self.settings.avalanches is Avalanches.SYNC,
            self.ground.cells.size,
        ):
            case Pause.GAS:
                self._cycle()
                return True
            case Pause.ROOM:
                self.ground = enlarged(self.ground)
                return True
            case Pause.STILL:
                if not self.settings.gas:
                    return False
                clock.time[NOW] = clock.time[GAS_DUE]
            case Pause.TRAPPED:
                if clock.time[NOW] < clock.time[FORCED]:
                    clock.time[NOW] = clock.time[FORCED]
                else:
                    self._postpone()
        self.stage = Stage.SWEEP
        self._snapshot(on_snapshot)
        if clock.time[NOW] >= clock.time[END]:
            return False
        self._sweep()
        self.stage = Stage.TURN
        return True

    def _snapshot(self, on_snapshot: Callable[[Simulation], None]) -> None:
        """Call ``on_snapshot`` if a snapshot is due."""
        time = self.clock.time
        if time[NOW] >= time[SNAPSHOT_DUE]:
            taken = self.schedule.take(self.time)
            time[SNAPSHOT_DUE] = self.schedule.due
            if taken:
                on_snapshot(self)

    def _fill_gas(self) -> None:
        """Fill the gas and drive it without collisions."""
        state = self.clock.state
        state[GENERATOR] = gas.fill(self.ground, self.depth + 2, state[GENERATOR])
        for _ in range(self.settings.speedup):
            state[GENERATOR] = gas.force(self.ground, self.settings.forcing, state[GENERATOR])

    def _stabilise(self) -> None:
        """Let the gas flow over the ground before the clock starts."""
        survey(self.ground, self.depth + 2)
        if not self.settings.gas:
            return
        cycles = self.settings.stabilisation
        cycles = 2 * (self.length + 2) if cycles is None else cycles
        for cycle in range(cycles):
            self._flow(averaged=cycle >= cycles - velocity_average.CYCLES)

    def _flow(self, *, averaged: bool) -> None:
        """Run one gas cycle; velocities are averaged only if somebody will look at them."""
        ground, state = self.ground, self.clock.state
        flow.step(
            ground.nodes,
            self._outcomes,
            ground.height,
            ground.length,
            ground.tiles,
            self.corridor.ceiling,
        )
        state[GENERATOR] = gas.force(ground, self.settings.forcing, state[GENERATOR])
        if not ground.periodic:
            state[GENERATOR] = gas.mix(ground, state[GENERATOR])
        if averaged:
            velocity_average.accumulate(
                ground, self.velocities, self._column_sums, self._box_sums
            )
        self.gas_cycles += 1

    def _cycle(self) -> None:
        """Run the gas cycle that is due, and find the stress that it puts on the ground."""
        self._flow(averaged=True)
        shear.press(self.ground, self.velocities.total, self._samples, self.depth + 2)
        tau_min = self.settings.tau_min
        counted = shear.census(self.ground, self.corridor.solid, tau_min, self.tau_max)
        if counted[0] and self.tau_max == 0:  # replaced when first used, after the census
            self.tau_max = np.float32(self.speeds[0])
        share = shear.eroding_share(counted, tau_min, self.tau_max)
        if math.isnan(share) and np.any(self._rates * self.ground.lengths[self._rules.kind]):
            raise ExitError(Exit.REFUSED, "Tau_max = 0: no gas moves, so that time cannot pass")
        self.clock.factor[ERODING] = share
        self._postpone()

    def _postpone(self) -> None:
        """Set the next gas cycle after the present time."""
        time, delay = self.clock.time, self.settings.gas_delay
        time[FORCED] += delay
        while time[FORCED] < time[NOW]:
            time[FORCED] += delay
        if self.settings.gas:
            time[GAS_DUE] = time[FORCED]

    def _first_sweep(self, start: float) -> float:
        """Return when the first sweep of avalanches is due; NaN means never."""
        delay = float(self.settings.sweep_delay)
        if self.settings.avalanches is not Avalanches.SYNC or delay == 0:
            return math.nan
        return float(np.float32(delay * math.ceil(start / delay)))

    def _sweep(self) -> None:
        """Relax the ground if a sweep of avalanches is due."""
        clock = self.clock
        now = self.time
        if self.settings.avalanches is not Avalanches.SYNC:
            return
        if not (now == 0 or now >= clock.time[SWEEP_DUE]):
            return
        clock.state[GENERATOR], moved = toppling.topple(
            self.ground,
            self.depth + 2,
            self.settings.step_limit,
            self.settings.cells_per_visit,
            int(now),
            np.empty(11, np.int64),
            clock.state[GENERATOR],
        )
        if moved:
            self.ground = filled(self.ground)
        clock.time[SWEEP_DUE] = float(np.float32(now + float(self.settings.sweep_delay)))
