"""Explain a name: a parameter, a key of the sweep file, a template, a quantity, a unit or a state."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

EXAMPLES = ("Tau_min", "run.stop", "SNOWFALL", "out_of_memory", "")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="e.g. Tau_min, run.stop (default: list all names)",
    )


def perform(options: argparse.Namespace) -> int:
    """Print what is known of a name, or all names."""
    from orchestrator import reference
    from orchestrator.cli import screen

    console = screen.console(options)
    if options.name is None:
        for kind, names in reference.names().items():
            screen.paragraph(console, f"{kind}: {', '.join(names)}")
            screen.say(console, "")
        return 0
    for i, entry in enumerate(reference.find(options.name)):
        screen.say(console, f"{chr(10) * bool(i)}{entry.name}: {entry.kind}")
        screen.paragraph(console, entry.meaning, indent=2)
        for label, detail in entry.details.items():
            screen.paragraph(console, f"{label}: {detail}", indent=2)
    return 0
