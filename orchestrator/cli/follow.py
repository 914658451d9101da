"""Staying with a sweep until it ends: live progress, and Ctrl-C that asks before it stops."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from orchestrator import attempts, collection, ledger, report
from orchestrator.cli import screen
from orchestrator.cli.look import Look
from orchestrator.model import State
from orchestrator.slurm import steering
from orchestrator.submission import local

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rich.console import Console

    from orchestrator.model import Standing
    from orchestrator.workspace import SweepDirectory

_GRACE_S = 10.0


def until_ended(
    console: Console, directory: SweepDirectory, numbers: Collection[int], *, ask: bool
) -> int:
    """Show progress until every one of ``numbers`` has ended; return the exit code."""
    axes = ledger.axes(directory)
    while True:
        try:
            ended = _watch(console, directory, numbers, axes)
            break
        except KeyboardInterrupt:
            if ask and sys.stdin.isatty() and not _wants_to_stop(console):
                continue
            _stop(console, directory, numbers)
            return 130
    console.print(report.status_table(ended, axes, screen.width(console)))
    console.print(report.counts_line(ended))
    return 1 if any(s.state is not State.DONE for s in ended) else 0


def _watch(
    console: Console,
    directory: SweepDirectory,
    numbers: Collection[int],
    axes: Sequence[Sequence[str]],
) -> list[Standing]:
    """Refresh until all have ended or nobody is left to run the rest."""
    told: set[int] = set()
    abandoned = Abandonment(directory)
    look = Look(directory, numbers)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            now = look()
            if console.is_terminal:
                live.update(display(now, axes, console.height), refresh=True)
            else:
                _tell(console, now, told)
            if all(s.state.ended for s in now) or abandoned(now):
                return now
            time.sleep(0.5)


class Abandonment:
    """Tells, look after look, whether nobody is left to run what has not ended."""

    def __init__(self, directory: SweepDirectory) -> None:
        self._directory = directory
        self._looks = 0

    def __call__(self, standings: Sequence[Standing]) -> bool:
        """Tell whether nobody was left at this look and at the one before.

        Twice, for a worker may leave between the look at files and the look at the pool.
        """
        left = [s for s in standings if not s.state.ended]
        somebody = any(_on_slurm(s) or _lives(s) for s in left)
        workers = somebody or local.live_workers(self._directory)
        self._looks = 0 if workers or not left else self._looks + 1
        return self._looks >= 2


def _lives(standing: Standing) -> bool:
    return standing.state is State.RUNNING and not standing.silent


def _on_slurm(standing: Standing) -> bool:
    return standing.submission is not None and standing.submission.cluster == "slurm"


def _tell(console: Console, standings: Sequence[Standing], told: set[int]) -> None:
    """Print one line for each experiment that has ended since the last look."""
    for standing in standings:
        if standing.state.ended and standing.experiment.number not in told:
            told.add(standing.experiment.number)
            what = f"{standing.experiment.name} {standing.state.value}"
            remark = report.remark(standing)
            console.print(f"{what}: {remark}" if remark else what, highlight=False)


def display(standings: Sequence[Standing], axes: Sequence[Sequence[str]], height: int) -> Group:
    """Draw the counts and a bar for each experiment that runs, within ``height`` lines."""
    table = Table(box=None, pad_edge=False, show_header=False)
    running = [s for s in standings if s.state is State.RUNNING]
    for standing in running[: max(1, height - 4)]:
        values = report.coordinates(standing.experiment, axes)
        named = " ".join(f"{name}={report.number(value)}" for name, value in values.items())
        table.add_row(
            standing.experiment.name,
            f"{named} seed={standing.experiment.point.seed}",
            ProgressBar(total=1.0, completed=standing.fraction, width=24),
            f"{standing.time_t0:.0f}/{standing.stop_t0:g} t0",
            report.seconds(standing.left_s),
        )
    return Group(report.counts_line(standings), table)


def _wants_to_stop(console: Console) -> bool:
    console.print("\nThe experiments run on without this window.")
    try:
        answer = console.input("Stop them? y for yes, anything else to go on waiting: ")
    except (KeyboardInterrupt, EOFError):
        return True
    return answer.strip().lower().startswith("y")


def _stop(console: Console, directory: SweepDirectory, numbers: Collection[int]) -> None:
    """Cancel what has not ended and wait a little for it."""
    console.print("stopping; what was computed is kept", style="yellow")
    cancel(directory, collection.standings(directory, numbers), "interrupted")
    deadline = time.monotonic() + _GRACE_S
    while time.monotonic() < deadline:
        now = collection.standings(directory, numbers)
        if all(s.state is not State.RUNNING for s in now):
            break
        time.sleep(0.2)
    console.print(report.counts_line(collection.standings(directory, numbers)))


def cancel(directory: SweepDirectory, standings: Sequence[Standing], reason: str) -> int:
    """Cancel experiments: those that wait end at once, those that run are asked to stop.

    Returns how many; each is a line in the sweep's log.
    """
    changed = 0
    for standing in standings:
        place = directory.experiment(standing.experiment.number)
        if standing.state is State.PENDING and standing.attempt:
            token = standing.submission.token if standing.submission else ""
            claimant = attempts.myself(token, job="")
            if attempts.claim_ended(
                place, standing.attempt, claimant, State.CANCELLED, f"{reason} while pending"
            ):
                changed += 1
                _log(directory, standing, f"cancelled: {reason} while pending")
                continue
        if standing.attempt and standing.record is None:
            # also one that was lost, which its job would go on with if Slurm starts that again
            attempt = place.attempt(standing.attempt)
            attempts.request_cancel(attempt)
            if standing.silent and not _on_slurm(standing):  # whom nobody else can ask
                said = f"{reason}; nothing had been heard of it for minutes"
                attempts.end(attempt, State.CANCELLED, said)
            _log(directory, standing, f"asked to stop: {reason}")
            changed += not standing.state.ended
    _cancel_jobs(directory)
    return changed


def _log(directory: SweepDirectory, standing: Standing, said: str) -> None:
    name = f"{standing.experiment.name} attempt {standing.attempt}"
    ledger.log(directory, f"{name} {said}", attempts.now())


def _cancel_jobs(directory: SweepDirectory) -> None:
    """Take jobs out of the queue for which nothing is left to do."""
    standings = collection.standings(directory)
    for made in ledger.submissions(directory):
        mine = [s for s in standings if s.submission and s.submission.token == made.token]
        if made.job_ids and not any(_wanted(directory, s) for s in mine):
            steering.cancel_waiting(made.job_ids)


def _wanted(directory: SweepDirectory, standing: Standing) -> bool:
    """Tell whether a job may still have to do with an experiment, were it started again."""
    if standing.state is State.PENDING:
        return True
    attempt = directory.experiment(standing.experiment.number).attempt(standing.attempt)
    return standing.record is None and not attempt.cancel_request.exists()
