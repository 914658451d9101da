"""Where experiments stand, with Slurm asked about those that cannot speak for themselves."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from orchestrator.model import Cause, Kind, State
from orchestrator.records import attempts
from orchestrator.records.status import read_statuses
from orchestrator.slurm import jobs
from orchestrator.slurm.client import Unknown
from orchestrator.slurm.verdict import LIVE, verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from orchestrator.model import Status, Submission
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.slurm.jobs import Accounted, Queued
    from orchestrator.slurm.verdict import Verdict

_PATIENCE_S = 10.0  # Slurm is asked at most so often


class LiveStatus:
    """Status of a sweep from its files and Slurm together, which is not asked too often."""

    def __init__(self, directory: SweepDirectory, only: Collection[int] | None = None) -> None:
        self._directory = directory
        self._only = only
        self._asked = -_PATIENCE_S
        self._positions: dict[str, dict[int, int]] = {}
        self._queued: Mapping[str, Queued] | Unknown = {}
        self._accounted: Mapping[str, Mapping[str, Accounted]] | Unknown = {}  # by array

    def read(self) -> list[Status]:
        """Return the status of each experiment now.

        Slurm is asked only if something waits for it, or ran on it and has fallen silent; once
        about the queue, and about its accounts only if the queue does not know all of these jobs.
        """
        statuses = read_statuses(self._directory, self._only)
        doubtful = [s for s in statuses if _needs_slurm(s)]
        if not doubtful:
            return statuses
        if time.monotonic() - self._asked >= _PATIENCE_S:
            self._ask(doubtful)
        return [self._judged(s) if _needs_slurm(s) else s for s in statuses]

    def _ask(self, doubtful: Sequence[Status]) -> None:
        arrays = sorted({i for s in doubtful if s.submission for i in s.submission.job_ids})
        self._queued = jobs.queue(arrays)
        wanted = {self._job_of(s) for s in doubtful}
        known = self._queued.keys() if isinstance(self._queued, dict) else ()
        self._accounted = {}
        if not wanted <= {*known}:
            since = min(attempts.moment(s.submission.time) for s in doubtful if s.submission)
            self._accounted = _by_array(jobs.accounting(arrays, since))
        self._asked = time.monotonic()

    def _judged(self, status: Status) -> Status:
        """Return a status with what Slurm's verdict on its job adds to it."""
        job = self._job_of(status)
        found = verdict(job, self._queued, self._accounts_of(job), time.time())
        if found.state is not None and found.state.ended:
            return self._ended(status, found)
        if found.state is State.RUNNING and status.state is not State.RUNNING:
            return status  # its job has others to do first, or will never come back to it
        cause = Cause(Kind.SLURM, subject="", detail=found.sentence)
        if found.state is State.PENDING:  # a job that is started again resumes it
            return dataclasses.replace(
                status, state=State.PENDING, cause=cause, expected_start=found.start
            )
        return status if status.state is State.LOST else _because(status, cause)

    def _accounts_of(self, job: str) -> Mapping[str, Accounted] | Unknown:
        if isinstance(self._accounted, Unknown):
            return self._accounted
        return self._accounted.get(jobs.array_of(job), {})

    def _ended(self, status: Status, found: Verdict) -> Status:
        """Return the status of an experiment whose job has ended."""
        assert found.state is not None
        kind = Kind.SLURM
        if status.state is State.PENDING:
            if self._anyone(status.submission):
                return status  # another job of the submission will take it
            kind = Kind.NEVER_STARTED
        state = State.LOST if found.state is State.DONE else found.state
        cause = Cause(kind, subject=found.state.value, detail=found.sentence)
        return dataclasses.replace(status, state=state, cause=cause)

    def _anyone(self, submission: Submission | None) -> bool:
        """Tell whether any job of a submission still waits or runs."""
        if not isinstance(self._queued, dict) or submission is None:
            return True
        arrays = set(submission.job_ids)
        return any(
            entry.state in LIVE and jobs.array_of(job) in arrays
            for job, entry in self._queued.items()
        )

    def _job_of(self, status: Status) -> str:
        """Return the job that has an experiment, or will if each takes what it is sent for."""
        if status.claim is not None:
            return status.claim.job
        submission = status.submission
        assert submission is not None
        if submission.token not in self._positions:
            numbered = {n: i for i, n in enumerate(submission.attempts)}
            self._positions[submission.token] = numbered
        position = self._positions[submission.token][status.experiment.number]
        together = submission.resources.together
        task = position // together if together else 0
        for array, size in zip(submission.job_ids, submission.chunks, strict=False):
            if task < size:
                return f"{array}_{task}" if sum(submission.chunks) > 1 else array
            task -= size
        return submission.job_ids[-1]


def _by_array(
    rows: Mapping[str, Accounted] | Unknown,
) -> Mapping[str, Mapping[str, Accounted]] | Unknown:
    """Sort accounts by array: a verdict looks through one array's rows, not through all."""
    if isinstance(rows, Unknown):
        return rows
    found: dict[str, dict[str, Accounted]] = {}
    for job, row in rows.items():
        found.setdefault(jobs.array_of(job), {})[job] = row
    return found


def _because(status: Status, cause: Cause) -> Status:
    return dataclasses.replace(status, cause=cause)


def _needs_slurm(status: Status) -> bool:
    if status.submission is None or not status.on_slurm:
        return False
    if status.state is State.PENDING:
        return bool(status.submission.job_ids)
    running = status.state is State.RUNNING and status.silent
    return running or (status.state is State.LOST and status.record is None)
