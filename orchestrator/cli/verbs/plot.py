"""Draw a sweep: height maps on its axes, quantities against parameters, curves, films."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator import settings
from orchestrator.cli import arguments
from orchestrator.model.pictures import FRAMES, KINDS, QUANTITIES_SHOWN

if TYPE_CHECKING:
    import argparse


EXAMPLES = (
    "quickstart",
    "quickstart roughness --against Tau_min",
    "quickstart map --quantity roughness,mean_height --mean 500,1000",
    "quickstart series --quantity roughness,wavelength --units si -o roughness.pdf",
    "quickstart --size double --dpi 300 --bare --labels 'Lambda_I=snowfall rate' -o figure.pdf",
    "quickstart animation -o film.mp4",
)

_QUANTITIES = ", ".join(QUANTITIES_SHOWN)


_SUBJECT: arguments.Options = {
    "quantity": (
        "NAME,...",
        None,
        f"quantities, separated by commas (default: {_QUANTITIES}; of a map the first)",
    ),
    "against": (
        "NAME",
        None,
        "parameter on the horizontal axis of a quantity (default: the first that is swept)",
    ),
    "seed": (
        "N",
        int,
        "seed to draw (default: first seed; all seeds for curves, quantities and maps)",
    ),
    "rows": ("AXIS", None, "axis of the rows of panels, or vertical axis of a map"),
    "columns": ("AXIS", None, "axis of the columns of panels"),
    "panels": (
        "AXIS",
        None,
        (
            "axis or parameter of which each value has a panel of curves; none: all in one (default: "
            "the second longest axis, where there are more than 6 curves)"
        ),
    ),
    "experiment": ("EXP", None, "the only experiment to draw"),
    "y": ("ROW", int, "row of a profile or a section, in cells (default: the middle)"),
    "x": (
        "COLUMN",
        int,
        (
            "column of a section across the wind, in cells; with flux, the section through which it "
            "is measured (default: the average of all)"
        ),
    ),
    "frames": ("N", int, f"frames of an animation, at most (default: {FRAMES})"),
    "relative": (
        None,
        bool,
        "show heights above each map's own mean, so that dunes are seen on beds of any depth",
    ),
    **arguments.THRESHOLD,
    "fit": (
        None,
        bool,
        "fit an exponential approach to a series of one quantity, and print its constants in the legend",
    ),
}

_TIMES: arguments.Options = {
    "time": (
        "TIME",
        None,
        (
            "time to draw: 300 is in t0, 30d in nature, with s, min, h, d or y (default: the last "
            "snapshot)"
        ),
    ),
    "mean": (
        "FROM,TO",
        None,
        "average a quantity over a window of time; either end may be left out",
    ),
    "rate": ("FROM,TO", None, "rate of change of a quantity over a window of time"),
    "window": (
        "FROM,TO",
        None,
        "window of time from which velocities of waves and dunes, offsets and fluxes are measured (default: all)",
    ),
    "crosses": ("VALUE", float, "time at which a quantity first reaches a value"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    arguments.add_sweep(parser, required=False)
    parser.add_argument(
        "kind",
        metavar="KIND",
        nargs="?",
        default="phase-diagram",
        help=f"{', '.join(KINDS[:-1])} or {KINDS[-1]}; or the name of a quantity, to draw it "
        "against a parameter (default: phase-diagram)",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help=".png, .svg, .pdf; .gif, .mp4"
    )
    arguments.add_options(parser.add_argument_group("what is drawn"), _SUBJECT)
    arguments.add_options(parser.add_argument_group("which times"), _TIMES)
    look = parser.add_argument_group("how it looks")
    arguments.add_units(look)
    look.add_argument(
        "--log",
        metavar="AXES",
        help="axes of curves that go up by factors: x, y or xy (default: those of parameters whose "
        "values do)",
    )
    arguments.add_options(look, arguments.LOOK)


def perform(options: argparse.Namespace) -> int:
    """Draw and say where the pictures are."""
    from orchestrator.analysis.measured import own_outputs
    from orchestrator.cli import progress, screen
    from orchestrator.model.pictures import Words
    from orchestrator.plots.choice import read
    from orchestrator.plots.plot import draw
    from orchestrator.records import selection

    if _is_kind(options):
        options.sweep, options.kind = None, options.sweep
    words: Any = {name: getattr(options, name) for name in Words.__annotations__}
    directory = selection.find_sweep(options.sweep, options.data_dir)
    choice = read(options.kind, words, own_outputs(directory), directory.root)
    command = shlex.join(["rescal-sweep", *sys.argv[1:]])
    console = screen.console(options)
    with progress.shown(console, f"drawing {directory.name}") as noted:
        for path in draw(directory, choice, command, noted):
            screen.say(console, f"wrote {path}")
    return 0


def _is_kind(options: argparse.Namespace) -> bool:
    """Return whether the first word is no sweep but what is to be drawn of the only one.

    Raises
    ------
    RequestError
        If the words are the wrong way round.
    """
    from orchestrator.analysis.measured import own_outputs
    from orchestrator.analysis.observables import quantities
    from orchestrator.errors import RequestError
    from orchestrator.records import paths

    word = options.sweep
    data = settings.data_directory(options.data_dir)
    named = {*KINDS, *quantities()}
    sweeps = {directory.name for directory in paths.sweeps(data)}
    if word in named - sweeps and options.kind in sweeps:
        command = f"rescal-sweep plot {options.kind} {word}"
        raise RequestError(f"the sweep comes first, then what is drawn: {command}")
    if word is None or options.kind != "phase-diagram" or (data / word).exists():
        return False
    known = [*paths.sweeps(data)]
    return word in named or (
        len(known) == 1 and word in {own.name for own in own_outputs(known[0])}
    )
