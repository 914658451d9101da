"""A worker: claims experiments of a sweep one after the other and supervises each.

On one machine a worker takes any experiment of its sweep that somebody submitted there; in a job
it takes those of its job's submission. Either leaves when nothing is left to claim, and starts an
experiment only if its expected time fits what is left of the job.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import attempts, collection, estimate, ledger, simulator
from orchestrator.errors import OrchestratorError
from orchestrator.model import State, Task
from orchestrator.slurm import jobs
from orchestrator.slurm.client import Unknown
from orchestrator.supervisor import Stop, supervise
from orchestrator.workspace import SweepDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.model import Experiment, Record, Submission


_SPARE_S = 60.0  # before a job's end, for Slurm's early warning and for writing down
_SAMPLE = 200  # experiments that are looked at for how long they took


@dataclass(frozen=True, slots=True)
class Offer:
    """An attempt that somebody asked for and nobody had claimed a moment ago."""

    experiment: Experiment
    attempt: int
    submission: Submission


@dataclass(frozen=True, slots=True)
class Post:
    """Where a worker stands.

    Attributes
    ----------
    job
        How the claim names it: ``local:0``, ``1234_5``.
    token
        The only submission it works for; None takes all that were made for this machine.
    first
        Position in the submission at which it starts to look, so that few want the same.
    until
        Seconds since the epoch at which its job ends, None for no end. Except for its first, an
        experiment is started only if it is expected to end before.
    """

    job: str
    token: str | None = None
    first: int = 0
    until: float | None = None


def work(directory: SweepDirectory, post: Post, stop: Stop) -> None:
    """Run experiments of a sweep until none is left to claim or ``stop`` is asked for."""
    hours = _Hours(directory, post)
    while True:
        for offer in _offers(directory, post):
            if stop.requested:
                return
            if hours.enough_for(offer):
                attempt_one(directory, offer, post.job, stop)
                hours.began = True
        with ledger.locked(directory):  # nothing can be asked for between this look and leaving
            left = any(hours.enough_for(offer) for offer in _offers(directory, post))
            if stop.requested or not left:
                return


class _Hours:
    """The time that is left in a worker's job."""

    def __init__(self, directory: SweepDirectory, post: Post) -> None:
        self._directory = directory
        self._until = post.until
        self.began = False

    def enough_for(self, offer: Offer) -> bool:
        """Tell whether an experiment is expected to end in time; a first one is always tried."""
        if self._until is None or not self.began:
            return True
        left_s = self._until - time.time() - _SPARE_S
        numbers = sorted(offer.submission.attempts)[:_SAMPLE]
        finished = collection.standings(self._directory, set(numbers))
        cost = estimate.seconds_per_work(finished, builtin=offer.submission.root is None)
        needed = cost * estimate.work(offer.experiment.point.parameters, offer.submission.run)
        return needed <= left_s


def attempt_one(directory: SweepDirectory, offer: Offer, job: str, stop: Stop) -> Record | None:
    """Claim one attempt and supervise it; None where somebody else has claimed it."""
    experiment, number, submission = offer.experiment, offer.attempt, offer.submission
    place = directory.experiment(experiment.number)
    attempt = attempts.claim(place, number, attempts.myself(submission.token, job))
    if attempt is None:
        return None
    name = f"{experiment.name} attempt {number}"
    ledger.log(directory, f"{name} started by {job} on {os.uname().nodename}", attempts.now())
    task = Task(experiment, number, submission.run, submission.outputs)
    try:
        engine = simulator.find(submission.root)
        record = supervise(task, engine, place, stop)
    except Exception as error:  # the top of a job: whatever it is, the attempt has ended
        reason = str(error) if isinstance(error, OrchestratorError) else repr(error)
        attempts.end(attempt, State.FAILED, f"the supervisor failed: {reason}")
        ledger.log(directory, f"{name} failed: {reason}", attempts.now())
        raise
    ledger.log(directory, f"{name} {record.state.value}: {_summary(record)}", attempts.now())
    return record


def _summary(record: Record) -> str:
    counted = f"{record.snapshots} of {record.expected} snapshots, t = {record.time_t0:g} t0"
    return f"{counted}, {record.wall_s:.1f} s{'; ' + record.reason if record.reason else ''}"


def _offers(directory: SweepDirectory, post: Post) -> Iterator[Offer]:
    """Yield what was asked for and nobody has claimed at this moment."""
    experiments = {e.number: e for e in ledger.experiments(directory)}
    for submission in ledger.submissions(directory):
        if post.token is None and submission.cluster != "local":
            continue
        if post.token is not None and submission.token != post.token:
            continue
        asked = list(submission.attempts.items())
        for number, attempt in asked[post.first :] + asked[: post.first]:
            if directory.experiment(number).attempt(attempt).root.exists():
                continue
            yield Offer(experiments[number], attempt, submission)


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
    submission = ledger.submission(sweep, token)
    job = os.environ.get("SLURM_ARRAY_JOB_ID", os.environ.get("SLURM_JOB_ID", "slurm"))
    task = os.environ.get("SLURM_ARRAY_TASK_ID")
    job = f"{job}_{task}" if task is not None else job
    asked = submission.resources
    queued = jobs.queue([os.environ.get("SLURM_JOB_ID", "")])
    entry = None if isinstance(queued, Unknown) else queued.get(job)
    until = entry.end if entry is not None else None
    together = asked.pack or len(os.sched_getaffinity(0))
    first = index * together
    if together == 1:
        with Stop.on_signals() as stop:
            work(sweep, Post(job, token, first, until), stop)
        return
    _crew(sweep, [Post(job, token, first + i, until) for i in range(together)])


def _crew(directory: SweepDirectory, posts: Sequence[Post]) -> None:
    """Run a worker process for each post, pass signals on, and wait for all of them."""
    command = [sys.executable, "-P", "-m", "orchestrator.worker", str(directory.root)]
    crew = [
        subprocess.Popen([*command, *_as_arguments(post)], stdin=subprocess.DEVNULL)
        for post in posts
    ]

    def pass_on(number: int, _frame: object) -> None:
        for one in crew:
            one.send_signal(number)

    handled = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2)
    before = {number: signal.signal(number, pass_on) for number in handled}
    try:
        for one in crew:
            one.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _as_arguments(post: Post) -> list[str]:
    words = ["--job", post.job, "--first", str(post.first)]
    words += ["--token", post.token] if post.token is not None else []
    return words + (["--until", repr(post.until)] if post.until is not None else [])


def main(arguments: Sequence[str]) -> int:
    """Run one worker process: ``SWEEP_DIRECTORY --job NAME ...``."""
    parser = argparse.ArgumentParser(prog="orchestrator.worker")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--job", required=True)
    parser.add_argument("--token")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--until", type=float)
    parser.add_argument("--hold", type=int, help="a descriptor that is kept open meanwhile")
    request = parser.parse_args(arguments)
    if request.hold is not None:  # the slot is this process's, not its engine's
        os.set_inheritable(request.hold, False)  # noqa: FBT003  # its signature
    post = Post(request.job, request.token, request.first, request.until)
    with Stop.on_signals() as stop:
        work(SweepDirectory(request.directory), post, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
