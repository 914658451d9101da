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
    _add_subject(parser.add_argument_group("what is drawn"))
    _add_time(parser.add_argument_group("which times"))
    look = parser.add_argument_group("how it looks")
    arguments.add_units(look)
    look.add_argument(
        "--log",
        metavar="AXES",
        help="axes of curves that go up by factors: x, y or xy (default: those of parameters whose "
        "values do)",
    )
    arguments.add_look(look)


def _add_subject(parser: argparse._ArgumentGroup) -> None:
    """Add what is drawn."""
    parser.add_argument(
        "--quantity",
        metavar="NAME,...",
        help=f"quantities, separated by commas (default: {_QUANTITIES}; of a map the first)",
    )
    parser.add_argument(
        "--against",
        metavar="NAME",
        help="parameter on the horizontal axis of a quantity (default: the first that is swept)",
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=int,
        help="seed to draw (default: first seed; all seeds for curves, quantities and maps)",
    )
    parser.add_argument(
        "--rows", metavar="AXIS", help="axis of the rows of panels, or vertical axis of a map"
    )
    parser.add_argument("--columns", metavar="AXIS", help="axis of the columns of panels")
    parser.add_argument(
        "--panels",
        metavar="AXIS",
        help="axis or parameter of which each value has a panel of curves; none: all in one (default: "
        "the second longest axis, where there are more than 6 curves)",
    )
    parser.add_argument("--experiment", metavar="EXP", help="the only experiment to draw")
    parser.add_argument(
        "--y",
        metavar="ROW",
        type=int,
        help="row of a profile or a section, in cells (default: the middle)",
    )
    parser.add_argument(
        "--x",
        metavar="COLUMN",
        type=int,
        help="column of a section across the wind, in cells; with flux, the section through which it "
        "is measured (default: the average of all)",
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
        help="show heights above each map's own mean, so that dunes are seen on beds of any depth",
    )
    arguments.add_threshold(parser)
    parser.add_argument(
        "--fit",
        action="store_true",
        default=None,
        help="fit an exponential approach to a series of one quantity, and print its constants in the legend",
    )


def _add_time(parser: argparse._ArgumentGroup) -> None:
    """Add when, and what of a series is drawn."""
    parser.add_argument(
        "--time",
        metavar="TIME",
        help="time to draw: 300 is in t0, 30d in nature, with s, min, h, d or y (default: the last "
        "snapshot)",
    )
    parser.add_argument(
        "--mean",
        metavar="FROM,TO",
        help="average a quantity over a window of time; either end may be left out",
    )
    parser.add_argument(
        "--rate",
        metavar="FROM,TO",
        help="rate of change of a quantity over a window of time",
    )
    parser.add_argument(
        "--window",
        metavar="FROM,TO",
        help="window of time from which velocities of waves and dunes, offsets and fluxes are measured (default: all)",
    )
    parser.add_argument(
        "--crosses",
        metavar="VALUE",
        type=float,
        help="time at which a quantity first reaches a value",
    )


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
