"""What runs in a Slurm job: a worker on each of its cores."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.records import attempts, intents
from orchestrator.records.paths import SweepDirectory
from orchestrator.runner import crew
from orchestrator.runner.queue import Post
from orchestrator.slurm import control, jobs
from orchestrator.slurm.client import Unknown

if TYPE_CHECKING:
    from orchestrator.model import Submission


def in_job(directory: str, token: str, index: int) -> None:
    """Run in a Slurm job: fill its cores with workers and wait until they have left.

    Parameters
    ----------
    directory, token
        The sweep's directory and the submission that the job belongs to.
    index
        The task's position in the whole submission, counted over all of its arrays.
    """
    sweep = SweepDirectory(Path(directory))
    submission = intents.submission(sweep, token)
    job = own_name()
    resources = submission.resources
    queued = jobs.queue([os.environ.get("SLURM_JOB_ID", "")])
    entry = None if isinstance(queued, Unknown) else queued.get(job)
    until = entry.end if entry is not None else None
    again = attempts.now() if os.environ.get("SLURM_RESTART_COUNT", "0") != "0" else None
    together = resources.together or len(os.sched_getaffinity(0))
    stride = together * sum(submission.chunks)
    posts = [
        Post(job, token, index * together + i, stride, until, again) for i in range(together)
    ]
    status = crew.run(sweep, submission, posts)
    if _is_anything_left(sweep, submission):
        control.requeue_preempted(os.environ.get("SLURM_JOB_ID", ""))
    else:  # the submission's other jobs would find nothing to do
        name = os.environ.get("SLURM_JOB_NAME", jobs.name_of(sweep.name, submission.token))
        control.cancel_waiting(submission.all_jobs, name)
    if status < 0:  # Slurm is to know of it, and why
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    if status:
        sys.exit(status)


def own_name() -> str:
    """Return the job that this process is part of, as claims name it: ``1234_5`` or ``1234``."""
    job = os.environ.get("SLURM_ARRAY_JOB_ID", os.environ.get("SLURM_JOB_ID", "slurm"))
    task = os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{job}_{task}" if task is not None else job


def _is_anything_left(sweep: SweepDirectory, submission: Submission) -> bool:
    """Return whether anything of a submission has not ended.

    What was cut off with its job may be gone on with, should Slurm start that again.
    """
    withdrawn = intents.withdrawn(sweep)
    for number, attempt in submission.attempts.items():
        if number in withdrawn and attempt <= withdrawn[number][0]:
            continue
        made = sweep.experiment(number).attempts()
        record = attempts.read_record(made[-1]) if made else None
        if record is None or record.cut_off:
            return True
    return False
