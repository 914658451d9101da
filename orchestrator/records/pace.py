"""How long experiments will take, from those that have finished and from how the model scales.

The time of a run grows with the domain's length and depth and with the simulated time, and hardly
with its height: the flow is stabilised for twice the length in gas cycles, then one cycle and the
events of one unit of time follow each other.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.formats import winds
from orchestrator.model import EngineKind, State
from orchestrator.model.simulators import ENGINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Progress, Record, Status

_PUBLISHED_S = {EngineKind.BUILTIN: 2.5e-7, EngineKind.RESCAL: 1.6e-6, EngineKind.OWN: 0.0}
"""Seconds per column and unit of time or gas cycle, of the two engines on a core of 2023."""

_SETTLING = 0.08  # of the work of a unit of time, a gas cycle alone
_LOOKING = 0.005  # of the same, a look at all cells, for each row of them
_EVENTS = 0.1  # per column and unit of time, after each of which tasks may be due
_MARGINS = 14  # cells around the disk in which a domain turns

START_S = 0.3
"""Seconds until the first event, of genesis and an engine together."""


def work(
    parameters: Mapping[str, Value], simulated_t0: float, *, continued: bool = False
) -> float:
    """Return what a run over a time is proportional to: columns times time and gas cycles.

    One that is ``continued`` has its flow already; a simulator of the user's own is known to have none.
    """
    if ENGINE in parameters:
        return columns(parameters) * simulated_t0
    length = float(parameters["L"])
    cycles = float(parameters.get("Init_ncycl", 2 * (length + 2)))
    most = _EVENTS * columns(parameters)
    turns = min(_turns_per_t0(parameters), most)
    turning = _SETTLING * turns * _cycles_after_turn(parameters, length)
    delay = float(parameters.get("Centering_delay", 0.0))
    looks = min(1 / delay, most) if delay > 0 else 0.0
    centring = _LOOKING * looks * float(parameters.get("H", 1))
    each_t0 = 1 + turning + centring
    return columns(parameters) * (simulated_t0 * each_t0 + (0.0 if continued else cycles))


def columns(parameters: Mapping[str, Value]) -> float:
    """Return the columns of the box, which is wide enough to turn the domain in where that is FULL."""
    length, depth = float(parameters["L"]), float(parameters["D"])
    if parameters.get("Rot_mode") not in {"FULL", "SQUARE"}:
        return length * depth
    return (math.hypot(length, depth) + _MARGINS) ** 2


def _turns_per_t0(parameters: Mapping[str, Value]) -> float:
    """Return how often the gas settles anew because the wind turns."""
    if winds.WIND in parameters:
        blowing = winds.parse(str(parameters[winds.WIND]))
        if blowing.unit == "rt" or len(blowing.shares) == 1:
            return 0.0
        return len(blowing.rows) / sum(row.duration for row in blowing.rows)
    delay = float(parameters.get("Rot_delay", 0.0))
    return 1 / delay if delay else 0.0


def _cycles_after_turn(parameters: Mapping[str, Value], length: float) -> float:
    """Return the gas cycles after a turn."""
    usual = 150.0
    if parameters.get("Lgca_reset", True) and not parameters.get("Lgca_speedup", 0):
        usual = 2 * (length + 2)
    return float(parameters.get("Rot_ncycl", usual))


@dataclass(frozen=True, slots=True)
class Pace:
    """How long attempts take: seconds until the first event, and seconds per unit of work."""

    start_s: float
    work_s: float

    def seconds(self, parameters: Mapping[str, Value], simulated_t0: float) -> float:
        """Return how long a run over a time is expected to take."""
        return self.start_s + self.work_s * work(parameters, simulated_t0)


def learnt(ran: Iterable[tuple[Mapping[str, Value], Progress | Record]]) -> Pace | None:
    """Return the median pace of attempts; None where none of them has got anywhere.

    What short runs took is mostly their start, which long ones have but once.
    """
    moved = [
        (parameters, reached)
        for parameters, reached in ran
        if reached.time_t0 > reached.adopted_t0
    ]
    if not moved:
        return None
    start_s = min(START_S, *(reached.wall_s for _, reached in moved))
    costs = [
        (reached.wall_s - start_s)
        / work(parameters, reached.time_t0 - reached.adopted_t0, continued=reached.adopted > 0)
        for parameters, reached in moved
    ]
    return Pace(start_s, statistics.median(costs))


def measured(parameters: Mapping[str, Value], simulated_t0: float, wall_s: float) -> Pace:
    """Return the pace of a run that was made to measure it, without its start."""
    return Pace(START_S, wall_s / work(parameters, simulated_t0))


def pace(seen: Iterable[Status], kind: EngineKind, here: Pace | None = None) -> Pace:
    """Return the pace of finished experiments, else of those that have shown snapshots.

    Where there are neither, the one that was measured ``here``, else the published scaling of that
    kind of engine; of a user's own nothing is known but that it has to start.
    """
    finished, running = [], []
    for status in seen:
        if status.reached is None:
            continue
        ran_to = status.experiment.point.parameters, status.reached
        if status.record is not None and status.record.complete:
            finished.append(ran_to)
        elif status.state is State.RUNNING:
            running.append(ran_to)
    return learnt(finished) or learnt(running) or here or Pace(START_S, _PUBLISHED_S[kind])
