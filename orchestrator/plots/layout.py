"""The layout of a sweep: axes down and across, labels, pages, and the panels on them."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import text
from orchestrator.errors import RequestError
from orchestrator.formats import spelling
from orchestrator.plots.display import WIND, equation, parameter_label
from orchestrator.plots.lines import Scale
from orchestrator.plots.plane import Plane
from orchestrator.plots.style import Labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Dimension, Grid
    from orchestrator.formats.parameters import Value
    from orchestrator.model import Status
    from orchestrator.model.pictures import Moment
    from orchestrator.plots.style import Slot

_WIDE = 10  # times the smallest value is the largest, where powers of ten tell more

_FEWEST = 4  # points of a sample that show a plane
_PAGE = 1.4  # width over height of what looks well on a page


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a picture: the values on further axes, and the experiments on its grid.

    Attributes
    ----------
    name
        The further axes' values, such as ``Coef_A = 0.1``; empty where there are none.
    statuses
        By (row, column), of one seed.
    """

    name: str
    statuses: Mapping[Slot, Status]


@dataclass(frozen=True, slots=True)
class Layout:
    """A sweep on pages of rows and columns, or in the plane of a sample.

    Attributes
    ----------
    shape
        Depth and length of the largest domain, in cells.
    seed
        Which of several seeds is shown, such as ``seed = 1``; empty where there is only one.
    plane
        Where the experiments of a sample are in the plane of two parameters.
    """

    labels: Labels
    pages: tuple[Page, ...]
    shape: tuple[int, int]
    seed: str = ""
    plane: Plane | None = None


def layout(
    grid: Grid, rows: str | None = None, columns: str | None = None, seed: int | None = None
) -> Layout:
    """Lay a sweep out on pages: the first two axes, or those that are named, and one seed.

    Raises
    ------
    RequestError
        If the sweep has no such axis or seed.
    """
    axes = list(grid.dimensions[:-1])
    chosen = _chosen(grid, axes, rows, columns)
    further = [i for i in range(len(axes)) if i not in chosen]
    seeds = range(grid.dimensions[-1].size)
    seed_order = seeds if seed is None else [seed_of(grid, seed)]
    of_axes = [labels(axis) for axis in axes]
    shown = [of_axes[i] if i is not None else ("",) for i in chosen]
    pages = []
    for values in itertools.product(*(range(axes[i].size) for i in further)):
        name = ", ".join(of_axes[i][v] for i, v in zip(further, values, strict=True))
        fixed: dict[int | None, int] = dict(zip(further, values, strict=True))
        statuses = {}
        for slot in itertools.product(*(range(len(side)) for side in shown)):
            index = {**fixed, **dict(zip(chosen, slot, strict=True))}
            point = tuple(index[i] for i in range(len(axes)))
            cells = (grid.cells.get((*point, i)) for i in seed_order)
            # the first seed that is there
            if (status := next((c for c in cells if c is not None), None)) is not None:
                statuses[slot[0], slot[1]] = status
        pages.append(Page(name, statuses))
    shape = grid.depth, grid.length
    seed_name = _seed_name(pages) if len(seeds) > 1 else ""
    laid = Layout(Labels(shown[0], shown[1]), tuple(pages), shape, seed_name)
    return laid if rows or columns else _in_turn(laid)


def in_plane(
    grid: Grid, rows: str | None = None, columns: str | None = None, seed: int | None = None
) -> Layout | None:
    """Lay a sample out in the plane of its first two numbers, or of those that are named.

    None where the sweep is no such sample.
    """
    axes = [axis for axis in grid.dimensions[:-1] if axis.size > 1]
    whole = plane_of(axes[0], rows, columns) if len(axes) == 1 else None
    if whole is None:
        return None
    laid = layout(grid, seed=seed, rows=axes[0].name)
    [page] = laid.pages
    points = {slot: whole.points[slot[0], 0] for slot in page.statuses}
    return dataclasses.replace(laid, plane=dataclasses.replace(whole, points=points))


