"""The phase diagram of a page: which axes it shows, their labels, and each experiment's position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.html.values import Axis, Diagram, Plane, Side
from orchestrator.plots import layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from orchestrator.analysis.dataset.grid import Dimension
    from orchestrator.model import Status

_DIGITS = 4  # of a place in a plane

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
    positions = layout.positions(dimensions, statuses)
    return Diagram(axes, positions, rows, columns, _plane(dimensions, panel))


def _plane(dimensions: Sequence[Dimension], panel: float) -> Plane | None:
    """Return the plane of a sample, if all of its pictures have room in it."""
    swept = [i for i, axis in enumerate(dimensions[:-1]) if axis.size > 1]
    plane = layout.plane_of(dimensions[swept[0]]) if len(swept) == 1 else None
    # a crowd would take long to arrange
    if plane is None or plane.crowded(1 / panel):
        return None
    arranged = plane.arranged(1 / panel)
    if not arranged.apart:
        return None
    right, up = (
        Side(scale.label, *ends, logarithmic=scale.logarithmic)
        for scale, ends in zip((plane.right, plane.up), arranged.ends, strict=True)
    )
    positions = zip(
        arranged.middles.tolist(), arranged.wanted.tolist(), arranged.moved, strict=True
    )
    points = tuple(
        tuple(round(share, _DIGITS) for share in (*middle, *(wanted if moved else ())))
        for middle, wanted, moved in positions
    )
    width, height = plane.size_in(1 / panel)
    box = float(arranged.box[0]), float(arranged.box[1])
    return Plane(swept[0], right, up, height / width, box, points)


def _axis(dimension: Dimension) -> Axis:
    return Axis(" ".join(layout.parameters(dimension)), layout.labels(dimension))
