"""What pictures are drawn of: a sweep's snapshots, gathered on the grid of its axes."""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from orchestrator import observables, report, store
from orchestrator.dataset.variables import series_values
from orchestrator.errors import RequestError
from orchestrator.figures import Curve, Panel, Stripes
from orchestrator.model import State
from orchestrator.threads import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.dataset.grid import Dimension, Grid
    from orchestrator.model import Reduced, Standing

    Films = Mapping["Place", tuple[Reduced, Standing]]

_PAGE = 1.4  # width over height of what looks well on a page

Place = tuple[int, int]

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a picture: the values on further axes, and the experiments on its grid.

    Attributes
    ----------
    name
        The further axes' values, such as ``Coef_A = 0.1``; empty where there are none.
    standings
        By (row, column), of one seed.
    """

    name: str
    standings: Mapping[Place, Standing]


@dataclass(frozen=True, slots=True)
class Layout:
    """A sweep on pages of rows and columns."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    pages: tuple[Page, ...]
    aspect: float


def layout(
    grid: Grid, rows: str | None = None, columns: str | None = None, seed: int | None = None
) -> Layout:
    """Lay a sweep out on pages: the first two axes, or those that are named, and one seed."""
    axes = list(grid.dimensions[:-1])
    chosen = _chosen(grid, axes, rows, columns)
    further = [i for i in range(len(axes)) if i not in chosen]
    seeds = [int(str(value)) for value in grid.dimensions[-1].values["seed"]]
    if seed is not None and seed not in seeds:
        known = ", ".join(map(str, seeds))
        raise RequestError(f"--seed {seed}: {grid.directory.name} has the seeds {known}")
    # of the first seed, where that is there
    order = seeds if seed is None else [seed]
    labels = [_labels(axes[i]) if i is not None else ("",) for i in chosen]
    pages = []
    for values in itertools.product(*(range(axes[i].size) for i in further)):
        name = ", ".join(_label(axes[i], v) for i, v in zip(further, values, strict=True))
        fixed: dict[int | None, int] = dict(zip(further, values, strict=True))
        standings = {}
        for place in itertools.product(*(range(len(one)) for one in labels)):
            at = {**fixed, **dict(zip(chosen, place, strict=True))}
            where = tuple(at[i] for i in range(len(axes)))
            cells = (grid.cells.get((*where, seeds.index(one))) for one in order)
            if (found := next((c for c in cells if c is not None), None)) is not None:
                standings[place[0], place[1]] = found
        pages.append(Page(name, standings))
    return Layout(labels[0], labels[1], tuple(pages), grid.depth / grid.length)


def alone(grid: Grid, number: int) -> Layout:
    """Return the layout of one experiment on a page of its own."""
    for standing in grid.cells.values():
        if standing.experiment.number == number:
            page = Page(standing.experiment.name, {(0, 0): standing})
            return Layout(("",), ("",), (page,), grid.depth / grid.length)
    if number in grid.orphaned:
        raise RequestError(f"exp{number} is no longer in the sweep file")
    raise RequestError(f"exp{number} has been superseded by a newer experiment")


def _chosen(
    grid: Grid, axes: Sequence[Dimension], rows: str | None, columns: str | None
) -> tuple[int | None, int | None]:
    """Return which axes are the rows and the columns, each None where there is none."""
    named = {axis.name: i for i, axis in enumerate(axes)}
    for option, name in (("--rows", rows), ("--columns", columns)):
        if name is not None and name not in named:
            known = ", ".join(named) or "none"
            raise RequestError(f"{option} {name}: not an axis of the sweep; there are {known}")
    free = [i for i in range(len(axes)) if axes[i].name not in {rows, columns}]
    down = named[rows] if rows is not None else next(iter(free), None)
    right = next((i for i in free if i != down), None)
    right = named[columns] if columns is not None else right
    if rows is None and columns is None and down is not None:
        across = axes[right].size if right is not None else 1
        panel = grid.length / grid.depth
        upright, turned = (
            panel * a / b for a, b in ((across, axes[down].size), (axes[down].size, across))
        )
        if abs(math.log(turned / _PAGE)) < abs(math.log(upright / _PAGE)):
            return right, down
    return down, right


def panels(grid: Grid, page: Page, time_t0: float | None) -> dict[Place, Panel]:
    """Read the height map nearest to a time of each experiment of a page; None: the last."""

    def read(standing: Standing) -> Panel:
        return _panel(_read(grid, standing), standing, time_t0)

    return dict(zip(page.standings, in_order(read, page.standings.values()), strict=True))


def _panel(reduced: Reduced, standing: Standing, time_t0: float | None) -> Panel:
    remark = "" if standing.state is State.DONE else standing.state.value
    if len(reduced.height_maps) == 0:
        return Panel(None, 0.0, remark or "no height maps")
    nearest = _nearest(reduced, time_t0)
    alone = reduced.height_maps[nearest].copy()  # lets go of the others
    return Panel(alone, float(reduced.times[nearest]), remark)


