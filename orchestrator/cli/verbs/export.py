"""Write a table of parameters and final quantities, or of dunes, as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli import arguments

if TYPE_CHECKING:
    import argparse

EXAMPLES = (
    "quickstart > quickstart.csv",
    "quickstart --units si -o quickstart.csv",
    "quickstart --dunes -o dunes.csv",
)


def configure(parser: argparse.ArgumentParser) -> None:
    arguments.add_sweep(parser, required=False)
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="file to write (default: print it)"
    )
    arguments.add_units(parser)
    parser.add_argument(
        "--dunes",
        action="store_true",
        help="a row for each dune in each snapshot: place, size, celerity, merging and splitting",
    )
    arguments.add_options(parser, arguments.THRESHOLD)


def perform(options: argparse.Namespace) -> int:
    """Print the table, or write it."""
    from orchestrator.analysis.dunes import rows as of_dunes
    from orchestrator.analysis.table import of_sweep, write
    from orchestrator.cli import screen
    from orchestrator.errors import RequestError
    from orchestrator.formats import destination
    from orchestrator.formats.durable import replacing
    from orchestrator.model.pictures import Units
    from orchestrator.records import selection

    path = None
    if options.output is not None:
        path = destination.ready(options.output, (".csv",))
    directory = selection.find_sweep(options.sweep, options.data_dir)
    in_units = Units(options.units or Units.MODEL)
    if options.dunes:
        rows = of_dunes.table(directory, in_units, options.threshold)
    elif options.threshold is not None:
        raise RequestError("--threshold: only for --dunes")
    else:
        rows = of_sweep(directory, in_units)
    text = write(rows)
    if path is None:
        print(text, end="")
        return 0
    with replacing(path) as file:
        file.write(text.encode())
    screen.say(screen.console(options), f"wrote {path}")
    return 0
