"""A rose of winds in the corner of a map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.plots import Frame, Labels, Panel, PhaseDiagram, Range, Rose

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Polygon

pytest.importorskip("matplotlib")


def _arrows(axes: Axes) -> list[Polygon]:
    from matplotlib.patches import Polygon  # noqa: PLC0415  # optional

    return [patch for patch in axes.patches if type(patch) is Polygon]


def _shown(rose: Rose) -> Axes:
    diagram = PhaseDiagram(Labels(), Frame("", Range(0, 5), (20, 30)))
    heights = np.ones((20, 30), np.int16)
    diagram.show({(0, 0): Panel(heights, 0.0, turning=True, rose=rose)})
    diagram.show({(0, 0): Panel(heights, 1.0, turning=True, rose=rose)})  # as in a film
    return diagram.figure.axes[0]


def test_arrows_point_where_winds_blow_to_and_are_as_long_as_they_last() -> None:
    axes = _shown(Rose({90.0: 0.75, 330.0: 0.25}))

    found = {}
    for arrow in _arrows(axes):
        pixels = arrow.get_transform().transform(arrow.get_xy())
        base, tip = (pixels[0] + pixels[6]) / 2, pixels[3]
        right, up = tip - base
        heading = round(math.degrees(math.atan2(-up, right)) % 360)
        found[heading] = float(np.hypot(right, up))

    assert found.keys() == {90, 330}
    assert found[330] / found[90] == pytest.approx(0.35)


def test_the_wind_that_blows_now_is_dark() -> None:
    faint, dark = _arrows(_shown(Rose({0.0: 0.5, 45.0: 0.5}, present=0.0)))

    assert (faint.get_facecolor()[0], dark.get_facecolor()[0]) == (0.65, 0.1)
