"""Where experiments stand, with Slurm asked about those that cannot speak for themselves."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from orchestrator import collection
from orchestrator.model import State
from orchestrator.slurm import jobs
from orchestrator.slurm.client import Unknown
from orchestrator.slurm.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from orchestrator.model import Standing, Submission
    from orchestrator.slurm.jobs import Accounted, Queued
    from orchestrator.workspace import SweepDirectory

_PATIENCE_S = 10.0  # Slurm is asked at most so often


class Look:
    """Looks at a sweep, once or again and again, without asking Slurm too often."""

    def __init__(self, directory: SweepDirectory, only: Collection[int] | None = None) -> None:
        self._directory = directory
        self._only = only
        self._asked = -_PATIENCE_S
        self._of_array: dict[str, dict[str, Accounted]] = {}
        self._positions: dict[str, dict[int, int]] = {}
        self._queued: Mapping[str, Queued] | Unknown = {}
        self._accounted: Mapping[str, Accounted] | Unknown = {}

    def __call__(self) -> list[Standing]:
        """Return where each experiment stands now.

        Slurm is asked only if something waits for it, or ran on it and has fallen silent; once
        about the queue, and about its accounts only if the queue does not know all of these jobs.
        """
        standings = collection.standings(self._directory, self._only)
        doubtful = [s for s in standings if _needs_slurm(s)]
        if not doubtful:
            return standings
        if time.monotonic() - self._asked >= _PATIENCE_S:
            self._ask(doubtful)
        return [self._judged(s) if _needs_slurm(s) else s for s in standings]

    def _ask(self, doubtful: Sequence[Standing]) -> None:
        arrays = sorted({i for s in doubtful if s.submission for i in s.submission.job_ids})
        self._queued = jobs.queue(arrays)
        wanted = {self._job_of(s) for s in doubtful}
        known = self._queued.keys() if isinstance(self._queued, dict) else ()
        self._accounted = jobs.accounting(arrays) if not wanted <= {*known} else {}
        self._of_array = {}
        if not isinstance(self._accounted, Unknown):
            for job, row in self._accounted.items():
                self._of_array.setdefault(job.partition("_")[0], {})[job] = row
        self._asked = time.monotonic()

    def _judged(self, standing: Standing) -> Standing:
        job = self._job_of(standing)
        accounted = self._accounted
        if not isinstance(accounted, Unknown):  # an array's own rows, or looking takes for ever
            accounted = self._of_array.get(job.partition("_")[0], {})
        found = verdict(job, self._queued, accounted, time.time())
        if standing.state is State.PENDING:
            if (
                found.state is not None
                and found.state.ended
                and self._anyone(standing.submission)
            ):
                return standing  # another job of the submission will take it
            state = found.state if found.state is not None and found.state.ended else None
            waits = found.state in {State.PENDING, None}  # a running job has others to do first
            note = f"never started: {found.sentence}" if state else found.sentence * waits
            state = State.LOST if state is State.DONE else state or State.PENDING
            return dataclasses.replace(standing, state=state, note=note)
        if found.state is None or not found.state.ended:
            lost = standing.state is State.LOST
            return standing if lost else dataclasses.replace(standing, note=found.sentence)
        state = State.LOST if found.state is State.DONE else found.state
        return dataclasses.replace(standing, state=state, note=found.sentence)

    def _anyone(self, submission: Submission | None) -> bool:
        """Tell whether any job of a submission still waits or runs."""
        if not isinstance(self._queued, dict) or submission is None:
            return True
        live = {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED", "REQUEUED"}
        arrays = set(submission.job_ids)
        return any(
            entry.state in live and job.partition("_")[0] in arrays
            for job, entry in self._queued.items()
        )

    def _job_of(self, standing: Standing) -> str:
        """Return the job that has an experiment, or will if each takes what it is sent for."""
        if standing.claim is not None:
            return standing.claim.job
        submission = standing.submission
        assert submission is not None
        if submission.token not in self._positions:
            numbered = {n: i for i, n in enumerate(submission.attempts)}
            self._positions[submission.token] = numbered
        position = self._positions[submission.token][standing.experiment.number]
        task = position // max(1, submission.resources.pack) if submission.resources.pack else 0
        for array, size in zip(submission.job_ids, submission.chunks, strict=False):
            if task < size:
                return f"{array}_{task}" if sum(submission.chunks) > 1 else array
            task -= size
        return submission.job_ids[-1]


def _needs_slurm(standing: Standing) -> bool:
    if standing.submission is None or standing.submission.cluster != "slurm":
        return False
    if standing.state is State.PENDING:
        return bool(standing.submission.job_ids)
    running = standing.state is State.RUNNING and standing.silent
    return running or (standing.state is State.LOST and standing.record is None)
