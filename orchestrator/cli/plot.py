"""Draw a sweep: height maps on the grid of its axes, series, spectra, profiles, animations."""

from __future__ import annotations

import dataclasses
import functools
import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import plots
from orchestrator.analysis import observables
from orchestrator.analysis.dataset.grid import lay_out
from orchestrator.cli import arguments, screen
from orchestrator.errors import RequestError
from orchestrator.formats import destination
from orchestrator.plots import layout, panels, series
from orchestrator.plots.lines import Scale
from orchestrator.submission import selection, settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from matplotlib.figure import Figure

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.plots.layout import Layout, Page
    from orchestrator.plots.panels import Films

_DEFAULT = "roughness,wavelength,mean_height"
_FRAMES = 60

_ONLY_FOR = {
    "--time": ("phase-diagram", "spectrum"),
    "--rows": ("phase-diagram", "profile", "animation"),
    "--columns": ("phase-diagram", "profile", "animation"),
    "--quantity": ("series",),
    "--y": ("profile",),
    "--frames": ("animation",),
}
"""Options that say nothing of other kinds."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep(parser, required=False)
    parser.add_argument(
        "kind",
        metavar="KIND",
        choices=(*_STILLS, "animation"),
        nargs="?",
        default="phase-diagram",
        help=f"{', '.join(_STILLS)} or animation; default phase-diagram",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help=".png, .svg, .pdf; .gif, .mp4"
    )
    parser.add_argument("--time", metavar="T0", type=float, help="default: the last snapshot")
    parser.add_argument(
        "--seed", metavar="N", type=int, help="this one; default the first, of curves all"
    )
    parser.add_argument("--rows", metavar="AXIS", help="which axis goes down the page")
    parser.add_argument("--columns", metavar="AXIS", help="which axis goes across it")
    parser.add_argument("--experiment", metavar="EXP", help="this one alone")
    parser.add_argument(
        "--quantity",
        metavar="NAME,...",
        help=f"of series: {', '.join(observables.QUANTITIES)}; default {_DEFAULT}",
    )
    parser.add_argument("--y", metavar="ROW", type=int, help="of profiles; default the middle")
    parser.add_argument(
        "--frames",
        metavar="N",
        type=int,
        help=f"of an animation, at most; default {_FRAMES}",
    )


def perform(options: argparse.Namespace) -> int:
    """Draw and say where the pictures are."""
    kind_alone = options.sweep in {*_STILLS, "animation"}
    if kind_alone and not (settings.data_directory(options.data_dir) / options.sweep).exists():
        options.sweep, options.kind = None, options.sweep
    _refuse_options(options)
    directory = selection.find_sweep(options.sweep, options.data_dir)
    suffixes = plots.FILMS if options.kind == "animation" else plots.STILLS
    asked = options.output or directory.root / f"{options.kind}{suffixes[0]}"
    path = destination.ready(asked, suffixes)
    grid = lay_out(directory)
    _check_time(grid, options.time)
    command = shlex.join(["rescal-sweep", *sys.argv[1:]])
    draw = _animate if options.kind == "animation" else _still
    with screen.console().status(f"drawing {directory.name}"):
        for target in draw(grid, options, path, command):
            print(f"wrote {target}")
    return 0


def _refuse_options(options: argparse.Namespace) -> None:
    """Refuse what would be passed over, or is no time."""
    for option, kinds in _ONLY_FOR.items():
        given = getattr(options, option.removeprefix("--"))
        if given is not None and options.kind not in kinds:
            raise RequestError(
                f"{option}: of {' and '.join(kinds)} only, not of {options.kind}"
            )
    if options.experiment is not None:
        for option in ("--seed", "--rows", "--columns"):
            if getattr(options, option.removeprefix("--")) is not None:
                raise RequestError(f"{option}: --experiment {options.experiment} is one alone")
    if options.time is not None and not 0 <= options.time < math.inf:
        raise RequestError(f"--time: expected a time from 0 on, got {options.time:g}")


def _check_time(grid: Grid, time_t0: float | None) -> None:
    """Refuse a time that the sweep never comes to."""
    last = max(grid.times, default=math.inf)
    if time_t0 is not None and time_t0 > last + grid.tolerance_t0:
        raise RequestError(f"--time {time_t0:g}: {grid.directory.name} ends at t = {last:g} t0")


def _still(grid: Grid, options: argparse.Namespace, path: Path, command: str) -> Iterator[Path]:
    """Write each page of a picture."""
    for name, figure in _STILLS[options.kind](grid, options):
        target = _target(options, path, name)
        plots.save(figure, target, command)
        yield target


def _phase_diagram(grid: Grid, options: argparse.Namespace) -> Iterator[tuple[str, Figure]]:
    laid = _layout(grid, options)
    found = [panels.panels(grid, page, options.time) for page in laid.pages]
    drawn = (panel for of_page in found for panel in of_page.values())
    maps = [panel.height_map for panel in drawn if panel.height_map is not None]
    range_ = plots.range_of(maps, maps)
    for page, of_page in zip(laid.pages, found, strict=True):
        diagram = _diagram(grid, laid, page, range_)
        diagram.show(of_page)
        yield _file_name(page), diagram.figure


def _profile(grid: Grid, options: argparse.Namespace) -> Iterator[tuple[str, Figure]]:
    laid = _layout(grid, options)
    _check_row(laid, options.y)
    shown = False
    for page in laid.pages:
        stripes = panels.stripes(grid, page, options.y)
        if not any(len(one.times) > 1 for one in stripes.values()):
            continue
        shown = True
        figure = plots.space_time(stripes, laid.labels, _title(grid, laid, page))
        yield _file_name(page), figure
    if not shown:
        raise RequestError(f"{grid.directory.name}: no two height maps of an experiment")


def _check_row(laid: Layout, y: int | None) -> None:
    """Refuse a row that some domain has not."""
    statuses = [status for page in laid.pages for status in page.statuses.values()]
    narrowest = min(statuses, key=lambda status: layout.domain(status)[0])
    depth, _ = layout.domain(narrowest)
    if y is not None and not 0 <= y < depth:
        name = narrowest.experiment.name
        raise RequestError(
            f"--y {y}: expected a row from 0 to {depth - 1}; {name} has no others"
        )


def _series(grid: Grid, options: argparse.Namespace) -> Iterator[tuple[str, Figure]]:
    names = _quantities(_DEFAULT if options.quantity is None else options.quantity)
    scales = {}
    for name in names:
        about = observables.QUANTITIES[name]
        unit = "" if about.units == "1" else f"\n({about.units})"
        scales[name] = Scale(name.replace("_", " ") + unit, axial=about.axial)
    axes = Scale("t (t0)"), scales
    course = series.series(_narrowed(grid, options))
    if not any(np.isfinite(one.means[name]).any() for one in course.curves for name in names):
        raise RequestError(f"{grid.directory.name}: no value of {', '.join(names)}")
    title, shade = _name(grid, options), series.shade(grid)
    yield "", plots.curves(course.curves, axes, title, shade, course.notes)


def _quantities(said: str) -> list[str]:
    """Read the names of quantities, each once, parted by commas."""
    names = [name.strip() for name in said.split(",")]
    for name in names:
        if name not in observables.QUANTITIES:
            known = ", ".join(observables.QUANTITIES)
            raise RequestError(f"--quantity {name or repr(said)}: expected one of {known}")
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise RequestError(f"--quantity {twice[0]}: is there twice")
    return names


def _spectrum(grid: Grid, options: argparse.Namespace) -> Iterator[tuple[str, Figure]]:
    waves = series.waves(_narrowed(grid, options), options.time)
    if not waves.curves:
        raise RequestError(f"{grid.directory.name}: no height maps of which there are spectra")
    power = "power per wavenumber\n(cells² / (1/cells))" if waves.unequal else "power (cells²)"
    scales = (
        Scale("wavelength along the wind (cells)", logarithmic=True),
        {"power": Scale(power, logarithmic=True)},
    )
    title = f"{_name(grid, options)}, {plots.when(waves.times)}"
    yield "", plots.curves(waves.curves, scales, title, series.shade(grid), waves.notes)


def _name(grid: Grid, options: argparse.Namespace) -> str:
    """Return the sweep's name, with the experiment or the seed that alone is drawn."""
    said = [grid.directory.name]
    if options.experiment is not None:
        said.append(f"exp{selection.choose_one(options.experiment, grid.directory, 'plot')}")
    if options.seed is not None:
        said.append(f"seed = {options.seed}")
    return ", ".join(said)


