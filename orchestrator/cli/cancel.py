"""Stop a sweep, or some of its experiments; what was computed is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator import collection
from orchestrator.cli import follow, settings

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_argument("sweep", metavar="SWEEP")
    parser.add_argument("experiments", metavar="EXP", nargs="*", help="exp3, 3, 3-7 or all")
    settings.add_data_directory(parser)


def perform(request: argparse.Namespace) -> int:
    """Cancel what has not ended."""
    directory = settings.find_sweep(request)
    chosen = settings.choose(request.experiments, directory)
    standings = collection.standings(directory, chosen.numbers)
    changed = follow.cancel(directory, standings, "cancelled")
    ended = sum(s.state.ended for s in standings)
    print(f"{directory.name}: {changed} cancelled, {ended} had ended before")
    return 0
