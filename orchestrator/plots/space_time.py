"""Profiles along the wind over time, on the grid of two axes: how forms grow and wander."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.plots import style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from orchestrator.plots.style import Labels, Range, Slot

_PANEL_IN = (3.0, 2.2)


@dataclass(frozen=True, slots=True)
class Stripes:
    """One cell of the grid: the heights of one row of columns along the wind, at each snapshot.

    Attributes
    ----------
    times
        float64 [snapshot], in t0.
    heights
        float32 [snapshot, L], in cells above their mean at that time; not a number in columns that
        have no height.
    row
        Which row it is, y.
    remark
        Empty where nothing is missing, else why something is, such as ``failed``.
    turning
        Whether the wind turns; else it comes from the left.
    """

    times: NDArray[np.float64]
    heights: NDArray[np.float32]
    row: int
    remark: str = ""
    turning: bool = False


def space_time(panels: Mapping[Slot, Stripes], labels: Labels, title: str) -> Figure:
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
    rows, columns = len(labels.rows), len(labels.columns)
    figure = style.new_figure(
        1.9 + labels.row_lines_in + _PANEL_IN[0] * columns,
        0.8 + labels.column_height + (_PANEL_IN[1] + labels.height) * rows,
    )
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    drawn = {slot: panel for slot, panel in panels.items() if len(panel.times) > 1}
    heights = [panel.heights for panel in drawn.values()]
    range_ = style.range_of(heights, heights)
    for (i, j), axes in np.ndenumerate(grid):
        axes.tick_params(labelsize=7)
        axes.set_facecolor("0.93")
        if i == rows - 1 or (labels.panels and (i + 1, j) not in labels.panels):
            axes.set_xlabel("x (cells)", fontsize=9)
            axes.tick_params(labelbottom=True)
        if (i, j) in drawn and range_ is not None:
            _draw(axes, drawn[i, j], range_)
        if (i, j) in panels:
            style.remark(axes, panels[i, j].remark, at_top=True)
    if drawn:  # not half of a stripe before the first snapshot
        grid[0, 0].set_ylim(bottom=min(float(panel.times[0]) for panel in drawn.values()))
    labels.write(grid, _label_row)
    if range_ is not None:
        style.colour_scale(figure, grid, range_, "height above the mean (cells)")
    style.title(figure, title)
    turning = [panel.turning for panel in drawn.values()]
    parts = [_which([p.row for p in drawn.values()]), style.wind(turning)]
    if any(not np.isfinite(heights_of_panel).all() for heights_of_panel in heights):
        parts.append("white: columns without air")
    if labels.places(grid) > panels.keys():
        parts.append("plain grey: not in the sweep")
    style.small_print(figure, "; ".join(parts))
    return figure


def _label_row(axes: Axes, label: str) -> None:
    axes.set_ylabel(f"{label}\nt (t0)" if label else "t (t0)", fontsize=9)


def _draw(axes: Axes, panel: Stripes, range_: Range) -> None:
    from matplotlib import colormaps  # noqa: PLC0415  # heavy, and optional

    axes.pcolormesh(
        np.arange(panel.heights.shape[1]),
        panel.times,
        panel.heights,
        cmap=colormaps[style.COLOURS].with_extremes(bad="white"),
        vmin=range_.low,
        vmax=range_.high,
        shading="nearest",
        rasterized=True,
    )


def _which(rows: Sequence[int]) -> str:
    """Say which rows are shown; they differ where the middle of unequal domains is."""
    first, last = min(rows, default=0), max(rows, default=0)
    return f"row y = {first}" if first == last else f"middle rows, y = {first} to {last}"
