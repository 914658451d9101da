"""A worker: claims experiments of a sweep one after the other and supervises each.

On one machine a worker takes any experiment of its sweep that somebody submitted there; in a job
it takes those of its job's submission. Either leaves when nothing is left to claim, and starts an
experiment only if its expected time fits what is left of the job. A job that Slurm has started
again goes on with what it had begun.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import select
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import attempts, collection, estimate, ledger, simulator
from orchestrator.errors import OrchestratorError
from orchestrator.model import State, Task
from orchestrator.slurm import jobs, request
from orchestrator.slurm.client import Unknown
from orchestrator.supervisor import Stop, supervise
from orchestrator.workspace import SweepDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.model import Experiment, Record, Submission
    from orchestrator.workspace import AttemptDirectory, ExperimentDirectory


_SPARE_S = 60.0  # before a job's end, for Slurm's early warning and for writing down
_LOOK_S = 2.0
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
    first, stride
        It looks first at every ``stride``-th experiment from ``first`` on, and then at those that
        others should have taken by then, so that few want the same.
    until
        Seconds since the epoch at which its job ends, None for no end. Except for its first, an
        experiment is started only if it is expected to end before.
    again
        When its job was started again, as :func:`attempts.now` writes it; None for the first
        time. What the job had claimed before that has been cut off.
    """

    job: str
    token: str | None = None
    first: int = 0
    stride: int = 1
    until: float | None = None
    again: str | None = None


def work(directory: SweepDirectory, post: Post, stop: Stop) -> None:
    """Run experiments of a sweep until none is left to claim or ``stop`` is asked for."""
    hours = _Hours(directory, post)
    begun = time.monotonic()
    while True:
        for offer in _offers(directory, post):
            if stop.requested:
                return
            if hours.enough_for(offer):
                hours.learn(offer, attempt_one(directory, offer, post.job, stop))
        if post.token is not None:  # nobody can add to its submission
            if post.again is None or not _awaits_another(directory, post, begun, stop):
                return
            continue
        with ledger.locked(directory):  # nothing can be asked for between this look and leaving
            left = any(hours.enough_for(offer) for offer in _offers(directory, post))
            if stop.requested or not left:
                return


class _Hours:
    """The time that is left in a worker's job, and what it needs for an experiment."""

    def __init__(self, directory: SweepDirectory, post: Post) -> None:
        self._directory = directory
        self._until = post.until
        self._own: list[float] = []
        self._others: float | None = None

    def enough_for(self, offer: Offer) -> bool:
        """Tell whether an experiment is expected to end in time; a first one is always tried."""
        if self._until is None or not self._own:
            return True
        left_s = self._until - time.time() - _SPARE_S
        return self._cost(offer.submission) * _work(offer) <= left_s

    def learn(self, offer: Offer, record: Record | None) -> None:
        """Take note of how long an experiment took, if it was this worker that ran it."""
        if record is not None:
            self._own.append(record.wall_s / _work(offer) if record.complete else math.nan)

    def _cost(self, submission: Submission) -> float:
        """Return seconds per unit of work: its own median, else what others have seen so far."""
        own = [cost for cost in self._own if not math.isnan(cost)]
        if own:
            return statistics.median(own)
        if self._others is None:
            numbers = set(sorted(submission.attempts)[:_SAMPLE])
            seen = collection.standings(self._directory, numbers)
            self._others = estimate.seconds_per_work(seen, builtin=submission.root is None)
        return self._others


def _work(offer: Offer) -> float:
    return estimate.work(offer.experiment.point.parameters, offer.submission.run.stop_t0)


