"""Which sweep and which experiments a command means, and the arguments that say so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_sweep_file(parser: argparse.ArgumentParser) -> None:
    """Add the sweep file that a verb reads, and what is said over it."""
    parser.add_argument(
        "sweep", metavar="SWEEP.yaml", type=Path, help="a sweep file, as sweeps/quickstart.yaml"
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="put a value over the file's, as run.stop=100; may be given again",
    )
    add_data_directory(parser)


def add_sweep(
    parser: argparse.ArgumentParser, *, required: bool = True, several: str = ""
) -> None:
    """Add the sweep that a verb looks at; ``several`` says what is looked at where there are more."""
    alone = "" if required else f"; default the only one there is{several}"
    parser.add_argument(
        "sweep",
        metavar="SWEEP",
        nargs=None if required else "?",
        help=f"name of a sweep, or its file{alone}",
    )
    add_data_directory(parser)


def add_experiment(parser: argparse.ArgumentParser) -> None:
    """Add the one experiment that a verb takes."""
    parser.add_argument("experiment", metavar="EXP", help="exp3 or 3")


def add_experiments(parser: argparse.ArgumentParser) -> None:
    """Add the experiments that a verb takes; all where none is named."""
    parser.add_argument(
        "experiments", metavar="EXP", nargs="*", help="exp3, 3, 3-7 or all; default all"
    )


def add_data_directory(parser: argparse.ArgumentParser) -> None:
    """Add ``--data-dir`` to a verb."""
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        type=Path,
        help="where sweeps are kept; default $RESCAL_SWEEP_DATA_DIR, else ./data_runs",
    )
