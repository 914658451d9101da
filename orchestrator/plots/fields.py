"""A quantity over two parameters: cells for a grid, interpolated points for a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator import text
from orchestrator.analysis.numbers import numbers
from orchestrator.analysis.replicates import spread
from orchestrator.errors import RequestError, optional
from orchestrator.model.pictures import QUANTITIES_SHOWN, How
from orchestrator.plots import charts, colours, lines, style, ticks
from orchestrator.plots.dependence import further, parameter
from orchestrator.plots.display import WIND, parameter_label
from orchestrator.plots.layout import label, parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Dimension, Grid
    from orchestrator.analysis.replicates import Spread
    from orchestrator.model.pictures import Choice
    from orchestrator.plots.colours import Range
    from orchestrator.plots.dependence import Parameter

_CELL_IN = 0.85, 0.5  # width and height of a cell that has a number in it
_PLANE_IN = 4.6, 3.4
_AROUND_IN = 2.0, 1.2
_MOST_CELLS = 20  # along a side, beyond which cells have no number
_FINE = 200  # points along a side between which there is interpolation
_CYCLIC = "twilight"  # of directions, whose ends are the same


def over_two_axes(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the name of each page and its figure: one quantity over two parameters.

    Raises
    ------
    RequestError
        Where there are not two parameters, or several quantities.
    """
    name, *others = choice.quantity or QUANTITIES_SHOWN[:1]
    if others:
        raise RequestError(f"--quantity {','.join(choice.quantity)}: a map has one")
    measured = numbers(charts.narrowed(grid, choice), [name], choice.summary, choice.look.units)
    charts.check(grid, choice, measured)
    quantity = grid.quantities[name]
    axial = quantity.axial and choice.summary.how is not How.RATE
    over_seeds = spread(measured.values[name], axis=-1, axial=axial)
    right, up = _sides(grid, choice)
    range_ = _range(over_seeds.mean, choice, axial=axial)
    notes = charts.notes_of(measured, choice)
    if (seeds := int(over_seeds.count.max())) > 1:
        notes.append(f"mean of up to {seeds} seeds and its standard error")
    for page, where in further(grid, (right, up)):
        figure = style.new_figure(_size(right, up), _AROUND_IN, choice.look)
        axes = figure.subplots()
        index = tuple(where.get(i, slice(None)) for i in range(len(grid.dimensions) - 1))
        of_page = spread_at(over_seeds, index)
        if right.axis is up.axis:
            _scatter(axes, (right, up), of_page.mean, range_)
        else:
            turned = (
                of_page if up.index < right.index else spread_at(over_seeds, index, turned=True)
            )
            _cells(axes, (right, up), turned, range_)
        scale_label = charts.scale_of(choice, name, quantity).label.replace("\n", " ")
        colours.colour_scale(figure, np.array([[axes]]), range_, scale_label)
        title = ", ".join(filter(None, (charts.name_of(grid, choice), page)))
        style.title(figure, title, choice.look)
        style.small_print(figure, "; ".join([*notes, *_notes(right, up, of_page)]), choice.look)
        yield page.replace(" = ", "=").replace(", ", ",").replace("/", "_"), figure


def spread_at(over_seeds: Spread, index: tuple[Any, ...], *, turned: bool = False) -> Spread:
    """Return what seeds tell at some points, with the two sides exchanged where ``turned``."""
    parts = (over_seeds.count, over_seeds.mean, over_seeds.std)
    return type(over_seeds)(*(part[index].T if turned else part[index] for part in parts))


def _sides(grid: Grid, choice: Choice) -> tuple[Parameter, Parameter]:
    """Return the parameters to the right and up: those that are named, else the first two."""
    axes = [axis for axis in grid.dimensions[:-1] if axis.size > 1]
    names = [name for axis in axes for name in _varying(axis)]
    of_axis = [_varying(axis)[0] for axis in axes if _varying(axis)]
    usual = of_axis if len(of_axis) > 1 else names
    taken = [name for name in (choice.columns, choice.rows) if name is not None]
    free = [name for name in (*usual, *names) if name not in taken]
    right = choice.columns or (free.pop(0) if free else None)
    up = choice.rows or next((name for name in free if name != right), None)
    if right is None or up is None or right == up:
        raise RequestError(
            f"{grid.directory.name}: a map needs two parameters; use the name of a quantity "
            "to draw it against one"
        )
    return parameter(grid, "--columns", right), parameter(grid, "--rows", up)


def _varying(axis: Dimension) -> list[str]:
    return [name for name in parameters(axis) if len(set(axis.values[name])) > 1]


def _size(right: Parameter, up: Parameter) -> tuple[float, float]:
    width, height = _PLANE_IN
    if right.axis is not up.axis:
        width = max(2.0, min(_CELL_IN[0] * right.axis.size, 2 * _PLANE_IN[0]))
        height = max(1.5, min(_CELL_IN[1] * up.axis.size, 2 * _PLANE_IN[1]))
    return width, height


def _range(mean: NDArray[np.float64], choice: Choice, *, axial: bool) -> Range:
    known = mean[np.isfinite(mean)]
    low, high = choice.look.range or (float(known.min()), float(known.max()))
    if axial and choice.look.range is None:
        low, high = -90.0, 90.0
    centred = choice.look.range is None and low < 0 < high and not axial
    if centred:
        high = max(-low, high)
        low = -high
    usual = _CYCLIC if axial else (colours.DIVERGING if centred else colours.COLOURS)
    beyond = bool(known.min() < low), bool(known.max() > high)
    cmap = choice.look.cmap or usual
    ends = low, high if high > low else low + 1
    return colours.Range(*ends, *beyond, cmap, whole=ticks.are_whole([known]))


