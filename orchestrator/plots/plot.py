"""Drawing a sweep: each kind of picture, from its choice to the files."""

from __future__ import annotations

import dataclasses
import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import plots
from orchestrator.analysis import observables, sampling
from orchestrator.analysis.dataset.grid import lay_out
from orchestrator.errors import RequestError
from orchestrator.formats import destination
from orchestrator.model.pictures import FRAMES, KINDS, QUANTITIES_SHOWN, Choice
from orchestrator.plots import layout, panels, series
from orchestrator.plots.lines import Scale
from orchestrator.records import selection
from orchestrator.threads import unnoticed

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.plots.layout import Layout, Page
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.threads import Progress

_ONLY_FOR = {
    "--time": ("phase-diagram", "spectrum"),
    "--rows": ("phase-diagram", "profile", "animation"),
    "--columns": ("phase-diagram", "profile", "animation"),
    "--quantity": ("series",),
    "--y": ("profile",),
    "--frames": ("animation",),
    "--relative": ("phase-diagram",),
}
"""Options that other kinds would ignore."""

_FIELDS = {"--time": "time_t0"}


def plot(  # noqa: PLR0913  # the options of a picture, by name
    sweep: str | os.PathLike[str] | None = None,
    kind: str = "phase-diagram",
    *,
    output: str | os.PathLike[str] | None = None,
    time_t0: float | None = None,
    time_s: float | None = None,
    seed: int | None = None,
    rows: str | None = None,
    columns: str | None = None,
    experiment: str | int | None = None,
    quantity: str | None = None,
    y: int | None = None,
    frames: int | None = None,
    relative: bool = False,
    data_dir: str | os.PathLike[str] | None = None,
) -> list[Path]:
    """Draw a sweep and return the files that were written, one per page.

    Parameters
    ----------
    sweep
        A sweep's name or its file (default: the only one there is).
    kind
        ``phase-diagram``, ``series``, ``spectrum``, ``profile`` or ``animation``.
    output
        File to write: .png, .svg or .pdf; .gif or .mp4 for an animation (default: in the sweep's
        directory, named after the kind).
    time_t0
        Simulated time to draw, in t0 (default: the last snapshot).
    time_s
        Time in nature to draw, in s: of each experiment of a phase diagram, the snapshot nearest to it.
    seed
        Seed to draw (default: the first seed; all seeds for series and spectra).
    rows, columns
        Axis that goes down, and across, the page.
    experiment
        The only experiment to draw.
    quantity
        Names of :func:`orchestrator.analysis.observables.quantities`, separated by commas.
    y
        Row of a profile, in cells (default: the middle).
    frames
        Frames of an animation, at most (default: 60).
    relative
        Whether the colours of a phase diagram show heights above each map's own mean.
    data_dir
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else the project's ``data_runs``).

    Raises
    ------
    RequestError
        For an unknown sweep or choice, or where there is nothing to draw.
    """
    choice = Choice(
        kind=kind,
        output=None if output is None else Path(output),
        time_t0=time_t0,
        time_s=time_s,
        seed=seed,
        rows=rows,
        columns=columns,
        experiment=None if experiment is None else str(experiment),
        quantity=quantity,
        y=y,
        frames=frames,
        relative=relative or None,
    )
    refuse(choice)
    directory = selection.find_sweep(sweep, data_dir)
    return list(draw(directory, choice, f"orchestrator.plot({directory.name!r}, {kind!r})"))


def draw(
    directory: SweepDirectory, choice: Choice, command: str, progress: Progress = unnoticed
) -> Iterator[Path]:
    """Draw a sweep; yield each file once it is written, with ``command`` in its metadata.

    ``progress`` is called for each frame of a film.
    """
    suffixes = plots.FILMS if choice.kind == "animation" else plots.STILLS
    wanted = choice.output or directory.root / f"{choice.kind}{suffixes[0]}"
    path = destination.ready(wanted, suffixes)
    grid = lay_out(directory)
    _check_time(grid, choice.time_t0)
    if choice.kind == "animation":
        yield from _animate(grid, choice, path, command, progress)
    else:
        yield from _still(grid, choice, path, command)


