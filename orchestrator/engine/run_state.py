"""What a run consists of: cells and gas, the clock, and when which task is due."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine import settings
from orchestrator.engine.active_region import origin as started_from
from orchestrator.engine.atmosphere import Atmosphere
from orchestrator.engine.avalanches import Slopes
from orchestrator.engine.bed import Bed
from orchestrator.engine.events import rules
from orchestrator.engine.ground import pair_kinds
from orchestrator.engine.kmc_loop import ERODING, GENERATOR, NOW, PERFORMED, Clock
from orchestrator.engine.random48 import seeded
from orchestrator.engine.schedule import Schedule
from orchestrator.engine.settings import refuse_unsupported
from orchestrator.engine.tasks import Regular
from orchestrator.engine.transitions import listed, table
from orchestrator.engine.wind import Strength, Vane, Weather
from orchestrator.formats.cellspace import Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from orchestrator.engine.active_region import Origin
    from orchestrator.engine.avalanches import Sweep
    from orchestrator.engine.bed import Shown
    from orchestrator.engine.ground import Ground
    from orchestrator.formats.parameters import Value


class Stage(enum.IntEnum):
    """What comes next in a run."""

    START = 0  # the tasks before the stabilisation of the gas
    TASKS = 1  # the tasks that end a turn
    TURN = 2  # gas cycles that are pending, then the next turn


@dataclass(slots=True)
class Progress:
    """Where a run stands, beside its clock.

    Attributes
    ----------
    stage
        What comes next.
    pending
        Gas cycles before the next turn.
    renewing
        Whether the bed has moved under the gas, which flows anew before the next turn.
    hopeless
        Turns in a row in which no attempt could succeed.
    real_s, since_t0
        Seconds of nature until the time at which a t0 last changed its duration.
    start_t0
        When the run began, in t0.
    """

    stage: int = int(Stage.START)
    pending: int = 0
    renewing: bool = False
    hopeless: int = 0
    real_s: float = 0.0
    since_t0: float = 0.0
    start_t0: float = 0.0


class RunState:
    """Cells, gas and clock of one run.

    Parameters
    ----------
    parameters
        ReSCAL's names with typed values; absent names take ReSCAL's defaults. ``Tau_min`` is final
        where there is no wind file.
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
    weather
        The winds of a wind file and what they act by.
    origin
        What the cells at the start settled, for a run that is restored from a saved state; then its
        gas is not filled.
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
        weather: Weather | None = None,
        origin: Origin | None = None,
    ) -> None:
        refuse_unsupported(parameters)
        self.parameters = dict(parameters)
        self.settings = wanted = settings.read(parameters, model)
        self.depth, self.height, self.length = cells.shape
        self.weather = weather or Weather()
        self.vane = Vane()
        self.strength = Strength(wanted.tau_min, wanted.tau_max, np.float32(1))
        self.origin = origin or started_from(cells)
        self.bed = Bed(wanted, (self.depth, self.height, self.length), self.origin.corridor)
        rows = table(
            wanted,
            across=self.bed.corridor.width > 1,
            sources=self.origin.sources,
            sinks=self.origin.sinks,
        )
        self.bed.lay(cells, cell_times, rows)
        self.rules = rules(rows, pair_kinds(rows), wanted)
        self.rates = self.rules.rate.copy()
        self.sums = np.full(len(rows) // 8 * 8 + 8, np.inf)
        self.atmosphere = Atmosphere(self.bed.ground, wanted, self.bed.corridor, self.bed.box)
        start = float(time)
        self.slopes = Slopes(wanted, self.rules, start)
        self.centering = Regular(float(wanted.centering_delay))
        self.rotation = Regular(float(wanted.rotation_delay))
        self.schedule = Schedule()
        self.progress = Progress(since_t0=start, start_t0=start)
        self.directions = np.array([direction for direction, _, _ in pair_kinds(rows)])
        self.on_sweep: Callable[[Sweep], None] = _ignore
        self.on_ready: Callable[[], None] | None = None  # called once, before the first turn
        self._shown: Shown | None = None

        due = start if wanted.gas else math.inf
        self.clock = Clock(
            np.array([start, due, math.inf, -math.inf, start, math.inf]),
            np.zeros(7, np.int64),
            np.array([0.0, -1.0, 0.0, 0.0]),
        )
        self.clock.state[GENERATOR] = seeded(seed)
        if wanted.gas and origin is None:
            self._fill_gas()

    @property
    def ground(self) -> Ground:
        """Cells, pairs and altitudes."""
        return self.bed.ground

    @property
    def time(self) -> float:
        """The time in t0."""
        return float(self.clock.time[NOW])

    @property
    def real_time_s(self) -> float:
        """The time in seconds of nature, from the start of the clock."""
        return self.progress.real_s + (self.time - self.progress.since_t0) * float(
            self.strength.time_scale
        )

    @property
    def transitions(self) -> int:
        """Transitions performed so far, those set off by others included."""
        return int(self.clock.state[PERFORMED])

    @property
    def occurrences(self) -> list[str]:
        """Return the columns of ReSCAL's list of how often each transition occurred."""
        return listed(
            self.settings,
            across=self.bed.corridor.width > 1,
            sources=self.origin.sources,
            sinks=self.origin.sinks,
        )

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
        """int16 [planes, L], solid cells from the bottom wall up without a gap.

        Planes are those of the corridor; of a bed that has turned they are shown as before it did.
        """
        shown, shape = self._shown, self._map_shape
        columns = shown.altitude if shown else self.ground.altitude.reshape(shape)
        if self.bed.box is None:
            return columns[self._corridor_planes, 1:-1]
        inside = shown.inside if shown else self.ground.inside.reshape(shape)
        return columns[inside].reshape(-1, self.length)

    @property
    def stress(self) -> NDArray[np.float32]:
        """float32 [planes of the corridor, columns inside the walls], of the latest gas cycle."""
        return self.ground.stress.reshape(self._map_shape)[self._corridor_planes, 1:-1]

    @property
    def _map_shape(self) -> tuple[int, int]:
        return self.bed.padded[0], self.bed.padded[2]

    @property
    def _corridor_planes(self) -> slice:
        corridor = self.bed.corridor
        return slice(corridor.first, corridor.last + 1)

    @property
    def speeds(self) -> tuple[float, float]:
        """The largest and the mean gas speed over all boxes, summed over the last 49 cycles."""
        largest, mean = self.atmosphere.speeds(self.ground)
        return float(largest), float(mean)

    @property
    def nodes(self) -> NDArray[np.uint16]:
        """The nodes of the gas, uint16 [gas planes, Hp, Lp], with a bit for each velocity."""
        return self.atmosphere.dumped(self.ground)

    @property
    def box_velocities(self) -> NDArray[np.int32]:
        """int32 [2, gas planes, boxes high, boxes long], eastward and downward, of 49 cycles."""
        shape = (2, -1, self.ground.boxes_high, self.ground.boxes_long)
        return self.atmosphere.velocities.total.reshape(shape)

    def planes(self, *, walls: bool) -> Iterator[NDArray[np.uint64]]:
        """Yield the cells plane by plane, as they are written, with or without the walls.

        Each plane is uint64 [height, length], C-contiguous and little-endian in memory: byte 0 the
        state, bytes 4 to 7 the cell time. It is overwritten by the next one.
        """
        return self.bed.stored_planes(self._shown, walls=walls)

    def _fill_gas(self) -> None:
        """Fill the gas and drive it without collisions."""
        state = self.clock.state
        state[GENERATOR] = self.atmosphere.fill(self.ground, state[GENERATOR])

    def set_strength(self, strength: Strength) -> None:
        """Take over other thresholds and another duration of a t0."""
        self.progress.real_s, self.progress.since_t0 = self.real_time_s, self.time
        self.strength = strength


def _ignore(sweep: Sweep) -> None:
    """Do nothing about a sweep."""
