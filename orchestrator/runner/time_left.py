"""The time that is left in a worker's job, and how much of it an experiment needs."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from orchestrator.records import pace
from orchestrator.records.status import read_statuses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Record, Submission
    from orchestrator.records.pace import Pace
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.runner.queue import Offer, Post

_SPARE_S = 60.0  # before a job's end, for Slurm's early warning and for writing down
_SAMPLE = 200  # experiments that are looked at for how long they took


class Hours:
    """The time that is left in a worker's job, and what it needs for an experiment."""

    def __init__(self, directory: SweepDirectory, post: Post) -> None:
        self._directory = directory
        self._until = post.until
        self._tried = False
        self._own: deque[tuple[Mapping[str, Value], Record]] = deque(maxlen=_SAMPLE)
        self._others: Pace | None = None
        self._refused: set[tuple[int, int]] = set()

    def enough_for(self, offer: Offer) -> bool:
        """Tell whether an experiment is expected to end in time; a first one is always tried.

        None that was refused.
        """
        if (offer.experiment.number, offer.attempt) in self._refused:
            return False
        if self._until is None or not self._tried:
            return True
        left_s = self._until - time.time() - _SPARE_S
        parameters, run = offer.experiment.point.parameters, offer.submission.run
        return self._pace(offer.submission).seconds(parameters, run.stop_t0) <= left_s

    def refuse(self, offer: Offer) -> None:
        """Take note that an attempt cannot be claimed."""
        self._refused.add((offer.experiment.number, offer.attempt))

    def learn(self, offer: Offer, record: Record | None) -> None:
        """Take note of how long an experiment took, if it was this worker that ran it."""
        if record is not None:
            self._tried = True
            if record.complete:
                self._own.append((offer.experiment.point.parameters, record))

    def _pace(self, submission: Submission) -> Pace:
        """Return its own median, else what others have seen so far."""
        if own := pace.learnt(self._own):
            return own
        if self._others is None:
            numbers = set(sorted(submission.attempts)[:_SAMPLE])
            seen = read_statuses(self._directory, numbers)
            self._others = pace.pace(seen, submission.kind)
        return self._others