def refuse(choice: Choice) -> None:
    """Refuse an unknown kind, options that it would ignore, and what is no time."""
    if choice.kind not in KINDS:
        raise RequestError(f"kind: expected one of {', '.join(KINDS)}, got {choice.kind}")
    for option, kinds in _ONLY_FOR.items():
        value = getattr(choice, _FIELDS.get(option, option.removeprefix("--")))
        if value is not None and choice.kind not in kinds:
            raise RequestError(f"{option}: of {' and '.join(kinds)} only, not of {choice.kind}")
    if choice.experiment is not None:
        for option in ("--seed", "--rows", "--columns"):
            if getattr(choice, _FIELDS.get(option, option.removeprefix("--"))) is not None:
                raise RequestError(f"{option}: --experiment {choice.experiment} is one alone")
    _refuse_times(choice)


def _refuse_times(choice: Choice) -> None:
    """Refuse what is no time, and times in nature where they cannot be compared."""
    if choice.time_s is not None:
        if choice.kind != "phase-diagram":
            raise RequestError(f"--time in nature: of phase-diagram only, not of {choice.kind}")
        if choice.time_t0 is not None or not 0 <= choice.time_s < math.inf:
            raise RequestError("--time: expected one time, from 0 on")
    if choice.time_t0 is not None and not 0 <= choice.time_t0 < math.inf:
        raise RequestError(f"--time: expected a time from 0 on, got {choice.time_t0:g}")


def _check_time(grid: Grid, time_t0: float | None) -> None:
    """Refuse a time that the sweep never comes to."""
    last = max(grid.times, default=math.inf)
    if time_t0 is not None and time_t0 > last + grid.tolerance_t0:
        raise RequestError(f"--time {time_t0:g}: {grid.directory.name} ends at t = {last:g} t0")


def _still(grid: Grid, choice: Choice, path: Path, command: str) -> Iterator[Path]:
    """Write each page of a picture."""
    for name, figure in _STILLS[choice.kind](grid, choice):
        target = _target(choice, path, name)
        plots.save(figure, target, command)
        yield target


