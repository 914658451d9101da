"""Run one experiment here, in the foreground, with a progress bar."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from orchestrator.cli import arguments

if TYPE_CHECKING:
    import argparse


EXAMPLES = ("sweeps/quickstart.yaml", "sweeps/quickstart.yaml exp3")


def configure(parser: argparse.ArgumentParser) -> None:
    arguments.add_sweep_file(parser)
    parser.add_argument(
        "experiment", metavar="EXP", nargs="?", help="exp3 or 3 (default: the first not done)"
    )


def perform(options: argparse.Namespace) -> int:
    """Claim an experiment and supervise it in this process."""
    from orchestrator.cli import screen, status_table, watch
    from orchestrator.model import State
    from orchestrator.records import intents
    from orchestrator.records.status import read_statuses
    from orchestrator.submission import foreground

    console = screen.console(options)
    claimed = foreground.claim(
        options.sweep,
        options.experiment,
        overrides=options.set,
        data_dir=options.data_dir,
        tell=functools.partial(screen.warn, console),
    )
    watch.supervised(console, claimed)
    (ended,) = read_statuses(claimed.directory, [claimed.number])
    axes = intents.axes(claimed.directory)
    console.print(status_table.status_table([ended], axes, screen.width(console)))
    if ended.state is State.CANCELLED:
        return 130
    return 1 if ended.state.bad else 0
