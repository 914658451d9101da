"""Running one experiment in this process."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import settings, sweepfile
from orchestrator.errors import RequestError
from orchestrator.model import Cluster, State
from orchestrator.records import selection
from orchestrator.records.lock import locked
from orchestrator.records.paths import SweepDirectory
from orchestrator.records.status import read_statuses
from orchestrator.runner import simulator, worker
from orchestrator.runner.queue import Offer
from orchestrator.submission.comparison import compare
from orchestrator.submission.intent import intend
from orchestrator.submission.refusals import Checker, refusals
from orchestrator.submission.request import Request
from orchestrator.submission.submit import enlist
from orchestrator.sweepfile import expansion

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from orchestrator.model import Record, Status
    from orchestrator.records.paths import AttemptDirectory
    from orchestrator.runner.stop import Stop
    from orchestrator.submission.comparison import Comparison


@dataclass(frozen=True, slots=True)
class Claimed:
    """An attempt that this process has claimed and is to make."""

    directory: SweepDirectory
    offer: Offer
    attempt: AttemptDirectory

    @property
    def number(self) -> int:
        """The experiment's number."""
        return self.offer.experiment.number

    def make(self, stop: Stop) -> Record:
        """Supervise the attempt to its end."""
        return worker.make(self.directory, self.offer, self.attempt, stop)


def claim(
    file: str | os.PathLike[str],
    experiment: str | None = None,
    *,
    overrides: Sequence[str] = (),
    data_dir: str | os.PathLike[str] | None = None,
    tell: Callable[[str], None] = lambda _message: None,
) -> Claimed:
    """Claim an experiment of a sweep file (default: the first that is not done) for this process.

    Raises
    ------
    RequestError
        For one that is running or done, or that somebody else has claimed just now.
    """
    sweep = sweepfile.load(Path(file), overrides)
    directory = SweepDirectory(settings.data_directory(data_dir) / sweep.name)
    root = settings.chosen_root(sweep.run.engine, sweep.positions.get("run.engine", ""))
    request = Request(Cluster.HERE, sweep.run, sweep.outputs, sweep.resources, root)
    engine = simulator.of_sweep(sweep, root)
    points = expansion.expand(sweep)
    with contextlib.closing(Checker(engine)) as checker:
        problems = refusals(checker, sweep, directory, points)
    if problems:
        raise RequestError(*problems)
    before = compare(sweep, directory, points)
    if before.replacement:
        position = sweep.positions.get("name", sweep.path)
        raise RequestError(f"{position}: name: {before.replacement} of submit")
    if experiment is not None:
        _refuse(experiment, before)
    settings.writable(directory.root.parent)
    with locked(directory):
        enlist(sweep, directory, points, tell)
        status = _pick(experiment, directory)
        claimed = _claim(directory, status, request)
    if claimed is None:
        raise RequestError(f"{status.experiment.name} was claimed by somebody else just now")
    return claimed


def _claim(directory: SweepDirectory, status: Status, request: Request) -> Claimed | None:
    """Ask for the next attempt and claim it; None where somebody was faster."""
    submission = intend(directory, [status], request)
    if submission is None:
        return None
    number = submission.attempts[status.experiment.number]
    offer = Offer(status.experiment, number, submission)
    attempt = worker.take(directory, offer, Cluster.HERE.value)
    return None if attempt is None else Claimed(directory, offer, attempt)


def _refuse(word: str, comparison: Comparison) -> None:
    """Refuse an experiment that is not there, or that runs or is done, before anything is made."""
    numbers = [number for _, number in comparison.numbered]
    known = {*numbers, *comparison.statuses}
    number = selection.one_of(word, comparison.sweep.name, known, "run")
    if number in comparison.statuses:
        _refuse_state(comparison.statuses[number])


def _pick(word: str | None, directory: SweepDirectory) -> Status:
    """Return the experiment that is meant, refusing one that runs or is done."""
    if word is None:
        for status in read_statuses(directory):
            waits = status.state in {State.PENDING, State.NEVER_SUBMITTED}
            if (waits or status.state.bad) and not status.orphaned:
                return status
        raise RequestError(f"{directory.name}: every experiment is running or done")
    number = selection.choose_one(word, directory, "run")
    (status,) = read_statuses(directory, [number])
    _refuse_state(status)
    return status


def _refuse_state(status: Status) -> None:
    name = status.experiment.name
    if status.state is State.RUNNING:
        raise RequestError(f"{name} is running; cancel it first, or follow it with logs -f")
    if status.state is State.DONE:
        raise RequestError(f"{name} is done; resubmit makes another attempt at it")
