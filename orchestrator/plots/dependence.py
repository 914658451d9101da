"""A quantity against a parameter: what the seeds of each point tell, a line per further value."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import text
from orchestrator.analysis.replicates import spread
from orchestrator.errors import RequestError
from orchestrator.formats import spelling
from orchestrator.model.pictures import ONE_PANEL
from orchestrator.plots.display import parameter_label
from orchestrator.plots.layout import lines, parameters, parts, scale
from orchestrator.plots.lines import Curve, Scale
from orchestrator.plots.points import by_size, named, panels_of, shade_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Dimension, Grid
    from orchestrator.analysis.observables import Quantity
    from orchestrator.formats.parameters import Value
    from orchestrator.plots.lines import Shade
    from orchestrator.plots.points import Name


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that is swept: its axis, the number of that axis, and what stands along it."""

    name: str
    axis: Dimension
    index: int

    @property
    def values(self) -> Sequence[Value | None]:
        """Its value at each point of the axis."""
        return self.axis.values[self.name]

    @property
    def numeric(self) -> bool:
        """Whether all values are numbers."""
        return self.axis.numeric(self.name)

    @property
    def alone(self) -> bool:
        """Whether it tells the points of its axis apart, in their order."""
        return not isinstance(next(iter(self.axis.values.values())), range)

    @property
    def words(self) -> tuple[str, ...]:
        """Its different values, where they are no numbers."""
        if self.numeric:
            return ()
        return tuple(dict.fromkeys(_word(value) for value in self.values))

    @property
    def along(self) -> NDArray[np.float64]:
        """Where each point is along a scale: its value, or the number of its word."""
        if self.numeric:
            return np.array(self.values, np.float64)
        return np.array([self.words.index(_word(value)) for value in self.values], np.float64)

    @property
    def scale(self) -> Scale:
        """What stands along it."""
        if self.numeric:
            return scale(self.axis, self.name, self.along)
        return Scale(parameter_label(self.name), words=self.words)


def _word(value: Value | None) -> str:
    return "none" if value is None else text.number(value)


def parameter(grid: Grid, option: str, name: str | None) -> Parameter:
    """Return the parameter of this name; without one, the first that is swept, a number if possible.

    Raises
    ------
    RequestError
        Where the sweep has no such parameter, or sweeps none.
    """
    known = [
        Parameter(of_axis, axis, i)
        for i, axis in enumerate(grid.dimensions[:-1])
        for of_axis in parameters(axis)
    ]
    if not known:
        raise RequestError(f"{option}: {grid.directory.name} has no parameter that is swept")
    if name is None:
        varied = [p for p in known if p.numeric and len(set(p.values)) > 1]
        return (varied or known)[0]
    if (wanted := next((p for p in known if p.name == name), None)) is not None:
        return wanted
    names = [p.name for p in known]
    hint = spelling.did_you_mean(name, names)
    raise RequestError(f"{option} {name}: expected one of {', '.join(names)}{hint}")


def dependence(
    grid: Grid,
    values: Mapping[str, NDArray[np.float64]],
    against: Parameter,
    in_panels: str | None = ONE_PANEL,
) -> tuple[list[Curve], Shade | None]:
    """Return a line for each value of further axes, and what colours tell where these are many.

    Parameters
    ----------
    values
        float64 over the grid, the seeds last, by quantity.
    in_panels
        What has a panel for each value, see :func:`orchestrator.plots.points.panels_of`.
    """
    panels = panels_of(grid, in_panels, against.axis)
    others = [axis for axis in by_size(grid) if axis is not against.axis and axis.size > 1]
    if panels is not None:  # panel by panel
        others.sort(key=lambda axis: axis is not panels.axis)
    groups = _groups(against)
    telling = [axis for axis in others if panels is None or panels.shares(axis)]
    parted = panels is not None and panels.axis in (*telling[:1], against.axis)
    shade = shade_of(telling[0]) if telling and not parted else None
    if len(groups) > 1 and not others and not parted and all(len(g) == 1 for _, g in groups):
        shade = shade_of(against.axis, _second(against))
        labels_along = parts(against.axis)
        groups = [(labels_along[i], [i]) for _, [i] in groups]
    curves, there = [], {index[:-1] for index in grid.cells}
    along = [range(axis.size) if panels is None else panels.along(axis) for axis in others]
    of_others = [(axis, parts(axis)) for axis in others]
    for point in itertools.product(*along):
        words = [(axis, of[i]) for (axis, of), i in zip(of_others, point, strict=True)]
        fixed = {grid.dimensions.index(a): i for a, i in zip(others, point, strict=True)}
        for group_label, group in groups:
            labels = [*words, *([(against.axis, group_label)] if group_label else [])]
            cells = [
                tuple(
                    i if axis == against.index else fixed.get(axis, 0)
                    for axis in range(len(grid.dimensions) - 1)
                )
                for i in group
            ]
            if there.isdisjoint(cells):
                continue
            # without values, too, so that others keep their colours
            of_point = named(labels, panels)
            curves.append(_curve(of_point, group, cells, values, (against, grid.quantities)))
    return curves, shade


def _groups(against: Parameter) -> list[tuple[dict[str, str], list[int]]]:
    """Return the points of an axis that make a line, with the parts of its label, in order along it."""
    order = np.argsort(against.along, kind="stable").tolist()
    if against.alone:
        return [({}, order)]
    groups: dict[tuple[tuple[str, str], ...], list[int]] = {}
    labels = parts(against.axis)
    for i in order:
        label = labels[i]
        label.pop(against.name, None)
        groups.setdefault(tuple(label.items()), []).append(i)
    if len(groups) == 1:
        return [({}, order)]
    return [(dict(label), group) for label, group in groups.items()]


def _second(against: Parameter) -> str | None:
    """Return the first other parameter of a sample whose values are different numbers."""
    for name in parameters(against.axis):
        other = Parameter(name, against.axis, against.index)
        if name != against.name and other.numeric and len(set(other.values)) > 1:
            return name
    return None


def _curve(
    name: Name,
    group: Sequence[int],
    cells: Sequence[tuple[int, ...]],
    values: Mapping[str, NDArray[np.float64]],
    along: tuple[Parameter, Mapping[str, Quantity]],
) -> Curve:
    against, quantities = along
    spreads = {
        of: spread(np.array([by[cell] for cell in cells]), axis=1, axial=quantities[of].axial)
        for of, by in values.items()
    }
    counts = np.concatenate([s.count[s.count > 0] for s in spreads.values()])
    return Curve(
        name.labels,
        against.along[list(group)],
        {of: s.mean for of, s in spreads.items()},
        {of: s.sem for of, s in spreads.items()},
        int(counts.max(initial=0)),
        panel=name.panel,
        every=bool((counts == counts.max(initial=0)).all()),
    )


def further(grid: Grid, sides: Sequence[Parameter]) -> Iterator[tuple[str, dict[int, int]]]:
    """Yield the values of all axes but those of ``sides``, and the index of each, by axis."""
    axes = [
        (i, lines(axis) if axis.size > 1 else [""])
        for i, axis in enumerate(grid.dimensions[:-1])
        if i not in {side.index for side in sides}
    ]
    for point in np.ndindex(*(len(labels) for _, labels in axes)):
        names = [labels[i] for (_, labels), i in zip(axes, point, strict=True)]
        where = {number: i for (number, _), i in zip(axes, point, strict=True)}
        yield ", ".join(filter(None, names)), where
