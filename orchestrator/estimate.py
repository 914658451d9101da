"""How long experiments will take, from those that have finished and from how the model scales.

The time of a run grows with the domain's length and depth and with the simulated time, and hardly
with its height: the flow is stabilised for twice the length in gas cycles, then one cycle and the
events of one unit of time follow each other.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from orchestrator.model import Run, Scalar, Standing

_BUILTIN_S = 2.5e-7
_RESCAL_S = 1.6e-6
"""Seconds per column and unit of time or gas cycle, of the two engines on a core of 2023."""


def work(parameters: Mapping[str, Scalar], run: Run) -> float:
    """Return what a run is proportional to: columns times units of time and gas cycles."""
    length, depth = float(parameters["L"]), float(parameters["D"])
    cycles = float(parameters.get("Init_ncycl", 2 * (length + 2)))
    return length * depth * (run.stop_t0 + cycles)


def seconds_per_work(finished: Iterable[Standing], *, builtin: bool) -> float:
    """Return the median cost of the finished experiments, or one of the published scaling."""
    costs = [
        standing.record.wall_s
        / work(standing.experiment.point.parameters, standing.submission.run)
        for standing in finished
        if standing.record is not None
        and standing.record.complete
        and standing.submission is not None
    ]
    return statistics.median(costs) if costs else _BUILTIN_S if builtin else _RESCAL_S
