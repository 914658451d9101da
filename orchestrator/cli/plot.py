"""Draw the height maps of a sweep on the grid of its first two axes."""

from __future__ import annotations

import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import collection, figures, report, store
from orchestrator.cli import dispatch, settings
from orchestrator.model import State

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from orchestrator.model import Standing
    from orchestrator.workspace import SweepDirectory


_PAGE = 1.4  # width over height of what looks well on a page


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_argument("sweep", metavar="SWEEP", nargs="?")
    parser.add_argument("kind", choices=("phase-diagram",), nargs="?", default="phase-diagram")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help=".png, .svg or .pdf")
    parser.add_argument("--time", metavar="T0", type=float, help="default: the last snapshot")
    settings.add_data_directory(parser)


def perform(request: argparse.Namespace) -> int:
    """Draw and say where the picture is."""
    directory = settings.find_sweep(request)
    axes = dispatch.axes_of(directory)
    standings = collection.standings(directory)
    if _too_wide(standings, axes):
        axes = (axes[1], axes[0], *axes[2:])
    rows, columns = _labels(standings, axes[:1]), _labels(standings, axes[1:2])
    panels = {}
    for standing in standings:
        row, column = (_label(standing, axes[i : i + 1]) for i in (0, 1))
        place = (rows.index(row), columns.index(column))
        if place not in panels:  # the first seed, and the first value on further axes
            panels[place] = _panel(directory, standing, request.time)
    path = request.output or directory.root / "phase-diagram.png"
    figure = figures.phase_diagram(panels, rows, columns, directory.name)
    figures.save(figure, path, shlex.join(["rescal-sweep", *sys.argv[1:]]))
    print(f"wrote {path}")
    return 0


def _too_wide(standings: Sequence[Standing], axes: Sequence[Sequence[str]]) -> bool:
    """Tell whether the picture comes nearer to a page with the two axes exchanged."""
    if len(axes) < 2 or not standings:
        return False
    parameters = standings[0].experiment.point.parameters
    panel = float(parameters["L"]) / float(parameters["D"])
    grid = len(_labels(standings, axes[1:2])) / len(_labels(standings, axes[:1]))
    return abs(math.log(panel / grid / _PAGE)) < abs(math.log(panel * grid / _PAGE))


def _label(standing: Standing, axes: Sequence[Sequence[str]]) -> str:
    values = report.coordinates(standing.experiment, axes)
    return "\n".join(f"{name} = {report.number(value)}" for name, value in values.items())


def _labels(standings: Sequence[Standing], axes: Sequence[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(_label(standing, axes) for standing in standings))


def _panel(
    directory: SweepDirectory, standing: Standing, time_t0: float | None
) -> figures.Panel:
    remark = "" if standing.state is State.DONE else standing.state.value
    found = store.reduced(directory.experiment(standing.experiment.number), spectra=False)
    if len(found.height_maps) == 0:
        return figures.Panel(None, 0.0, remark or "no height maps")
    last = len(found.height_maps) - 1
    nearest = last if time_t0 is None else int(np.argmin(np.abs(found.times - time_t0)))
    return figures.Panel(found.height_maps[nearest], float(found.times[nearest]), remark)
