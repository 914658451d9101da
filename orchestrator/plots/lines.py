"""Curves: a quantity over time or a parameter, or power over wavelength, a line for each point."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.model.pictures import PLAIN
from orchestrator.plots import facets, legend, marks, style, ticks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from orchestrator.model.pictures import Look

_LIGHTEST = 0.9  # of the map of colours; beyond, lines are hardly seen on white
_NARROW_IN = 5.0  # wide, a picture has no room for a legend beside it


@dataclass(frozen=True, slots=True)
class Curve:
    """One point of a sweep: what its seeds tell.

    Attributes
    ----------
    labels
        What its colour tells, and what the style of its line: ``("Tau_min = 0", "")``.
    x
        float64 [x], where it is known.
    means, errors
        float64 [x] by the name of the panel: the mean over seeds and its standard error, not a
        number where too few have a value.
    seeds
        How many there are.
    sets
        [x] by the name of the panel: a number for the set of seeds that have a value there, 0 where
        these are all that ever have one. Only means over the same seeds can be joined.
    fits
        float64 [x] by the name of the panel: what is drawn beside the means, dashed.
    panel
        What stands over the panel on which it is drawn; empty where all are on one.
    every
        Whether each value is the mean of all of them.
    """

    labels: tuple[str, str]
    x: NDArray[np.float64]
    means: Mapping[str, NDArray[np.float64]]
    errors: Mapping[str, NDArray[np.float64]]
    seeds: int
    sets: Mapping[str, NDArray[np.intp]] = field(default_factory=dict)
    fits: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    panel: str = ""
    every: bool = True

    def sets_of(self, name: str) -> NDArray[np.intp]:
        """Return ``sets`` of a panel, which are those of all seeds where nothing else is said."""
        return self.sets.get(name, np.zeros(len(self.x), np.intp))


@dataclass(frozen=True, slots=True)
class Scale:
    """What stands along an axis, whether in powers of ten, and whether -90 and 90 are the same.

    ``words`` stand at 0, 1, 2 and so on, where what is along it is no number.
    """

    label: str
    logarithmic: bool = False
    axial: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shade:
    """What colours tell where points are too many to be named: a number that each of them has.

    Attributes
    ----------
    label
        What the number is, such as ``Lambda_E``.
    values
        By the first of a curve's labels.
    """

    label: str
    values: Mapping[str, float]
    logarithmic: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """What curves are drawn on.

    Attributes
    ----------
    along
        The common x.
    panels
        What is upwards, by the name of the panel, in their order; each is there once for each
        :attr:`Curve.panel`.
    title
        What stands above.
    shade
        What colours tell instead of naming each point.
    notes
        What else the small print is to tell.
    marked
        Whether each value is a mark with an error bar, and not a point of a line with a band.
    joined
        Whether marks are joined by lines, and are means over seeds.
    """

    along: Scale
    panels: Mapping[str, Scale]
    title: str
    shade: Shade | None = None
    notes: Sequence[str] = ()
    marked: bool = False
    joined: bool = True


def curves(drawn: Sequence[Curve], chart: Chart, look: Look = PLAIN) -> Figure:
    """Draw the mean over seeds of each point, with the standard error of the mean."""
    chart = _by_factors(chart, look.log)
    narrow = look.size_in is not None and look.size_in[0] < _NARROW_IN
    over = list(dict.fromkeys(curve.panel for curve in drawn)) or [""]
    ends = [[float(c.x.max(initial=0)) for c in drawn if c.panel == title] for title in over]
    logarithmic = chart.along.logarithmic
    together = logarithmic or facets.comparable(
        look.units, [max(each, default=0.0) for each in ends]
    )
    figure, grid = facets.facets(
        len(chart.panels), over, look, narrow=narrow, together=together
    )
    firsts = list(dict.fromkeys(curve.labels[0] for curve in drawn))
    others = list(dict.fromkeys(curve.labels[1] for curve in drawn))
    shades = look.cmap or style.LINE_COLOURS
    if chart.shade is None:
        colours = _colours(firsts, shades)
    else:
        colours = _shades(figure, grid, chart.shade, shades)
    looks = [
        marks.Mark(colours[curve.labels[0]], others.index(curve.labels[1])) for curve in drawn
    ]
    seen, joined = np.zeros((2, len(drawn)), bool)  # in any panel
    for row, (name, scale) in zip(grid, chart.panels.items(), strict=True):
        means = [_means(curve, name, scale) for curve in drawn]
        seen |= [bool(np.isfinite(mean).any()) for mean in means]
        for axes, title in zip(row, over, strict=True):
            here = [i for i, curve in enumerate(drawn) if curve.panel == title]
            joined[here] |= _draw_panel(axes, chart, name, [(drawn[i], looks[i]) for i in here])
        for axes, title in zip(row, over, strict=True):  # whose scales they share
            along = [curve.x for curve in drawn if together or curve.panel == title]
            set_scales(axes, (chart.along, scale), (along, means))
            pairs = zip(drawn, means, strict=True)
            _simplify(axes, means, [mean for curve, mean in pairs if curve.panel == title])
            if scale.axial and axes.get_yticks().size:
                axes.set(ylim=(-93, 93), yticks=range(-90, 91, 45))
            if look.range is not None:
                axes.set_ylim(look.range)
    upwards = [scale.label for scale in chart.panels.values()]
    facets.label(grid, chart.along.label, upwards, narrow=narrow, together=together)
    labels = [curve.labels for curve in drawn]
    named = colours if chart.shade is None else {}  # a scale tells them
    entries = [*legend.entries(labels, named, (seen, joined), marked=chart.marked)]
    sentences = [*_seeds(drawn, chart), *chart.notes]
    if any(scale.axial for scale in chart.panels.values()):
        sentences.append("\N{MINUS SIGN}90 and 90 degrees are one direction")
    sentences += [] if together else [facets.apart(chart.along.label)]
    style.small_print(figure, "; ".join(sentences), look)
    legend.draw(figure, entries, look, under=narrow)
    style.title(figure, chart.title, look, beside_legend=bool(figure.legends) and not narrow)
    if narrow and figure.legends:
        style.lift(figure)
    return figure


def _draw_panel(
    axes: Axes, chart: Chart, name: str, drawn: Sequence[tuple[Curve, marks.Mark]]
) -> list[bool]:
    """Draw the curves of a panel; return of each whether its values are joined."""
    scale = chart.panels[name]
    axes.grid(visible=True, color="0.9", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    shown, looks = [curve for curve, _ in drawn], [look for _, look in drawn]
    means = [_means(curve, name, scale) for curve in shown]
    if not chart.marked:
        axes.autoscale(enable=False)  # which would be done again for each band
        joined = _bands(axes, shown, (name, scale), means, looks)
        axes.autoscale()
        return joined
    errors, along = [curve.errors[name] for curve in shown], [curve.x for curve in shown]
    return marks.draw(
        axes,
        (along, means, errors),
        looks,
        joined=chart.joined and not chart.along.words,  # between which there is nothing
        axial=scale.axial,
    )


def _by_factors(chart: Chart, axes: str) -> Chart:
    """Let the axes ``x`` or ``y`` of a chart go up by factors, unless they have words or directions."""

    def scale(of: Scale, axis: str) -> Scale:
        plain = axis not in axes or of.axial or of.words
        return of if plain else dataclasses.replace(of, logarithmic=True)

    panels = {name: scale(of, "y") for name, of in chart.panels.items()}
    return dataclasses.replace(chart, along=scale(chart.along, "x"), panels=panels)


def _seeds(drawn: Sequence[Curve], chart: Chart) -> Iterator[str]:
    """Say of which seeds the curves are."""
    if not chart.joined:
        return
    seeds = max((curve.seeds for curve in drawn), default=0)
    every = all(curve.every and curve.seeds == seeds for curve in drawn)
    mean = style.mean_of(seeds, every=every)
    yield f"{mean} and its standard error" if seeds > 1 else "one seed"
    if any(curve.sets_of(name).any() for curve in drawn for name in chart.panels):
        yield "thin: of some of these seeds"


def _bands(
    axes: Axes,
    drawn: Sequence[Curve],
    panel: tuple[str, Scale],
    means: Sequence[NDArray[np.float64]],
    looks: Sequence[marks.Mark],
) -> list[bool]:
    """Draw lines, thin where they are of some seeds alone, in bands as wide as their errors.

    Return of each curve whether there is a line, and not single values alone.
    """
    name, scale = panel
    joined = []
    least = min((float(m[m > 0].min()) for m in means if (m > 0).any()), default=0.0)
    for curve, mean, look in zip(drawn, means, looks, strict=True):
        low, high = mean - curve.errors[name], mean + curve.errors[name]
        if scale.logarithmic:  # where nothing is below the lowest line
            low = np.maximum(low, least)
        if scale.axial:
            low, high = np.maximum(low, -90), np.minimum(high, 90)
        parted = np.flatnonzero(_parted(curve.sets_of(name), mean, axial=scale.axial)) + 1
        x = np.insert(curve.x, parted, np.nan)
        lines = [name in curve.fits]
        for thin in (False, True):
            shown = (curve.sets_of(name) > 0) == thin
            if thin and not shown.any():
                continue
            parts = (np.where(shown, values, np.nan) for values in (mean, low, high))
            pieces = tuple(np.insert(part, parted, np.nan) for part in parts)
            lines.append(_draw(axes, x, pieces, look, thin=thin))
        if name in curve.fits:
            axes.plot(curve.x, curve.fits[name], "--", color=look.colour, linewidth=0.9)
        joined.append(any(lines))
    return joined


def _parted(
    sets: NDArray[np.intp], mean: NDArray[np.float64], *, axial: bool
) -> NDArray[np.bool_]:
    """Return between which neighbours [x - 1] there is no line.

    Those are of other seeds, or directions that differ less the other way round.
    """
    parted = sets[1:] != sets[:-1]
    if axial:
        parted |= np.abs(np.diff(mean)) > 90
    return np.asarray(parted)


def _simplify(
    axes: Axes, values: Sequence[NDArray[np.float64]], here: Sequence[NDArray[np.float64]]
) -> None:
    """Leave out a scale that would tell nothing: of no value at all, or of the same everywhere.

    ``values`` are those of all panels that share a scale, and ``here`` those of this panel.
    """
    different = np.unique(np.concatenate([np.empty(0), *(v[np.isfinite(v)] for v in values)]))
    if different.size == 0:
        axes.set_yticks([])
    if not any(np.isfinite(v).any() for v in here):
        axes.text(
            0.5,
            0.5,
            "no value",
            transform=axes.transAxes,
            ha="center",
            color="0.35",
        )
    if different.size == 1:
        axes.set_yticks(different, [f"{different[0]:.4g}"])


def set_scales(
    axes: Axes, scales: tuple[Scale, Scale], values: Sequence[Sequence[NDArray[np.float64]]]
) -> None:
    """Set both scales, the one along and the one up, by what is drawn along each."""
    for axis, scale, set_scale, drawn in zip(
        (axes.xaxis, axes.yaxis),
        scales,
        (axes.set_xscale, axes.set_yscale),
        values,
        strict=True,
    ):
        if scale.logarithmic and any((each > 0).any() for each in drawn):
            set_scale("log", nonpositive="mask")
            ticks.powers(axis)
        elif scale.words:
            axis.set_ticks(range(len(scale.words)), scale.words)
        else:
            ticks.linear(axis, drawn)


def _means(curve: Curve, name: str, scale: Scale) -> NDArray[np.float64]:
    """Return the means that a scale can show, the others not a number."""
    mean = curve.means[name]
    return np.where(mean > 0, mean, np.nan) if scale.logarithmic else mean


def _draw(
    axes: Axes,
    x: NDArray[np.float64],
    values: tuple[NDArray[np.float64], ...],
    look: marks.Mark,
    *,
    thin: bool,
) -> bool:
    """Draw a line, and a band from a lower to an upper one; return whether any values are joined."""
    mean, low, high = values
    width = 0.5 if thin else 1.4
    drawn: list[Artist] = []
    drawn += axes.plot(x, mean, color=look.colour, linewidth=width, linestyle=look.line)
    if np.isfinite(high - low).any():
        band = axes.fill_between(x, low, high, color=look.colour, alpha=0.18, linewidth=0)
        drawn.append(band)
    known = np.pad(np.isfinite(mean), 1)
    alone = known[1:-1] & ~known[:-2] & ~known[2:]  # which make no line
    if alone.any():
        drawn += axes.plot(
            x[alone],
            mean[alone],
            color=look.colour,
            linestyle="none",
            marker=".",
            markersize=2 if thin else 6,
        )
    for artist in drawn:  # within its panel, so that laying out has not to look at each
        artist.set_in_layout(False)
    return bool((known[1:] & known[:-1]).any())


def _colours(labels: Sequence[str], cmap: str) -> dict[str, str]:
    """Return colours: of few by themselves, of many along the map."""
    if len(labels) <= 2:
        return dict(zip(labels, style.CATEGORIES, strict=False))
    from matplotlib import colormaps  # noqa: PLC0415  # heavy, and optional
    from matplotlib.colors import to_hex  # noqa: PLC0415

    shares = np.linspace(0, _LIGHTEST, len(labels))
    colours = map(to_hex, colormaps[cmap](shares))
    return dict(zip(labels, colours, strict=True))


def _shades(figure: Figure, grid: NDArray[Any], shade: Shade, cmap: str) -> dict[str, str]:
    """Draw a scale of colours beside the panels; return the colour of each label."""
    from matplotlib import colormaps  # noqa: PLC0415  # heavy, and optional
    from matplotlib.cm import ScalarMappable  # noqa: PLC0415
    from matplotlib.colors import ListedColormap, LogNorm, Normalize, to_hex  # noqa: PLC0415
    from matplotlib.ticker import LogLocator  # noqa: PLC0415

    ends = min(shade.values.values()), max(shade.values.values())
    norm = LogNorm(*ends) if shade.logarithmic else Normalize(*ends)
    lines = colormaps[cmap](np.linspace(0, _LIGHTEST, 256))
    scale = ScalarMappable(norm, ListedColormap(lines))
    bar = figure.colorbar(
        scale,
        ax=list(grid.flat),
        shrink=1.0 / len({axes.get_subplotspec().rowspan.start for axes in grid.flat}),
        anchor=(0.0, 1.0),
        ticks=LogLocator(subs=(1, 2, 5)) if shade.logarithmic else None,
        format="%g",
    )
    if not shade.logarithmic:
        ticks.linear(bar.long_axis, [np.array([*shade.values.values()])])
    bar.minorticks_off()
    bar.set_label(shade.label)
    colours = map(to_hex, scale.to_rgba(np.array([*shade.values.values()])))
    return dict(zip(shade.values, colours, strict=True))
