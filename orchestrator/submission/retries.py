"""``slurm.retries``: what its job's time or memory was too little for is submitted again, with more.

A job's script does so after its worker, by ``python -m orchestrator.submission.retries DIRECTORY
TOKEN``, for all experiments of its submission that have ended so by then and that nobody has submitted
again. A worker that is killed for memory leaves no record; Slurm's accounts then tell of its end.
"""

from __future__ import annotations

import dataclasses
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.errors import OrchestratorError, RequestError
from orchestrator.model import Cause, Cluster, Kind, State
from orchestrator.records import attempts, intents, ledger
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
_LOOK_S = 0.5


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
        before = read_statuses(directory, submission.attempts)
        left = any(_left_by(status, job) for status in before)
        cause = _killed_for_memory(directory, submission, job) if left else None
        with locked(directory):
            statuses = read_statuses(directory, submission.attempts)
            if cause is not None:
                statuses = [
                    _out_of_memory(s, cause) if _left_by(s, job) else s for s in statuses
                ]
            for state in (State.TIMEOUT, State.OUT_OF_MEMORY):
                short = [s for s in statuses if _ran_short(s, submission, state)]
                if short:
                    wanted = more(submission.resources, state, site)
                    _send(directory, submission, short, wanted, site)
    except (OrchestratorError, OSError) as error:
        why = "; ".join(str(error).splitlines())
        sentence = f"submission {token}: what ended too soon is not retried: {why}"
        ledger.log(directory, attempts.now(), sentence)


def more(resources: Resources, state: State, site: Site) -> Resources:
    """Return twice the time or memory of a job, at most what its partition gives, a retry less.

    As much time as before may be enough, since an attempt may go on where the last one ended.

    Raises
    ------
    RequestError
        If a job has had as much memory as there is, or any amount.
    """
    left = dataclasses.replace(resources, retries=resources.retries - 1)
    chosen = bounds.chosen(resources, site.partitions)
    if state is State.TIMEOUT:
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
    mem = units.memory(min(_TIMES * memory_mb, most_mb))
    return dataclasses.replace(left, mem=mem, extra=extra)


def _left_by(status: Status, job: str) -> bool:
    """Return whether a worker of this job has died in an experiment without a record."""
    return status.state is State.LOST and status.claim is not None and status.claim.job == job


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
        return _cause(row)
    why = rows.reason if isinstance(rows, Unknown) else "the accounts do not have it"
    sentence = f"job {job}: how its worker was killed cannot be told, nothing is retried: {why}"
    ledger.log(directory, attempts.now(), sentence)
    return None


def _cause(row: Accounted) -> Cause | None:
    end = verdict_within(row)
    if end is None:
        return None
    return Cause(
        Kind.SLURM,
        subject=State.OUT_OF_MEMORY.value,
        detail=end.sentence,
        memory_mb=end.memory_mb,
    )


def _out_of_memory(status: Status, cause: Cause) -> Status:
    return dataclasses.replace(status, state=State.OUT_OF_MEMORY, cause=cause)


def _ran_short(status: Status, submission: Submission, state: State) -> bool:
    """Return whether an experiment has ended in this state with its job, and nobody has asked again.

    More time of a job is of no use where ``run.time_limit`` or a person has ended it.
    """
    last, record = status.submission, status.record
    if last is None or last.token != submission.token:
        return False
    ended_by_job = state is not State.TIMEOUT or (
        record is not None and any(cause.kind is Kind.SIGNAL for cause in record.causes)
    )
    return status.state is state and ended_by_job


def _send(
    directory: SweepDirectory,
    submission: Submission,
    statuses: Sequence[Status],
    resources: Resources,
    site: Site,
) -> None:
    wish = Request(
        Cluster.SLURM, submission.run, submission.outputs, resources, submission.root
    )
    intended = intend(directory, statuses, wish, site.name)
    if intended is None:
        return
    points = [status.experiment.point for status in statuses]
    each_s = expected_s(points, submission.run, read_statuses(directory), submission.kind)
    start.send_jobs(directory, intended, site, sum(each_s))
    ledger.log(directory, attempts.now(), "; ".join(_sentence(statuses, resources)))


def _sentence(statuses: Sequence[Status], resources: Resources) -> Iterator[str]:
    yield f"{text.names([s.experiment.number for s in statuses])} submitted again by their job"
    if statuses[0].state is State.TIMEOUT:
        yield f"time limit {resources.time_min} min"
    else:
        yield f"memory {resources.mem}"
    left = resources.retries
    yield f"{left} {'retry' if left == 1 else 'retries'} left"


if __name__ == "__main__":
    retry(SweepDirectory(Path(sys.argv[1])), sys.argv[2], own_name())
