"""Show what an experiment's engine wrote, and how its attempt ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.cli import arguments

if TYPE_CHECKING:
    import argparse

EXAMPLES = ("quickstart exp3", "quickstart 3 -f")


def configure(parser: argparse.ArgumentParser) -> None:
    arguments.add_sweep(parser)
    arguments.add_experiment(parser)
    parser.add_argument(
        "-f",
        "--follow",
        action="store_true",
        help="print new lines as they come, until the experiment ends",
    )


def perform(options: argparse.Namespace) -> int:
    """Print the engine's output of the latest attempt, then why it ended."""
    from orchestrator.cli import log_output
    from orchestrator.records import selection

    directory = selection.find_sweep(options.sweep, options.data_dir)
    number = selection.choose_one(options.experiment, directory, "logs")
    log_output.show(directory, number, follow=options.follow)
    return 0
