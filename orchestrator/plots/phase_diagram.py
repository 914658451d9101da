"""Height maps on the grid of two axes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import text
from orchestrator.plots import rose, style

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from orchestrator.plots.rose import Rose
    from orchestrator.plots.style import Labels, Range, Slot

_PANEL_IN = 3.0
_SCALE_IN = 0.75  # that the scale of colours takes
_VERTICAL = 2.0  # how much steeper than it is the light sees the surface
_ALIKE = 0.01  # by which scales of time differ that are told as one
_HATCHES = 18  # lines of a hatching along the wind


@dataclass(frozen=True, slots=True)
class Panel:
    """One cell of a phase diagram: a height map, or why there is none or not the last.

    Attributes
    ----------
    height_map
        [D, L] in cells, not a number in columns that have no height; or None.
    time_t0
        Simulated time of the height map, in t0.
    remark
        Empty where nothing is missing, else why something is, such as ``failed``; drawn hatched.
    apart
        Whether it is of another time than those beside it, so that it has to tell.
    note
        What else is to be known of it, if anything.
    turning
        Whether the wind turns; else it comes from the left.
    rose
        Where it blows to, if it turns and that is known.
    t0_s
        How long a t0 is in nature, in s; not a number where that is not known.
    """

    height_map: NDArray[np.integer | np.floating] | None
    time_t0: float
    remark: str = ""
    apart: bool = False
    note: str = ""
    turning: bool = False
    rose: Rose | None = None
    t0_s: float = math.nan

    @property
    def text(self) -> str:
        """What stands in its corner."""
        parts = (self.remark, self.when if self.remark or self.apart else "", self.note)
        return ", ".join(filter(None, parts))

    @property
    def when(self) -> str:
        """Of when the height map is."""
        return "" if self.height_map is None else f"t = {style.time(self.time_t0)} t0"


_NOTHING = Panel(None, 0.0)


class PhaseDiagram:
    """Height maps on the grid of two axes, lit from the upper left, wind from the left.

    Parameters
    ----------
    labels
        What stands at the grid's rows and columns.
    title
        What stands above.
    range_
        The heights at both ends of the colours, in cells; None where there is no height.
    shape
        Depth and length of the largest domain, in cells. All maps are drawn to its scale.
    quantity
        What the colours show, in cells.
    """

    def __init__(
        self,
        labels: Labels,
        title: str,
        range_: Range | None,
        shape: tuple[int, int],
        quantity: str = "height",
    ) -> None:
        depth, length = shape
        rows, columns = len(labels.rows), len(labels.columns)
        width = labels.row_width + _SCALE_IN + _PANEL_IN * columns
        panel_in = max(_PANEL_IN * depth / length + 0.06, labels.row_height)
        height = 0.6 + labels.column_height + (panel_in + labels.height) * rows
        self.figure: Figure = style.new_figure(width, height)
        self._labels = labels
        self._range = range_
        self._shape = shape
        self._grid = self.figure.subplots(rows, columns, squeeze=False)
        labels.write(self._grid, style.label_row)
        for axes in self._grid.flat:
            axes.set(xticks=[], yticks=[], aspect="equal")
            axes.xaxis.set_visible(False)  # laying out what shows nothing takes long, too
            axes.yaxis.set_visible(bool(axes.get_ylabel()))
            axes.set(xlim=(-0.5, length - 0.5), ylim=(depth - 0.5, -0.5))
        style.title(self.figure, title)
        if range_ is not None:
            style.colour_scale(self.figure, self._grid, range_, f"{quantity} (cells)")

    def show(self, panels: Mapping[Slot, Panel]) -> None:
        """Draw panels by (row, column), in the place of those that were there before."""
        for slot, axes in np.ndenumerate(self._grid):
            for drawn in [*axes.images, *axes.collections, *axes.texts, *axes.patches]:
                drawn.remove()
            panel = panels.get((slot[0], slot[1]), _NOTHING)
            _draw(axes, panel, self._range)
            if panel.remark:
                _mark(axes, panel, self._shape)
            style.remark(axes, panel.text)
            if panel.rose is not None:
                rose.draw(axes, panel.rose)
        holes = self._labels.places(self._grid) > panels.keys()
        style.small_print(self.figure, _small_print(panels, self._shape, holes=holes))


def _draw(axes: Axes, panel: Panel, range_: Range | None) -> None:
    axes.set_facecolor("0.93" if panel.height_map is None else "white")
    if panel.height_map is None:
        return
    depth, length = panel.height_map.shape
    limits = axes.axis()
    axes.imshow(
        _lit(panel.height_map.astype(np.float64), range_ or style.Range(0.0, 1.0)),
        interpolation="nearest",
        extent=(-0.5, length - 0.5, depth - 0.5, -0.5),
    )
    axes.axis(limits)


def _lit(heights: NDArray[np.float64], range_: Range) -> NDArray[np.float64]:
    """Return the colours of heights under the light, [D, L, rgb]; white where there is none.

    Level ground has exactly the colour of its height; the light softly makes lighter what faces it
    and darker what does not.
    """
    known = np.isfinite(heights)
    highest = heights[known].max() if known.any() else 0.0
    filled = np.where(known, heights, highest)  # what has no height mostly is at the ceiling
    rgb = style.colours()((filled - range_.low) / (range_.high - range_.low))[..., :3]
    light = _light(_softened(filled))[..., None]
    lit: NDArray[np.float64] = 2 * light * rgb + (1 - 2 * light) * rgb**2
    lit[~known] = 1
    return lit


def _light(surface: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much light falls on a surface from the upper left: 0 to 1, and 0.5 where level."""
    around = np.pad(surface, 1, mode="edge")
    down = (around[2:, 1:-1] - around[:-2, 1:-1]) / 2
    right = (around[1:-1, 2:] - around[1:-1, :-2]) / 2
    facing = _VERTICAL * (down + right) / math.sqrt(2)
    lit: NDArray[np.float64] = 0.5 + 0.5 * facing / np.sqrt(1 + facing**2)
    return lit


