"""Scales have numbers where values can be: whole ones along seeds, counts and cells."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

from orchestrator import plots
from orchestrator.model.pictures import PLAIN
from orchestrator.plots import (
    Chart,
    Curve,
    Frame,
    Labels,
    PhaseDiagram,
    Scale,
    Shade,
    Stripes,
    ticks,
)
from orchestrator.plots.plane import Plane

if TYPE_CHECKING:
    from matplotlib.axis import Axis

SEEDS = np.array([1.0, 2.0, 3.0])


def _numbers(axis: Axis) -> list[float]:
    """Return the numbers that are seen along an axis."""
    low, high = sorted(axis.get_view_interval())
    return [round(float(at), 9) for at in axis.get_major_locator()() if low <= at <= high]


def _dependence(x: np.ndarray, mean: np.ndarray, shade: Shade | None = None) -> Figure:
    of_one = {"dunes": mean}, {"dunes": np.full(len(x), np.nan)}
    chart = Chart(Scale("hop"), {"dunes": Scale("dunes")}, "hops", shade, marked=True)
    return plots.curves([Curve(("a", ""), x, *of_one, 1)], chart)


@pytest.mark.parametrize(("wide_in", "every"), [(12.0, 1), (4.0, 2), (2.0, 4)])
def test_names_of_cells_are_left_out_where_they_would_touch(wide_in: float, every: int) -> None:
    with plots.sheet(PLAIN):
        figure = Figure((wide_in, 1.0))
        axes = figure.add_axes((0.0, 0.5, 1.0, 0.5))
        axes.set(xlim=(0, 10), ylim=(0, 10))
        written = [f"Lambda = {i}" for i in range(10)]

        ticks.names(axes.xaxis, written, wide_in / 10)
        ticks.names(axes.yaxis, written, 0.5 / 10)

        labels = axes.get_xticklabels()
        assert [label.get_text() for label in labels] == written[::every]
        assert axes.get_xticks().tolist() == [i + 0.5 for i in range(0, 10, every)]
        boxes = [label.get_window_extent() for label in labels]
        assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))
        heights = [label.get_window_extent() for label in axes.get_yticklabels()]
        assert len(heights) > 1
        assert all(a.y1 < b.y0 for a, b in itertools.pairwise(heights))


def test_parameters_and_counts_that_are_whole_have_whole_numbers() -> None:
    figure = _dependence(SEEDS, np.array([4.0, np.nan, 6.0]))

    (axes,) = figure.axes
    assert _numbers(axes.xaxis) == [1, 2, 3]
    assert _numbers(axes.yaxis) == [4, 5, 6]


def test_a_single_whole_number_has_one_tick() -> None:
    figure = _dependence(np.array([2.0]), np.array([4.5]))

    (axes,) = figure.axes
    assert _numbers(axes.xaxis) == [2]


def test_means_of_counts_have_fractions() -> None:
    figure = _dependence(SEEDS, np.array([1.0, 1.5, 2.0]))

    (axes,) = figure.axes
    assert _numbers(axes.xaxis) == [1, 2, 3]
    assert _numbers(axes.yaxis) == [1.0, 1.2, 1.4, 1.6, 1.8, 2.0]


@pytest.mark.parametrize(
    ("most", "numbers"), [(3.0, [1, 2, 3]), (2.5, [1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4])]
)
def test_colours_of_whole_numbers_have_whole_numbers(most: float, numbers: list[float]) -> None:
    shade = Shade("hop", {"a": 1.0, "b": most})

    figure = _dependence(SEEDS, SEEDS, shade)

    bar = figure.axes[1]
    assert _numbers(bar.yaxis) == numbers


def test_the_plane_of_a_sample_has_whole_numbers_along_a_whole_parameter() -> None:
    points = {(i, 0): (float(i), 0.1 * i) for i in range(4)}
    plane = Plane(Scale("hop"), Scale("sand"), points)

    diagram = PhaseDiagram(plane, Frame("hops", plots.Range(0, 3, whole=True), (10, 20)))

    axes = diagram.figure.axes[0]
    assert _numbers(axes.xaxis) == [0, 1, 2, 3]
    assert 0.05 in _numbers(axes.yaxis)


def test_heights_in_cells_have_whole_numbers_and_heights_above_a_mean_fractions() -> None:
    bed = np.tile(np.arange(4), (10, 5))
    whole, relief = (plots.range_of([b], [b]) for b in (bed, bed / 2))

    bars = [
        PhaseDiagram(Labels(), Frame("hops", range_, bed.shape)).figure.axes[1]
        for range_ in (whole, relief)
    ]

    assert [_numbers(bar.yaxis) for bar in bars] == [
        [0, 1, 2, 3],
        [0.0, 0.5, 1.0, 1.5],
    ]


def test_a_profile_has_whole_numbers_along_cells_and_fractions_along_metres() -> None:
    heights = np.random.default_rng(1).random((3, 4), np.float32)

    def sides(side: float) -> list[float]:
        stripes = Stripes(SEEDS, heights, 0, side=side)
        return _numbers(plots.space_time({(0, 0): stripes}, Labels(), "hops").axes[0].xaxis)

    assert sides(1.0) == [0, 1, 2, 3]
    assert sides(0.3) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
