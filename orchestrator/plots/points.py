"""The points of a sweep as curves: their names, and by what colour, style and panel they are told apart."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from orchestrator.errors import RequestError
from orchestrator.model.pictures import ONE_PANEL
from orchestrator.plots.layout import axis_of, lines, parameters, parts, scale
from orchestrator.plots.lines import Shade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from orchestrator.analysis.dataset.grid import Dimension, Grid
    from orchestrator.formats.parameters import Value
    from orchestrator.model import Status

_Read = TypeVar("_Read")

_NAMED = 16  # points that a legend can name and colours can tell apart,
_NAMED_LOOSELY = 8  # or where they stand in no order
_TOGETHER = 6  # curves that are read easily on one another
_BY_ITSELF, _MOST = 12, 24  # panels that are made where nobody asks for them, and at all


class Name(NamedTuple):
    """How a point is named: by what its colour and its style tell, and over its panel."""

    labels: tuple[str, str]
    panel: str = ""


@dataclass(frozen=True, slots=True)
class Panels:
    """The parameter each value of which has a panel of its own.

    Attributes
    ----------
    axis
        On which it is.
    parameter
        Its name; empty where each point of the axis has a panel.
    order
        The points of the axis, in the order of their panels; empty where it is their own.
    """

    axis: Dimension
    parameter: str = ""
    order: tuple[int, ...] = ()

    def along(self, axis: Dimension) -> Sequence[int]:
        """Return the points of an axis in the order in which they are drawn."""
        return self.order if axis is self.axis and self.order else range(axis.size)

    def shares(self, axis: Dimension) -> bool:
        """Return whether a panel has several points of an axis."""
        return axis is not self.axis or bool(self.parameter)

    def parted(self, parts: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Return of the parts of a label what stands over its panel, and what is left to tell."""
        if not self.parameter:
            return ", ".join(parts.values()), {}
        left = {name: part for name, part in parts.items() if name != self.parameter}
        return parts.get(self.parameter, ""), left


def panels_of(grid: Grid, name: str | None, along: Dimension | None = None) -> Panels | None:
    """Return what has a panel for each of its values; None where all curves share one.

    Parameters
    ----------
    name
        An axis or a parameter; without one, that is the second longest axis, where more curves
        would lie on one another than are read easily.
    along
        The axis that is to the right.

    Raises
    ------
    RequestError
        If there is no such axis, or one of too many values.
    """
    if name == ONE_PANEL:
        return None
    if name is None:
        return _usual(grid, along)
    axes = grid.dimensions[:-1]
    axis = axes[axis_of(axes, "--panels", name)]
    values = axis.values[name] if name in parameters(axis) else ()
    alone = len(set(values)) in {0, axis.size}
    if axis is along and alone:
        raise RequestError(f"--panels {name}: is on the horizontal axis")
    count = axis.size if alone else len(set(values))
    if count > _MOST:
        raise RequestError(f"--panels {name}: {count} values, of which {_MOST} have room")
    return Panels(axis, "" if alone else name, _ascending(axis, values))


def _ascending(axis: Dimension, values: Sequence[Value | None]) -> tuple[int, ...]:
    """Return the points of a list or a sample in the order of a parameter; nothing for other axes."""
    own_order = axis.name in parameters(axis) or not all(
        isinstance(v, int | float) for v in values
    )
    return (
        () if own_order else tuple(np.argsort(np.array(values, float), kind="stable").tolist())
    )


def _usual(grid: Grid, along: Dimension | None) -> Panels | None:
    """Return the second longest axis, if curves are many and its panels are not."""
    counted = [i for i, axis in enumerate(grid.dimensions[:-1]) if axis is not along]
    curves = {tuple(index[i] for i in counted) for index in grid.cells}
    if len(curves) <= _TOGETHER:
        return None
    _, *others = (axis for axis in by_size(grid) if axis is not along)
    few = (axis for axis in others if 1 < axis.size <= _BY_ITSELF)
    return next(map(Panels, few), None)


def each_point(
    grid: Grid,
    read: Callable[[Sequence[Status]], Iterator[_Read]],
    panels: str | None = ONE_PANEL,
) -> Iterator[tuple[Name, list[_Read]]]:
    """Yield each point of a sweep with its name and what is read of each of its seeds.

    Panel by panel, see :func:`panels_of`.
    """
    points = list(_points(grid, panels_of(grid, panels)))
    results = read([status for _, statuses in points for status in statuses])
    for name, statuses in points:
        yield name, [next(results) for _ in statuses]
    for _ in results:  # so that it ends
        pass


def shade(grid: Grid, panels: str | None = ONE_PANEL) -> Shade | None:
    """Return what colours tell where an axis has too many points to name; None where it has not."""
    in_panels = panels_of(grid, panels)
    axes = [axis for axis in by_size(grid) if in_panels is None or in_panels.shares(axis)]
    axis = next(iter(axes), None)
    parted = in_panels is not None and axis is in_panels.axis
    return None if axis is None or parted else shade_of(axis)


def shade_of(axis: Dimension, parameter: str | None = None) -> Shade | None:
    """Return what colours tell of an axis: a parameter, if it is a number.

    Without one it is the first, and None where the points of the axis are few enough to be named.
    """
    names = parameters(axis)
    few = axis.size <= (_NAMED if axis.name in names else _NAMED_LOOSELY)
    if few and parameter is None:
        return None
    name = parameter or names[0]
    if not axis.numeric(name):
        return None
    numbers = np.array(axis.values[name], np.float64)
    by_label = dict(zip(lines(axis), numbers.tolist(), strict=True))
    along = scale(axis, name, numbers)
    return Shade(along.label, by_label, along.logarithmic)


def by_size(grid: Grid) -> list[Dimension]:
    """Return the axes, the longest first: colours are easier to tell apart than styles of lines."""
    return sorted(grid.dimensions[:-1], key=lambda axis: -axis.size)


def _points(grid: Grid, panels: Panels | None) -> Iterator[tuple[Name, list[Status]]]:
    """Yield each point of a sweep with its name and the experiments of its seeds, panel by panel."""
    axes = list(grid.dimensions[:-1])
    order = [axes.index(axis) for axis in by_size(grid)]
    outermost = sorted(
        range(len(axes)), key=lambda i: panels is None or axes[i] is not panels.axis
    )
    along = [
        range(axes[i].size) if panels is None else panels.along(axes[i]) for i in outermost
    ]
    labels = [parts(axis) for axis in axes]
    for turn in itertools.product(*along):
        point = dict(zip(outermost, turn, strict=True))
        name = named([(axes[i], labels[i][point[i]]) for i in order], panels)
        index = tuple(point[i] for i in range(len(axes)))
        cells = (grid.cells.get((*index, seed)) for seed in range(grid.dimensions[-1].size))
        statuses = [cell for cell in cells if cell is not None]
        if statuses:
            yield name, statuses


def named(labels: Sequence[tuple[Dimension, Mapping[str, str]]], panels: Panels | None) -> Name:
    """Name a point by the parts of its label on each axis.

    The first axis that has any which are in no title is told by colours.
    """
    over, rest = "", []
    for axis, parts_of_label in labels:
        left = parts_of_label
        if panels is not None and axis is panels.axis:
            over, left = panels.parted(parts_of_label)
        if left or not over:
            rest.append(", ".join(left.values()))
    return Name((rest[0] if rest else "", ", ".join(filter(None, rest[1:]))), over)
