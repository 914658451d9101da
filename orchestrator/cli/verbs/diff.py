"""Show what the experiments of two sweep files, or sweeps, differ in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

EXAMPLES = ("sweeps/quickstart.yaml sweeps/erosion.yaml", "quickstart sweeps/quickstart.yaml")


def configure(parser: argparse.ArgumentParser) -> None:
    for name in ("first", "second"):
        parser.add_argument(
            name,
            metavar="SWEEP",
            help="a sweep file, or the name of a sweep as it was submitted",
        )


def perform(options: argparse.Namespace) -> int:
    """Print a line per difference; 1 if there is any."""
    from orchestrator.cli import screen
    from orchestrator.submission.difference import difference

    console = screen.console(options)
    differing = difference(options.first, options.second, data_dir=options.data_dir)
    for line in differing.lines:
        screen.say(console, line)
    both, first, second = differing.shared, differing.first_only, differing.second_only
    counts = (
        f"{both} in both, {first} only in {options.first}, {second} only in {options.second}"
    )
    screen.say(console, f"experiments: {counts}")
    return 1 if differing.lines or first or second else 0
