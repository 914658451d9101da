"""Show where the experiments of a sweep stand; without a name, every sweep on a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from orchestrator import settings
from orchestrator.cli import arguments
from orchestrator.errors import RequestError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from orchestrator.records.paths import SweepDirectory

EXAMPLES = ("", "quickstart --watch", "quickstart --usage", "quickstart --json")


def configure(parser: argparse.ArgumentParser) -> None:
    arguments.add_sweep(parser, required=False, several=", or a line for each")
    parser.add_argument(
        "--watch", action="store_true", help="refresh in place until all have ended"
    )
    parser.add_argument(
        "--usage",
        action="store_true",
        help="show core-hours and memory of experiments that have ended, also from Slurm's accounts",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--all", action="store_true", help="a line for every experiment")


def perform(options: argparse.Namespace) -> int:
    """Show the status once, or again and again."""
    from orchestrator.cli import screen, status_screen
    from orchestrator.records import paths, selection

    console = screen.console(options)
    if options.sweep is None:  # else it may lie anywhere
        data = settings.existing_data_directory(options.data_dir)
        known = list(paths.sweeps(data))
        if options.usage and len(known) != 1:
            raise RequestError(
                "--usage: name one of the sweeps, as in: status quickstart --usage"
            )
        if len(known) != 1:
            _show_all(console, data, known, as_json=options.json)
            return 0
    directory = selection.find_sweep(options.sweep, options.data_dir)
    if options.usage:
        status_screen.show_usage(
            console, directory, everything=options.all, as_json=options.json
        )
    elif options.json:
        from orchestrator.submission.status import status_of

        print(json.dumps(status_of(directory, ask_slurm=True).as_json(), indent=1))
    elif options.watch:
        status_screen.show_until_ended(console, directory, everything=options.all)
    else:
        status_screen.show(console, directory, everything=options.all)
    return 0


def _show_all(
    console: Console, data: Path, known: Sequence[SweepDirectory], *, as_json: bool
) -> None:
    """Show the sweeps of a data directory."""
    from orchestrator.cli import status_screen

    if as_json:
        sweeps = [*map(status_screen.summary, known)]
        print(json.dumps({"sweeps": sweeps}, indent=1))
    else:
        status_screen.overview(console, data, known)
