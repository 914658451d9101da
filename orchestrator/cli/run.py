"""Run one experiment here, in the foreground, with a progress bar."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING

from rich.live import Live

from orchestrator import collection, ledger, report, simulator, spec, worker
from orchestrator.cli import comparison, dispatch, follow, screen, selection, settings, wishes
from orchestrator.errors import RequestError
from orchestrator.model import State
from orchestrator.supervisor import Stop
from orchestrator.worker.offers import Offer
from orchestrator.workspace import SweepDirectory

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

    from orchestrator.cli.comparison import Plan
    from orchestrator.cli.wishes import Wish
    from orchestrator.model import Standing
    from orchestrator.workspace import AttemptDirectory


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    selection.add_sweep_file(parser)
    parser.add_argument(
        "experiment", metavar="EXP", nargs="?", help="exp3 or 3; default the first not done"
    )


def perform(request: argparse.Namespace) -> int:
    """Claim an experiment and supervise it in this process."""
    console = screen.console()
    sweep = spec.load(request.sweep, request.set)
    data = settings.data_directory(request)
    wish = wishes.wished(sweep, "here", sweep.resources)
    simulator.find(wish.root)
    _refuse(request.experiment, comparison.compare(sweep, data))
    settings.writable(data)
    directory = SweepDirectory(data / sweep.name)
    with ledger.locked(directory):
        dispatch.enlist(sweep, data, functools.partial(screen.warn, console))
        standing = _pick(request.experiment, directory)
        taken = _take(directory, standing, wish)
    if taken is None:
        raise RequestError(f"{standing.experiment.name} was claimed by somebody else just now")
    _supervise(console, directory, *taken)
    (ended,) = collection.standings(directory, [standing.experiment.number])
    console.print(report.status_table([ended], ledger.axes(directory), screen.width(console)))
    if ended.state is State.CANCELLED:
        return 130
    return 0 if ended.state is State.DONE else 1


def _refuse(word: str | None, planned: Plan) -> None:
    """Refuse an experiment that is not there, or that runs or is done, before anything is made."""
    if word is not None:
        numbers = [number for _, number in planned.numbered]
        known = {*numbers, *planned.standings}
        number = selection.one_of(word, planned.sweep.name, known, "run")
        if number in planned.standings:
            _refuse_state(planned.standings[number])


def _pick(word: str | None, directory: SweepDirectory) -> Standing:
    """Choose the experiment that is meant, refusing one that runs or is done."""
    if word is None:
        for standing in collection.standings(directory):
            left = standing.state is not State.RUNNING and standing.state is not State.DONE
            if left and not standing.orphaned:
                return standing
        raise RequestError(f"{directory.name}: every experiment is running or done")
    number = selection.choose_one(word, directory, "run")
    (standing,) = collection.standings(directory, [number])
    _refuse_state(standing)
    return standing


def _refuse_state(standing: Standing) -> None:
    name = standing.experiment.name
    if standing.state is State.RUNNING:
        raise RequestError(f"{name} is running; cancel it first, or follow it with logs -f")
    if standing.state is State.DONE:
        raise RequestError(f"{name} is done; resubmit makes another attempt at it")


def _take(
    directory: SweepDirectory, standing: Standing, wish: Wish
) -> tuple[Offer, AttemptDirectory] | None:
    """Ask for the next attempt and claim it, with the sweep's lock held: nobody else will."""
    submission = dispatch.ask(directory, [standing], wish)
    if submission is None:
        return None
    experiment = standing.experiment
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
                now = collection.standings(directory, [number])
                live.update(follow.display(now, axes, console.height), refresh=True)

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
