"""What all pictures share: fonts, labels, titles and small print."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from orchestrator import text
from orchestrator._version import __version__
from orchestrator.analysis.units import TIMES_STAY
from orchestrator.errors import RequestError
from orchestrator.formats import spelling
from orchestrator.model.pictures import Units
from orchestrator.plots.loading import load
from orchestrator.plots.text_width import width_in, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from orchestrator.model.pictures import Instant, Look

Slot = tuple[int, int]

LINE_COLOURS = "viridis"
"""Likewise, and lighter at one end only, so that neighbouring lines differ more."""

CATEGORIES = ("#0072B2", "#D55E00")
"""Two colours that the colour-blind can tell apart (Okabe and Ito 2008)."""

LineStyle = Literal["-", "--", ":", "-."] | tuple[float, tuple[float, ...]]

LINES: tuple[LineStyle, ...] = ("-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 3)))
"""Styles of lines, where colour tells something else."""

SYMBOLS = ("o", "s", "^", "D", "v", "P")
"""Marks of points, where colour tells something else."""

ABOVE = 4.0
"""Where matplotlib draws what explains a map: over outlines and paths, which have less."""

_TOGETHER_T0 = 0.25  # by which snapshots of one time may be late
_LINE = 1.44  # times the size of labels takes a line of them
_POINTS, _POINTS_IN_COLUMN = 9.0, 7.0  # of labels, and of labels in a column of a journal
_TITLE, _SMALL = 11 / 9, 7 / 9  # of the size of labels
TICKS = 8 / 9
"""Of the size of labels, that of ticks and legends."""

_PADS: Mapping[str, Any] = {"h_pad": 0.03, "w_pad": 0.03, "hspace": 0.0, "wspace": 0.0}
_MARGIN_IN = 0.2  # on both sides of what stands above and under a figure, together
AROUND_IN = 0.08  # between a label and what it stands at


@contextlib.contextmanager
def sheet(look: Look) -> Iterator[None]:
    """Let what is drawn and written in this block have the fonts of a look; text stays text."""
    load()
    from matplotlib import rc_context  # noqa: PLC0415  # heavy, and optional

    narrow = look.size_in is not None
    points = look.points or (_POINTS_IN_COLUMN if narrow else _POINTS)
    settings: Any = {
        "font.size": points,
        "axes.labelsize": points,
        "axes.titlesize": points,
        "figure.titlesize": points * _TITLE,
        "figure.labelsize": points * _SMALL,
        "legend.fontsize": points * TICKS,
        "xtick.labelsize": points * TICKS,
        "ytick.labelsize": points * TICKS,
        "svg.fonttype": "none",
        "pdf.fonttype": 42,
    }
    if look.family is not None:
        settings["font.family"] = look.family
    with rc_context(settings):
        yield


def points(share: float = 1.0) -> float:
    """Return the size of labels in points, or a share of it."""
    from matplotlib import rcParams  # noqa: PLC0415  # heavy, and optional

    return share * float(rcParams["font.size"])


def known_font(family: str) -> None:
    """Refuse the name of a font that is not installed."""
    load()
    from matplotlib import font_manager  # noqa: PLC0415  # heavy, and optional

    generic = {"serif", "sans-serif", "monospace", "cursive", "fantasy"}
    known = {font.name for font in font_manager.fontManager.ttflist} | generic
    if family not in known:
        hint = spelling.did_you_mean(family, known)
        raise RequestError(f"--font: {family} is not installed here{hint}")


def _height(labels: Iterable[str]) -> float:
    """Return the height of the highest label, in inches."""
    lines = max((1 + label.count("\n") for label in labels if label), default=0)
    return lines_in(lines) + (AROUND_IN if lines else 0.0)


def lines_in(count: int, share: float = 1.0) -> float:
    """Return how high so many lines are, in inches, of a share of the size of labels."""
    return count * _LINE * points(share) / 72


def mean_of(seeds: int, *, every: bool) -> str:
    """Return what the small print says of means over seeds, of which some may be over fewer."""
    return f"mean of {'' if every else 'up to '}{seeds} seeds"


def _broken(label: str) -> str:
    """Break the only parameter of a label before its value; several have a line each."""
    return label if "\n" in label else label.replace(" = ", "\n= ")


@dataclass(frozen=True, slots=True)
class Labels:
    """What stands beside the rows and over the columns of a grid of panels.

    Attributes
    ----------
    rows, columns
        Such as ``Tau_min = 100``; empty texts where nothing is to stand.
    panels
        What stands over each panel instead, where one axis fills one row after the other; places
        that are not among them stay blank.
    """

    rows: Sequence[str] = ("",)
    columns: Sequence[str] = ("",)
    panels: Mapping[Slot, str] = field(default_factory=dict)

    @property
    def height(self) -> float:
        """How much of a row's height what stands over a panel takes, in inches."""
        return _height(self.panels.values())

    @property
    def row_height(self) -> float:
        """How high a row has to be for what stands beside it, in inches."""
        return _height(map(_broken, self.rows))

    @property
    def row_lines_in(self) -> float:
        """How wide what stands beside the rows is where it is turned upwards, in inches."""
        return _height(self.rows)

    @property
    def row_width(self) -> float:
        """How wide what stands beside the rows is, in inches."""
        widest = max(width_in(_broken(label), points()) for label in self.rows)
        return widest + (AROUND_IN if widest else 0.0)

    def fitted(self, wide_in: float, high_in: float | None = None) -> Labels:
        """Return labels that are broken into lines which have room at panels of a size in inches.

        Of the rows where a height is given, beside which they are turned upwards.
        """

        def broken(labels: Iterable[str], most_in: float) -> Iterator[str]:
            for label in labels:
                lines = label if width_in(label, points()) <= most_in else _broken(label)
                yield "\n".join(
                    wrapped(line, most_in, points()).rstrip() for line in lines.split("\n")
                )

        rows = self.rows if high_in is None else [*broken(self.rows, high_in)]
        over = zip(self.panels, broken(self.panels.values(), wide_in), strict=True)
        return Labels(rows, [*broken(self.columns, wide_in)], dict(over))

    @property
    def column_height(self) -> float:
        """How high what stands over the columns is, in inches."""
        return _height(self.columns)

    def slots(self, grid: NDArray[Any]) -> set[Slot]:
        """Return the places of a grid where something may stand."""
        return set(self.panels) or {(i, j) for i, j in np.ndindex(*grid.shape)}

    def write(self, grid: NDArray[Any], beside: Callable[[Axes, str], None]) -> None:
        """Write them at the axes [row, column]; ``beside`` writes the one of a row."""
        for axes, label in zip(grid[0], self.columns, strict=True):
            axes.set_title(label)
        for axes, label in zip(grid[:, 0], self.rows, strict=True):
            beside(axes, label)
        for (i, j), axes in np.ndenumerate(grid):
            if (i, j) in self.panels:
                axes.set_title(self.panels[i, j])
            elif self.panels:
                axes.set_axis_off()


