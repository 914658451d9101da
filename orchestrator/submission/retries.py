"""``slurm.retries``: what its job's time or memory was too little for is submitted again, with more.

A job's script does so after its worker, by ``python -m orchestrator.submission.retries DIRECTORY
TOKEN``, for all experiments of its submission that have ended so by then and that nobody has submitted
again. A worker that is killed for memory leaves no record; Slurm's accounts then tell of its end. The
last job of the submission does so for what ended together with the script of its job, and submits as
they were those that a node's failure ended or that no job has reached.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.errors import OrchestratorError, RequestError
from orchestrator.model import Cause, Cluster, Kind, State
from orchestrator.records import attempts, intents, ledger, live_status, memory
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.lock import locked
from orchestrator.records.paths import SweepDirectory
from orchestrator.records.status import read_statuses
from orchestrator.runner.job import own_name
from orchestrator.slurm import bounds, feasibility, jobs, units
from orchestrator.slurm.client import Unknown
from orchestrator.slurm.verdict import verdict_within
from orchestrator.submission import packing, start
from orchestrator.submission.cost import expected_s
from orchestrator.submission.intent import intend
from orchestrator.submission.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.model import Resources, Status, Submission
    from orchestrator.slurm.jobs import Accounted
    from orchestrator.submission.packing import Site

_TIMES = 2.0  # as much time or memory as the job had
_PATIENCE_S = 15.0  # with accounts that have not heard of a worker's end
_JOBS_PATIENCE_S = 90.0  # with Slurm, which may start an ended job again for a minute
_LOOK_S = 0.5


class Want(enum.Enum):
    """With what an experiment is submitted again."""

    MORE_TIME = "more time"
    MORE_MEMORY = "more memory"
    AS_MUCH = "as much as before"


_WANTS = {State.OUT_OF_MEMORY: Want.MORE_MEMORY, State.NODE_FAIL: Want.AS_MUCH}


def retry(directory: SweepDirectory, token: str, job: str) -> None:
    """Submit again what has ended too soon of a submission, if it allows a retry more.

    ``job`` is the one in which that is done. What keeps it from that is written to the sweep's log.
    """
    try:
        submission = intents.submission(directory, token)
        if not submission.resources.retries:
            return
        site = packing.site(Cluster.SLURM)
        assert site is not None
        # asked before the lock is held, since the accounts may take a while to answer
        if jobs.array_of(job) in submission.job_ids:
            by, judged = "their job", _left_by_worker(directory, submission, job)
        else:
            by, judged = "the last job", _left_by_jobs(directory, submission)
        with locked(directory):
            now = {
                s.experiment.number: s for s in read_statuses(directory, submission.attempts)
            }
            same = [s for s in judged if _is_that(s, now[s.experiment.number])]
            for want in Want:
                short = [s for s in same if _want(s, submission) is want]
                if short and (sent := _send(directory, submission, short, want, site)):
                    names = text.names([s.experiment.number for s in short])
                    sentence = "; ".join(_sentence(names, by, want, sent))
                    ledger.log(directory, attempts.now(), sentence)
    except (OrchestratorError, OSError) as error:
        why = "; ".join(str(error).splitlines())
        sentence = f"submission {token}: what ended too soon is not retried: {why}"
        ledger.log(directory, attempts.now(), sentence)


def more(resources: Resources, want: Want, site: Site, least_mb: float = 0.0) -> Resources:
    """Return twice the time or memory of a job, at most what its partition gives, a retry less.

    No less memory than ``least_mb``. As much time as before may be enough, since an attempt may go on where the last one ended.

    Raises
    ------
    RequestError
        If a job has had as much memory as there is, or any amount.
    """
    left = dataclasses.replace(resources, retries=resources.retries - 1)
    chosen = bounds.chosen(resources, site.partitions)
    if want is Want.AS_MUCH:
        return left
    if want is Want.MORE_TIME:
        limit_s = packing.limit_s(resources, site)
        if limit_s is None:
            return left
        most_s = [p.max_time_s for p in chosen if p.max_time_s is not None]
        time_min = math.ceil(min(_TIMES * limit_s, *most_s, math.inf) / 60)
        return dataclasses.replace(left, time_min=time_min)
    memory_mb = feasibility.memory_mb(resources, site.partitions, site.limits)
    most_mb = max((node.memory_mb for p in chosen for node in p.nodes), default=math.inf)
    if memory_mb is None or memory_mb >= most_mb:
        raise RequestError("its job had all the memory that there is")
    extra = {k: v for k, v in resources.extra.items() if k.replace("-", "_") != "mem_per_cpu"}
    mem = units.memory(min(max(_TIMES * memory_mb, least_mb), most_mb))
    return dataclasses.replace(left, mem=mem, extra=extra)


def _left_by_worker(
    directory: SweepDirectory, submission: Submission, job: str
) -> list[Status]:
    """Return where experiments stand at the end of a job's worker, which may have been killed."""
    statuses = read_statuses(directory, submission.attempts)
    left = [s for s in statuses if s.state is State.LOST and s.claim and s.claim.job == job]
    cause = _killed_for_memory(directory, submission, job) if left else None
    if cause is None:
        return statuses
    numbers_left = {s.experiment.number for s in left}
    return [
        _out_of_memory(s, cause) if s.experiment.number in numbers_left else s for s in statuses
    ]


