"""How long experiments will take, from those that have finished and from how the model scales.

The time of a run grows with the domain's length and depth and with the simulated time, and hardly
with its height: the flow is stabilised for twice the length in gas cycles, then one cycle and the
events of one unit of time follow each other.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from orchestrator.model import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from orchestrator.model import Progress, Record, Scalar, Standing

_BUILTIN_S = 2.5e-7
_RESCAL_S = 1.6e-6
"""Seconds per column and unit of time or gas cycle, of the two engines on a core of 2023."""

START_S = 1.0
"""Seconds until the first event, of genesis and the built-in engine together."""


def work(
    parameters: Mapping[str, Scalar], simulated_t0: float, *, continued: bool = False
) -> float:
    """Return what a run over a time is proportional to: columns times time and gas cycles.

    One that is ``continued`` has its flow already.
    """
    length, depth = float(parameters["L"]), float(parameters["D"])
    cycles = float(parameters.get("Init_ncycl", 2 * (length + 2)))
    return length * depth * (simulated_t0 + (0.0 if continued else cycles))


def cost(parameters: Mapping[str, Scalar], reached: Progress | Record) -> float | None:
    """Return what an attempt has cost per unit of work; None where it has done none."""
    simulated_t0 = reached.time_t0 - reached.adopted_t0
    if simulated_t0 <= 0:
        return None
    return reached.wall_s / work(parameters, simulated_t0, continued=reached.adopted > 0)


def seconds_per_work(seen: Iterable[Standing], *, builtin: bool) -> float:
    """Return the median cost of finished experiments, else of those that have shown snapshots.

    Where there are neither, the published scaling.
    """
    costs: dict[bool, list[float]] = {True: [], False: []}
    for standing in seen:
        finished = standing.record is not None and standing.record.complete
        if (not finished and standing.state is not State.RUNNING) or standing.reached is None:
            continue
        found = cost(standing.experiment.point.parameters, standing.reached)
        if found is not None:
            costs[finished].append(found)
    known = costs[True] or costs[False]
    return statistics.median(known) if known else _BUILTIN_S if builtin else _RESCAL_S