def title(figure: Figure, written: str, look: Look, *, beside_legend: bool = False) -> None:
    """Write over a figure what it is of, in lines that have room; at the left where a legend is right.

    They make it higher, unless it has the size that was asked for.
    """
    shown = written if look.title is None else look.title
    if not shown:
        return
    room = wrapped(shown, figure.get_figwidth() - _MARGIN_IN, points(_TITLE))
    if not look.has_height:
        figure.set_figheight(figure.get_figheight() + lines_in(room.count("\n"), _TITLE))
    if beside_legend:
        figure.suptitle(room, x=_MARGIN_IN / figure.get_figwidth(), ha="left")
    else:
        figure.suptitle(room)


def new_figure(
    panels_in: tuple[float, float], around_in: tuple[float, float], look: Look
) -> Figure:
    """Return an empty figure with room for panels and what is around them.

    Of a figure of a certain width, panels keep their proportions where no height is asked for.

    Parameters
    ----------
    panels_in, around_in
        Width and height of all panels, and of labels, scales and titles together, in inches.

    Raises
    ------
    RequestError
        Where matplotlib is not installed.
    """
    load()
    from matplotlib.figure import Figure  # noqa: PLC0415  # heavy, and optional

    width, height = panels_in[0] + around_in[0], panels_in[1] + around_in[1]
    if look.size_in is not None:
        width, high = look.size_in
        narrower = max(width - around_in[0], width / 2) / panels_in[0]
        height = high or panels_in[1] * narrower + around_in[1]
    figure = Figure(figsize=(width, height))
    figure.set_layout_engine("constrained", **_PADS)
    return figure


