"""Where the winds blow to: an arrow in the corner of a map, or a rose of arrows where they turn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.plots import style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

_RADIUS_IN = 0.17
_OF_SIDE = 0.16  # of the shorter side of a map is a radius at most
_MARGIN = 0.35  # of the radius
_DARK, _FAINT = "0.1", "0.65"
_STRAIGHT, _THICKER, _LEAST_IN = (
    2.0,
    1.5,
    0.1,
)  # radii is a lone arrow long, and a radius at least
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


def radius_in(shortest_in: float) -> float:
    """Return the radius of a rose on a map whose shorter side is so long, in inches."""
    return min(_RADIUS_IN, _OF_SIDE * shortest_in)


def draw(axes: Axes, rose: Rose, radius_in: float = _RADIUS_IN) -> None:
    """Draw a rose into the upper right corner: arrows as long as their winds blow.

    That of the wind that blows now is dark.
    """
    from matplotlib.patches import Circle, Polygon  # noqa: PLC0415  # heavy, and optional
    from matplotlib.transforms import Affine2D  # noqa: PLC0415

    centre = -(1 + _MARGIN)
    where = Affine2D().translate(centre, centre) + _corner(axes, radius_in)
    axes.add_patch(
        Circle(
            (0, 0),
            1.15,
            transform=where,
            facecolor="white",
            edgecolor="0.6",
            linewidth=0.5,
            zorder=style.ABOVE,
        )
    )
    longest = max(rose.shares.values())
    dark = rose.present if rose.present in rose.shares else None
    for heading, share in sorted(rose.shares.items(), key=lambda item: item[0] == dark):
        length = max(_SHORTEST, share / longest)
        faint = dark is not None and heading != dark
        turned = Affine2D().rotate(-math.radians(heading)) + where
        axes.add_patch(
            Polygon(
                arrow(length),
                transform=turned,
                facecolor=_FAINT if faint else _DARK,
                zorder=style.ABOVE,
            )
        )


def draw_straight(axes: Axes, radius_in: float = _RADIUS_IN) -> None:
    """Draw the arrow of a wind from the left into the upper right corner, dark on light."""
    from matplotlib.patches import Polygon  # noqa: PLC0415  # heavy, and optional
    from matplotlib.patheffects import withStroke  # noqa: PLC0415
    from matplotlib.transforms import Affine2D  # noqa: PLC0415

    where = Affine2D().scale(1, _THICKER).translate(-(_STRAIGHT + _MARGIN), -2 * _MARGIN)
    axes.add_patch(
        Polygon(
            arrow(_STRAIGHT),
            transform=where + _corner(axes, max(radius_in, _LEAST_IN)),
            facecolor=_DARK,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            zorder=style.ABOVE,
        )
    )


def _corner(axes: Axes, radius_in: float) -> Transform:
    """Return where things are in radii of a rose from the upper right corner."""
    from matplotlib.transforms import Affine2D, ScaledTranslation  # noqa: PLC0415  # heavy

    figure = axes.get_figure(root=True)
    assert figure is not None
    corner = ScaledTranslation(1, 1, axes.transAxes)  # type: ignore[arg-type]  # any transform does
    return Affine2D().scale(radius_in) + figure.dpi_scale_trans + corner


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