def films(grid: Grid, page: Page) -> Films:
    """Read all snapshots of the experiments of a page."""
    standings = page.standings.values()
    read = in_order(functools.partial(_read, grid), standings)
    return dict(zip(page.standings, zip(read, standings, strict=True), strict=True))


def moment(films: Films, time_t0: float) -> dict[Place, Panel]:
    """Return what films show at a time: the last snapshot until then."""
    shown = {}
    for place, (reduced, standing) in films.items():
        until = reduced.times <= time_t0 + 1e-9
        count = min(int(until.sum()), len(reduced.height_maps))
        if count:
            shown[place] = Panel(
                reduced.height_maps[count - 1], float(reduced.times[count - 1])
            )
        else:
            shown[place] = Panel(None, 0.0, standing.state.value)
    return shown


def stripes(grid: Grid, page: Page, y: int | None) -> dict[Place, Stripes]:
    """Read one row of columns along the wind of each experiment of a page, the middle one."""
    if y is not None and not 0 <= y < grid.depth:
        raise RequestError(f"--y {y}: expected a row from 0 to {grid.depth - 1}")

    def read(standing: Standing) -> Stripes | None:
        reduced = _read(grid, standing)
        if len(reduced.height_maps) < 2:
            return None
        row = reduced.height_maps.shape[1] // 2 if y is None else y
        heights = reduced.height_maps[:, row].astype(np.float32)
        return Stripes(reduced.times, heights - heights.mean(axis=1, keepdims=True))

    found = in_order(read, page.standings.values())
    return {
        place: one for place, one in zip(page.standings, found, strict=True) if one is not None
    }


def series_curves(grid: Grid) -> list[Curve]:
    """Read the series of every point, on the times that were asked for."""

    def read(standing: Standing) -> dict[str, NDArray[np.float64]]:
        return series_values(grid, _read(grid, standing))

    return [
        Curve(labels, {name: np.array([one[name] for one in seeds]) for name in seeds[0]})
        for labels, seeds in _each_point(grid, read)
    ]


def power_curves(grid: Grid, time_t0: float | None) -> list[Curve]:
    """Measure the power along the wind of every point at the time nearest to ``time_t0``.

    From the longest wave on; the shortest, of two cells, is left out.
    """

    def read(standing: Standing) -> NDArray[np.float64] | None:
        one = _read(grid, standing)
        if len(one.height_maps) == 0 or one.height_maps.shape[2] != grid.length:
            return None
        return observables.power_along_wind(one.height_maps[_nearest(one, time_t0)])

    found = []
    for labels, seeds in _each_point(grid, read):
        rows = [row for row in seeds if row is not None]
        if rows:
            kept = np.array(rows)[:, 1 : (grid.length + 1) // 2]
            found.append(Curve(labels, {"power": kept}))
    return found


def _each_point(
    grid: Grid, read: Callable[[Standing], _Read]
) -> Iterator[tuple[tuple[str, str], list[_Read]]]:
    """Yield each point of a sweep with its labels and what is read of each of its seeds."""
    points = list(_points(grid))
    found = in_order(read, (standing for _, standings in points for standing in standings))
    for labels, standings in points:
        yield labels, [next(found) for _ in standings]


def _points(grid: Grid) -> Iterator[tuple[tuple[str, str], list[Standing]]]:
    """Yield each point of a sweep with its labels and the experiments of its seeds."""
    axes = grid.dimensions[:-1]
    # colours are easier to tell apart than styles of lines
    order = sorted(range(len(axes)), key=lambda i: -axes[i].size)
    for place in np.ndindex(*(axis.size for axis in axes)):
        labels = [_label(axes[i], place[i]).replace("\n", ", ") for i in order]
        cells = (grid.cells.get((*place, seed)) for seed in range(grid.dimensions[-1].size))
        standings = [cell for cell in cells if cell is not None]
        if standings:
            yield (labels[0] if labels else "", ", ".join(labels[1:])), standings


def _read(grid: Grid, standing: Standing) -> Reduced:
    return store.reduced(grid.directory.experiment(standing.experiment.number), spectra=False)


def _nearest(reduced: Reduced, time_t0: float | None) -> int:
    if time_t0 is None:
        return len(reduced.height_maps) - 1
    return int(np.argmin(np.abs(reduced.times - time_t0)))


def _labels(axis: Dimension) -> tuple[str, ...]:
    return tuple(_label(axis, i) for i in range(axis.size))


def _label(axis: Dimension, index: int) -> str:
    values = {name: some[index] for name, some in axis.values.items() if name != "point"}
    return "\n".join(
        f"{name} = {report.number(value)}"
        for name, value in values.items()
        if value is not None
    )