def time(time_t0: float) -> str:
    """Write a time in t0, to four digits or a tenth.

    >>> time(0.5), time(30.0539), time(400.0026), time(12345.54), time(0)
    ('0.5', '30.05', '400', '12345.5', '0')
    """
    whole = len(str(int(abs(time_t0)))) if abs(time_t0) >= 1 else 0
    return np.format_float_positional(round(time_t0, max(1, 4 - whole)), trim="-")


def when(instants: Sequence[Instant]) -> str:
    """Say of when snapshots are, of which those of one time may be late by a little.

    >>> from orchestrator.model.pictures import Instant
    >>> when([Instant(400.0026), Instant(400.1)]), when([Instant(0.5), Instant(1.0)]), when([])
    ('t = 400 t0', 't = 0.5 to 1 t0', 'no data')
    >>> (
    ...     when([Instant(400, 33), Instant(400, 3600)]),
    ...     when([Instant(400, 33), Instant(400.1, 33)]),
    ... )
    ('t = 3.7 h to 17 d', 't = 3.7 h')
    """
    if not instants:
        return "no data"
    times_t0, scales_s = np.array(instants).T
    if np.isfinite(scales_s).all():
        times_s = times_t0 * scales_s
        first_s, last_s = map(text.short_seconds, (times_s.min(), times_s.max()))
        return f"t = {first_s}" if first_s == last_s else f"t = {first_s} to {last_s}"
    first, last = float(times_t0.min()), float(times_t0.max())
    if last - first <= min(_TOGETHER_T0, 0.01 * last):
        return f"t = {time(first)} t0"
    return f"t = {time(first)} to {time(last)} t0"


def wind(turning: Sequence[bool]) -> str:
    """Say where the wind comes from, in pictures of which some may have one that turns.

    >>> wind([False, False]), wind([True]), wind([True, False])
    ('wind from the left', 'wind turns', 'wind from the left; it turns in some')
    """
    if not any(turning):
        return "wind from the left"
    return "wind turns" if all(turning) else "wind from the left; it turns in some"


def remark(axes: Axes, printed: str, *, at_top: bool = False) -> None:
    """Write what is to be known of a panel, if anything, into its corner."""
    if printed:
        axes.annotate(
            printed.replace("_", " "),
            (0, int(at_top)),
            xycoords="axes fraction",
            xytext=(4, -4 if at_top else 4),
            textcoords="offset points",
            va="top" if at_top else "bottom",
            fontsize=points(_SMALL),
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )


def small_print(figure: Figure, written: str, look: Look) -> None:
    """Write under a figure what it is of and what made it, unless it is to be bare.

    Further lines make it higher, unless it has the size that was asked for.
    """
    if look.bare:
        return
    most_in = figure.get_figwidth() - _MARGIN_IN
    if look.units is Units.LENGTHS:
        written += f"; {TIMES_STAY}"
    room = wrapped(f"{written}; rescal-sweep\u00a0{__version__}", most_in, points(_SMALL))
    if not look.has_height:
        before = figure.get_supxlabel().count("\n")
        more_in = lines_in(room.count("\n") - before, _SMALL)
        figure.set_figheight(figure.get_figheight() + more_in)
    figure.supxlabel(room.replace("\u00a0", " "), color="0.35")


def lift(figure: Figure) -> None:
    """Let everything else stand above the small print, once the figure has its height."""
    foot = small_print_in(figure) / figure.get_figheight()
    figure.set_layout_engine(rect=(0.0, foot, 1.0, 1.0 - foot), layout="constrained", **_PADS)


def small_print_in(figure: Figure) -> float:
    """Return how high the small print is, in inches."""
    printed = figure.get_supxlabel()
    return lines_in(1 + printed.count("\n"), _SMALL) if printed else 0.0


def label_row(axes: Axes, label: str) -> None:
    """Write the value of a row beside it."""
    axes.set_ylabel(_broken(label), rotation=0, ha="right", va="center")
