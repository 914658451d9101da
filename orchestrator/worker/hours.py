"""The time that is left in a worker's job, and how much of it an experiment needs."""

from __future__ import annotations

import math
import statistics
import time
from typing import TYPE_CHECKING

from orchestrator import collection, estimate

if TYPE_CHECKING:
    from orchestrator.model import Record, Submission
    from orchestrator.worker.offers import Offer, Post
    from orchestrator.workspace import SweepDirectory

_SPARE_S = 60.0  # before a job's end, for Slurm's early warning and for writing down
_SAMPLE = 200  # experiments that are looked at for how long they took


class Hours:
    """The time that is left in a worker's job, and what it needs for an experiment."""

    def __init__(self, directory: SweepDirectory, post: Post) -> None:
        self._directory = directory
        self._until = post.until
        self._own: list[float] = []
        self._others: float | None = None

    def enough_for(self, offer: Offer) -> bool:
        """Tell whether an experiment is expected to end in time; a first one is always tried."""
        if self._until is None or not self._own:
            return True
        left_s = self._until - time.time() - _SPARE_S
        return self._cost(offer.submission) * _work(offer) <= left_s

    def learn(self, offer: Offer, record: Record | None) -> None:
        """Take note of how long an experiment took, if it was this worker that ran it."""
        if record is not None:
            known = estimate.cost(offer.experiment.point.parameters, record)
            self._own.append(known if known is not None and record.complete else math.nan)

    def _cost(self, submission: Submission) -> float:
        """Return seconds per unit of work: its own median, else what others have seen so far."""
        own = [cost for cost in self._own if not math.isnan(cost)]
        if own:
            return statistics.median(own)
        if self._others is None:
            numbers = set(sorted(submission.attempts)[:_SAMPLE])
            seen = collection.standings(self._directory, numbers)
            self._others = estimate.seconds_per_work(seen, builtin=submission.root is None)
        return self._others


def _work(offer: Offer) -> float:
    return estimate.work(offer.experiment.point.parameters, offer.submission.run.stop_t0)
