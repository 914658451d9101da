"""What all pictures share: colours, small print, and how they are written."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, Literal

from orchestrator import __version__
from orchestrator.errors import RequestError
from orchestrator.formats.durable import replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

COLOURS = "cividis"
"""Perceptually uniform, and the same for the colour-blind."""

LINE_COLOURS = "viridis"
"""Likewise, and lighter at one end only, so that neighbouring lines differ more."""

CATEGORIES = ("#0072B2", "#D55E00")
"""Two colours that the colour-blind can tell apart (Okabe and Ito 2008)."""

LineStyle = Literal["-", "--", ":", "-."] | tuple[float, tuple[float, ...]]

LINES: tuple[LineStyle, ...] = ("-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 3)))
"""Styles of lines, where colour tells something else."""

_STILL = {".png", ".svg", ".pdf"}
_FRAMES_PER_S = 8
_FILM_DPI = 80


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of so many inches.

    Raises
    ------
    RequestError
        Where matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  # heavy, and optional
    except ImportError as error:
        raise RequestError(
            "pictures need matplotlib; install it with: pip install 'rescal-sweep[analysis]'"
        ) from error
    figure = Figure(figsize=(width, height))
    figure.set_layout_engine("constrained", h_pad=0.03, w_pad=0.03, hspace=0.0, wspace=0.0)
    return figure


def colours() -> Colormap:
    """Return the map from numbers to colours."""
    from matplotlib import colormaps  # noqa: PLC0415  # heavy, and optional

    return colormaps[COLOURS]


def small_print(figure: Figure, said: str) -> None:
    """Write under a figure what it is of and what made it."""
    figure.supxlabel(f"{said}; rescal-sweep {__version__}", fontsize=7, color="0.35")


def label_row(axes: Axes, label: str) -> None:
    """Write the value of a row beside it."""
    axes.set_ylabel(
        label.replace(" = ", "\n= "), fontsize=9, rotation=0, ha="right", va="center"
    )


def save(figure: Figure, path: Path, command: str) -> None:
    """Write a picture as PNG, SVG or PDF by its suffix, with ``command`` in its metadata."""
    suffix = path.suffix.lower()
    if suffix not in _STILL:
        raise RequestError(f"{path}: pictures are written as .png, .svg or .pdf")
    key = "Keywords" if suffix == ".pdf" else "Description"
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        figure.savefig(file, format=suffix[1:], dpi=150, metadata={key: command})


def film(
    figure: Figure,
    show: Callable[[Any], None],
    moments: Iterable[Any],
    path: Path,
    command: str,
) -> None:
    """Write a GIF or MP4 of a figure that ``show`` changes for each of ``moments``.

    Raises
    ------
    RequestError
        Where the suffix is neither, or an MP4 is asked for and there is no ffmpeg.
    """
    from matplotlib import animation  # noqa: PLC0415  # heavy, and optional
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415

    suffix = path.suffix.lower()
    if suffix not in {".gif", ".mp4"}:
        raise RequestError(f"{path}: animations are written as .gif or .mp4")
    if suffix == ".mp4" and shutil.which("ffmpeg") is None:
        raise RequestError(f"{path}: an .mp4 needs ffmpeg, which is not here; a .gif does not")
    FigureCanvasAgg(figure)
    made = animation.PillowWriter if suffix == ".gif" else animation.FFMpegWriter
    writer = made(fps=_FRAMES_PER_S, metadata={"comment": command})
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.stem}.draft{suffix}")
    try:
        with writer.saving(figure, str(draft), dpi=_FILM_DPI):
            for moment in moments:
                show(moment)
                writer.grab_frame()
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
