"""Pictures of height maps: phase diagrams, profiles along the wind, films."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestrator import plots
from orchestrator.analysis import sampling
from orchestrator.analysis.scales import scales
from orchestrator.errors import RequestError
from orchestrator.plots import layout, panels
from orchestrator.records import selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.figure import Figure

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.model.pictures import Choice
    from orchestrator.plots import Panel
    from orchestrator.plots.layout import Layout, Page
    from orchestrator.plots.style import Slot


def phase_diagram(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the name of each page and its figure: height maps on two axes or in a plane."""
    laid = _arranged(grid, choice)
    pages = [_shown(panels.panels(grid, page, choice.time), choice) for page in laid.pages]
    yield from _drawn(grid, laid, pages, choice)


def _drawn(
    grid: Grid, laid: Layout, pages: Sequence[Mapping[Slot, Panel]], choice: Choice
) -> Iterator[tuple[str, Figure]]:
    """Yield the name of each page and its figure, all in the same colours."""
    drawn = (panel for of_page in pages for panel in of_page.values())
    maps = [panel.height_map for panel in drawn if panel.height_map is not None]
    range_ = plots.range_of(maps, maps, choice.look, centred=choice.relative)
    for page, of_page in zip(laid.pages, pages, strict=True):
        diagram = _diagram(grid, laid, page, range_, choice)
        diagram.show(of_page)
        yield _file_name(page), diagram.figure


def dunes(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the name of each page and its figure: maps, the outlines of their dunes and the paths until then."""
    laid = _arranged(grid, choice)
    pages = []
    for page in laid.pages:
        drawn = panels.panels(grid, page, choice.time)
        outlined = panels.outlined(grid, page, drawn, choice.threshold)
        pages.append(_shown(outlined, choice))
    yield from _drawn(grid, laid, pages, choice)


def profile(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the name of each page and its figure: a row of each map over time."""
    laid = _layout(grid, choice)
    _check_row(laid, choice.y)
    shown = False
    for page in laid.pages:
        stripes = panels.stripes(grid, page, choice.y, choice.look.units)
        if not any(len(panel.times) > 1 for panel in stripes.values()):
            continue
        shown = True
        title = _title(grid, laid, page)
        yield _file_name(page), plots.space_time(stripes, laid.labels, title, choice.look)
    if not shown:
        raise RequestError(f"{grid.directory.name}: no two height maps of an experiment")


def films(grid: Grid, choice: Choice) -> Iterator[tuple[str, plots.Film]]:
    """Yield the name of each page that has something to show, and its film."""
    laid = _arranged(grid, choice)
    shown = False
    for page in laid.pages:
        read = panels.films(grid, page)
        if not any(len(reduced.height_maps) for reduced, _ in read.values()):
            continue
        shown = True
        moments = panels.moments(grid, read)
        kept = [moments[i] for i in sampling.evenly(len(moments), choice.frames)]

        def at(time_t0: float, read: panels.Films = read) -> Mapping[Slot, Panel]:
            return _shown(panels.moment(grid, read, time_t0), choice)

        of_each = [[p.height_map for p in at(moment).values()] for moment in kept]
        maps = [m for of_one in of_each for m in of_one if m is not None]
        ends = [m for of_one in (of_each[0], of_each[-1]) for m in of_one if m is not None]
        range_ = plots.range_of(ends, maps, choice.look, centred=choice.relative)
        diagram = _diagram(grid, laid, page, range_, choice)

        def show(time_t0: float, diagram: plots.PhaseDiagram = diagram) -> None:
            diagram.show(at(time_t0))

        yield _file_name(page), plots.Film(diagram.figure, show, kept)
    if not shown:
        raise panels.without_maps(grid)


def _shown(drawn: Mapping[Slot, Panel], choice: Choice) -> Mapping[Slot, Panel]:
    """Return panels above their means, or in metres, where that is asked for."""
    if choice.relative:
        drawn = {slot: panels.relative(panel) for slot, panel in drawn.items()}
    return panels.in_metres(drawn) if choice.look.units.metres else drawn


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


def _arranged(grid: Grid, choice: Choice) -> Layout:
    """Lay a sample out in the plane of two of its parameters, and other sweeps on pages."""
    if choice.experiment is None:
        laid = layout.in_plane(grid, choice.rows, choice.columns, choice.seed)
        if laid is not None:
            return laid
    return _layout(grid, choice)


def _layout(grid: Grid, choice: Choice) -> Layout:
    if choice.experiment is None:
        return layout.layout(grid, choice.rows, choice.columns, choice.seed)
    number = selection.choose_one(choice.experiment, grid.directory, "--experiment")
    return layout.alone(grid, number)


def _diagram(
    grid: Grid, laid: Layout, page: Page, range_: plots.Range | None, choice: Choice
) -> plots.PhaseDiagram:
    shape: tuple[float, float] = laid.shape
    if choice.look.units.metres:
        numbers = [status.experiment.number for status in grid.cells.values()]
        cells_m = [scales(grid.directory.experiment(number)).cell_m for number in numbers]
        side = max(filter(np.isfinite, cells_m), default=0.0)
        if not side:
            raise RequestError(
                f"--units si: {grid.directory.name} has not begun, which tells how large a cell is"
            )
        shape = shape[0] * side, shape[1] * side
    quantity = "height above each map's mean" if choice.relative else "height"
    frame = plots.Frame(_title(grid, laid, page), range_, shape, quantity, choice.look)
    return plots.PhaseDiagram(laid.plane or laid.labels, frame)


def _title(grid: Grid, laid: Layout, page: Page) -> str:
    title = ", ".join(title for title in (grid.directory.name, page.name, laid.seed) if title)
    return title.replace("\n", ", ")


def _file_name(page: Page) -> str:
    return page.name.replace(" = ", "=").replace(", ", ",").replace("\n", ",").replace("/", "_")