def _mark(axes: Axes, panel: Panel, largest: tuple[int, int]) -> None:
    """Hatch a panel, dark on light so that it is seen on every colour."""
    from matplotlib.collections import LineCollection  # noqa: PLC0415  # heavy, and optional
    from matplotlib.patches import Rectangle  # noqa: PLC0415
    from matplotlib.patheffects import withStroke  # noqa: PLC0415

    depth, length = largest if panel.height_map is None else panel.height_map.shape
    lines = [
        [(start - 0.5, depth - 0.5), (start + depth - 0.5, -0.5)]
        for start in np.arange(-depth, length, largest[1] / _HATCHES)
    ]
    hatching = LineCollection(
        lines,
        colors="0.1",
        linewidths=0.8,
        path_effects=[withStroke(linewidth=2.0, foreground="white")],
    )
    axes.add_collection(hatching, autolim=False)
    hatching.set_clip_path(Rectangle((-0.5, -0.5), length, depth, transform=axes.transData))


def _softened(surface: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over three cells each way, so that light shows forms and not single grains."""
    padded = np.pad(surface, 1, mode="edge")
    rows = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    smooth: NDArray[np.float64] = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 3
    return smooth


def _small_print(panels: Mapping[Slot, Panel], shape: tuple[int, int], *, holes: bool) -> str:
    drawn = [panel for panel in panels.values() if panel.height_map is not None]
    # those that are incomplete or of another time tell it themselves
    alike = [p.time_t0 for p in drawn if not p.remark and not p.apart]
    times = alike or [p.time_t0 for p in drawn]
    parts = [style.when(times), *_in_nature(drawn), style.wind([p.turning for p in drawn])]
    if any(panel.rose is not None for panel in drawn):
        parts.append("arrows: where winds blow to, as long as they last")
    if any(panel.remark for panel in panels.values()):
        parts.append("hatched: incomplete, as told there")
    if any(not np.isfinite(p.height_map).all() for p in drawn if p.height_map is not None):
        parts.append("white: columns without air")
    if holes:
        parts.append("plain grey: not in the sweep")
    depth, length = shape
    parts.append(f"{'panels' if len(panels) > 1 else 'panel'} of {length} x {depth} cells")
    return "; ".join(parts)


def _in_nature(drawn: Sequence[Panel]) -> Iterator[str]:
    """Say how long a time in t0 is in nature, where that is known of all panels."""
    scales = [panel.t0_s for panel in drawn]
    if not scales or not np.isfinite(scales).all():
        return
    least, most = min(scales), max(scales)
    if most - least <= _ALIKE * least:
        yield f"1 t0 is {text.short_seconds(least)}"
        return
    times_s = [panel.time_t0 * panel.t0_s for panel in drawn]
    first, last = map(text.short_seconds, (min(times_s), max(times_s)))
    spread = (
        f"1 t0 is {text.short_seconds(least)} to {text.short_seconds(most)} in these panels"
    )
    yield f"{spread}, which are of {f'{first} to {last}' if first != last else first} in nature"
