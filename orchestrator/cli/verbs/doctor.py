"""Probe this machine, the engine, the file system and Slurm, and say what to mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.cli import arguments

if TYPE_CHECKING:
    import argparse

_MARKS = {"ok": "green", "warning": "yellow", "failure": "red"}

EXAMPLES = ("", "--probe -p pdebug")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--probe",
        action="store_true",
        help="submit a one-minute test job to check a compute node",
    )
    arguments.add_access(parser)


def perform(options: argparse.Namespace) -> int:
    """Print a line for each finding; 1 if one is a failure."""
    from rich.text import Text

    from orchestrator.cli import screen
    from orchestrator.submission.diagnosis import findings

    console = screen.console(options)
    failed = False
    placement = arguments.placement(options)
    for finding in findings(options.data_dir, placement, probe=options.probe):
        failed |= finding.mark == "failure"
        line = Text(f"{finding.mark:8}", _MARKS[finding.mark])
        line.append(f" {finding.what}: {finding.result}", "default")
        console.print(line, highlight=False, soft_wrap=True)
    return 1 if failed else 0
