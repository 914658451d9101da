"""A series as one number: at a time, on average, how fast it changes, when it comes to a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestrator.analysis.replicates import spread
from orchestrator.model.pictures import How

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.model.pictures import Summary


def summarize(
    summary: Summary,
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    window: tuple[float, float],
    *,
    axial: bool = False,
) -> float:
    """Return the number that stands for a series; not a number where it has none.

    Parameters
    ----------
    times, values
        float64 [snapshot], in one unit of time and one of the quantity.
    window
        First and last time, both included.
    axial
        Whether values are directions in degrees, of which the opposite is the same.
    """
    inside = (times >= window[0]) & (times <= window[1]) & np.isfinite(values)
    t, v = times[inside], values[inside]
    if summary.how is How.CROSSING:
        return _crossing(t, v, summary.level)
    if summary.how is How.RATE:
        turned = np.degrees(np.unwrap(np.radians(v), period=np.pi)) if axial else v
        return _slope(t, turned)
    return float(spread(v, axial=axial).mean)


def _slope(times: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Return the slope of the straight line with the least squares."""
    if len(times) < 2:
        return np.nan
    away = times - times.mean()
    return float(away @ values / (away @ away))


def _crossing(times: NDArray[np.float64], values: NDArray[np.float64], level: float) -> float:
    """Return when a series first comes to a level, on the straight line between two snapshots."""
    away = values - level
    if len(away) and away[0] == 0:
        return float(times[0])
    reached = np.flatnonzero(away[:-1] * away[1:] <= 0)
    if not len(reached):
        return np.nan
    i = int(reached[0])
    share = away[i] / (away[i] - away[i + 1])
    return float(times[i] + share * (times[i + 1] - times[i]))
