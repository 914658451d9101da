"""The worker processes of a job, one for each experiment that runs at the same time."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from orchestrator import settings
from orchestrator.model import Cause, Kind, State
from orchestrator.records import attempts
from orchestrator.runner import guard, process
from orchestrator.runner.worker import work_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from orchestrator.model import Submission
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.runner.queue import Post


def run(
    directory: SweepDirectory,
    submission: Submission,
    posts: Sequence[Post],
    kills: Callable[[], int] = process.out_of_memory_kills,
) -> int:
    """Run a worker process for each post, pass signals on, wait for all, and end what they have left.

    Return the signal that has killed one of them, 0 where none was killed. Slurm tells of the job
    as a whole, so which of its workers was killed for memory is written down here.

    Parameters
    ----------
    kills
        How often the kernel has killed for memory in this job.
    """
    others: list[guard.Ended] = []
    first = last = kills()
    by = 0
    for worker in (
        _alone(directory, posts[0]) if len(posts) == 1 else _several(directory, posts)
    ):
        seen, last, by = last, kills(), max(by, -worker.status)
        if worker.status == -signal.SIGKILL and last > seen:
            memory_mb = settings.job_memory_mb()
            cause = Cause(Kind.OUT_OF_MEMORY, subject="worker", memory_mb=memory_mb)
            _end(directory, submission, worker.pid, State.OUT_OF_MEMORY, cause)
        elif worker.status < 0 and -worker.status not in guard.HEEDED:
            others.append(worker)
    if last > first:  # else Slurm may have killed them, to start the job again
        for worker in others:
            cause = Cause(Kind.KILLED, status=worker.status)
            _end(directory, submission, worker.pid, State.LOST, cause)
    return by


def _alone(directory: SweepDirectory, post: Post) -> Iterator[guard.Ended]:
    """Yield the only worker when it has ended; it has what this process has loaded."""
    yield guard.run(lambda: work_at(directory, post))


def _several(directory: SweepDirectory, posts: Sequence[Post]) -> Iterator[guard.Ended]:
    """Yield each worker, a process of its own, when it has ended, and what it has left, too."""
    command = [sys.executable, "-P", "-m", "orchestrator.runner", str(directory.root)]
    nothing = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
    # not by subprocess, which may reap a worker before its end is seen here
    return guard.ends(
        lambda _: {
            os.posix_spawn(
                sys.executable,
                [*command, *_as_arguments(post)],
                os.environ,
                file_actions=[nothing],
            )
            for post in posts
        }
    )


def _end(
    directory: SweepDirectory, submission: Submission, pid: int, state: State, cause: Cause
) -> None:
    """Write the record of what a worker of this job has left without one."""
    myself = attempts.myself(submission.token, "")
    for number in submission.attempts:
        for attempt in directory.experiment(number).attempts()[-1:]:
            claim = attempts.read_claim(attempt)
            if claim is None or attempts.read_record(attempt) is not None:
                continue
            if (claim.boot, claim.namespace, claim.pid) == (myself.boot, myself.namespace, pid):
                attempts.end_survivors([claim])
                attempts.end(attempt, state, cause)


def _as_arguments(post: Post) -> list[str]:
    words = ["--job", post.job, "--first", str(post.first), "--stride", str(post.stride)]
    for option in ("token", "until", "again"):
        value = getattr(post, option)
        words += [] if value is None else [f"--{option}", str(value)]
    return words