def attempt_one(directory: SweepDirectory, offer: Offer, job: str, stop: Stop) -> Record | None:
    """Claim one attempt and supervise it; None where somebody else has claimed it."""
    experiment, number, submission = offer.experiment, offer.attempt, offer.submission
    place = directory.experiment(experiment.number)
    attempt = attempts.claim(place, number, attempts.myself(submission.token, job))
    if attempt is None:
        return None
    for earlier in place.attempts()[:-1]:
        if attempts.read_record(earlier) is None:
            attempts.end(earlier, State.LOST, "it was cut off, and its job started again")
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
    """Yield what was asked for and nobody has claimed at this moment, or this job of old."""
    experiments = {e.number: e for e in ledger.experiments(directory)}
    for submission in ledger.submissions(directory):
        if post.token is None and submission.cluster != "local":
            continue
        if post.token is not None and submission.token != post.token:
            continue
        asked = list(submission.attempts.items())
        own = range(post.first % max(1, len(asked)), len(asked), post.stride)
        for position in itertools.chain(own, range(len(asked))):
            number, attempt = asked[position]
            place = directory.experiment(number)
            if not place.attempt(attempt).root.exists():
                yield Offer(experiments[number], attempt, submission)
            elif post.again is not None and _cut_off(place, post.job, post.again):
                yield Offer(experiments[number], place.attempts()[-1].number + 1, submission)


def _cut_off(place: ExperimentDirectory, job: str, again: str) -> bool:
    """Tell whether the last attempt was this job's own and ended when the job did."""
    last = place.attempts()[-1]
    if not _was_own(last, job, again) or last.cancel_request.exists():
        return False
    record = attempts.read_record(last)
    if record is None:
        return not attempts.alive(last)
    return record.state is State.TIMEOUT  # what is to be started again is first asked to stop


def _was_own(attempt: AttemptDirectory, job: str, again: str) -> bool:
    claimed = attempts.read_claim(attempt)
    return claimed is not None and claimed.job == job and claimed.time < again


def _awaits_another(directory: SweepDirectory, post: Post, begun: float, stop: Stop) -> bool:
    """Wait a little if the job's earlier life may not have ended; tell whether to look again.

    A node that Slurm has given up may still compute. While it shows signs of life nobody else
    takes its experiments, but what it is silent about has soon ended.
    """
    if time.monotonic() - begun > attempts.PATIENCE_S + _LOOK_S:
        return False
    for number in ledger.submission(directory, post.token or "").attempts:
        for last in directory.experiment(number).attempts()[-1:]:
            ended = attempts.read_record(last) is not None or last.cancel_request.exists()
            if not ended and _was_own(last, post.job, post.again or ""):
                select.select([stop], [], [], _LOOK_S)
                return not stop.requested
    return False


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
    again = attempts.now() if os.environ.get("SLURM_RESTART_COUNT", "0") != "0" else None
    together = asked.pack or len(os.sched_getaffinity(0))
    stride = together * request.tasks(submission, together)
    posts = [
        Post(job, token, index * together + i, stride, until, again) for i in range(together)
    ]
    if together == 1:
        with Stop.on_signals() as stop:
            work(sweep, posts[0], stop)
        return
    _crew(sweep, posts)


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
    words = ["--job", post.job, "--first", str(post.first), "--stride", str(post.stride)]
    for option in ("token", "until", "again"):
        value = getattr(post, option)
        words += [] if value is None else [f"--{option}", str(value)]
    return words


def main(arguments: Sequence[str]) -> int:
    """Run one worker process: ``SWEEP_DIRECTORY --job NAME ...``."""
    parser = argparse.ArgumentParser(prog="orchestrator.worker")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--job", required=True)
    parser.add_argument("--token")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--until", type=float)
    parser.add_argument("--again")
    parser.add_argument("--hold", type=int, help="a descriptor that is kept open meanwhile")
    given = parser.parse_args(arguments)
    if given.hold is not None:  # the slot is this process's, not its engine's
        os.set_inheritable(given.hold, False)  # noqa: FBT003  # its signature
    post = Post(given.job, given.token, given.first, given.stride, given.until, given.again)
    with Stop.on_signals() as stop:
        work(SweepDirectory(given.directory), post, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
