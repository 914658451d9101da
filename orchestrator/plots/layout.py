"""How a sweep is laid out on pages of rows and columns."""

from __future__ import annotations

import dataclasses
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.errors import RequestError
from orchestrator.plots import Labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.analysis.dataset.grid import Dimension, Grid
    from orchestrator.model import Status
    from orchestrator.plots.style import Slot

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
    """A sweep on pages of rows and columns.

    Attributes
    ----------
    shape
        Depth and length of the largest domain, in cells.
    seed
        Which of several seeds is shown, such as ``seed = 1``; empty where there is only one.
    """

    labels: Labels
    pages: tuple[Page, ...]
    shape: tuple[int, int]
    seed: str = ""


def layout(
    grid: Grid, rows: str | None = None, columns: str | None = None, seed: int | None = None
) -> Layout:
    """Lay a sweep out on pages: the first two axes, or those that are named, and one seed."""
    axes = list(grid.dimensions[:-1])
    chosen = _chosen(grid, axes, rows, columns)
    further = [i for i in range(len(axes)) if i not in chosen]
    # of the first seed, where that is there
    seeds = range(grid.dimensions[-1].size)
    order = seeds if seed is None else [seed_of(grid, seed)]
    labels = [_labels(axes[i]) if i is not None else ("",) for i in chosen]
    pages = []
    for values in itertools.product(*(range(axes[i].size) for i in further)):
        name = ", ".join(label(axes[i], v) for i, v in zip(further, values, strict=True))
        fixed: dict[int | None, int] = dict(zip(further, values, strict=True))
        statuses = {}
        for place in itertools.product(*(range(len(one)) for one in labels)):
            at = {**fixed, **dict(zip(chosen, place, strict=True))}
            where = tuple(at[i] for i in range(len(axes)))
            cells = (grid.cells.get((*where, one)) for one in order)
            if (found := next((c for c in cells if c is not None), None)) is not None:
                statuses[place[0], place[1]] = found
        pages.append(Page(name, statuses))
    shown = {one.experiment.point.seed for page in pages for one in page.statuses.values()}
    said = f"seed = {min(shown)}" if len(shown) == 1 else "the first seed of each"
    several = said if len(seeds) > 1 else ""
    shape = grid.depth, grid.length
    laid = Layout(Labels(labels[0], labels[1]), tuple(pages), shape, several)
    return laid if rows or columns else _in_turn(laid)


def seed_of(grid: Grid, seed: int) -> int:
    """Return where on its dimension a seed stands that was asked for."""
    seeds = list(grid.dimensions[-1].values["seed"])
    if seed not in seeds:
        known = ", ".join(map(str, seeds))
        raise RequestError(f"--seed {seed}: {grid.directory.name} has the seeds {known}")
    return seeds.index(seed)


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
    """Return which axes are the rows and the columns, each None where there is none."""
    wanted = {"--rows": rows, "--columns": columns}
    found = {option: _named(axes, option, name) for option, name in wanted.items()}
    down, right = found["--rows"], found["--columns"]
    if down is not None and down == right:
        raise RequestError(f"--columns {columns}: goes down the page already")
    free = [i for i in range(len(axes)) if i not in {down, right}]
    if down is None:
        down = next(iter(free), None)
    if right is None:
        right = next((i for i in free if i != down), None)
    if rows is None and columns is None and down is not None:
        across = axes[right].size if right is not None else 1
        panel, size = grid.length / grid.depth, axes[down].size
        if _misfit(size, across, panel) < _misfit(across, size, panel):
            return right, down
    return down, right


def _named(axes: Sequence[Dimension], option: str, name: str | None) -> int | None:
    """Find the axis of this name, or on which this parameter varies."""
    if name is None:
        return None
    for index, axis in enumerate(axes):
        if name == axis.name or name in axis.values:
            return index
    known = ", ".join(axis.name for axis in axes) or "none"
    raise RequestError(f"{option} {name}: not an axis of the sweep; there are {known}")


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
        Page(page.name, {slots[max(slot)]: one for slot, one in page.statuses.items()})
        for page in laid.pages
    ]
    down = math.ceil(count / across)
    over = dict(zip(slots, long, strict=True))
    labels = Labels(("",) * down, ("",) * across, over)
    return dataclasses.replace(laid, labels=labels, pages=tuple(pages))


def _misfit(across: int, down: int, panel: float) -> float:
    """Tell how far panels, so many times as wide as high, are from the form of a page."""
    return abs(math.log(panel * across / down / _PAGE))


def _labels(axis: Dimension) -> tuple[str, ...]:
    return tuple(label(axis, i) for i in range(axis.size))


def label(axis: Dimension, index: int) -> str:
    """Return what stands at a point of an axis, such as ``Tau_min = 100``, a line per parameter."""
    values = {name: some[index] for name, some in axis.values.items() if name != "point"}
    return "\n".join(
        f"{name} = {text.number(value)}" for name, value in values.items() if value is not None
    )