def _narrowed(grid: Grid, options: argparse.Namespace) -> Grid:
    """Leave of a sweep the one experiment or seed of which curves were asked for."""
    cells = grid.cells
    if options.experiment is not None:
        number = selection.choose_one(options.experiment, grid.directory, "--experiment")
        [chosen] = layout.alone(grid, number).pages[0].statuses.values()
        cells = {place: one for place, one in cells.items() if one == chosen}
    if options.seed is not None:
        seed = layout.seed_of(grid, options.seed)
        cells = {place: one for place, one in cells.items() if place[-1] == seed}
    return dataclasses.replace(grid, cells=cells)


_STILLS = {
    "phase-diagram": _phase_diagram,
    "series": _series,
    "spectrum": _spectrum,
    "profile": _profile,
}


def _animate(
    grid: Grid, options: argparse.Namespace, path: Path, command: str
) -> Iterator[Path]:
    """Write a film of each page that has something to show."""
    frames = _FRAMES if options.frames is None else options.frames
    if frames < 2:
        raise RequestError(f"--frames {frames}: expected 2 or more")
    laid = _layout(grid, options)
    shown = False
    for page in laid.pages:
        films = panels.films(grid, page)
        read = [reduced for reduced, _ in films.values() if len(reduced.height_maps)]
        if not read:
            continue
        surfaces = [observables.surface(one.height_maps[[0, -1]]) for one in read]
        ends = (surface for of_one in surfaces for surface in of_one)
        everything = (observables.surface(one.height_maps) for one in read)
        range_ = plots.range_of(ends, everything)
        diagram = _diagram(grid, laid, page, range_)
        show = functools.partial(_show, grid, diagram, films)
        target = _target(options, path, _file_name(page))
        moments = _some(panels.moments(grid, films), frames)
        plots.film(diagram.figure, show, moments, target, command)
        shown = True
        yield target
    if not shown:
        raise RequestError(f"{grid.directory.name}: no height maps yet")


