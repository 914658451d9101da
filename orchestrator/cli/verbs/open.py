"""Write the page of a sweep and open it in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.cli import arguments

if TYPE_CHECKING:
    import argparse

EXAMPLES = ("", "quickstart")


def configure(parser: argparse.ArgumentParser) -> None:
    arguments.add_sweep(parser, required=False)


def perform(options: argparse.Namespace) -> int:
    """Write the page as it is now, and show it."""
    import webbrowser

    from orchestrator.cli import screen
    from orchestrator.html.report import report

    console = screen.console(options)
    with screen.busy(console, "reading the sweep"):
        path = report(options.sweep, data_dir=options.data_dir)
    shown = webbrowser.open(path.resolve().as_uri())
    screen.say(console, str(path) if shown else f"{path}: no browser here; open it in one")
    return 0
