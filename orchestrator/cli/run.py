"""Run one experiment here, in the foreground, with a progress bar."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING

from rich.live import Live

from orchestrator import sweepfile
from orchestrator.cli import arguments, screen, status_table, watch
from orchestrator.errors import RequestError
from orchestrator.model import State
from orchestrator.records import ledger
from orchestrator.records.paths import SweepDirectory
from orchestrator.records.status import read_statuses
from orchestrator.runner import simulator, worker
from orchestrator.runner.queue import Offer
from orchestrator.runner.stop import Stop
from orchestrator.submission import plan, selection, settings, submit
from orchestrator.submission.request import Wish, wished

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

    from orchestrator.model import Status
    from orchestrator.records.paths import AttemptDirectory
    from orchestrator.submission.plan import Plan
    from orchestrator.submission.request import Wish


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep_file(parser)
    parser.add_argument(
        "experiment", metavar="EXP", nargs="?", help="exp3 or 3; default the first not done"
    )


def perform(options: argparse.Namespace) -> int:
    """Claim an experiment and supervise it in this process."""
    console = screen.console()
    sweep = sweepfile.load(options.sweep, options.set)
    data = settings.data_directory(options)
    wish = wished(sweep, "here", sweep.resources)
    simulator.find(wish.root)
    _refuse(options.experiment, plan.compare(sweep, data))
    settings.writable(data)
    directory = SweepDirectory(data / sweep.name)
    with ledger.locked(directory):
        submit.enlist(sweep, data, functools.partial(screen.warn, console))
        status = _pick(options.experiment, directory)
        taken = _take(directory, status, wish)
    if taken is None:
        raise RequestError(f"{status.experiment.name} was claimed by somebody else just now")
    _supervise(console, directory, *taken)
    (ended,) = read_statuses(directory, [status.experiment.number])
    console.print(
        status_table.status_table([ended], ledger.axes(directory), screen.width(console))
    )
    if ended.state is State.CANCELLED:
        return 130
    return 0 if ended.state is State.DONE else 1


def _refuse(word: str | None, planned: Plan) -> None:
    """Refuse an experiment that is not there, or that runs or is done, before anything is made."""
    if word is not None:
        numbers = [number for _, number in planned.numbered]
        known = {*numbers, *planned.statuses}
        number = selection.one_of(word, planned.sweep.name, known, "run")
        if number in planned.statuses:
            _refuse_state(planned.statuses[number])


def _pick(word: str | None, directory: SweepDirectory) -> Status:
    """Choose the experiment that is meant, refusing one that runs or is done."""
    if word is None:
        for status in read_statuses(directory):
            left = status.state is not State.RUNNING and status.state is not State.DONE
            if left and not status.orphaned:
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


def _take(
    directory: SweepDirectory, status: Status, wish: Wish
) -> tuple[Offer, AttemptDirectory] | None:
    """Ask for the next attempt and claim it, with the sweep's lock held: nobody else will."""
    submission = submit.ask(directory, [status], wish)
    if submission is None:
        return None
    experiment = status.experiment
    offer = Offer(experiment, submission.attempts[experiment.number], submission)
    attempt = worker.take(directory, offer, "here")
    return None if attempt is None else (offer, attempt)


def _supervise(
    console: Console, directory: SweepDirectory, offer: Offer, attempt: AttemptDirectory
) -> None:
    """Make the attempt while a thread draws its progress."""
    number, axes = offer.experiment.number, ledger.axes(directory)
    finished = threading.Event()

    def draw() -> None:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            while not finished.wait(0.25):
                now = read_statuses(directory, [number])
                live.update(watch.display(now, axes, console.height), refresh=True)

    drawing = threading.Thread(target=draw, daemon=True)
    if console.is_terminal:
        drawing.start()
    try:
        with Stop.on_signals() as stop:
            worker.make(directory, offer, attempt, stop)
    finally:
        finished.set()
        if drawing.is_alive():
            drawing.join()
