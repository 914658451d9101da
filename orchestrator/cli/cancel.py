"""Stop a sweep, or some of its experiments; what was computed is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.cli import arguments
from orchestrator.records.status import read_statuses
from orchestrator.submission import cancel, selection

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep(parser)
    arguments.add_experiments(parser)


def perform(options: argparse.Namespace) -> int:
    """Cancel what has not ended."""
    directory = selection.find_sweep(options)
    chosen = selection.choose(options.experiments, directory)
    statuses = read_statuses(directory, chosen.numbers)
    changed = cancel.cancel(directory, statuses, "cancelled")
    ended = sum(s.state.ended for s in statuses)
    never = sum(not s.state.ended and not s.attempt for s in statuses)
    more = f", {never} never submitted" if never else ""
    print(f"{directory.name}: {changed} cancelled, {ended} had ended before{more}")
    return 0
