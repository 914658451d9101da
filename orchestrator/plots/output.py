"""Pictures and films as files, with nothing beyond their edges."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.errors import RequestError
from orchestrator.formats.durable import draft_of, replacing
from orchestrator.model.pictures import PLAIN
from orchestrator.plots.style import AROUND_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

    from orchestrator.model.pictures import Look

BOOK = ".pdf"
"""The suffix of a file that has several pages."""

STILLS = (".png", ".svg", BOOK)
FILMS = (".gif", ".mp4")

_NO_ROOM = "constrained_layout not applied"  # what matplotlib's warning begins with
_FITS = 3  # times that a figure is made larger
_FRAMES_PER_S = 8
_FILM_DPI, _STILL_DPI = 100, 150


def _fit(figure: Figure, look: Look) -> None:
    """Lay a figure out so that nothing stands beyond its edge.

    The layout does not know for certain how wide panels of fixed proportions become. A figure of
    no certain size is made larger, another one is laid out within a smaller part of itself.
    """
    engine: Any = figure.get_layout_engine()
    inner = 0.0, 0.0, 1.0, 1.0  # left, bottom, width and height
    # panels of fixed proportions have room from the second time on
    times = 2 if any(axes.get_aspect() != "auto" for axes in figure.axes) else 1
    for _ in range(_FITS):
        for _ in range(times):
            engine.execute(figure)
        width, height = figure.get_size_inches()
        box = figure.get_tightbbox()
        beyond = [max(0.0, by) for by in (-box.x0, -box.y0, box.x1 - width, box.y1 - height)]
        if max(beyond) <= 0:
            return
        left, bottom, right, top = (by + AROUND_IN if by else 0.0 for by in beyond)
        if look.size_in is not None:
            x, y, wide, high = inner
            wide, high = wide - (left + right) / width, high - (bottom + top) / height
            inner = x + left / width, y + bottom / height, max(wide, 0.1), max(high, 0.1)
        else:
            larger = width + left + right, height + bottom + top
            inner = left / larger[0], bottom / larger[1], width / larger[0], height / larger[1]
            figure.set_size_inches(*larger)
        engine.set(rect=inner)


def save(figure: Figure, path: Path, command: str, look: Look = PLAIN) -> None:
    """Write a picture as PNG, SVG or PDF by its suffix, with ``command`` in its metadata."""
    suffix = path.suffix.lower()
    if suffix not in STILLS:
        raise RequestError(f"{path}: pictures are written as .png, .svg or .pdf")
    if suffix == BOOK:
        save_pages([figure], path, command, look)
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  # heavy, and optional

    path.parent.mkdir(parents=True, exist_ok=True)
    _lay_out(figure, look)
    metadata = {"Description": command}
    with replacing(path) as file:
        if suffix == ".png":  # savefig would go through the figure once more before it draws
            canvas: Any = FigureCanvasAgg(figure)
            canvas.print_png(file, metadata=metadata)
        else:
            figure.savefig(file, format=suffix[1:], dpi=figure.dpi, metadata=metadata)


def save_pages(figures: Iterable[Figure], path: Path, command: str, look: Look = PLAIN) -> None:
    """Write pictures as the pages of one PDF, each once it is drawn, with ``command`` in its metadata."""
    from matplotlib.backends.backend_pdf import PdfPages  # noqa: PLC0415  # heavy, and optional

    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        replacing(path) as file,
        PdfPages(file, metadata={"Keywords": command}) as pages,
    ):
        for figure in figures:
            _lay_out(figure, look)
            pages.savefig(figure, dpi=figure.dpi)


def _lay_out(figure: Figure, look: Look) -> None:
    """Lay a figure out in the resolution in which it is written.

    Raises
    ------
    RequestError
        Where the size that was asked for has no room.
    """
    figure.set_dpi(look.dpi or _STILL_DPI)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", _NO_ROOM)
        try:
            _fit(figure, look)
        except UserWarning:
            width, height = (side * 25.4 for side in figure.get_size_inches())
            raise RequestError(
                f"--size: {width:.0f} x {height:.0f} mm have no room for what is written; "
                "use a larger size or a smaller --font"
            ) from None
    figure.set_layout_engine("none")  # it is laid out, which takes longer than drawing


@dataclass(frozen=True, slots=True)
class Film:
    """A figure that changes: ``show`` draws what it is at each of ``moments``."""

    figure: Figure
    show: Callable[[Any], None]
    moments: Sequence[Any]


def film(drawn: Film, path: Path, command: str, look: Look = PLAIN) -> None:
    """Write a film as GIF or MP4 by its suffix, with ``command`` in its metadata.

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
    drawn.show(drawn.moments[0])
    drawn.figure.set_dpi(look.dpi or _FILM_DPI)
    _fit(drawn.figure, look)
    # so that nothing moves between frames but what is shown
    drawn.figure.set_layout_engine("none")
    with draft_of(path) as draft:
        write(drawn, draft, command)


def _write_gif(drawn: Film, path: Path, command: str) -> None:
    """Write a GIF; matplotlib's own writer would leave the command out."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415  # comes with matplotlib

    canvas: Any = FigureCanvasAgg(drawn.figure)
    frames = []
    for moment in drawn.moments:
        drawn.show(moment)
        canvas.draw()
        pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        frames.append(
            pixels.quantize(method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        )
    first, *others = frames
    duration_ms = round(1000 / _FRAMES_PER_S)
    first.save(
        path, save_all=True, append_images=others, duration=duration_ms, loop=0, comment=command
    )


def _write_mp4(drawn: Film, path: Path, command: str) -> None:
    from matplotlib import animation  # noqa: PLC0415  # heavy, and optional
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415

    FigureCanvasAgg(drawn.figure)
    writer = animation.FFMpegWriter(fps=_FRAMES_PER_S, metadata={"comment": command})
    with writer.saving(drawn.figure, str(path), dpi=drawn.figure.dpi):
        for moment in drawn.moments:
            drawn.show(moment)
            writer.grab_frame()
