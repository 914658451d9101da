"""Profiles along the wind over time, on the grid of two axes: how forms grow and wander."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.analysis.units import time_name
from orchestrator.model.pictures import PLAIN
from orchestrator.plots import colours, facets, style, ticks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from orchestrator.model.pictures import Look
    from orchestrator.plots.colours import Range
    from orchestrator.plots.style import Labels, Slot

_PANEL_IN = (3.0, 2.2)
_BESIDE_IN = 1.9  # panels are ticks and the scale of colours
_NO_HEIGHT = "0.6"  # white is the mean


@dataclass(frozen=True, slots=True)
class Stripes:
    """One cell of the grid: the heights of one row of columns along the wind, at each snapshot.

    Attributes
    ----------
    times
        float64 [snapshot], in t0 or days.
    heights
        float32 [snapshot, L], in cells or m above their mean at that time; not a number in columns that
        have no height.
    row
        Which row it is, y.
    remark
        Empty where nothing is missing, else why something is, such as ``failed``.
    turning
        Whether the wind turns; else it comes from the left.
    side
        The side of a cell, in cells or m.
    """

    times: NDArray[np.float64]
    heights: NDArray[np.float32]
    row: int
    remark: str = ""
    turning: bool = False
    side: float = 1.0

    @property
    def along(self) -> NDArray[np.float64]:
        """Where each column is along the wind, float64 [L], in cells or m."""
        return np.arange(self.heights.shape[1], dtype=np.float64) * self.side


def space_time(
    panels: Mapping[Slot, Stripes], labels: Labels, title: str, look: Look = PLAIN
) -> Figure:
    """Draw heights over distance along the wind (to the right) and time (upwards).

    Parameters
    ----------
    panels
        By (row, column); missing ones stay empty, as those of fewer than two snapshots do.
    labels
        What stands at the grid's rows and columns.
    title
        What stands above.
    """
    labels, figure = _sheet(labels, look)
    rows, columns = len(labels.rows), len(labels.columns)
    long, late = "m" if look.units.metres else "cells", time_name(look.units)
    drawn = {slot: panel for slot, panel in panels.items() if len(panel.times) > 1}
    together = facets.comparable(look.units, [float(p.times[-1]) for p in drawn.values()])
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=together)
    heights = [panel.heights for panel in drawn.values()]
    range_ = colours.range_of(heights, heights, look, centred=True)
    for (i, j), axes in np.ndenumerate(grid):
        axes.set_facecolor("0.93")
        if i == rows - 1 or (labels.panels and (i + 1, j) not in labels.panels):
            axes.set_xlabel(f"x ({long})")
            axes.tick_params(labelbottom=True)
        if (i, j) in drawn and range_ is not None:
            _draw(axes, drawn[i, j], range_)
        if (i, j) in panels:
            style.remark(axes, panels[i, j].remark, at_top=True)
    ticks.linear(grid[0, 0].xaxis, [panel.along for panel in drawn.values()])  # of all panels
    groups = [[*drawn]] if together else [[slot] for slot in drawn]
    for group in filter(None, groups):
        times = [drawn[slot].times for slot in group]
        axes = grid[group[0]]
        ticks.linear(axes.yaxis, times)
        axes.set_ylim(
            bottom=min(float(of_one[0]) for of_one in times)
        )  # not half a stripe before
    labels.write(grid, functools.partial(_label_row, f"t ({late})"))
    if range_ is not None:
        colours.colour_scale(figure, grid, range_, f"height above the mean ({long})")
    style.title(figure, title, look)
    turning = [panel.turning for panel in drawn.values()]
    parts = [_which([p.row for p in drawn.values()]), style.wind(turning)]
    parts += [] if together else [facets.apart(f"t ({late})")]
    if any(not np.isfinite(heights_of_panel).all() for heights_of_panel in heights):
        parts.append("grey: columns without air")
    if labels.slots(grid) > panels.keys():
        parts.append("light grey: not in the sweep")
    style.small_print(figure, "; ".join(parts), look)
    return figure


def _sheet(labels: Labels, look: Look) -> tuple[Labels, Figure]:
    """Return labels that have room at the panels, and an empty figure for these."""
    rows, columns = len(labels.rows), len(labels.columns)
    wide, high = _PANEL_IN
    if look.size_in is not None:
        beside = _BESIDE_IN + labels.row_lines_in
        narrower = max(look.size_in[0] - beside, look.size_in[0] / 2) / (wide * columns)
        wide, high = wide * narrower, high * narrower
    labels = labels.fitted(wide, high)
    figure = style.new_figure(
        (wide * columns, high * rows),
        (
            _BESIDE_IN + labels.row_lines_in,
            0.8 + labels.column_height + labels.height * rows,
        ),
        look,
    )
    return labels, figure


def _label_row(time: str, axes: Axes, label: str) -> None:
    axes.set_ylabel(f"{label}\n{time}" if label else time)


def _draw(axes: Axes, panel: Stripes, range_: Range) -> None:
    axes.pcolormesh(
        panel.along,
        panel.times,
        panel.heights,
        cmap=range_.colours.with_extremes(bad=_NO_HEIGHT),
        vmin=range_.low,
        vmax=range_.high,
        shading="nearest",
        rasterized=True,
    )


def _which(rows: Sequence[int]) -> str:
    """Say which rows are shown; they differ where the middle of unequal domains is."""
    first, last = min(rows, default=0), max(rows, default=0)
    return f"row y = {first}" if first == last else f"middle rows, y = {first} to {last}"
