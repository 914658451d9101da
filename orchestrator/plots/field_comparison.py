"""A surface in nature beside the experiments that are nearest to it: maps, spectra, heights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator import plots, text
from orchestrator.plots import colours, style
from orchestrator.plots.map_panels import Panel
from orchestrator.plots.phase_diagram import draw, scale_bar
from orchestrator.plots.ticks import powers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from orchestrator.analysis.field import Match, Ranking
    from orchestrator.analysis.field.shape import Shape
    from orchestrator.analysis.field.tiles import Tiles
    from orchestrator.model.pictures import Look

EXPERIMENTS = 3
"""How many of them are drawn at most."""

_COLOURS = ("0.1", *style.CATEGORIES, "#009E73")  # the third of the same palette
_MAP_IN, _CURVES_IN = 3.4, 3.0
_LABEL_IN = 0.36  # that two lines over a map take
_AROUND_IN = 1.5, 0.75  # that scales, title and small print take
_WIDE = 1.8  # times as long as they are deep are maps that stand in one column
_BINS = 40  # of heights
_SMALL = 8 / 9  # of the size of labels
_FIELD_WIDTH, _WIDTH = (
    3.0,
    1.2,
)  # of the line of the surface in nature, and of others, in points


def picture(ranking: Ranking, look: Look) -> Figure:
    """Draw a surface in nature and the nearest experiments, in metres."""
    best = ranking.matches[:EXPERIMENTS]
    surfaces = [ranking.best.field_tiles, *(match.tiles for match in best)]
    labels = [_field_label(ranking), *(_label(match, look) for match in best)]
    _, depth, length = surfaces[0].heights.shape
    across = 1 if length >= _WIDE * depth else 2
    down = math.ceil(len(surfaces) / across)
    map_in = _MAP_IN if across == 1 else _MAP_IN * 0.7
    high = down * (map_in * depth / length + _LABEL_IN)
    figure = style.new_figure(
        (across * map_in + _CURVES_IN, max(high, _MAP_IN)), _AROUND_IN, look
    )
    sides = figure.add_gridspec(1, 2, width_ratios=(across * map_in, _CURVES_IN))
    maps = sides[0, 0].subgridspec(down, across).subplots(squeeze=False)
    _draw_maps(figure, maps, (surfaces, labels), look)
    spectrum, heights = sides[0, 1].subgridspec(2, 1).subplots(squeeze=False)[:, 0]
    _draw_spectra(spectrum, [ranking.best.field, *(match.shape for match in best)])
    _draw_heights(heights, surfaces)
    style.title(figure, f"{ranking.sweep} and {ranking.elevation.name}", look)
    style.small_print(figure, _small_print(ranking), look)
    return figure


def _draw_maps(
    figure: Figure, grid: Any, drawn: tuple[Sequence[Tiles], Sequence[str]], look: Look
) -> None:
    """Draw the first piece of each surface, all in the same colours and to the same scale."""
    surfaces, labels = drawn
    pieces = [surface.heights[0] for surface in surfaces]
    range_ = plots.range_of(pieces, pieces, look, centred=True)
    _, depth, length = surfaces[0].heights.shape
    cell_m = surfaces[0].cell_m
    for i, axes in enumerate(grid.flat):
        if i >= len(pieces):
            axes.set_axis_off()
            continue
        axes.set(xticks=[], yticks=[], aspect="equal")
        axes.set(xlim=(0, length * cell_m), ylim=(depth * cell_m, 0))
        draw(axes, Panel(pieces[i], 0.0, side=surfaces[i].cell_m), range_)
        axes.set_title(
            labels[i], color=_COLOURS[i], loc="left", fontsize=style.points(_SMALL), pad=3
        )
    scale_bar(grid.flat[len(pieces) - 1], length * cell_m)
    if range_ is not None:
        colours.colour_scale(figure, grid, range_, "height above a plane (m)")


def _draw_spectra(axes: Axes, shapes: Sequence[Shape]) -> None:
    for i, of in enumerate(shapes):
        there = of.variance > 0
        axes.plot(
            of.wavelengths_m[there],
            1e4 * of.variance[there],
            color=_COLOURS[i],
            linewidth=_width(i),
        )
        if math.isfinite(of.wavelength_m):
            axes.axvline(of.wavelength_m, color=_COLOURS[i], linewidth=0.8, linestyle=":")
    axes.set(xscale="log", yscale="log")
    axes.set_xlabel("wavelength (m)")
    axes.set_ylabel("variance in a third\nof an octave (cm²)")
    powers(axes.xaxis)


def _draw_heights(axes: Axes, surfaces: Sequence[Tiles]) -> None:
    ends = [np.quantile(surface.heights, (0.001, 0.999)) for surface in surfaces]
    edges = np.linspace(min(e[0] for e in ends), max(e[1] for e in ends), _BINS + 1)
    for i, surface in enumerate(surfaces):
        density, _ = np.histogram(surface.heights, edges, density=True)
        axes.stairs(
            density / 100,
            100 * edges,
            color=_COLOURS[i],
            linewidth=_width(i),
        )
    axes.set_xlabel("height above a plane (cm)")
    axes.set_ylabel("share of the surface\n(1/cm)")
    axes.set_ylim(bottom=0)


def _width(i: int) -> float:
    """Return the width of a line; that of the surface in nature shows beside what covers it."""
    return _FIELD_WIDTH if i == 0 else _WIDTH


def _field_label(ranking: Ranking) -> str:
    count = ranking.best.field.tiles
    several = f"\nthe middle one of {count} pieces" if count > 1 else ""
    return f"{ranking.elevation.name}{several}"


def _label(match: Match, look: Look) -> str:
    values = ", ".join(
        f"{look.labels.get(name, name)} = {text.number(value)}"
        for name, value in match.coordinates.items()
    )
    when = f"t = {style.time(match.time_t0)} t0"
    if look.units.metres and math.isfinite(match.time_s):
        when = f"t = {text.short_seconds(match.time_s)}"
    return f"{match.name}, distance {match.distance:.2f}: seed {match.seed}, {when}\n{values}"


def _small_print(ranking: Ranking) -> str:
    cut = ranking.best.field_tiles
    _, depth, length = cut.heights.shape
    return (
        f"wind from the left; {length * cut.cell_m:.3g} x {depth * cut.cell_m:.3g} m in cells of "
        f"{cut.cell_m:.2g} m; without what is shorter than {cut.shortest_m:.2g} m; dotted: dominant "
        f"wavelengths; distance of {', '.join(ranking.parts)}"
    )
