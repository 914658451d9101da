"""Where experiments stand, with Slurm asked about those that cannot speak for themselves."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
import time
from typing import TYPE_CHECKING, TypeVar

from orchestrator.errors import FormatError
from orchestrator.formats.durable import open_regular
from orchestrator.model import Cause, Kind, State
from orchestrator.records import attempts
from orchestrator.records.status import read_statuses
from orchestrator.slurm import cluster, jobs
from orchestrator.slurm.client import Unknown
from orchestrator.slurm.jobs import LIVE
from orchestrator.slurm.verdict import Verdict, verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from orchestrator.model import Status, Submission
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.slurm.jobs import Accounted, Queued

Entry = TypeVar("Entry", "Accounted", "Queued")

_PATIENCE_S = 10.0  # Slurm is asked at most so often
_SOON_S = 2.0  # but the accounts hear of an end some seconds after the queue

# ends that Slurm hears of from the node, when all processes of the job have ended
_WITNESSED = {"COMPLETED", "FAILED", "OUT_OF_MEMORY"}
# ends for which a scheduler sends SIGTERM
_REASONS = {
    "OUT_OF_MEMORY",
    "CANCELLED",
    "PREEMPTED",
    "TIMEOUT",
    "DEADLINE",
    "NODE_FAIL",
    "BOOT_FAIL",
    "REVOKED",
}
_TAIL_BYTES = 4096
_SLURMS = ("srun: ", "slurmstepd: ")


class LiveStatus:
    """Status of a sweep from its files and Slurm together, which is not asked too often."""

    def __init__(self, directory: SweepDirectory, only: Collection[int] | None = None) -> None:
        self._directory = directory
        self._only = only
        self._due = -1.0
        self._positions: dict[str, dict[int, int]] = {}
        self._queued: Mapping[str, Queued] | Unknown = {}
        self._accounted: Mapping[str, Mapping[str, Accounted]] | Unknown = {}  # by array
        self._cluster: str | Unknown = ""
        self._asked: set[str] = set()  # the tokens of the submissions that it was asked about

    def read(self) -> list[Status]:
        """Return the status of each experiment now.

        Slurm is asked only if something waits for it, or was begun where this machine cannot see
        whether it lives; once about the queue, and about its accounts only of jobs that the queue
        does not have or has as ended.
        """
        statuses = read_statuses(self._directory, self._only)
        doubtful = [s for s in statuses if _needs_slurm(s)]
        if not doubtful:
            return statuses
        if time.monotonic() >= self._due or not all(map(self._was_asked_about, doubtful)):
            self._ask(doubtful)
            for status in doubtful:
                self._look_anew(status)
            statuses = read_statuses(self._directory, self._only)  # what ended meanwhile
        return [
            self._judged(s) if _needs_slurm(s) and self._was_asked_about(s) else s
            for s in statuses
        ]

    def _was_asked_about(self, status: Status) -> bool:
        """Return whether Slurm's answers are of its submission, which may have been made since."""
        return status.submission is not None and status.submission.token in self._asked

    def _ask(self, doubtful: Sequence[Status]) -> None:
        arrays = sorted({i for s in doubtful if s.submission for i in s.submission.job_ids})
        if any(s.submission and s.submission.slurm_cluster for s in doubtful):
            self._cluster = cluster.name()
        tokens = {s.submission.token for s in doubtful if s.submission}
        self._asked = tokens
        self._queued = _named(jobs.queue(arrays), tokens)
        there = self._queued if isinstance(self._queued, dict) else {}
        wanted = {self._job_of(s) for s in doubtful}
        ended = {job for job in wanted if job not in there or there[job].state not in LIVE}
        self._accounted = {}
        if ended:
            since = min(attempts.moment(s.submission.time) for s in doubtful if s.submission)
            self._accounted = _by_array(_named(jobs.accounting(arrays, since), tokens))
        behind = any(job in there and self._lags(job) for job in ended)
        self._due = time.monotonic() + (_SOON_S if behind else _PATIENCE_S)

    def _lags(self, job: str) -> bool:
        """Return whether the accounts have not heard yet that a job has ended."""
        rows = self._accounts_of(job)
        return not isinstance(rows, Unknown) and (job not in rows or rows[job].state in LIVE)

    def _look_anew(self, status: Status) -> None:
        """Let a file system over a network notice a record that it does not show yet."""
        if status.claim is not None:
            experiment = self._directory.experiment(status.experiment.number)
            with contextlib.suppress(OSError):
                os.listdir(experiment.attempt(status.attempt).root)  # noqa: PTH208  # to be read, not used

    def _judged(self, status: Status) -> Status:
        """Return a status with what Slurm's verdict on its job adds to it."""
        job = self._job_of(status)
        judged = self._verdict(job, status.submission)
        if status.record is not None:
            return _terminated(status, judged)
        if (
            status.state is State.RUNNING
            and not status.silent
            and not judged.halted
            and judged.word not in _WITNESSED
        ):
            return _queued_again(status, judged)
        if judged.state is not None and judged.state.ended:
            return self._ended(status, job, judged)
        if judged.state is State.RUNNING and status.state is not State.RUNNING:
            return status  # its job has others to do first, or will never come back to it
        cause = Cause(Kind.SLURM, subject="", detail=judged.sentence)
        if judged.state is State.PENDING:  # a job that is started again resumes it
            return dataclasses.replace(
                status, state=State.PENDING, cause=cause, expected_start=judged.start
            )
        return status if status.state is State.LOST else _because(status, cause)

    def _verdict(self, job: str, submission: Submission | None) -> Verdict:
        """Return what became of a submission's job, which only its name shows to be its own."""
        assert submission is not None
        there, here, user = submission.slurm_cluster, self._cluster, submission.user
        if there and isinstance(here, str) and here not in {"", there}:
            return Verdict(None, f"its job is on the cluster {there}; this machine asks {here}")
        queued, accounted = self._queued, self._accounts_of(job)
        if isinstance(queued, dict):
            # an array that is cancelled before any of it has started is one row of its own
            entry = queued.get(job, queued.get(jobs.array_of(job)))
            own = entry is not None and jobs.token_in(entry.name) == submission.token
            queued = {job: entry} if entry is not None and own else {}
        if isinstance(accounted, dict):  # the rows of one array have one name
            names = {jobs.token_in(row.name) for row in accounted.values()}
            accounted = accounted if names == {submission.token} else {}
        judged = verdict(job, queued, accounted, time.time())
        if user not in {"", cluster.me()} and not _shown(job, queued, accounted):
            return Verdict(None, f"cannot be told: Slurm shows no job of {user}'s for it here")
        return judged

    def output_of(self, status: Status) -> Path | None:
        """Return the file of what an experiment's job printed, None where there is no such job."""
        if status.submission is None or not status.submission.job_ids or not status.on_slurm:
            return None
        return job_output(self._directory, status.submission, self._job_of(status))

    def _accounts_of(self, job: str) -> Mapping[str, Accounted] | Unknown:
        if isinstance(self._accounted, Unknown):
            return self._accounted
        return self._accounted.get(jobs.array_of(job), {})

    def _ended(self, status: Status, job: str, ended: Verdict) -> Status:
        """Return the status of an experiment whose job has ended."""
        assert ended.state is not None
        kind, detail = Kind.SLURM, sentence(ended, status.submission)
        if status.state is State.PENDING:
            if self._anyone(status.submission):
                return status  # another job of the submission will take it
            kind = Kind.NEVER_STARTED
            if ended.word in {"COMPLETED", "TIMEOUT"}:
                detail = "its job's time ended before its turn"
        state = State.LOST if ended.state is State.DONE else ended.state
        last = "" if ended.word == "COMPLETED" else self._last_line(status.submission, job)
        cause = Cause(
            kind,
            subject=ended.state.value,
            detail=detail,
            last_line=last,
            limit_s=ended.limit_s,
            memory_mb=ended.memory_mb,
        )
        return dataclasses.replace(status, state=state, cause=cause)

    def _last_line(self, submission: Submission | None, job: str) -> str:
        """Return the last line that a job printed, Slurm's own only where it has no other."""
        if submission is None:
            return ""
        try:
            with open_regular(job_output(self._directory, submission, job)) as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
                text = file.read().decode(errors="replace")
        except (OSError, FormatError):
            return ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        own = [line for line in lines if not line.startswith(_SLURMS)]
        return (own or lines or [""])[-1]

    def _anyone(self, submission: Submission | None) -> bool:
        """Tell whether any job of a submission still waits or runs."""
        if not isinstance(self._queued, dict) or submission is None:
            return True
        return any(
            entry.state in LIVE and jobs.token_in(entry.name) == submission.token
            for entry in self._queued.values()
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
        packs = position // together if together else 0
        task = packs % max(1, sum(submission.chunks))  # a job runs several in turn
        for array, size in zip(submission.job_ids, submission.chunks, strict=False):
            if task < size:
                return f"{array}_{task}" if sum(submission.chunks) > 1 else array
            task -= size
        return submission.job_ids[-1]


def _queued_again(status: Status, judged: Verdict) -> Status:
    """Return the status of what showed signs of life a moment ago, whatever Slurm believes.

    A suspended worker that is requeued is killed without a word, and its job may be held.
    """
    if judged.state is not State.PENDING:
        return status
    detail = f"its job is queued again; {judged.sentence}"
    return _because(status, Cause(Kind.SLURM, subject="", detail=detail))


def _terminated(status: Status, end: Verdict) -> Status:
    """Return the status of an experiment that was asked to end, with Slurm's reason for that."""
    record, detail = status.record, end.sentence
    assert record is not None
    if end.state is State.RUNNING:
        # it is about to end, or has been started again
        goes_on = Cause(Kind.SLURM, subject=end.word, detail=f"its job has not ended: {detail}")
        return dataclasses.replace(status, state=State.PENDING, cause=goes_on)
    cause = Cause(Kind.SLURM, subject=end.word, detail=detail)
    if end.state is State.PENDING or end.may_return:
        # a job that is started again resumes it
        return dataclasses.replace(
            status, state=State.PENDING, cause=cause, expected_start=end.start
        )
    if end.state is None or not (end.word in _REASONS or end.script_killed):
        return status
    ended = dataclasses.replace(record, state=end.state, causes=(cause, *record.causes))
    return dataclasses.replace(status, state=end.state, record=ended)


def _named(
    entries: Mapping[str, Entry] | Unknown, tokens: Collection[str]
) -> Mapping[str, Entry] | Unknown:
    """Leave out jobs of other names, which had or will have these ids on another cluster."""
    if isinstance(entries, Unknown):
        return entries
    return {job: entry for job, entry in entries.items() if jobs.token_in(entry.name) in tokens}


def _shown(
    job: str,
    queued: Mapping[str, Queued] | Unknown,
    accounted: Mapping[str, Accounted] | Unknown,
) -> bool:
    """Return whether Slurm says anything of a job."""
    return any(isinstance(answer, Unknown) or job in answer for answer in (queued, accounted))


def sentence(ended: Verdict, submission: Submission | None) -> str:
    """Return what became of an experiment whose job has ended, by the end of that job.

    Slurm tells of a job as a whole, not which of the experiments that shared its memory used it up.
    """
    shared = submission is not None and submission.resources.together != 1
    if ended.state is State.OUT_OF_MEMORY and shared:
        return (
            f"{ended.sentence}, or another experiment of its job did, which Slurm does not tell"
        )
    return ended.sentence


def job_output(directory: SweepDirectory, submission: Submission, job: str) -> Path:
    """Return the file of what a job printed, from its start on."""
    name = f"{job}_0_log.out"
    of_earlier_version = directory.jobs / name
    if of_earlier_version.exists():
        return of_earlier_version
    return directory.jobs_of(submission.user) / name


def _by_array(
    rows: Mapping[str, Accounted] | Unknown,
) -> Mapping[str, Mapping[str, Accounted]] | Unknown:
    """Sort accounts by array: a verdict looks through one array's rows, not through all."""
    if isinstance(rows, Unknown):
        return rows
    by_array: dict[str, dict[str, Accounted]] = {}
    for job, row in rows.items():
        by_array.setdefault(jobs.array_of(job), {})[job] = row
    return by_array


def _because(status: Status, cause: Cause) -> Status:
    return dataclasses.replace(status, cause=cause)


def _needs_slurm(status: Status) -> bool:
    if status.submission is None or not status.on_slurm or not status.submission.job_ids:
        return False
    if status.record is not None:
        return status.record.terminated
    if status.state is State.RUNNING:
        return status.silent or _elsewhere(status)
    return status.state in {State.PENDING, State.LOST}


def _elsewhere(status: Status) -> bool:
    """Return whether an experiment runs where this machine cannot see its process."""
    return status.claim is not None and status.claim.host != socket.gethostname()