def _show(grid: Grid, diagram: plots.PhaseDiagram, films: Films, time_t0: float) -> None:
    diagram.show(panels.moment(grid, films, time_t0))


def _some(moments: Sequence[float], frames: int) -> list[float]:
    """Choose at most so many moments, evenly, with the first and the last."""
    kept = np.unique(np.linspace(0, len(moments) - 1, frames).round().astype(int))
    return [moments[i] for i in kept]


def _layout(grid: Grid, options: argparse.Namespace) -> Layout:
    if options.experiment is None:
        return layout.layout(grid, options.rows, options.columns, options.seed)
    number = selection.choose_one(options.experiment, grid.directory, "--experiment")
    return layout.alone(grid, number)


def _diagram(
    grid: Grid, laid: Layout, page: Page, range_: plots.Range | None
) -> plots.PhaseDiagram:
    title = _title(grid, laid, page)
    return plots.PhaseDiagram(laid.labels, title, range_, laid.shape)


def _title(grid: Grid, laid: Layout, page: Page) -> str:
    said = ", ".join(said for said in (grid.directory.name, page.name, laid.seed) if said)
    return said.replace("\n", ", ")


def _target(options: argparse.Namespace, path: Path, page: str) -> Path:
    """Return where a page goes; one experiment goes exactly where it was asked to go."""
    exactly = options.output is not None and options.experiment is not None
    if exactly or not page:
        return path
    return path.with_name(f"{path.stem}-{page}{path.suffix}")


def _file_name(page: Page) -> str:
    return page.name.replace(" = ", "=").replace(", ", ",").replace("\n", ",").replace("/", "_")