def plane_of(
    axis: Dimension, rows: str | None = None, columns: str | None = None
) -> Plane | None:
    """Return the plane of two numbers of a sample's axis, the first or those that are named.

    Points are by their index on the axis and 0. None where the axis is no such sample.

    Raises
    ------
    RequestError
        If the same is named for both.
    """
    if axis.size < _FEWEST or axis.name in parameters(axis):
        return None
    if rows is not None and rows == columns:
        raise RequestError(f"--columns {columns}: goes up the plane already")
    numbers = [
        name
        for name in parameters(axis)
        if axis.numeric(name) and len(set(axis.values[name])) > 1
    ]
    named = [name for name in (columns, rows) if name in numbers]
    chosen = [*named, *(name for name in numbers if name not in named)][:2]
    if len(chosen) < 2 or len(named) < sum(name is not None for name in (columns, rows)):
        return None
    if rows in numbers and columns is None:
        chosen.reverse()
    right, up = (np.array(axis.values[name], np.float64) for name in chosen)
    pairs = zip(right.tolist(), up.tolist(), strict=True)
    points: dict[Slot, tuple[float, float]] = {(i, 0): pair for i, pair in enumerate(pairs)}
    return Plane(scale(axis, chosen[0], right), scale(axis, chosen[1], up), points)


def scale(axis: Dimension, name: str, values: NDArray[np.float64]) -> Scale:
    """Return what stands along a parameter of an axis, whose ``values`` are numbers.

    Powers of ten where its values are chosen so, or go on by factors.
    """
    if name in axis.logarithmic:
        return Scale(parameter_label(name), logarithmic=True)
    along = np.unique(values)
    if len(along) < 2 or along[0] <= 0 or along[-1] < _WIDE * along[0]:
        return Scale(parameter_label(name))
    steps, factors = np.diff(along), np.diff(np.log(along))
    by_factors = np.ptp(factors) / factors.mean() < np.ptp(steps) / steps.mean()
    return Scale(parameter_label(name), logarithmic=bool(by_factors) or len(along) == 2)


def check_time(grid: Grid, option: str, time: Moment | None) -> None:
    """Refuse a time in t0, or the beginning of a window, that the sweep never comes to."""
    last = max(grid.times, default=math.inf)
    if time is not None and not time.in_nature and time.value > last + grid.tolerance_t0:
        name = grid.directory.name
        raise RequestError(f"{option} {time.value:g}: {name} ends at t = {last:g} t0")


def sides(axes: Sequence[Dimension], panel: float) -> tuple[int | None, int | None]:
    """Return the index of the axis down a page and of the one across; None where there is none.

    These are the first two, turned if panels ``panel`` times as wide as high fill a page better.
    """
    down, right = (i if i < len(axes) else None for i in range(2))
    if down is not None:
        size, across = axes[down].size, axes[right].size if right is not None else 1
        if _misfit(size, across, panel) < _misfit(across, size, panel):
            return right, down
    return down, right


def positions(
    axes: Sequence[Dimension], statuses: Iterable[Status]
) -> dict[int, tuple[int, ...]]:
    """Return the index of experiments on each axis, by number; the last axis is of the seeds.

    Experiments whose values are not on the axes are left out.
    """
    names = [parameters(axis) for axis in axes[:-1]]
    indices: list[dict[tuple[Value | None, ...], int]] = []
    for axis, of_axis in zip(axes, names, strict=False):
        points = zip(*(axis.values[name] for name in of_axis), strict=True)
        indices.append({point: i for i, point in enumerate(points)})
    seeds = {seed: i for i, seed in enumerate(axes[-1].values["seed"])}
    known = {}
    for status in statuses:
        point = status.experiment.point
        values = [tuple(point.parameters.get(name) for name in of_axis) for of_axis in names]
        with contextlib.suppress(KeyError):
            position = [index[value] for index, value in zip(indices, values, strict=True)]
            known[status.experiment.number] = (*position, seeds[point.seed])
    return known


def seed_of(grid: Grid, seed: int) -> int:
    """Return the index of a seed among those of the sweep."""
    seeds = list(grid.dimensions[-1].values["seed"])
    if seed not in seeds:
        known = ", ".join(map(str, seeds))
        raise RequestError(f"--seed {seed}: {grid.directory.name} has the seeds {known}")
    return seeds.index(seed)


def _seed_name(pages: Sequence[Page]) -> str:
    seeds = {s.experiment.point.seed for page in pages for s in page.statuses.values()}
    return f"seed = {min(seeds)}" if len(seeds) == 1 else "the first seed of each"


