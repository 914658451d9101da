"""The worker processes of a job that runs several experiments at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from orchestrator.model import Cause, Kind, State
from orchestrator.records import attempts
from orchestrator.runner import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from orchestrator.model import Submission
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.runner.queue import Post

_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2)


def run(
    directory: SweepDirectory,
    submission: Submission,
    posts: Sequence[Post],
    kills: Callable[[], int] = process.out_of_memory_kills,
) -> int:
    """Run a worker process for each post, pass signals on, and wait for all of them.

    Return the signal that has killed one of them, 0 where none was killed. Slurm tells of the job
    as a whole, so which of its workers was killed for memory is written down here.

    Parameters
    ----------
    kills
        How often the kernel has killed for memory in this job.
    """
    command = [sys.executable, "-P", "-m", "orchestrator.runner", str(directory.root)]
    crew = [
        subprocess.Popen([*command, *_as_arguments(post)], stdin=subprocess.DEVNULL)
        for post in posts
    ]

    def pass_on(number: int, _frame: object) -> None:
        for worker in crew:
            worker.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in _HANDLED}
    others, first, last = [], kills(), kills()
    try:
        for worker in _as_they_end(crew):
            seen, last = last, kills()
            if worker.returncode == -signal.SIGKILL and last > seen:
                _end(directory, submission, worker.pid, State.OUT_OF_MEMORY, _OUT_OF_MEMORY)
            elif worker.returncode < 0 and -worker.returncode not in _HANDLED:
                others.append(worker)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if last > first:  # else Slurm may have killed them, to start the job again
        for worker in others:
            cause = Cause(Kind.KILLED, status=worker.returncode)
            _end(directory, submission, worker.pid, State.LOST, cause)
    return max(0, *(-worker.returncode for worker in crew))


_OUT_OF_MEMORY = Cause(Kind.OUT_OF_MEMORY, subject="worker")


def _as_they_end(crew: Iterable[subprocess.Popen[bytes]]) -> Iterable[subprocess.Popen[bytes]]:
    """Yield each worker when it has ended, and is waited for."""
    left = {worker.pid: worker for worker in crew}
    while left:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        worker = left.pop(ended.si_pid, None)
        if worker is None:  # of nobody here
            os.waitpid(ended.si_pid, 0)
            continue
        worker.wait()
        yield worker


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
