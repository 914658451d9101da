"""A worker: claims experiments of a sweep one after the other and supervises each.

On one machine a worker takes any experiment of its sweep that somebody submitted there, and
leaves when nothing is left to claim. The same claims, files and states serve on a cluster.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import attempts, ledger, simulator
from orchestrator.errors import OrchestratorError
from orchestrator.model import State, Task
from orchestrator.supervisor import Stop, supervise
from orchestrator.workspace import SweepDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.model import Experiment, Record, Submission


@dataclass(frozen=True, slots=True)
class Offer:
    """An attempt that somebody asked for and nobody had claimed a moment ago."""

    experiment: Experiment
    attempt: int
    submission: Submission


def work(directory: SweepDirectory, job: str, stop: Stop) -> None:
    """Run experiments of a sweep until none is left to claim or ``stop`` is asked for."""
    while not stop.requested:
        for offer in _offers(directory):
            attempt_one(directory, offer, job, stop)
            if stop.requested:
                return
        with ledger.locked(directory):
            if not any(_offers(directory)):
                return


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


def _offers(directory: SweepDirectory) -> Iterator[Offer]:
    """Yield what was submitted to this machine and nobody has claimed at this moment."""
    experiments = {e.number: e for e in ledger.experiments(directory)}
    for submission in ledger.submissions(directory):
        if submission.cluster != "local":
            continue
        for number, attempt in submission.attempts.items():
            if not directory.experiment(number).attempt(attempt).root.exists():
                yield Offer(experiments[number], attempt, submission)


def main(arguments: Sequence[str]) -> int:
    """Run a worker of this machine's pool: ``SWEEP_DIRECTORY --slot K --hold FD``."""
    parser = argparse.ArgumentParser(prog="orchestrator.worker")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--slot", type=int, required=True)
    parser.add_argument("--hold", type=int, required=True, help="kept open while it works")
    request = parser.parse_args(arguments)
    os.set_inheritable(request.hold, False)  # noqa: FBT003  # the slot is this process's, not its engine's
    directory = SweepDirectory(request.directory)
    with Stop.on_signals() as stop:
        work(directory, f"local:{request.slot}", stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
