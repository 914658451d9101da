"""Wall time that what is left of experiments needs, as far as attempts that were cut off tell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.model import Status

MORE = 1.5
"""Times what was not enough, where nothing tells how much would be."""

_SPARE = 1.25  # times what is expected, as machines are not always equally fast
_STEPS_S = {3600: "h", 1800: "min", 600: "min", 300: "min", 60: "min", 10: "s", 1: "s"}
_SIZES_S = {"s": 1, "min": 60, "h": 3600}
_COARSEST = 5  # steps in a limit, at least


def enough_s(statuses: Iterable[Status], limit_s: float) -> float:
    """Return a wall time in s that is enough for the next attempt of each of some experiments.

    Each is taken to go on as fast as it went, from where its next attempt begins. Where one came
    nowhere in its time, half as much again as ``limit_s`` is what there is to try.
    """
    return max(
        (
            MORE * limit_s if (left_s := _left_s(status)) is None else _SPARE * left_s
            for status in statuses
        ),
        default=MORE * limit_s,
    )


def _left_s(status: Status) -> float | None:
    """Return the wall time of the next attempt at the pace of the last; None where it moved nowhere."""
    record, submission = status.record, status.submission
    if record is None or submission is None:
        return None
    moved_t0 = record.time_t0 - max(record.start_t0, record.adopted_t0)
    if moved_t0 <= 0:
        return None
    begin_t0 = record.start_t0 if record.saved_t0 is None else record.saved_t0
    left_t0 = record.start_t0 + submission.run.stop_t0 - begin_t0
    return max(record.enough_s, left_t0 / moved_t0 * record.wall_s)


def limit(least_s: float, step_s: int = 1) -> str:
    """Write a time limit as a sweep file and ``-t`` take it, rounded up to a few digits.

    ``step_s`` is the finest step, such as 60 for Slurm.

    >>> limit(3.2), limit(75), limit(127), limit(4000), limit(30_000), limit(75, 60)
    ('4s', '80s', '130s', '70min', '9h', '2min')
    """
    fitting = (step for step in _STEPS_S if step >= step_s and step * _COARSEST <= least_s)
    step = next(fitting, max(step_s, 1))
    unit = _STEPS_S[step]
    return f"{math.ceil(least_s / step) * step // _SIZES_S[unit]}{unit}"
