"""Where the winds blow to: a rose of arrows in the corner of a map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

_RADIUS_IN = 0.17
_MARGIN_IN = 0.06
_SHORTEST = 0.35  # of the longest arrow
_HALF_WIDTH = 0.065  # of the radius, of an arrow's shaft
_HEAD = 0.42  # of the radius, its length at most


@dataclass(frozen=True, slots=True)
class Rose:
    """The winds of a map.

    Attributes
    ----------
    shares
        Headings in degrees, clockwise from the right, each with its share of the time.
    present
        The heading at the time of the map; None where that is not known.
    """

    shares: Mapping[float, float]
    present: float | None = None


def draw(axes: Axes, rose: Rose) -> None:
    """Draw a rose into the upper right corner: arrows as long as their winds blow.

    That of the wind that blows now is dark.
    """
    from matplotlib.patches import Circle, Polygon  # noqa: PLC0415  # heavy, and optional
    from matplotlib.transforms import Affine2D, ScaledTranslation  # noqa: PLC0415

    centre = -(_RADIUS_IN + _MARGIN_IN)
    figure = axes.get_figure(root=True)
    assert figure is not None
    corner = ScaledTranslation(1, 1, axes.transAxes)  # type: ignore[arg-type]  # any transform does
    where = (
        Affine2D().scale(_RADIUS_IN).translate(centre, centre) + figure.dpi_scale_trans + corner
    )
    axes.add_patch(
        Circle((0, 0), 1.15, transform=where, facecolor="white", edgecolor="0.6", linewidth=0.5)
    )
    longest = max(rose.shares.values())
    dark = rose.present if rose.present in rose.shares else None
    for heading, share in sorted(rose.shares.items(), key=lambda item: item[0] == dark):
        length = max(_SHORTEST, share / longest)
        faint = dark is not None and heading != dark
        turned = Affine2D().rotate(-math.radians(heading)) + where
        axes.add_patch(
            Polygon(arrow(length), transform=turned, facecolor="0.65" if faint else "0.1")
        )


def arrow(length: float) -> list[tuple[float, float]]:
    """Return the outline of an arrow from 0 along x, the unit being the radius of a rose."""
    head = min(_HEAD, 0.6 * length)
    shaft, wide = _HALF_WIDTH, 0.38 * head
    return [
        (0, shaft),
        (length - head, shaft),
        (length - head, wide),
        (length, 0),
        (length - head, -wide),
        (length - head, -shaft),
        (0, -shaft),
    ]