def _left_by_jobs(
    directory: SweepDirectory, submission: Submission, patience_s: float = _JOBS_PATIENCE_S
) -> list[Status]:
    """Return where experiments of a submission stand once all of its jobs have ended.

    Those that were submitted again since are no longer its own.
    """
    live = LiveStatus(directory, submission.attempts)
    deadline = time.monotonic() + patience_s
    while True:
        own = [
            s for s in live.read() if s.submission and s.submission.token == submission.token
        ]
        unsettled = [s for s in own if not _is_settled(s)]
        if not unsettled:
            return own
        if time.monotonic() > deadline:
            break
        time.sleep(_LOOK_S)
    numbers = text.names([s.experiment.number for s in unsettled])
    sentence = f"{numbers}: Slurm does not tell how their jobs ended, and they are not retried"
    ledger.log(directory, attempts.now(), sentence)
    return [s for s in own if _is_settled(s)]


def _is_settled(status: Status) -> bool:
    """Return whether it is known how an experiment has ended."""
    return status.state.ended and (status.record is not None or status.cause is not None)


def _killed_for_memory(
    directory: SweepDirectory, submission: Submission, job: str
) -> Cause | None:
    """Return the cause if Slurm's accounts say that a job's worker was killed for memory.

    They hear of the end of its step a moment later. What keeps them from telling is logged.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        rows = jobs.accounting([job], attempts.moment(submission.time))
        row = None if isinstance(rows, Unknown) else rows.get(job)
        if isinstance(rows, Unknown) or (row is not None and row.worker_ended):
            break
        if time.monotonic() > deadline:
            break
        time.sleep(_LOOK_S)
    if row is not None:
        return _cause(row, submission)
    why = rows.reason if isinstance(rows, Unknown) else "the accounts do not have it"
    sentence = f"job {job}: how its worker was killed cannot be told, nothing is retried: {why}"
    ledger.log(directory, attempts.now(), sentence)
    return None


def _cause(row: Accounted, submission: Submission) -> Cause | None:
    end = verdict_within(row)
    if end is None:
        return None
    return Cause(
        Kind.SLURM,
        subject=State.OUT_OF_MEMORY.value,
        detail=live_status.sentence(end, submission),
        memory_mb=end.memory_mb,
    )


def _out_of_memory(status: Status, cause: Cause) -> Status:
    return dataclasses.replace(status, state=State.OUT_OF_MEMORY, cause=cause)


def _is_that(judged: Status, now: Status) -> bool:
    """Return whether nobody has submitted or withdrawn an experiment since it was judged."""
    if judged.submission is None or now.submission is None:
        return False
    same = judged.submission.token == now.submission.token and judged.attempt == now.attempt
    return same and (now.state is not State.CANCELLED or judged.state is State.CANCELLED)


def _want(status: Status, submission: Submission) -> Want | None:
    """Return with what an experiment is to be retried that has ended with its job; or None.

    More time of a job is of no use where ``run.time_limit`` or a person has ended it.
    """
    last, record, cause = status.submission, status.record, status.cause
    if last is None or last.token != submission.token:
        return None
    if record is None and cause is not None and cause.kind is Kind.NEVER_STARTED:
        return None if status.state in {State.CANCELLED, State.FAILED} else Want.AS_MUCH
    if status.state is State.TIMEOUT:
        by_job = record is None or any(c.kind is Kind.SIGNAL for c in record.causes)
        return Want.MORE_TIME if by_job else None
    return _WANTS.get(status.state)


def _send(
    directory: SweepDirectory,
    submission: Submission,
    statuses: Sequence[Status],
    want: Want,
    site: Site,
) -> Resources | None:
    """Submit experiments again, with what they want; the lock is held.

    Returns what their jobs got, None where nothing was submitted; the sweep's log has why.
    """
    try:
        needed_mb = memory.enough_mb(statuses, 0.0)
        resources = more(submission.resources, want, site, needed_mb)
        wish = Request(
            Cluster.SLURM, submission.run, submission.outputs, resources, submission.root
        )
        intended = intend(directory, statuses, wish, site.name)
        if intended is None:
            return None
        points = [status.experiment.point for status in statuses]
        each_s = expected_s(points, submission.run, read_statuses(directory), submission.kind)
        start.send_jobs(directory, intended, site, sum(each_s))
    except RequestError as error:  # others may be retried
        names = text.names([status.experiment.number for status in statuses])
        why = "; ".join(str(error).splitlines())
        ledger.log(directory, attempts.now(), f"{names} not submitted again: {why}")
        return None
    return resources


def _sentence(names: str, by: str, want: Want, resources: Resources) -> Iterator[str]:
    yield f"{names} submitted again by {by}"
    if want is Want.MORE_TIME:
        yield f"time limit {resources.time_min} min"
    elif want is Want.MORE_MEMORY:
        yield f"memory {resources.mem}"
    else:
        yield want.value
    left = resources.retries
    yield f"{left} {'retry' if left == 1 else 'retries'} left"


if __name__ == "__main__":
    retry(SweepDirectory(Path(sys.argv[1])), sys.argv[2], own_name())