def _cells(
    axes: Axes, sides: tuple[Parameter, Parameter], of_page: Spread, range_: Range
) -> None:
    """Draw a cell for each pair of values, with its number and standard error [up, right]."""
    right, up = sides
    mean, sem = of_page.mean, of_page.sem
    axes.pcolormesh(
        np.ma.masked_invalid(mean),
        cmap=range_.colours,
        vmin=range_.low,
        vmax=range_.high,
        edgecolors="white",
        linewidth=0.8,
    )
    axes.set_facecolor("0.93")
    for axis, side in ((axes.xaxis, right), (axes.yaxis, up)):
        names = [_value(side, i) for i in range(side.axis.size)]
        axis.set_ticks(np.arange(len(names)) + 0.5, names)
        axis.set_label_text(parameter_label(side.name))
        axis.set_tick_params(length=0)
    axes.spines[:].set_visible(False)
    if max(mean.shape) > _MOST_CELLS:
        return
    for (i, j), value in np.ndenumerate(mean):
        if np.isfinite(value):
            light = _luminance(range_, float(value))
            axes.text(
                j + 0.5,
                i + 0.5,
                text.with_error(float(value), float(sem[i, j])),
                ha="center",
                va="center",
                fontsize=style.points(7 / 9),
                color="0.1" if light > 0.5 else "white",
            )


def _value(side: Parameter, index: int) -> str:
    """Return what stands at one value of a side, without its name."""
    lines = label(side.axis, index).split("\n")
    of_side = [line for line in lines if line.startswith(f"{side.name} = ")]
    return "\n".join(line.rpartition(" = ")[2] for line in of_side)


def _luminance(range_: Range, value: float) -> float:
    share = (value - range_.low) / (range_.high - range_.low)
    red, green, blue, _ = range_.colours(min(max(share, 0.0), 1.0))
    return float(0.299 * red + 0.587 * green + 0.114 * blue)


def _scatter(
    axes: Axes, sides: tuple[Parameter, Parameter], mean: NDArray[np.float64], range_: Range
) -> None:
    """Draw the points of a sample, over what lies between them by linear interpolation."""
    from matplotlib.patches import Polygon  # noqa: PLC0415  # heavy, and optional

    scales = [side.scale for side in sides]
    points = [side.along for side in sides]
    along = [
        np.log(values) if s.logarithmic else values
        for values, s in zip(points, scales, strict=True)
    ]
    known = np.isfinite(mean)
    look: dict[str, Any] = {"cmap": range_.colours, "vmin": range_.low, "vmax": range_.high}
    fine = _interpolated([side[known] for side in along], mean[known])
    if fine is not None:
        *ends, between, outline = fine
        x, y = (np.exp(e) if s.logarithmic else e for e, s in zip(ends, scales, strict=True))
        drawn = axes.pcolormesh(x, y, between, shading="nearest", rasterized=True, **look)
        corners = np.stack([side[known][outline] for side in points], axis=1)
        drawn.set_clip_path(Polygon(corners, transform=axes.transData))
        drawn.sticky_edges.x[:], drawn.sticky_edges.y[:] = [], []
    edge: dict[str, Any] = {"s": 36, "edgecolors": "0.1", "linewidths": 0.8, "zorder": 3}
    x, y = points
    axes.scatter(x[~known], y[~known], c="none", **edge)
    axes.scatter(x[known], y[known], c=mean[known], **look, **edge)
    along_x, along_y = scales
    lines.set_scales(axes, (along_x, along_y), [[values] for values in points])
    axes.set(xlabel=along_x.label, ylabel=along_y.label)


def _interpolated(
    along: Sequence[NDArray[np.float64]], values: NDArray[np.float64]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]] | None:
    """Return x [n], y [n], values [y, x], and which points are around all others, in their order.

    None where points span no area.
    """
    with optional("maps of samples need"):
        from scipy import interpolate, ndimage, spatial  # noqa: PLC0415  # heavy, and optional

    if len(values) < 3:
        return None
    x, y = (np.linspace(side.min(), side.max(), _FINE) for side in along)
    points, at = np.stack(along, 1), np.meshgrid(x, y)
    try:
        linear = interpolate.LinearNDInterpolator(points, values, rescale=True)(*at)
        outline = spatial.ConvexHull(points).vertices
    except spatial.QhullError:
        return None
    # cells that reach over the edge have the value of the nearest one within
    nearest = ndimage.distance_transform_edt(
        np.isnan(linear), return_distances=False, return_indices=True
    )
    return x, y, linear[tuple(nearest)], outline


def _notes(right: Parameter, up: Parameter, of_page: Spread) -> Iterator[str]:
    """Say what is to be known of a page."""
    missing = not np.isfinite(of_page.mean).all()
    if right.axis is up.axis:
        yield "interpolated between the points"
    if missing:
        yield "hollow: no value" if right.axis is up.axis else "grey: no value"
    shown = {right.name, up.name, *WIND.values()}
    varying = dict.fromkeys([*_varying(right.axis), *_varying(up.axis)])
    if others := [name for name in varying if name not in shown]:
        yield f"{', '.join(others)} {'vary' if len(others) > 1 else 'varies'}, too"
