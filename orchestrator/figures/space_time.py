"""Profiles along the wind over time, on the grid of two axes: how forms grow and wander."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.figures import style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_PANEL_IN = (3.0, 2.2)


@dataclass(frozen=True, slots=True)
class Stripes:
    """One cell of the grid: the heights of one row of columns along the wind, at each snapshot.

    Attributes
    ----------
    times
        float64 [snapshot], in t0.
    heights
        float32 [snapshot, L], in cells above their mean at that time.
    """

    times: NDArray[np.float64]
    heights: NDArray[np.float32]


def space_time(
    panels: Mapping[tuple[int, int], Stripes],
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    said: str,
) -> Figure:
    """Draw heights over distance along the wind (to the right) and time (upwards).

    Parameters
    ----------
    panels
        By (row, column); missing ones stay empty.
    rows, columns
        The labels of the grid's lines.
    title, said
        What stands above, and in small print below.
    """
    width = 1.9 + _PANEL_IN[0] * len(columns)
    figure = style.new_figure(width, 1.0 + _PANEL_IN[1] * len(rows))
    grid = figure.subplots(len(rows), len(columns), squeeze=False, sharex=True, sharey=True)
    low = min((float(np.percentile(p.heights, 1)) for p in panels.values()), default=0.0)
    high = max((float(np.percentile(p.heights, 99)) for p in panels.values()), default=1.0)
    drawn = None
    for (i, j), axes in np.ndenumerate(grid):
        panel = panels.get((i, j))
        axes.tick_params(labelsize=7)
        if i == 0:
            axes.set_title(columns[j], fontsize=9)
        if j == 0:
            axes.set_ylabel(f"{rows[i]}\nt (t0)" if rows[i] else "t (t0)", fontsize=9)
        if panel is None:
            axes.set_facecolor("0.93")
            continue
        x = np.arange(panel.heights.shape[1])
        drawn = axes.pcolormesh(
            x,
            panel.times,
            panel.heights,
            cmap=style.COLOURS,
            vmin=low,
            vmax=max(high, low + 1),
            shading="nearest",
            rasterized=True,
        )
    for axes in grid[-1]:
        axes.set_xlabel("x (cells)", fontsize=9)
    if drawn is not None:
        bar = figure.colorbar(drawn, ax=grid, shrink=min(1.0, 1.8 / len(rows)), pad=0.015)
        bar.set_label("height above the mean (cells)", fontsize=9)
        bar.ax.tick_params(labelsize=8)
    figure.suptitle(title, fontsize=11)
    style.small_print(figure, said)
    return figure
