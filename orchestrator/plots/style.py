"""What all pictures share: colours, small print, and how they are written."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from orchestrator._version import __version__
from orchestrator.errors import RequestError
from orchestrator.formats.durable import draft_of, replacing
from orchestrator.plots.loading import load
from orchestrator.plots.text_width import width_in, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

Slot = tuple[int, int]

COLOURS = "cividis"
"""Perceptually uniform, and the same for the colour-blind."""

LINE_COLOURS = "viridis"
"""Likewise, and lighter at one end only, so that neighbouring lines differ more."""

CATEGORIES = ("#0072B2", "#D55E00")
"""Two colours that the colour-blind can tell apart (Okabe and Ito 2008)."""

LineStyle = Literal["-", "--", ":", "-."] | tuple[float, tuple[float, ...]]

LINES: tuple[LineStyle, ...] = ("-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 3)))
"""Styles of lines, where colour tells something else."""

STILLS = (".png", ".svg", ".pdf")
FILMS = (".gif", ".mp4")

_TOGETHER_T0 = 0.25  # by which snapshots of one time may be late
_LINE_IN = 0.18  # that a line of a label takes
_LABEL_PT, _TITLE_PT, _SMALL_PT = 9, 11, 7
_MARGIN_IN = 0.2  # on both sides of what stands above and under a figure, together
_AROUND_IN = 0.08  # between a label and what it stands at
_FITS = 3  # times that a figure is made larger
_FRAMES_PER_S = 8
_FILM_DPI, _STILL_DPI = 100, 150


class Range(NamedTuple):
    """The numbers at both ends of the colours, and whether some lie beyond the lower or the higher."""

    low: float
    high: float
    below: bool = False
    above: bool = False

    @property
    def extend(self) -> str:
        """At which ends of the scale an arrow stands for what lies beyond, in matplotlib's words."""
        ends = {(True, True): "both", (True, False): "min", (False, True): "max"}
        return ends.get((self.below, self.above), "neither")


def range_of(typical: Iterable[NDArray[Any]], drawn: Iterable[NDArray[Any]]) -> Range | None:
    """Return numbers between which nearly all of each typical array are; None where there are none.

    Parameters
    ----------
    drawn
        All that is shown in these colours, some of which may lie beyond.
    """
    known = [known for values in typical if (known := values[np.isfinite(values)]).size]
    if not known:
        return None
    low = float(min(np.percentile(values, 1) for values in known))
    high = max(float(max(np.percentile(values, 99) for values in known)), low + 1)
    ends = [
        (values.min(), values.max())
        for array in drawn
        if (values := array[np.isfinite(array)]).size
    ]
    return Range(low, high, min(ends)[0] < low, max(end for _, end in ends) > high)


def _height(labels: Iterable[str]) -> float:
    """Return the height of the highest label, in inches."""
    lines = max((1 + label.count("\n") for label in labels if label), default=0)
    return _LINE_IN * lines + (_AROUND_IN if lines else 0.0)


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
        widest = max(width_in(_broken(label), _LABEL_PT) for label in self.rows)
        return widest + (_AROUND_IN if widest else 0.0)

    @property
    def column_height(self) -> float:
        """How high what stands over the columns is, in inches."""
        return _height(self.columns)

    def places(self, grid: NDArray[Any]) -> set[Slot]:
        """Return the places of a grid where something may stand."""
        return set(self.panels) or {(i, j) for i, j in np.ndindex(*grid.shape)}

    def write(self, grid: NDArray[Any], beside: Callable[[Axes, str], None]) -> None:
        """Write them at the axes [row, column]; ``beside`` writes the one of a row."""
        for axes, label in zip(grid[0], self.columns, strict=True):
            axes.set_title(label, fontsize=_LABEL_PT)
        for axes, label in zip(grid[:, 0], self.rows, strict=True):
            beside(axes, label)
        for (i, j), axes in np.ndenumerate(grid):
            if (i, j) in self.panels:
                axes.set_title(self.panels[i, j], fontsize=_LABEL_PT)
            elif self.panels:
                axes.set_axis_off()


