"""When the tasks at the end of a turn are due: turning, centering, avalanches that change.

Times are those of the model, in t0, rounded to single precision where it keeps them so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


def multiple_from(interval: float, time: float) -> float:
    """Return the multiple of an interval at or after ``time``, single precision; NaN for 0."""
    if interval == 0:
        return math.nan
    return float(np.float32(interval * math.ceil(time / interval)))


@dataclass(slots=True)
class Regular:
    """A task that comes back after an interval.

    Attributes
    ----------
    interval
        In t0; 0: the task never comes.
    due
        When it is due; before it is started, at once.
    started
        Whether its first time is known.
    """

    interval: float
    due: float = -math.inf
    started: bool = False

    def start(self, time: float, *, later: bool = False) -> None:
        """Find the first time, at or, if ``later``, after the present one."""
        if not self.started and self.interval != 0:
            self.due, self.started = multiple_from(self.interval, time), True
            if later and self.due == time:
                self.postpone()

    def take(self, time: float) -> bool:
        """Return whether the task is due, and wait for the next time if it is."""
        if self.interval == 0 or not time >= self.due:
            return False
        self.postpone()
        return True

    def postpone(self) -> None:
        """Wait for one more interval."""
        self.due = float(np.float32(np.float32(self.due) + np.float32(self.interval)))

    @property
    def next(self) -> float:
        """When to look at the task again."""
        return math.inf if self.interval == 0 else self.due


@dataclass(slots=True)
class Sweeps:
    """Synchronous avalanches: at every turn at the time 0, then after intervals.

    Attributes
    ----------
    active
        Whether there are any.
    due
        The next time; NaN: never, after the time 0.
    """

    active: bool
    interval: float
    due: float

    @classmethod
    def starting(cls, time: float, *, active: bool, interval: float) -> Sweeps:
        """Return the sweeps of a run that starts at ``time``."""
        return cls(active, interval, multiple_from(interval, time))

    def take(self, time: float) -> bool:
        """Return whether a sweep is due."""
        return self.active and (time == 0 or time >= self.due)

    def postpone(self, time: float) -> None:
        """Wait for the next sweep after one at ``time``."""
        self.due = float(np.float32(time + self.interval))

    def next(self, time: float) -> float:
        """Return when to look at the task again."""
        if not self.active:
            return math.inf
        if time == 0:
            return 0.0
        return math.inf if math.isnan(self.due) else self.due


@dataclass(slots=True)
class Stability:
    """A slope that is stable for a while and less so for another, in turns.

    Attributes
    ----------
    active
        Whether it changes at all.
    stable_time, unstable_time
        In t0.
    due
        When it changes next.
    stable
        Which of both it is.
    started
        Whether the first change is known.
    """

    active: bool
    stable_time: float
    unstable_time: float
    due: float = math.nan
    stable: bool = True
    started: bool = False

    def take(self, time: float) -> bool:
        """Change if it is time, which it always is at the time 0, and return whether it was."""
        if not self.active:
            return False
        if not self.started:
            self.due, self.started = multiple_from(self.stable_time, time), True
        if not (time == 0 or time >= self.due):
            return False
        self.stable = not self.stable
        lasting = self.stable_time if self.stable else self.unstable_time
        self.due = float(np.float32(time + lasting))
        return True

    def next(self, time: float) -> float:
        """Return when to look at the task again."""
        if not self.active:
            return math.inf
        if time == 0 or not self.started:
            return -math.inf
        return math.inf if math.isnan(self.due) else self.due
