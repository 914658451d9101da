"""Stop a sweep, or some of its experiments; what was computed is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator import collection
from orchestrator.cli import follow, selection

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    selection.add_sweep(parser)
    selection.add_experiments(parser)


def perform(request: argparse.Namespace) -> int:
    """Cancel what has not ended."""
    directory = selection.find_sweep(request)
    chosen = selection.choose(request.experiments, directory)
    standings = collection.standings(directory, chosen.numbers)
    changed = follow.cancel(directory, standings, "cancelled")
    ended = sum(s.state.ended for s in standings)
    never = sum(not s.state.ended and not s.attempt for s in standings)
    more = f", {never} never submitted" if never else ""
    print(f"{directory.name}: {changed} cancelled, {ended} had ended before{more}")
    return 0
