"""Write a table of parameters and final quantities, one row per experiment, as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli import arguments

if TYPE_CHECKING:
    import argparse

EXAMPLES = ("quickstart > quickstart.csv", "quickstart --units si -o quickstart.csv")
"""What may stand behind the verb."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep(parser, required=False)
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="file to write (default: print it)"
    )
    arguments.add_units(parser)


def perform(options: argparse.Namespace) -> int:
    """Print the table, or write it."""
    from orchestrator.analysis.table import table, write
    from orchestrator.cli import screen
    from orchestrator.formats import destination
    from orchestrator.formats.durable import replacing
    from orchestrator.model.pictures import Units
    from orchestrator.records import selection

    path = None
    if options.output is not None:
        path = destination.ready(options.output, (".csv",))
    directory = selection.find_sweep(options.sweep, options.data_dir)
    text = write(table(directory, Units(options.units or Units.MODEL)))
    if path is None:
        print(text, end="")
        return 0
    with replacing(path) as file:
        file.write(text.encode())
    screen.say(screen.console(options), f"wrote {path}")
    return 0