def alone(grid: Grid, number: int) -> Layout:
    """Return the layout of one experiment on a page of its own."""
    for status in grid.cells.values():
        if status.experiment.number == number:
            page = Page(status.experiment.name, {(0, 0): status})
            return Layout(Labels(), (page,), domain(status))
    if number in grid.orphaned:
        raise RequestError(f"exp{number} is no longer in the sweep file")
    raise RequestError(f"exp{number} has been superseded by a newer experiment")


def domain(status: Status) -> tuple[int, int]:
    """Return depth and length of an experiment's domain, in cells."""
    parameters = status.experiment.point.parameters
    return int(parameters["D"]), int(parameters["L"])


def _chosen(
    grid: Grid, axes: Sequence[Dimension], rows: str | None, columns: str | None
) -> tuple[int | None, int | None]:
    """Return which axes are the rows and the columns: those that are named, else :func:`sides`."""
    if rows is None and columns is None:
        return sides(axes, grid.length / grid.depth)
    down = None if rows is None else axis_of(axes, "--rows", rows)
    right = None if columns is None else axis_of(axes, "--columns", columns)
    if down is not None and down == right:
        raise RequestError(f"--columns {columns}: goes down the page already")
    free = (i for i in range(len(axes)) if i not in {down, right})
    down = next(free, None) if down is None else down
    right = next(free, None) if right is None else right
    return down, right


def axis_of(axes: Sequence[Dimension], option: str, name: str) -> int:
    """Return the index of the axis of this name, or on which this parameter varies.

    Raises
    ------
    RequestError
        With the option, where there is none.
    """
    for index, axis in enumerate(axes):
        if name == axis.name or name in axis.values:
            return index
    known = dict.fromkeys(of for axis in axes for of in (axis.name, *parameters(axis)))
    names = ", ".join(known) or "none"
    hint = spelling.did_you_mean(name, known)
    raise RequestError(f"{option} {name}: not an axis of the sweep; there are {names}{hint}")


def _in_turn(laid: Layout) -> Layout:
    """Break the only axis of a page into rows, where that fits a page better."""
    short, long = sorted((laid.labels.rows, laid.labels.columns), key=len)
    if len(short) > 1:
        return laid
    panel, count = laid.shape[1] / laid.shape[0], len(long)
    widths = range(1, count + 1)
    across = min(widths, key=lambda n: _misfit(n, math.ceil(count / n), panel))
    if across in {1, count}:
        return laid
    slots = [divmod(i, across) for i in range(count)]
    pages = [
        Page(page.name, {slots[max(slot)]: status for slot, status in page.statuses.items()})
        for page in laid.pages
    ]
    down = math.ceil(count / across)
    over = dict(zip(slots, long, strict=True))
    labels = Labels(("",) * down, ("",) * across, over)
    return dataclasses.replace(laid, labels=labels, pages=tuple(pages))


def _misfit(across: int, down: int, panel: float) -> float:
    """Return how far panels, ``panel`` times as wide as high, are from the form of a page."""
    return abs(math.log(panel * across / down / _PAGE))


def labels(axis: Dimension) -> tuple[str, ...]:
    """Return the labels of the points of an axis, such as ``Tau_min = 100``, a line per parameter.

    Numbers have six digits, or all of theirs where others would look the same.
    """
    return tuple("\n".join(point.values()) for point in _parts(axis))


def parts(axis: Dimension) -> list[dict[str, str]]:
    """Return the parts of labels by their parameters, without the wind beside a threshold."""
    beside = WIND.values()
    return [
        {name: part for name, part in point.items() if name not in beside}
        for point in _parts(axis)
    ]


def lines(axis: Dimension) -> list[str]:
    """Return each label in one line, without the wind that stands beside a threshold."""
    return [", ".join(point.values()) for point in parts(axis)]


def _parts(axis: Dimension) -> list[dict[str, str]]:
    of_points: list[dict[str, str]] = [{} for _ in range(axis.size)]
    for name in parameters(axis):
        written = {v: text.number(v) for v in axis.values[name] if v is not None}
        alike = Counter(written.values())
        for point, value in zip(of_points, axis.values[name], strict=True):
            if value is not None:
                short = written[value]
                point[name] = equation(name, short if alike[short] == 1 else str(value))
    return of_points


def parameters(axis: Dimension) -> list[str]:
    """Return the names of the parameters of an axis, without the index of points."""
    return [name for name, values in axis.values.items() if not isinstance(values, range)]