def _phase_diagram(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    laid = _layout(grid, choice)
    pages = [panels.panels(grid, page, choice.time_t0, choice.time_s) for page in laid.pages]
    if choice.relative:
        pages = [{slot: panels.relative(p) for slot, p in page.items()} for page in pages]
    drawn = (panel for of_page in pages for panel in of_page.values())
    maps = [panel.height_map for panel in drawn if panel.height_map is not None]
    range_ = plots.range_of(maps, maps)
    for page, of_page in zip(laid.pages, pages, strict=True):
        quantity = "height above each map's mean" if choice.relative else "height"
        diagram = _diagram(grid, laid, page, range_, quantity)
        diagram.show(of_page)
        yield _file_name(page), diagram.figure


def _profile(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    laid = _layout(grid, choice)
    _check_row(laid, choice.y)
    shown = False
    for page in laid.pages:
        stripes = panels.stripes(grid, page, choice.y)
        if not any(len(panel.times) > 1 for panel in stripes.values()):
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


def _series(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    names = _quantities(QUANTITIES_SHOWN if choice.quantity is None else choice.quantity)
    scales = {}
    for name in names:
        about = observables.quantities()[name]
        unit = "" if about.units == "1" else f"\n({about.units})"
        scales[name] = Scale(name.replace("_", " ") + unit, axial=about.axial)
    axes = Scale("t (t0)"), scales
    course = series.series(_narrowed(grid, choice))
    if not any(
        np.isfinite(curve.means[name]).any() for curve in course.curves for name in names
    ):
        raise RequestError(f"{grid.directory.name}: no value of {', '.join(names)}")
    title, shade = _name(grid, choice), series.shade(grid)
    yield "", plots.curves(course.curves, axes, title, shade, course.notes)


def _quantities(text: str) -> list[str]:
    """Read the names of quantities, each once, parted by commas."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in observables.quantities():
            known = ", ".join(observables.quantities())
            raise RequestError(f"--quantity {name or repr(text)}: expected one of {known}")
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise RequestError(f"--quantity {twice[0]}: is there twice")
    return names


def _spectrum(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    waves = series.waves(_narrowed(grid, choice), choice.time_t0)
    if not waves.curves:
        raise RequestError(f"{grid.directory.name}: no height maps of which there are spectra")
    power = "power per wavenumber\n(cells² / (1/cells))" if waves.unequal else "power (cells²)"
    scales = (
        Scale("wavelength along the wind (cells)", logarithmic=True),
        {"power": Scale(power, logarithmic=True)},
    )
    title = f"{_name(grid, choice)}, {plots.when(waves.times)}"
    yield "", plots.curves(waves.curves, scales, title, series.shade(grid), waves.notes)


def _name(grid: Grid, choice: Choice) -> str:
    """Return the sweep's name, with the experiment or the seed that alone is drawn."""
    parts = [grid.directory.name]
    if choice.experiment is not None:
        parts.append(f"exp{selection.choose_one(choice.experiment, grid.directory, 'plot')}")
    if choice.seed is not None:
        parts.append(f"seed = {choice.seed}")
    return ", ".join(parts)


def _narrowed(grid: Grid, choice: Choice) -> Grid:
    """Leave of a sweep the one experiment or seed of which curves were asked for."""
    cells = grid.cells
    if choice.experiment is not None:
        number = selection.choose_one(choice.experiment, grid.directory, "--experiment")
        [chosen] = layout.alone(grid, number).pages[0].statuses.values()
        cells = {index: status for index, status in cells.items() if status == chosen}
    if choice.seed is not None:
        seed = layout.seed_of(grid, choice.seed)
        cells = {index: status for index, status in cells.items() if index[-1] == seed}
    return dataclasses.replace(grid, cells=cells)


_STILLS = {
    "phase-diagram": _phase_diagram,
    "series": _series,
    "spectrum": _spectrum,
    "profile": _profile,
}


def _animate(
    grid: Grid, choice: Choice, path: Path, command: str, progress: Progress
) -> Iterator[Path]:
    """Write a film of each page that has something to show."""
    frames = FRAMES if choice.frames is None else choice.frames
    if frames < 2:
        raise RequestError(f"--frames {frames}: expected 2 or more")
    laid = _layout(grid, choice)
    shown = False
    for page in laid.pages:
        films = panels.films(grid, page)
        read = [reduced for reduced, _ in films.values() if len(reduced.height_maps)]
        if not read:
            continue
        surfaces = [
            observables.surface(of_experiment.height_maps[[0, -1]]) for of_experiment in read
        ]
        ends = (surface for of_one in surfaces for surface in of_one)
        everything = (observables.surface(of_experiment.height_maps) for of_experiment in read)
        range_ = plots.range_of(ends, everything)
        diagram = _diagram(grid, laid, page, range_)
        target = _target(choice, path, _file_name(page))
        moments = panels.moments(grid, films)
        kept = [moments[i] for i in sampling.evenly(len(moments), frames)]
        frame = itertools.count()

        def show(time_t0: float) -> None:  # the first frame is drawn twice
            progress(next(frame), len(kept))  # noqa: B023  # called before the loop goes on
            diagram.show(panels.moment(grid, films, time_t0))  # noqa: B023

        plots.film(diagram.figure, show, kept, target, command)
        shown = True
        yield target
    if not shown:
        raise RequestError(f"{grid.directory.name}: no height maps yet")


def _layout(grid: Grid, choice: Choice) -> Layout:
    if choice.experiment is None:
        return layout.layout(grid, choice.rows, choice.columns, choice.seed)
    number = selection.choose_one(choice.experiment, grid.directory, "--experiment")
    return layout.alone(grid, number)


def _diagram(
    grid: Grid,
    laid: Layout,
    page: Page,
    range_: plots.Range | None,
    quantity: str = "height",
) -> plots.PhaseDiagram:
    title = _title(grid, laid, page)
    return plots.PhaseDiagram(laid.labels, title, range_, laid.shape, quantity)


def _title(grid: Grid, laid: Layout, page: Page) -> str:
    title = ", ".join(title for title in (grid.directory.name, page.name, laid.seed) if title)
    return title.replace("\n", ", ")


def _target(choice: Choice, path: Path, page: str) -> Path:
    """Return where a page goes; one experiment goes exactly where it was asked to go."""
    exactly = choice.output is not None and choice.experiment is not None
    if exactly or not page:
        return path
    return path.with_name(f"{path.stem}-{page}{path.suffix}")


def _file_name(page: Page) -> str:
    return page.name.replace(" = ", "=").replace(", ", ",").replace("\n", ",").replace("/", "_")
