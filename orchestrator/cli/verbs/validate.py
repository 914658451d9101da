"""Check sweep files as plan does, without the table; change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.cli import arguments
from orchestrator.errors import RequestError

if TYPE_CHECKING:
    import argparse

EXAMPLES = ("sweeps/quickstart.yaml", "sweeps/*.yaml")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sweeps", metavar="SWEEP.yaml", nargs="+", help="sweep files")
    arguments.add_overrides(parser)
    arguments.add_placement(parser)


def perform(options: argparse.Namespace) -> int:
    """Print a line for each file, and all problems of all of them."""
    from orchestrator.cli import screen
    from orchestrator.submission.plan import plan

    console = screen.console(options)
    problems: list[str] = []
    for file in options.sweeps:
        try:
            planned = plan(
                file,
                overrides=options.set,
                data_dir=options.data_dir,
                **arguments.placement(options),
            )
        except RequestError as error:
            problems += error.problems
            continue
        sweep = planned.comparison.sweep
        for warning in sweep.warnings:
            screen.warn(console, f"warning: {warning}")
        problems += planned.problems
        if not planned.problems:
            count = text.counted(len(planned.comparison.points), "experiment")
            screen.say(console, f"{file}: valid; {count}")
    if problems:
        raise RequestError(*problems)
    return 0
