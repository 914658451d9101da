"""A rose of winds in the corner of a map."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.model.pictures import Look, Units
from orchestrator.plots import Frame, Labels, Panel, PhaseDiagram, Range, Rose

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Polygon
    from numpy.typing import NDArray

pytest.importorskip("matplotlib")
from matplotlib.patches import Circle


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


def _extent(arrow: Polygon) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    pixels = arrow.get_transform().transform(arrow.get_xy())
    return pixels.min(axis=0), pixels.max(axis=0)


def test_a_wind_from_the_left_is_an_arrow_on_the_first_map_of_all() -> None:
    diagram = PhaseDiagram(Labels(("a", "b"), ("c", "d")), Frame("", Range(0, 5), (20, 30)))
    still = Panel(np.ones((20, 30), np.int16), 0.0)
    nothing = Panel(None, 0.0, "pending")
    diagram.show({(0, 0): nothing, (0, 1): still, (1, 0): still, (1, 1): still})
    diagram.show({(0, 0): nothing, (0, 1): still, (1, 0): still, (1, 1): still})

    by_panel = [_arrows(axes) for axes in diagram.figure.axes[:4]]
    assert [len(arrows) for arrows in by_panel] == [0, 1, 0, 0]
    [arrow] = by_panel[1]
    pixels = arrow.get_transform().transform(arrow.get_xy()[:7])
    assert pixels[3] == pytest.approx([pixels[:, 0].max(), pixels[:, 1].mean()], abs=0.1)
    low, high = _extent(arrow)
    box = diagram.figure.axes[1].bbox
    assert box.x0 + 0.5 * box.width < low[0]
    assert high[0] < box.x1
    assert box.y0 + 0.5 * box.height < low[1]
    assert high[1] < box.y1


def test_where_the_wind_turns_in_some_each_map_tells_its_own() -> None:
    diagram = PhaseDiagram(Labels(("a",), ("c", "d", "e")), Frame("", Range(0, 5), (20, 30)))
    heights = np.ones((20, 30), np.int16)
    turning = Panel(heights, 0.0, turning=True, rose=Rose({0.0: 0.5, 90.0: 0.5}))
    unknown = Panel(heights, 0.0, turning=True)
    diagram.show({(0, 0): turning, (0, 1): Panel(heights, 0.0), (0, 2): unknown})

    assert [len(_arrows(axes)) for axes in diagram.figure.axes[:3]] == [2, 1, 0]


@pytest.mark.parametrize("size_in", [(3.5, 0.0), (7.2, 0.0), None])
def test_a_rose_covers_little_of_a_small_map(size_in: tuple[float, float] | None) -> None:
    look = Look(size_in=size_in)
    labels = Labels(("",), tuple(f"divergence = {angle}" for angle in range(5)))
    diagram = PhaseDiagram(labels, Frame("", Range(0, 5), (20, 20), look=look))
    rose = Rose({0.0: 0.5, 90.0: 0.5})
    panel = Panel(np.ones((20, 20), np.int16), 0.0, turning=True, rose=rose)
    diagram.show({(0, column): panel for column in range(5)})
    diagram.figure.draw_without_rendering()

    [disc] = [p for p in diagram.figure.axes[2].patches if isinstance(p, Circle)]
    share = disc.get_window_extent().width / diagram.figure.axes[2].bbox.width
    assert 0.1 < share < 0.45


def test_the_wind_that_blows_now_is_dark() -> None:
    faint, dark = _arrows(_shown(Rose({0.0: 0.5, 45.0: 0.5}, present=0.0)))

    assert (faint.get_facecolor()[0], dark.get_facecolor()[0]) == (0.65, 0.1)


def test_outlines_and_paths_of_dunes_pass_under_the_rose_and_the_scale_bar() -> None:
    look = Look(units=Units.SI)
    diagram = PhaseDiagram(Labels(), Frame("", Range(0, 5), (20.0, 20.0), look=look))
    outlines = np.ones((20, 20), np.int16)
    outlines[:, 18:] = 0  # an edge through both
    path = np.array([[0.0, 1.0], [19.0, 1.0]])
    panel = Panel(np.ones((20, 20)), 0.0, turning=True, rose=Rose({0.0: 1.0}))
    dunes = dataclasses.replace(panel, outlines=outlines, paths=(path,))

    diagram.show({(0, 0): dunes})

    [axes, *_] = diagram.figure.axes
    lines = max(collection.get_zorder() for collection in axes.collections)
    assert len(axes.collections) == 2
    assert all(above.get_zorder() > lines for above in (*axes.patches, *axes.texts))
