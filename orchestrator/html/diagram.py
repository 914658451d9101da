"""The phase diagram of a page: which axes it shows, their labels, and each experiment's position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.formats.content_names import original
from orchestrator.html.values import Axis, Diagram
from orchestrator.plots import layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from orchestrator.analysis.dataset.grid import Dimension
    from orchestrator.formats.parameters import Value
    from orchestrator.model import Status

NO_DIAGRAM = Diagram((), {})
"""The diagram of a sweep that has no experiments."""


def diagram(
    dimensions: Sequence[Dimension], statuses: Iterable[Status], panel: float
) -> Diagram:
    """Return the diagram of a sweep, of pictures ``panel`` times as wide as high.

    Parameters
    ----------
    dimensions
        Those of the swept axes and, as the last one, the seeds.
    """
    several = [i for i, dimension in enumerate(dimensions) if dimension.size > 1]
    sides = layout.sides([dimensions[i] for i in several], panel)
    rows, columns = (None if side is None else several[side] for side in sides)
    axes = tuple(_axis(dimension) for dimension in dimensions)
    return Diagram(axes, layout.positions(dimensions, statuses), rows, columns)


def _axis(dimension: Dimension) -> Axis:
    labels = (layout.label(dimension, i, exact) for i in range(dimension.size))
    return Axis(" ".join(layout.parameters(dimension)), tuple(labels))


def exact(value: Value) -> str:
    """Return a parameter's value with all of its digits, so that no two values look the same.

    >>> exact(100.0), exact(0.1234567), exact(1e-07), exact(True), exact("OPEN")
    ('100', '0.1234567', '1e-07', 'yes', 'OPEN')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(value).removesuffix(".0") if isinstance(value, float) else original(str(value))
