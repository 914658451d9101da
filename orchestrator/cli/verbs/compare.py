"""Compare a sweep with an elevation map of real snow or sand: the nearest experiments first.

Parts of a distance are in octaves (spectrum, roughness; half of them for the wavelength), in standard
deviations (heights) and from 0 to 2 (orientation); the distance is the root of their mean square.
"""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.cli import arguments

if TYPE_CHECKING:
    import argparse

EXAMPLES = (
    "quickstart --dem field.tif",
    "quickstart --dem field.xyz --wind-from 300 --time 30d -o field.png",
    "quickstart --dem scan.nc --variable height --parts spectrum,wavelength --json",
)

_TOP = 10


_SURFACE: arguments.Options = {
    "cell": ("M", float, "metres between heights, where the file does not tell"),
    "band": ("N", int, "band of a GeoTIFF that has several, from 1 on"),
    "variable": ("NAME", None, "variable of a NetCDF file that has several"),
    "wind-from": (
        "DEGREES",
        float,
        "where the wind over the map comes from, clockwise from north (default: 270, west)",
    ),
    "inlet": (
        "CELLS",
        int,
        "cells to leave out at the inlet of each domain, which nothing reaches from upwind",
    ),
    "time": (
        "TIME",
        None,
        (
            "time of the snapshots: 300 is in t0, 30d in nature (default: the last of those that "
            "are done)"
        ),
    ),
    "parts": (
        "NAME,...",
        None,
        (
            "parts of the distance, separated by commas (default: spectrum, heights, roughness, "
            "wavelength, orientation)"
        ),
    ),
}


def configure(parser: argparse.ArgumentParser) -> None:
    arguments.add_sweep(parser, required=False)
    parser.add_argument(
        "--dem",
        metavar="FILE",
        type=Path,
        required=True,
        help="elevation map in metres: GeoTIFF, NetCDF, or text with x, y and z on each line, "
        "or rows of heights with --cell",
    )
    arguments.add_options(parser, _SURFACE)
    parser.add_argument(
        "--top",
        metavar="N",
        type=int,
        help=f"experiments to show (default: {_TOP}; with --json all)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="picture to write, .png, .svg or .pdf: the map beside the nearest experiments",
    )
    arguments.add_units(parser)
    arguments.add_options(parser, arguments.LOOK)


def perform(options: argparse.Namespace) -> int:
    """Compare, and print the nearest experiments."""
    from orchestrator.cli import comparison_table, progress, screen
    from orchestrator.errors import RequestError
    from orchestrator.plots import compare
    from orchestrator.records import selection

    if options.top is not None and options.top < 1:
        raise RequestError(f"--top {options.top}: expected 1 or more")
    directory = selection.find_sweep(options.sweep, options.data_dir)
    words: Any = {name: getattr(options, name) for name in compare.Words.__annotations__}
    picture = options.output, shlex.join(["rescal-sweep", *sys.argv[1:]])
    console = screen.console(options)
    with progress.shown(console, f"comparing {directory.name}") as noted:
        ranking = compare.perform(directory, options.dem, words, picture, noted)
    if options.json:
        shown = ranking.as_json()
        shown["experiments"] = shown["experiments"][: options.top]
        print(json.dumps(shown, indent=1))
        return 0
    console.print(comparison_table.comparison_table(ranking, options.top or _TOP))
    for line in comparison_table.sentences(ranking):
        screen.say(console, line)
    if options.output is not None:
        screen.say(console, f"wrote {options.output}")
    return 0
