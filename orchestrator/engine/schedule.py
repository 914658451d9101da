"""When snapshots are due, and how the pictures that ReSCAL would draw beside them tell on that."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from orchestrator.engine.time_steps import beyond

_NUMBERS = 100_000
_SLACK = 0.1  # t0 by which a start may lie beyond the time of its first snapshot


@dataclass(slots=True)
class Schedule:
    """The times and numbers of snapshots and pictures.

    They wait for one time, ``due``: what was due earlier than the other is all that is written
    when it has come, and a step of the clock beyond both leaves the other to the next turn.

    Attributes
    ----------
    every, every_picture
        t0 between two of them; infinite: none.
    snapshot_due, picture_due, due
        When each of them, and when the next of either, is due, in t0.
    taken
        How often something was due; both count.

    >>> both = Schedule.starting(0.0, every=20.0, every_picture=10.0)
    >>> [(time, both.number) for time in (0.0, 25.0, 50.0, 75.0) if both.take(time)]
    [(0.0, 0), (50.0, 2)]
    """

    every: float = math.inf
    every_picture: float = math.inf
    snapshot_due: float = math.inf
    picture_due: float = math.inf
    due: float = math.inf
    taken: float = 0

    @classmethod
    def starting(
        cls, start: float, *, every: float | None, every_picture: float | None
    ) -> Schedule:
        """Return what a run does that starts at ``start``."""
        step, picture_step = (
            float(np.float32(interval or math.inf)) for interval in (every, every_picture)
        )
        first, first_picture = (
            interval * math.ceil((start - _SLACK) / interval)
            if interval < math.inf
            else interval
            for interval in (step, picture_step)
        )
        return cls(step, picture_step, first, first_picture, min(first, first_picture))

    @property
    def number(self) -> int:
        """The number of what was taken last."""
        return int(self.taken - 1) % _NUMBERS

    def take(self, time: float) -> bool:
        """Return whether a snapshot is taken at ``time``, when something is due."""
        snapshot, picture = self.snapshot_due == self.due, self.picture_due == self.due
        if snapshot:
            self.snapshot_due = beyond(self.snapshot_due, self.every, time, False)
        if picture:
            self.picture_due = beyond(self.picture_due, self.every_picture, time, False)
        self.due = beyond(self.due, min(self.every, self.every_picture), time, False)
        self.due = min(self.due, self.snapshot_due, self.picture_due)
        self.taken += 1
        return snapshot
