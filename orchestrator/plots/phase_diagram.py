"""Height maps on the grid of two axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.plots import colours, map_print, rose, style
from orchestrator.plots.map_panels import Panel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patheffects import AbstractPathEffect
    from numpy.typing import NDArray

    from orchestrator.plots.colours import Range
    from orchestrator.plots.map_panels import Frame
    from orchestrator.plots.plane import Plane
    from orchestrator.plots.style import Labels, Slot

_PANEL_IN = 3.0
_SCALE_IN = 0.75  # that the scale of colours takes
_PLANE_IN = 1.5, 1.0  # that scales, title and small print take beside and over a plane
_BAR, _BAR_TEXT = 4, 7 / 9  # part of a panel that a scale bar takes, and size of what it says
_VERTICAL = 2.0  # how much steeper than it is the light sees the surface
_PATHS = "#D55E00"  # of dunes, seen on all colours of heights
_HATCHES = 18  # lines of a hatching along the wind

_NOTHING = Panel(None, 0.0)


class PhaseDiagram:
    """Height maps on the grid of two axes or in a plane, lit from the upper left.

    Parameters
    ----------
    sides
        What stands at the grid's rows and columns, or the plane of a sample.
    frame
        What all panels share.
    """

    def __init__(self, sides: Labels | Plane, frame: Frame) -> None:
        self._frame = frame
        depth, length = frame.shape
        self.figure: Figure
        if isinstance(sides, style.Labels):
            self.figure, grid, side_in = _grid(sides, frame)
            self._axes = {(i, j): axes for (i, j), axes in np.ndenumerate(grid)}
            self._slots = sides.slots(grid)
        else:
            width, height = sides.size_in(depth / length)
            self.figure = style.new_figure((width, height), _PLANE_IN, frame.look)
            plane, self._axes = sides.draw(self.figure, depth / length)
            side_in = float(min(sides.arranged(depth / length).box * (width, height)))
            self._slots, grid = set(self._axes), np.array([[plane]])
        self._radius_in = rose.radius_in(side_in)
        for axes in self._axes.values():
            axes.set(xticks=[], yticks=[], aspect="equal")
            axes.xaxis.set_visible(False)  # laying out what shows nothing takes long, too
            axes.yaxis.set_visible(bool(axes.get_ylabel()))
            axes.set(xlim=(0, length), ylim=(depth, 0))
        style.title(self.figure, frame.title, frame.look)
        if frame.range_ is not None:
            label = f"{frame.quantity} ({frame.unit})"
            colours.colour_scale(self.figure, grid, frame.range_, label)

    def show(self, panels: Mapping[Slot, Panel]) -> None:
        """Draw panels by (row, column), in the place of those that were there before."""
        for slot, axes in self._axes.items():
            for drawn in [*axes.images, *axes.collections, *axes.texts, *axes.patches]:
                drawn.remove()
            panel = panels.get(slot, _NOTHING)
            draw(axes, panel, self._frame.range_)
            if panel.remark:
                _mark(axes, panel, self._frame.shape)
            style.remark(axes, panel.text(self._frame.look.units))
        self._draw_winds(panels)
        if self._frame.look.units.metres and self._axes:
            scale_bar(next(reversed(self._axes.values())), self._frame.shape[1])
        holes = self._slots > panels.keys()
        small_print = map_print.small_print(panels, self._frame, holes=holes)
        style.small_print(self.figure, small_print, self._frame.look)

    def _draw_winds(self, panels: Mapping[Slot, Panel]) -> None:
        """Draw where winds blow to: one arrow for all, or on each panel where they turn in some."""
        drawn = [
            slot
            for slot in self._axes
            if slot in panels and panels[slot].height_map is not None
        ]
        alike = not any(panels[slot].turning for slot in drawn)
        for slot in drawn:
            blowing = panels[slot].rose
            if blowing is not None:
                rose.draw(self._axes[slot], blowing, self._radius_in)
            elif not panels[slot].turning and (not alike or slot == drawn[0]):
                rose.draw_straight(self._axes[slot], self._radius_in)


def _grid(labels: Labels, frame: Frame) -> tuple[Figure, NDArray[Any], float]:
    """Return a figure, the axes of its panels [row, column], and their shorter side in inches."""
    depth, length = frame.shape
    rows, columns = len(labels.rows), len(labels.columns)
    beside = labels.row_width + _SCALE_IN
    wide = _PANEL_IN
    if frame.look.size_in is not None:
        wide = max(frame.look.size_in[0] - beside, frame.look.size_in[0] / 2) / columns
    labels = labels.fitted(wide)
    high = max(wide * depth / length + 0.06, labels.row_height)
    around = beside, 0.6 + labels.column_height + labels.height * rows
    figure = style.new_figure((wide * columns, high * rows), around, frame.look)
    grid = figure.subplots(rows, columns, squeeze=False)
    labels.write(grid, style.label_row)
    return figure, grid, wide * min(1.0, depth / length)


def draw(axes: Axes, panel: Panel, range_: Range | None) -> None:
    """Draw the height map of a panel, if it has one."""
    axes.set_facecolor("0.93" if panel.height_map is None else "white")
    if panel.height_map is None:
        return
    depth, length = panel.height_map.shape
    limits = axes.axis()
    axes.imshow(
        _lit(panel, range_ or colours.Range(0.0, 1.0)),
        interpolation="nearest",
        extent=(0, length * panel.side, depth * panel.side, 0),
    )
    if panel.outlines is not None:
        _outline(axes, panel)
    axes.axis(limits)


def _outline(axes: Axes, panel: Panel) -> None:
    """Draw around dunes, and where they came from."""
    from matplotlib.collections import LineCollection  # noqa: PLC0415  # heavy, and optional
    from matplotlib.patheffects import withStroke  # noqa: PLC0415

    assert panel.outlines is not None
    depth, length = panel.outlines.shape
    x, y = ((np.arange(size) + 0.5) * panel.side for size in (length, depth))
    light: list[AbstractPathEffect] = [withStroke(linewidth=2.0, foreground="white")]
    for number in range(1, int(panel.outlines.max()) + 1):
        mask = panel.outlines == number
        if min(mask.shape) > 1:
            around = axes.contour(x, y, mask, [0.5], colors="0.1", linewidths=0.8)
            around.set_path_effects(light)
    paths = [(path + 0.5) * panel.side for path in panel.paths]
    axes.add_collection(
        LineCollection(paths, colors=_PATHS, linewidths=1.0, path_effects=light), autolim=False
    )


def scale_bar(axes: Axes, length: float) -> None:
    """Draw a bar of a round length in m into the lower right corner, dark on light."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415  # heavy, and optional
    from matplotlib.patheffects import withStroke  # noqa: PLC0415  # heavy, and optional

    power = 10.0 ** math.floor(math.log10(length / _BAR))
    round_m = max(power * n for n in (1, 2, 5) if power * n <= length / _BAR)
    share, end, low, thick = round_m / length, 0.97, 0.06, 0.03
    around = withStroke(linewidth=2.5, foreground="white")
    axes.add_patch(
        Rectangle(
            (end - share, low),
            share,
            thick,
            transform=axes.transAxes,
            facecolor="0.1",
            path_effects=[around],
            zorder=style.ABOVE,
        )
    )
    axes.text(
        end - share / 2,
        low + 1.5 * thick,
        f"{round_m:g} m",
        transform=axes.transAxes,
        ha="center",
        va="bottom",
        fontsize=style.points(_BAR_TEXT),
        path_effects=[around],
        zorder=style.ABOVE,
    )


