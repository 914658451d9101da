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
    from collections.abc import Callable, Collection, Iterator, Sequence

    from orchestrator.model import Claim, Submission
    from orchestrator.records.paths import AttemptDirectory, SweepDirectory
    from orchestrator.runner.queue import Post


def run(
    directory: SweepDirectory,
    submission: Submission,
    posts: Sequence[Post],
    kills: Callable[[], int] = process.out_of_memory_kills,
) -> int:
    """Run a worker process for each post, pass signals on, wait for all, and end what they have left.

    Return how the job is to end, as :mod:`subprocess` has it: killed as one of them was, or with
    the status of one that failed; 0 where none did. Slurm tells of the job as a whole, so which of
    its workers was killed for memory is written down here.

    Parameters
    ----------
    kills
        How often the kernel has killed for memory in this job.
    """
    before = kills()
    workers = _alone(directory, posts[0]) if len(posts) == 1 else _several(directory, posts)
    ends = [(worker, kills() - before) for worker in workers]
    _write_down(directory, submission, ends)
    statuses = [worker.status for worker, _ in ends]
    return min(0, *statuses) or max(statuses)


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


def _write_down(
    directory: SweepDirectory, submission: Submission, ends: Sequence[tuple[guard.Ended, int]]
) -> None:
    """Write the records of what killed workers have left, where Slurm will say that memory ran out.

    Each end comes with how often the kernel had killed for memory by then. A worker that SIGKILL has
    ended keeps no record where that can have been for something else: Slurm then tells of its job.
    """
    _, most = ends[-1]
    if not most:  # Slurm may have killed them, to start the job again
        return
    made = _attempts_of(directory, submission, {worker.pid for worker, _ in ends})
    records = [record for _, attempt in made if (record := attempts.read_record(attempt))]
    engines = sum(c.kind is Kind.OUT_OF_MEMORY for record in records for c in record.causes)
    killed = 0
    for worker, by_then in ends:
        if worker.status == -signal.SIGKILL and killed < min(by_then, most - engines):
            killed += 1
            memory_mb = settings.job_memory_mb()
            cause = Cause(Kind.OUT_OF_MEMORY, subject="worker", memory_mb=memory_mb)
            state = State.OUT_OF_MEMORY
        elif worker.status < 0 and -worker.status not in {*guard.HEEDED, signal.SIGKILL}:
            state, cause = State.LOST, Cause(Kind.KILLED, status=worker.status)
        else:
            continue
        for claim, attempt in made:
            if claim.pid == worker.pid and attempts.read_record(attempt) is None:
                attempts.end_survivors([claim])
                attempts.end(attempt, state, cause)


def _attempts_of(
    directory: SweepDirectory, submission: Submission, pids: Collection[int]
) -> list[tuple[Claim, AttemptDirectory]]:
    """Return the attempts that workers of this job have made, with their claims."""
    myself = attempts.myself(submission.token, "")
    here = (myself.boot, myself.namespace, myself.token)
    made = []
    for number in submission.attempts:
        for attempt in directory.experiment(number).attempts()[-1:]:
            claim = attempts.read_claim(attempt)
            if claim is None or (claim.boot, claim.namespace, claim.token) != here:
                continue
            if claim.pid in pids:
                made.append((claim, attempt))
    return made


def _as_arguments(post: Post) -> list[str]:
    words = ["--job", post.job, "--first", str(post.first), "--stride", str(post.stride)]
    for option in ("token", "until", "again"):
        value = getattr(post, option)
        words += [] if value is None else [f"--{option}", str(value)]
    return words
