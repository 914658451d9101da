"""Remove the experiments that the sweep file no longer has, with their data."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.cli import arguments

if TYPE_CHECKING:
    import argparse

EXAMPLES = ("quickstart", "quickstart --yes")


def configure(parser: argparse.ArgumentParser) -> None:
    arguments.add_sweep(parser)
    parser.add_argument("--yes", action="store_true", help="remove them without asking")


def perform(options: argparse.Namespace) -> int:
    """Show which experiments would go and how much is freed, and remove them if told to."""
    from orchestrator.cli import screen
    from orchestrator.submission.prune import prune

    console = screen.console(options)
    pruned = prune(options.sweep, data_dir=options.data_dir, remove=False)
    name = pruned.directory.name
    if pruned.running:
        screen.warn(console, f"{text.names(pruned.running)}: not ended; cancel them first")
    if not pruned.numbers:
        screen.say(console, f"{name}: nothing to remove")
        return 0
    counted = text.counted(len(pruned.numbers), "orphaned experiment")
    what = f"{counted} ({text.names(pruned.numbers)}), {text.size(pruned.size)}"
    screen.say(console, f"{name}: {what}")
    question = "Remove them? y for yes: "
    agreed = options.yes or (sys.stdin.isatty() and screen.answer(console, question) == "y")
    if not agreed:
        screen.say(console, "nothing was removed; --yes removes them")
        return 0
    pruned = prune(options.sweep, data_dir=options.data_dir, remove=True)
    screen.say(console, f"removed {text.counted(len(pruned.numbers), 'experiment')}")
    return 0
