"""Doing something as seldom as it takes to cost little of the time."""

from __future__ import annotations

import time

_SHARE = 100.0


class Throttle:
    """Whether it is time for something that may cost a hundredth of the time, or less.

    Parameters
    ----------
    least_s
        Least time between two, in s.
    first_cost_s
        What one is taken to cost before that has been measured, in s.
    """

    def __init__(self, least_s: float = 0.0, first_cost_s: float = 0.0) -> None:
        self._least_s = least_s
        self._cost_s = first_cost_s
        self._last = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether enough time has passed since the last one."""
        return time.monotonic() - self._last >= max(self._least_s, _SHARE * self._cost_s)

    def done(self, cost_s: float) -> None:
        """Take note that it was done just now, and of what it cost in s."""
        self._last, self._cost_s = time.monotonic(), cost_s
