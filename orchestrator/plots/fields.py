"""A quantity over two parameters: cells for a grid, interpolated points for a sample."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator import text
from orchestrator.analysis.numbers import numbers
from orchestrator.analysis.replicates import spread
from orchestrator.errors import RequestError, optional
from orchestrator.model.pictures import QUANTITIES_SHOWN, How
from orchestrator.plots import charts, colours, layout, lines, style, ticks
from orchestrator.plots.dependence import further, parameter
from orchestrator.plots.display import WIND, parameter_label
from orchestrator.plots.text_width import width_in, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Dimension, Grid
    from orchestrator.analysis.replicates import Spread
    from orchestrator.model.pictures import Choice, Look
    from orchestrator.plots.colours import Range
    from orchestrator.plots.dependence import Parameter

_CELL_IN = 0.85, 0.5  # width and height of a cell that has a number in it
_PLANE_IN = 4.6, 3.4
_SCALE_IN, _LABEL_IN, _TITLE_IN = (
    1.1,
    (0.9, 0.7),
    0.5,
)  # beside each map, beside and under all, above
_SHEET_IN, _LEAST_IN = 14.0, 2.0  # wide are maps together at most, and one at least
_NUMBER = 7 / 9  # of the size of labels, that of a number in a cell
_FINE = 200  # points along a side between which there is interpolation
_CYCLIC = "twilight"  # of directions, whose ends are the same


def over_two_axes(grid: Grid, choice: Choice) -> Iterator[tuple[str, Figure]]:
    """Yield the name of each page and its figure: quantities over two parameters, a map for each.

    Raises
    ------
    RequestError
        Where there are not two parameters, or there is one range for several quantities.
    """
    names = choice.quantity or QUANTITIES_SHOWN[:1]
    if choice.look.range is not None and len(names) > 1:
        raise RequestError(f"--range: of one quantity, not of {', '.join(names)}")
    measured = numbers(charts.narrowed(grid, choice), names, choice.summary, choice.look.units)
    charts.check(grid, choice, measured)
    sides = _sides(grid, choice)
    fields = [_field(grid, choice, name, measured.values[name]) for name in names]
    notes = charts.notes_of(measured, choice)
    counts = np.unique([field.over_seeds.count for field in fields])
    for page, where in further(grid, sides):
        index = tuple(where.get(i, slice(None)) for i in range(len(grid.dimensions) - 1))
        figure, with_errors = _page(sides, fields, index, choice.look)
        title = ", ".join(filter(None, (charts.name_of(grid, choice), page)))
        style.title(figure, title, choice.look)
        means = [field.over_seeds.mean[index] for field in fields]
        sentences = [*notes, *_mean(counts[counts > 0], with_errors), *_notes(*sides, means)]
        style.small_print(figure, "; ".join(sentences), choice.look)
        yield page.replace(" = ", "=").replace(", ", ",").replace("/", "_"), figure


@dataclass(frozen=True, slots=True)
class _Field:
    """A quantity over the axes of a sweep, its colours, and what stands at their scale."""

    over_seeds: Spread
    range_: Range
    label: str


def _field(grid: Grid, choice: Choice, name: str, values: NDArray[np.float64]) -> _Field:
    quantity = grid.quantities[name]
    axial = quantity.axial and choice.summary.how is not How.RATE
    over_seeds = spread(values, axis=-1, axial=axial)
    label = charts.scale_of(choice, name, quantity).label.replace("\n", " ")
    return _Field(over_seeds, _range(over_seeds.mean, choice, axial=axial), label)


def _page(
    sides: tuple[Parameter, Parameter],
    fields: Sequence[_Field],
    index: tuple[Any, ...],
    look: Look,
) -> tuple[Figure, list[bool]]:
    """Return a figure of the maps of one page, in rows, and whether the numbers of each have errors.

    Each map has its own scale of colours.
    """
    right, up = sides
    size = _size(right, up)
    across = _across(len(fields), size[0], look)
    down = math.ceil(len(fields) / across)
    around = _SCALE_IN * across + _LABEL_IN[0], _LABEL_IN[1] * down + _TITLE_IN
    figure = style.new_figure((size[0] * across, size[1] * down), around, look)
    grid = figure.subplots(down, across, squeeze=False)
    wide = (figure.get_figwidth() - around[0]) / across
    cell_in = wide / right.axis.size, (figure.get_figheight() - around[1]) / down / up.axis.size
    # in a small figure, of which what is around takes less
    halves = figure.get_figwidth() / 2 / across, figure.get_figheight() / 2 / down
    most_in = [
        max(room, half / side.axis.size)
        for room, half, side in zip(cell_in, halves, sides, strict=True)
    ]
    with_errors = [False] * len(fields)
    for number, axes in enumerate(grid.flat):
        if number >= len(fields):
            axes.set_axis_off()
            continue
        field = fields[number]
        if right.axis is up.axis:
            _scatter(axes, sides, field.over_seeds.mean[index], field.range_)
        else:
            turned = up.index > right.index
            of_page = spread_at(field.over_seeds, index, turned=turned)
            with_errors[number] = _cells(axes, of_page, field.range_, cell_in)
            for axis, side, room_in in zip(
                (axes.xaxis, axes.yaxis), sides, most_in, strict=True
            ):
                labels = (label.get(side.name, "") for label in layout.parts(side.axis))
                names = [label.removeprefix(f"{side.name} = ") for label in labels]
                ticks.names(axis, names, room_in)
                axis.set_label_text(parameter_label(side.name))
                axis.set_tick_params(length=0)
        alone = len(fields) == 1  # else what is at its scale would stand beside the next map
        axes.set_title("" if alone else wrapped(field.label, wide, style.points()).rstrip())
        label = field.label if alone else ""
        colours.colour_scale(figure, np.array([[axes]]), field.range_, label)
        if number % across:
            axes.set_ylabel("")
            axes.tick_params(labelleft=False)
        if number + across < len(fields):
            axes.set_xlabel("")
            axes.tick_params(labelbottom=False)
    return figure, with_errors


def _across(count: int, wide_in: float, look: Look) -> int:
    """Return how many maps stand side by side: as many as have room, in rows of equal length."""
    room = _SHEET_IN if look.size_in is None else look.size_in[0]
    least = wide_in if look.size_in is None else _LEAST_IN
    most = max(1, int((room - _LABEL_IN[0]) / (least + _SCALE_IN)))
    return math.ceil(count / math.ceil(count / most))


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
    return [name for name in layout.parameters(axis) if len(set(axis.values[name])) > 1]


def _size(right: Parameter, up: Parameter) -> tuple[float, float]:
    width, height = _PLANE_IN
    if right.axis is not up.axis:
        width = max(2.0, min(_CELL_IN[0] * right.axis.size, 2 * _PLANE_IN[0]))
        height = max(1.5, min(_CELL_IN[1] * up.axis.size, 2 * _PLANE_IN[1]))
    return width, height


def _range(mean: NDArray[np.float64], choice: Choice, *, axial: bool) -> Range:
    known = mean[np.isfinite(mean)]
    if not known.size:  # of one among several
        return colours.Range(0.0, 1.0)
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
    axes: Axes,
    of_page: Spread,
    range_: Range,
    cell_in: tuple[float, float],
) -> bool:
    """Draw a cell for each pair of values [up, right], with its number and its error where these have room.

    Return whether there are errors.
    """
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
    axes.spines[:].set_visible(False)
    written = _written(mean, sem, cell_in)
    for (i, j), number in written.items():
        light = _luminance(range_, float(mean[i, j]))
        axes.text(
            j + 0.5,
            i + 0.5,
            number,
            ha="center",
            va="center",
            fontsize=style.points(_NUMBER),
            linespacing=1.1,
            color="0.1" if light > 0.5 else "white",
        )
    return any("±" in number for number in written.values())


def _written(
    mean: NDArray[np.float64], sem: NDArray[np.float64], cell_in: tuple[float, float]
) -> dict[tuple[int, ...], str]:
    """Return what stands in cells that have a value: numbers with errors in one line or two, or without.

    Nothing where all cells are too small.
    """
    numbered = {
        index: text.with_error(float(value), float(sem[index]))
        for index, value in np.ndenumerate(mean)
        if np.isfinite(value)
    }
    if not numbered:
        return {}
    lines = {index: number.replace(" ± ", "\n± ") for index, number in numbered.items()}
    alone = {index: number.partition(" ± ")[0] for index, number in numbered.items()}
    for written in (numbered, lines, alone):
        widest = max(width_in(number, style.points(_NUMBER)) for number in written.values())
        most = max(1 + number.count("\n") for number in written.values())
        if widest <= cell_in[0] and style.lines_in(most, _NUMBER) <= cell_in[1]:
            return written
    return {}


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


def _mean(counts: NDArray[np.intp], with_errors: Sequence[bool]) -> Iterator[str]:
    """Say of how many seeds the numbers of maps are, and which have errors.

    ``counts`` are of how many any of them is.
    """
    seeds = int(counts.max(initial=0))
    if seeds > 1:
        errors = " and its standard error" if any(with_errors) else ""
        room = ", where it has room" if errors and not all(with_errors) else ""
        yield f"{style.mean_of(seeds, every=len(counts) == 1)}{errors}{room}"


def _notes(
    right: Parameter, up: Parameter, means: Sequence[NDArray[np.float64]]
) -> Iterator[str]:
    """Say what is to be known of a page."""
    missing = not all(np.isfinite(mean).all() for mean in means)
    if right.axis is up.axis:
        yield "interpolated between the points"
    if missing:
        yield "hollow: no value" if right.axis is up.axis else "grey: no value"
    shown = {right.name, up.name, *WIND.values()}
    varying = dict.fromkeys([*_varying(right.axis), *_varying(up.axis)])
    if others := [name for name in varying if name not in shown]:
        yield f"{', '.join(others)} {'vary' if len(others) > 1 else 'varies'}, too"
