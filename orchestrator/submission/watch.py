"""Waiting for experiments to end, with their status meanwhile."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from orchestrator.model import State
from orchestrator.records import attempts, intents, selection
from orchestrator.records.live_status import LiveStatus
from orchestrator.submission import local_pool
from orchestrator.submission.status import SweepStatus

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterator, Sequence

    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory

_INTERVAL_S = 0.5
_RETRY_S = 60.0  # from an attempt's end to the submission of the next one by its job


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
    """Whether all experiments have ended, and no job is about to submit one again."""

    def __init__(self) -> None:
        self._since: float | None = None

    def seen_in(self, statuses: Sequence[Status]) -> bool:
        """Take note of a look; return whether nothing more will happen.

        What has no record may yet be submitted by its job, or by the last one of its submission. That
        is waited for only so long after the end of all others.
        """
        awaited = [_awaits_retry(status) for status in statuses]
        if not all(a or _has_ended(s) for s, a in zip(statuses, awaited, strict=True)):
            self._since = None
            return False
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        return not any(awaited) or now - self._since > _RETRY_S


def _may_retry(status: Status) -> bool:
    if status.submission is None or not status.on_slurm:
        return False
    return status.submission.resources.retries > 0


def _awaits_retry(status: Status) -> bool:
    """Return whether an experiment ended without a record, which a job that starts later may retry."""
    there = status.record is None and status.state.bad and status.state is not State.CANCELLED
    return there and _may_retry(status)


def _has_ended(status: Status) -> bool:
    """Return whether nothing more will happen; its job may be about to submit it again."""
    retried = {State.TIMEOUT, State.OUT_OF_MEMORY}
    if status.record is None or status.state not in retried or not _may_retry(status):
        return status.state.ended
    return time.time() - attempts.moment(status.record.ended) > _RETRY_S


def _lives(status: Status) -> bool:
    return status.state is State.RUNNING and not status.silent
