"""What a worker may take: attempts that were asked for and that nobody has claimed."""

from __future__ import annotations

import itertools
import select
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.model import Cluster
from orchestrator.records import attempts, intents, ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.model import Experiment, Kind, Submission
    from orchestrator.records.paths import (
        AttemptDirectory,
        ExperimentDirectory,
        SweepDirectory,
    )
    from orchestrator.runner.stop import Stop

_LOOK_S = 2.0


@dataclass(frozen=True, slots=True)
class Offer:
    """An attempt that somebody asked for and nobody had claimed a moment ago.

    ``version`` is that of the submissions by which nobody had withdrawn it either.
    """

    experiment: Experiment
    attempt: int
    submission: Submission
    version: tuple[int, ...] = ()

    def withdrawn(self, directory: SweepDirectory) -> Kind | None:
        """Return why it was withdrawn, if somebody has done so since it was read."""
        if intents.version(directory) == self.version:
            return None
        attempt, kind = intents.withdrawn(directory).get(self.experiment.number, (0, None))
        return kind if self.attempt <= attempt else None

    def stands(self, directory: SweepDirectory) -> bool:
        """Return whether it is still asked for: not withdrawn, in a sweep that nobody has removed."""
        return directory.submissions.exists() and self.withdrawn(directory) is None


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
    slot
        Its slot in the sweep's pool on this machine; None outside of it.
    at_once
        How many experiments may run at a time on this machine, of all sweeps together; None for
        any number.
    """

    job: str
    token: str | None = None
    first: int = 0
    stride: int = 1
    until: float | None = None
    again: str | None = None
    slot: int | None = None
    at_once: int | None = None


def offers(directory: SweepDirectory, post: Post) -> Iterator[Offer]:
    """Yield what was asked for and nobody has claimed at this moment, or this job of old."""
    version, withdrawn = intents.version(directory), intents.withdrawn(directory)
    experiments = {e.number: e for e in ledger.experiments(directory)}
    for submission in intents.submissions(directory):
        if post.token is None and submission.cluster is not Cluster.LOCAL:
            continue
        if post.token is not None and submission.token != post.token:
            continue
        wanted = list(submission.attempts.items())
        own = range(post.first % max(1, len(wanted)), len(wanted), post.stride)
        for position in itertools.chain(own, range(len(wanted))):
            number, attempt = wanted[position]
            if number not in experiments:  # somebody has taken it out of the ledger
                continue
            free = _free_attempt(directory.experiment(number), attempt, post)
            if free is None:
                continue
            if intents.version(directory) != version:
                version, withdrawn = intents.version(directory), intents.withdrawn(directory)
            if free > withdrawn.get(number, (0, None))[0]:
                yield Offer(experiments[number], free, submission, version)


def _free_attempt(experiment: ExperimentDirectory, attempt: int, post: Post) -> int | None:
    """Return the attempt that a worker may claim: the one asked for, or one that goes on with it."""
    if not experiment.attempt(attempt).root.exists():
        return attempt
    if post.again is None:
        return None
    last = experiment.attempts()[-1]  # looked up once: another worker may go on any moment
    return last.number + 1 if _cut_off(last, post.job, post.again) else None


def _cut_off(last: AttemptDirectory, job: str, again: str) -> bool:
    """Tell whether the last attempt was this job's own and ended when the job did."""
    if not _was_own(last, job, again) or last.cancel_request.exists():
        return False
    record = attempts.read_record(last)
    if record is None:
        return not attempts.alive(last)
    return record.cut_off  # what is to be started again is first asked to stop


def _was_own(attempt: AttemptDirectory, job: str, again: str) -> bool:
    claimed = attempts.read_claim(attempt)
    return claimed is not None and claimed.job == job and claimed.time < again


def awaits_another(directory: SweepDirectory, post: Post, begun: float, stop: Stop) -> bool:
    """Wait a little if the job's earlier life may not have ended; tell whether to look again.

    A node that Slurm has given up may still compute. While it shows signs of life nobody else
    takes its experiments, but what it is silent about has soon ended.
    """
    if time.monotonic() - begun > attempts.PATIENCE_S + _LOOK_S:
        return False
    for number in intents.submission(directory, post.token or "").attempts:
        for last in directory.experiment(number).attempts()[-1:]:
            ended = attempts.read_record(last) is not None or last.cancel_request.exists()
            if not ended and _was_own(last, post.job, post.again or ""):
                select.select([stop], [], [], _LOOK_S)
                return not stop.requested
    return False
