"""The worker processes of a job, one for each experiment that runs at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from orchestrator import settings
from orchestrator.model import Cause, Kind, State
from orchestrator.records import attempts
from orchestrator.runner import guard, orphans, process
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
    """Yield each worker when it has ended, and what it has left, too."""
    orphans.adopt()
    before = orphans.children()
    command = [sys.executable, "-P", "-m", "orchestrator.runner", str(directory.root)]
    crew = {
        worker.pid: worker
        for post in posts
        for worker in [
            subprocess.Popen([*command, *_as_arguments(post)], stdin=subprocess.DEVNULL)
        ]
    }

    def send(number: int) -> None:
        for worker in crew.values():
            worker.send_signal(number)

    left = {*crew}
    with guard.passing_on(send):
        while left:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            assert ended is not None
            if ended.si_pid not in left:  # adopted, or nobody's here
                os.waitpid(ended.si_pid, 0)
                continue
            left.remove(ended.si_pid)
            status = crew[ended.si_pid].wait()
            guard.end_left(before | left)
            yield guard.Ended(ended.si_pid, status)


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
