"""Waiting for experiments to end, with their status meanwhile."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from orchestrator.model import State
from orchestrator.records import attempts, intents, selection
from orchestrator.records.live_status import LiveStatus
from orchestrator.slurm import jobs
from orchestrator.slurm.client import Unknown
from orchestrator.slurm.jobs import LIVE
from orchestrator.submission import local_pool
from orchestrator.submission.status import SweepStatus

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.slurm.jobs import Queued

_INTERVAL_S = 0.5
_RETRY_S = 60.0  # from an attempt's end to the submission of the next one by its job
_ASK_S = 10.0  # between two questions about the queue
_RETRIED = {State.TIMEOUT, State.OUT_OF_MEMORY}


def watch(
    sweep: str | os.PathLike[str] | None = None,
    *,
    data_dir: str | os.PathLike[str] | None = None,
    interval_s: float = _INTERVAL_S,
) -> Iterator[SweepStatus]:
    """Yield the status of a sweep until all has ended or nobody is left to run the rest.

    Parameters
    ----------
    sweep
        A sweep's name or its file (default: the only one there is).
    data_dir
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else the project's ``data_runs``).
    interval_s
        Time between two looks, in s.
    """
    directory = selection.find_sweep(sweep, data_dir)
    axes = intents.axes(directory)
    for statuses in watch_these(directory, None, interval_s):
        yield SweepStatus(directory, axes, tuple(statuses))


def watch_these(
    directory: SweepDirectory,
    numbers: Collection[int] | None,
    interval_s: float = _INTERVAL_S,
) -> Iterator[list[Status]]:
    """Yield the status of experiments (None: all) until all have ended or nobody runs the rest."""
    abandonment, completion = Abandonment(directory), Completion()
    live = LiveStatus(directory, numbers)
    while True:
        statuses = live.read()
        yield statuses
        if completion.seen_in(statuses) or abandonment.seen_in(statuses):
            return
        time.sleep(interval_s)


class Abandonment:
    """Whether, over two looks in a row, nobody was left to run what has not ended.

    Two looks, since a worker may leave between reading the files and counting the workers.
    """

    def __init__(self, directory: SweepDirectory) -> None:
        self._directory = directory
        self._looks = 0

    def seen_in(self, statuses: Sequence[Status]) -> bool:
        """Take note of a look; return whether it and the one before found nobody."""
        left = [status for status in statuses if not status.state.ended]
        alive = any(status.on_slurm or _lives(status) for status in left)
        nobody = left and not alive and not local_pool.live_workers(self._directory)
        self._looks = self._looks + 1 if nobody else 0
        return self._looks >= 2


class Completion:
    """Whether all experiments have ended, and no job is about to submit one again.

    Parameters
    ----------
    queue
        Asks Slurm for the jobs of these ids.
    """

    def __init__(
        self, queue: Callable[[Sequence[str]], Mapping[str, Queued] | Unknown] = jobs.queue
    ) -> None:
        self._queue = queue
        self._since: float | None = None
        self._queued: Mapping[str, Queued] | Unknown = {}
        self._asked: set[str] = set()  # last jobs that the queue was asked for
        self._due = -math.inf
        self._gone: set[str] = set()  # those that have left it

    def seen_in(self, statuses: Sequence[Status]) -> bool:
        """Take note of a look; return whether nothing more will happen.

        What ended too soon may yet be submitted by the last job of its submission, for as long as
        that is in the queue. Where there is none, or Slurm does not tell, what has no record is waited
        for only so long after the end of all others.
        """
        awaited = [_awaits_retry(status) for status in statuses]
        if not all(a or _has_ended(s) for s, a in zip(statuses, awaited, strict=True)):
            self._since = None
            return False
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        if self._last_jobs_may_go_on(statuses, now):
            return False
        left = [s for s, a in zip(statuses, awaited, strict=True) if a and not self._settled(s)]
        return not left or now - self._since > _RETRY_S

    def _last_jobs_may_go_on(self, statuses: Sequence[Status], now: float) -> bool:
        """Return whether a last job is queued, or has left the queue since the last look.

        What it has submitted by then may not be among these statuses.
        """
        tokens = {
            s.submission.last_job: s.submission.token
            for s in statuses
            if s.submission is not None and s.submission.last_job and _ended_too_soon(s)
        }
        waiting = tokens.keys() - self._gone
        if not waiting:
            return False
        if now >= self._due or not waiting <= self._asked:
            self._queued, self._asked = self._queue(sorted(waiting)), {*waiting}
            self._due = now + _ASK_S
        if isinstance(self._queued, Unknown):
            return False
        self._gone |= {job for job in waiting if not _lives_in(self._queued, job, tokens[job])}
        return True

    def _settled(self, status: Status) -> bool:
        """Return whether the last job of an experiment's submission has left the queue."""
        return status.submission is not None and status.submission.last_job in self._gone


def _lives_in(queued: Mapping[str, Queued], job: str, token: str) -> bool:
    """Return whether a submission's job has not ended; ids alone may be another cluster's."""
    entry = queued.get(job)
    return entry is not None and entry.state in LIVE and jobs.token_in(entry.name) == token


def _may_retry(status: Status) -> bool:
    if status.submission is None or not status.on_slurm:
        return False
    return status.submission.resources.retries > 0


def _ended_too_soon(status: Status) -> bool:
    """Return whether an experiment ended in a way that a job may retry."""
    return _awaits_retry(status) or (status.state in _RETRIED and _may_retry(status))


def _awaits_retry(status: Status) -> bool:
    """Return whether an experiment ended without a record, which a job that starts later may retry."""
    there = status.record is None and status.state.bad and status.state is not State.CANCELLED
    return there and _may_retry(status)


def _has_ended(status: Status) -> bool:
    """Return whether nothing more will happen; its job may be about to submit it again."""
    if status.record is None or status.state not in _RETRIED or not _may_retry(status):
        return status.state.ended
    return time.time() - attempts.moment(status.record.ended) > _RETRY_S


def _lives(status: Status) -> bool:
    return status.state is State.RUNNING and not status.silent