def _lit(panel: Panel, range_: Range) -> NDArray[np.float64]:
    """Return the colours of the heights of a panel under the light, [D, L, rgb]; white where there is none.

    Level ground has exactly the colour of its height; the light softly makes lighter what faces it
    and darker what does not.
    """
    assert panel.height_map is not None
    heights = panel.height_map.astype(np.float64)
    known = np.isfinite(heights)
    highest = heights[known].max() if known.any() else 0.0
    filled = np.where(known, heights, highest)  # what has no height mostly is at the ceiling
    rgb = range_.colours((filled - range_.low) / (range_.high - range_.low))[..., :3]
    light = _light(_softened(filled) / panel.side)[..., None]
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


def _mark(axes: Axes, panel: Panel, largest: tuple[float, float]) -> None:
    """Hatch a panel, dark on light so that it is seen on every colour."""
    from matplotlib.collections import LineCollection  # noqa: PLC0415  # heavy, and optional
    from matplotlib.patches import Rectangle  # noqa: PLC0415
    from matplotlib.patheffects import withStroke  # noqa: PLC0415

    depth, length = largest
    if panel.height_map is not None:
        depth, length = (panel.side * size for size in panel.height_map.shape)
    lines = [
        [(start, depth), (start + depth, 0)]
        for start in np.arange(-depth, length, largest[1] / _HATCHES)
    ]
    hatching = LineCollection(
        lines,
        colors="0.1",
        linewidths=0.8,
        path_effects=[withStroke(linewidth=2.0, foreground="white")],
    )
    axes.add_collection(hatching, autolim=False)
    hatching.set_clip_path(Rectangle((0, 0), length, depth, transform=axes.transData))


def _softened(surface: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over three cells each way, so that light shows forms and not single grains."""
    padded = np.pad(surface, 1, mode="edge")
    rows = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    smooth: NDArray[np.float64] = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 3
    return smooth
