"""Starting what was intended: workers on this machine, or jobs on Slurm."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.errors import RequestError
from orchestrator.model import Cluster
from orchestrator.records import attempts, intents, ledger
from orchestrator.runner import simulator
from orchestrator.runner.job import in_job
from orchestrator.slurm import control
from orchestrator.submission import last_job, local_pool, packing, slurm_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orchestrator.model import Engine, Submission
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.submission.packing import Site

_PATIENCE_S = 2.5  # with an engine that should have been compiled before


@dataclass(frozen=True, slots=True)
class Started:
    """What was started: so many workers here, or Slurm jobs in these arrays."""

    cluster: Cluster
    workers: int = 0
    jobs: int = 0
    job_ids: tuple[str, ...] = ()


def start_workers(
    directory: SweepDirectory, submission: Submission | None, waiting: int, workers: int
) -> Started:
    """Start workers here for what was just intended and for what still waits; the lock is held.

    At most ``waiting`` new ones, and ``workers`` together with those that run.
    """
    token = submission.token if submission else "again"
    started = local_pool.start_workers(directory, token, min(waiting, workers), workers)
    if submission:
        intents.note(directory, "submitted", submission.token, workers=started)
    return Started(Cluster.LOCAL, workers=started)


def send_jobs(
    directory: SweepDirectory, submission: Submission, site: Site, expected_s: float
) -> Started:
    """Queue jobs for what was just intended and let them start; the lock is held.

    Parameters
    ----------
    expected_s
        Time that all of it is expected to take on one core, in s.

    Raises
    ------
    RequestError
        With Slurm's own words where it refuses; the submission is void then.
    """
    try:
        chunks = packing.chunks(submission, expected_s, site)
        limit_s = packing.limit_s(submission.resources, site)
        job_ids = slurm_jobs.send(
            directory, packing.arrays_as_sent(submission, site), chunks, in_job, limit_s
        )
    except slurm_jobs.UnansweredError:  # the next submitter looks for them by name
        raise
    except RequestError as error:
        intents.note(directory, "void", submission.token)
        why = "; ".join(str(error).splitlines())
        ledger.log(directory, attempts.now(), f"submission {submission.token} is void: {why}")
        raise
    last, answered = _send_last(directory, submission, site, job_ids)
    intents.note(
        directory, "submitted", submission.token, job_ids=job_ids, chunks=chunks, last_job=last
    )
    control.release([*job_ids, last] if last else job_ids)
    if answered:
        intents.note(directory, "released", submission.token)
    return Started(Cluster.SLURM, jobs=sum(chunks), job_ids=tuple(job_ids))


def _send_last(
    directory: SweepDirectory, submission: Submission, site: Site, arrays: Sequence[str]
) -> tuple[str, bool]:
    """Queue, on hold, the job that retries what these cannot, if anything is to be retried.

    Returns its id, and whether Slurm has answered. Where it refuses the job or does not answer,
    nothing else is lost, and the sweep's log has why; one that is queued all the same is found by
    the next submitter.
    """
    if not submission.resources.retries:
        return "", True
    sent = last_job.as_sent(submission, arrays, site.partitions)
    limit_s = packing.limit_s(sent.resources, site)
    try:
        (last,) = slurm_jobs.send(directory, sent, [1], last_job.run, limit_s, arrays)
    except RequestError as error:
        why = "; ".join(str(error).splitlines())
        sentence = (
            f"submission {submission.token}: what ends with its jobs is not retried: {why}"
        )
        ledger.log(directory, attempts.now(), sentence)
        return "", not isinstance(error, slurm_jobs.UnansweredError)
    return last, True


def warm(engine: Engine, tell: Callable[[str], None]) -> None:
    """Let the engine compile what it has not compiled yet, and ``tell`` if that takes a while."""
    message = "compiling the engine, once on this machine; it takes about half a minute"
    patience = threading.Timer(_PATIENCE_S, tell, [message])
    patience.daemon = True
    patience.start()
    try:
        simulator.warm(engine)
    finally:
        patience.cancel()
