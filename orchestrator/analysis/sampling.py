"""Indices of chosen samples: evenly spaced ones, and those nearest to given times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


_START = 0.02  # of the first interval is still the start


def evenly(available: int, wanted: int) -> NDArray[np.int64]:
    """Return at most ``wanted`` of ``available`` indices, evenly spaced, first and last included.

    >>> evenly(9, 5).tolist(), evenly(3, 5).tolist(), evenly(0, 5).tolist()
    ([0, 2, 4, 6, 8], [0, 1, 2], [])
    """
    if available == 0:
        return np.zeros(0, np.int64)
    return np.unique(np.linspace(0, available - 1, min(wanted, available)).round().astype(int))


def nearest(times: NDArray[np.float64], wanted: ArrayLike) -> NDArray[np.int64]:
    """Return the index of the time nearest to each wanted one; the earlier of two equally near.

    Parameters
    ----------
    times
        float64 [n], n > 0, in t0.
    wanted
        float64 of any shape, in t0; the result is int64 of the same shape.

    >>> nearest(np.array([0.0, 10.0, 20.0]), [4.0, 15.0, 99.0]).tolist()
    [0, 1, 2]
    """
    distance = np.abs(times - np.asarray(wanted)[..., None])
    indices: NDArray[np.int64] = distance.argmin(axis=-1)
    return indices


def near(times: NDArray[np.float64], wanted: float, tolerance: float) -> int | None:
    """Return the index of the snapshot at a time: the nearest, if it is near.

    Near is half of the longest interval between snapshots and ``tolerance``, all in t0. The first
    one, before which nothing happened, is not near a later time.

    >>> times = np.array([0.0, 25.0, 50.0])
    >>> near(times, 30.0, 0.5), near(times, 60.0, 0.5), near(times, 70.0, 0.5)
    (1, 2, None)
    >>> near(times, 5.0, 0.5), near(times, 0.2, 0.5)
    (None, 0)
    """
    index = int(nearest(times, wanted))
    apart = tolerance + (float(np.diff(times).max()) / 2 if len(times) > 1 else 0.0)
    if abs(times[index] - wanted) > apart or before_all(times, index, wanted, tolerance):
        return None
    return index


def before_all(times: NDArray[np.float64], index: int, wanted: float, tolerance: float) -> bool:
    """Return whether the first snapshot is the nearest to a later time at which there is none.

    Later is what is beyond ``tolerance``, by which snapshots are late, and a little of the first interval,
    of which a wide tolerance would make a good part of it the start.

    >>> times = np.array([0.0, 20.0])
    >>> before_all(times, 0, 3.5, tolerance=5.0), before_all(times, 0, 0.3, tolerance=5.0)
    (True, False)
    """
    if index != 0 or len(times) < 2:
        return False
    late = min(tolerance, _START * (times[1] - times[0]))
    return bool(wanted > times[0] + late)