def title(figure: Figure, text: str) -> None:
    """Write over a figure what it is of, in lines that have room; make it higher by the others."""
    room = wrapped(text, figure.get_figwidth() - _MARGIN_IN, _TITLE_PT)
    figure.set_figheight(figure.get_figheight() + _LINE_IN * room.count("\n"))
    figure.suptitle(room, fontsize=_TITLE_PT)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of so many inches.

    Raises
    ------
    RequestError
        Where matplotlib is not installed.
    """
    load()
    from matplotlib.figure import Figure  # noqa: PLC0415  # heavy, and optional

    figure = Figure(figsize=(width, height))
    figure.set_layout_engine("constrained", h_pad=0.03, w_pad=0.03, hspace=0.0, wspace=0.0)
    return figure


def colours() -> Colormap:
    """Return the map from numbers to colours."""
    from matplotlib import colormaps  # noqa: PLC0415  # heavy, and optional

    return colormaps[COLOURS]


def time(time_t0: float) -> str:
    """Write a time in t0, to four digits or a tenth.

    >>> time(0.5), time(30.0539), time(400.0026), time(12345.54), time(0)
    ('0.5', '30.05', '400', '12345.5', '0')
    """
    whole = len(str(int(abs(time_t0)))) if abs(time_t0) >= 1 else 0
    return np.format_float_positional(round(time_t0, max(1, 4 - whole)), trim="-")


def when(times: Sequence[float]) -> str:
    """Say of when snapshots are, of which those of one time may be late by a little.

    >>> when([400.0026, 400.1]), when([0.5, 1.0]), when([])
    ('t = 400 t0', 't = 0.5 to 1 t0', 'no data')
    """
    if not times:
        return "no data"
    first, last = min(times), max(times)
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


def remark(axes: Axes, text: str, *, at_top: bool = False) -> None:
    """Write what is to be known of a panel, if anything, into its corner."""
    if text:
        axes.annotate(
            text.replace("_", " "),
            (0, int(at_top)),
            xycoords="axes fraction",
            xytext=(4, -4 if at_top else 4),
            textcoords="offset points",
            va="top" if at_top else "bottom",
            fontsize=7,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )


def colour_scale(figure: Figure, grid: NDArray[Any], range_: Range, label: str) -> None:
    """Draw beside a grid of panels which colour is which number."""
    from matplotlib.cm import ScalarMappable  # noqa: PLC0415  # heavy, and optional
    from matplotlib.colors import Normalize  # noqa: PLC0415
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    scale = ScalarMappable(Normalize(range_.low, range_.high), COLOURS)
    shrink = min(1.0, 1.8 / len(grid))
    bar = figure.colorbar(scale, ax=grid, shrink=shrink, pad=0.015, extend=range_.extend)
    bar.locator = MaxNLocator(integer=True)  # heights are whole cells
    bar.set_label(label, fontsize=9)
    bar.ax.tick_params(labelsize=8)


def small_print(figure: Figure, text: str) -> None:
    """Write under a figure what it is of and what made it."""
    most_in = figure.get_figwidth() - _MARGIN_IN
    room = wrapped(f"{text}; rescal-sweep\u00a0{__version__}", most_in, _SMALL_PT)
    figure.supxlabel(room.replace("\u00a0", " "), fontsize=_SMALL_PT, color="0.35")


def label_row(axes: Axes, label: str) -> None:
    """Write the value of a row beside it."""
    axes.set_ylabel(_broken(label), fontsize=_LABEL_PT, rotation=0, ha="right", va="center")


def _fit(figure: Figure) -> None:
    """Lay a figure out, and make it larger where something would stand beyond its edge.

    The layout does not know for certain how wide panels of fixed proportions become.
    """
    engine: Any = figure.get_layout_engine()
    for _ in range(_FITS):
        for _ in range(2):  # panels of fixed proportions have room from the second time on
            engine.execute(figure)
        width, height = figure.get_size_inches()
        box = figure.get_tightbbox()
        beyond = [max(0.0, by) for by in (-box.x0, -box.y0, box.x1 - width, box.y1 - height)]
        if max(beyond) <= 0:
            return
        left, bottom, right, top = (by + _AROUND_IN if by else 0.0 for by in beyond)
        larger = width + left + right, height + bottom + top
        inner = left / larger[0], bottom / larger[1], width / larger[0], height / larger[1]
        figure.set_size_inches(*larger)
        engine.set(rect=inner)


def save(figure: Figure, path: Path, command: str) -> None:
    """Write a picture as PNG, SVG or PDF by its suffix, with ``command`` in its metadata."""
    suffix = path.suffix.lower()
    if suffix not in STILLS:
        raise RequestError(f"{path}: pictures are written as .png, .svg or .pdf")
    key = "Keywords" if suffix == ".pdf" else "Description"
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.set_dpi(_STILL_DPI)
    _fit(figure)
    with replacing(path) as file:
        figure.savefig(file, format=suffix[1:], dpi=_STILL_DPI, metadata={key: command})


def film(
    figure: Figure,
    show: Callable[[Any], None],
    moments: Sequence[Any],
    path: Path,
    command: str,
) -> None:
    """Write a GIF or MP4 of a figure that ``show`` changes for each of ``moments``.

    Raises
    ------
    RequestError
        Where the suffix is neither, or an MP4 is asked for and there is no ffmpeg.
    """
    suffix = path.suffix.lower()
    if suffix not in FILMS:
        raise RequestError(f"{path}: animations are written as .gif or .mp4")
    if suffix == ".mp4" and shutil.which("ffmpeg") is None:
        raise RequestError(f"{path}: an .mp4 needs ffmpeg, which is not here; a .gif does not")
    path.parent.mkdir(parents=True, exist_ok=True)
    write = _write_gif if suffix == ".gif" else _write_mp4
    show(moments[0])
    figure.set_dpi(_FILM_DPI)
    _fit(figure)
    figure.set_layout_engine("none")  # so that nothing moves between frames but what is shown
    with draft_of(path) as draft:
        write(figure, show, moments, draft, command)


def _write_gif(
    figure: Figure,
    show: Callable[[Any], None],
    moments: Sequence[Any],
    path: Path,
    command: str,
) -> None:
    """Write a GIF; matplotlib's own writer would leave the command out."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415  # comes with matplotlib

    canvas: Any = FigureCanvasAgg(figure)
    frames = []
    for moment in moments:
        show(moment)
        canvas.draw()
        drawn = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        frames.append(
            drawn.quantize(method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        )
    first, *others = frames
    duration_ms = round(1000 / _FRAMES_PER_S)
    first.save(
        path, save_all=True, append_images=others, duration=duration_ms, loop=0, comment=command
    )


def _write_mp4(
    figure: Figure,
    show: Callable[[Any], None],
    moments: Sequence[Any],
    path: Path,
    command: str,
) -> None:
    from matplotlib import animation  # noqa: PLC0415  # heavy, and optional
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415

    FigureCanvasAgg(figure)
    writer = animation.FFMpegWriter(fps=_FRAMES_PER_S, metadata={"comment": command})
    with writer.saving(figure, str(path), dpi=_FILM_DPI):
        for moment in moments:
            show(moment)
            writer.grab_frame()
