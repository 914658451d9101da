"""Height maps on the grid of two axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.figures import style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_PANEL_IN = 3.0
_VERTICAL = 4.0  # how much steeper than it is the light sees the surface

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Panel:
    """One cell of a phase diagram: a height map, or why there is none.

    Attributes
    ----------
    height_map
        int16 [D, L] in cells, or None.
    time_t0
        Simulated time of the height map, in t0.
    remark
        Empty for a finished experiment, else its state; drawn hatched.
    """

    height_map: NDArray[np.int16] | None
    time_t0: float
    remark: str = ""


class PhaseDiagram:
    """Height maps on the grid of two axes, lit from the upper left, wind from the left.

    Parameters
    ----------
    rows, columns
        The labels of the grid's lines, such as ``Tau_min = 100``.
    title
        What stands above.
    range_
        The heights at both ends of the colours, in cells.
    aspect
        Depth over length of the domain.
    """

    def __init__(
        self,
        rows: Sequence[str],
        columns: Sequence[str],
        title: str,
        range_: tuple[float, float],
        aspect: float,
    ) -> None:
        width = 1.9 + _PANEL_IN * len(columns)
        height = 0.75 + (_PANEL_IN * aspect + 0.06) * len(rows)
        self.figure: Figure = style.new_figure(width, height)
        self._range = range_
        self._grid = self.figure.subplots(len(rows), len(columns), squeeze=False)
        for axes, label in zip(self._grid[0], columns, strict=True):
            axes.set_title(label, fontsize=9)
        for axes, label in zip(self._grid[:, 0], rows, strict=True):
            style.label_row(axes, label)
        for axes in self._grid.flat:
            axes.set_xticks([])
            axes.set_yticks([])
        self.figure.suptitle(title, fontsize=11)
        self._add_scale(len(rows))

    def show(self, panels: Mapping[Place, Panel]) -> None:
        """Draw panels by (row, column), in the place of those that were there before."""
        for place, axes in np.ndenumerate(self._grid):
            for drawn in [*axes.images, *axes.texts]:
                drawn.remove()
            axes.set_xlabel("")
            _draw(axes, panels.get((place[0], place[1])), self._range)
        style.small_print(self.figure, f"{_when(panels)}; wind from the left")

    def _add_scale(self, rows: int) -> None:
        from matplotlib.cm import ScalarMappable  # noqa: PLC0415  # heavy, and optional
        from matplotlib.colors import Normalize  # noqa: PLC0415

        scale = ScalarMappable(Normalize(*self._range), style.COLOURS)
        shrink = min(1.0, 1.8 / rows)
        bar = self.figure.colorbar(scale, ax=self._grid, shrink=shrink, pad=0.015)
        bar.set_label("height (cells)", fontsize=9)
        bar.ax.tick_params(labelsize=8)


def range_of(maps: Sequence[NDArray[np.int16]]) -> tuple[float, float]:
    """Return heights between which nearly all columns of all maps are, in cells."""
    if not maps:
        return 0.0, 1.0
    low = float(min(np.percentile(m, 1) for m in maps))
    high = float(max(np.percentile(m, 99) for m in maps))
    return low, max(high, low + 1)


def _draw(axes: Axes, panel: Panel | None, range_: tuple[float, float]) -> None:
    from matplotlib.colors import LightSource  # noqa: PLC0415  # heavy, and optional

    if panel is None or panel.height_map is None:
        axes.set_facecolor("0.93")
        axes.set_aspect("equal", adjustable="box")
    else:
        surface = _softened(panel.height_map.astype(np.float64))
        lit = LightSource(azdeg=315, altdeg=40).shade(
            surface,
            cmap=style.colours(),
            vert_exag=_VERTICAL,
            blend_mode="soft",
            vmin=range_[0],
            vmax=range_[1],
        )
        axes.imshow(lit, interpolation="nearest")
    if panel is not None and panel.remark:
        if panel.height_map is None:
            axes.text(0.5, 0.5, panel.remark, transform=axes.transAxes, ha="center", fontsize=9)
        axes.patch.set_hatch("////")
        axes.set_xlabel(f"{panel.remark}, t = {panel.time_t0:g} t0", fontsize=7)


def _softened(surface: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over three cells each way, so that light shows forms and not single grains."""
    padded = np.pad(surface, 1, mode="edge")
    rows = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    smooth: NDArray[np.float64] = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 3
    return smooth


def _when(panels: Mapping[Place, Panel]) -> str:
    times = [p.time_t0 for p in panels.values() if p.height_map is not None]
    if not times:
        return "no data yet"
    if max(times) - min(times) < 1:
        return f"t = {max(times):.0f} t0"
    return f"t = {min(times):.6g} to {max(times):.6g} t0"
