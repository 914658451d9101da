"""Run one experiment here, in the foreground, with a progress bar."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING

from rich.live import Live

from orchestrator.cli import arguments, screen, status_table, watch
from orchestrator.model import State
from orchestrator.records import ledger
from orchestrator.records.status import read_statuses
from orchestrator.runner import orphans
from orchestrator.runner.stop import Stop
from orchestrator.submission import foreground

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

    from orchestrator.submission.foreground import Claimed

_REFRESH_S = 0.25


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep_file(parser)
    parser.add_argument(
        "experiment", metavar="EXP", nargs="?", help="exp3 or 3 (default: the first not done)"
    )


def perform(options: argparse.Namespace) -> int:
    """Claim an experiment and supervise it in this process."""
    console = screen.console()
    claimed = foreground.claim(
        options.sweep,
        options.experiment,
        overrides=options.set,
        data_dir=options.data_dir,
        tell=functools.partial(screen.warn, console),
    )
    _supervise(console, claimed)
    (ended,) = read_statuses(claimed.directory, [claimed.number])
    axes = ledger.axes(claimed.directory)
    console.print(status_table.status_table([ended], axes, screen.width(console)))
    if ended.state is State.CANCELLED:
        return 130
    return 0 if ended.state is State.DONE else 1


def _supervise(console: Console, claimed: Claimed) -> None:
    """Make the attempt while a thread draws its progress."""
    axes = ledger.axes(claimed.directory)
    finished = threading.Event()

    def draw() -> None:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            while not finished.wait(_REFRESH_S):
                now = read_statuses(claimed.directory, [claimed.number])
                live.update(watch.display(now, axes, console.height), refresh=True)

    drawing = threading.Thread(target=draw, daemon=True)
    if console.is_terminal:
        drawing.start()
    orphans.adopt()
    try:
        with Stop.on_signals() as stop:
            claimed.make(stop)
    finally:
        finished.set()
        if drawing.is_alive():
            drawing.join()
