"""Draw a sweep: height maps on the grid of its axes, series, spectra, profiles, animations."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import settings, text
from orchestrator.cli import arguments
from orchestrator.model.pictures import FRAMES, KINDS, QUANTITIES_SHOWN

if TYPE_CHECKING:
    import argparse


EXAMPLES = (
    "quickstart",
    "quickstart series --quantity roughness,wavelength -o roughness.pdf",
    "quickstart animation -o film.mp4",
)
"""What may stand behind the verb."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep(parser, required=False)
    parser.add_argument(
        "kind",
        metavar="KIND",
        nargs="?",
        default="phase-diagram",
        help=f"{', '.join(KINDS[:-1])} or {KINDS[-1]} (default: phase-diagram)",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help=".png, .svg, .pdf; .gif, .mp4"
    )
    parser.add_argument(
        "--time",
        metavar="TIME",
        help="time to draw: 300 is in t0, 30d in nature, with s, min, h, d or y (default: the last "
        "snapshot)",
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=int,
        help="seed to draw (default: first seed; all seeds for series and spectra)",
    )
    parser.add_argument("--rows", metavar="AXIS", help="axis that goes down the page")
    parser.add_argument("--columns", metavar="AXIS", help="axis that goes across the page")
    parser.add_argument("--experiment", metavar="EXP", help="the only experiment to draw")
    parser.add_argument(
        "--quantity",
        metavar="NAME,...",
        help=f"quantities of a series, by commas (default: {QUANTITIES_SHOWN})",
    )
    parser.add_argument(
        "--y", metavar="ROW", type=int, help="row of a profile, in cells (default: the middle)"
    )
    parser.add_argument(
        "--frames",
        metavar="N",
        type=int,
        help=f"frames of an animation, at most (default: {FRAMES})",
    )
    parser.add_argument(
        "--relative",
        action="store_true",
        default=None,
        help="colours of the height above each map's own mean, which show dunes on beds of any depth",
    )


def perform(options: argparse.Namespace) -> int:
    """Draw and say where the pictures are."""
    from orchestrator.cli import progress, screen
    from orchestrator.model.pictures import Choice
    from orchestrator.plots.plot import draw, refuse
    from orchestrator.records import selection

    kind_alone = options.sweep in KINDS
    if kind_alone and not (settings.data_directory(options.data_dir) / options.sweep).exists():
        options.sweep, options.kind = None, options.sweep
    time_t0, time_s = (None, None) if options.time is None else text.read_time(options.time)
    choice = Choice(
        kind=options.kind,
        output=options.output,
        time_t0=time_t0,
        time_s=time_s,
        seed=options.seed,
        rows=options.rows,
        columns=options.columns,
        experiment=options.experiment,
        quantity=options.quantity,
        y=options.y,
        frames=options.frames,
        relative=options.relative,
    )
    refuse(choice)
    directory = selection.find_sweep(options.sweep, options.data_dir)
    command = shlex.join(["rescal-sweep", *sys.argv[1:]])
    console = screen.console(options)
    with progress.shown(console, f"drawing {directory.name}") as noted:
        for path in draw(directory, choice, command, noted):
            screen.say(console, f"wrote {path}")
    return 0
