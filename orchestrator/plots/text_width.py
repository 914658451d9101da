"""How wide texts are in a picture, and where they are broken into lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orchestrator.plots.loading import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HINTED = 1.06  # times as wide may a text become whose letters are moved to whole pixels
_BREAKS = "; ", ", ", " ", "-", "_", ""  # where lines are broken, the better places first


def width_in(text: str, size_pt: float) -> float:
    """Return how wide the widest line of a text is at most, in inches."""
    load()
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415  # heavy, and optional
    from matplotlib.textpath import text_to_path  # noqa: PLC0415

    font = FontProperties(size=size_pt)
    measure = text_to_path.get_text_width_height_descent
    widest = max(float(measure(line, font, ismath=False)[0]) for line in text.split("\n"))
    return _HINTED * widest / 72


def wrapped(text: str, most_in: float, size_pt: float) -> str:
    r"""Break a line that is wider than ``most_in`` inches into some that are not.

    >>> wrapped("a-long-name-of-a-sweep, seed = 1", 1.1, 11).split("\n")
    ['a-long-name-', 'of-a-sweep, ', 'seed = 1']
    """
    lines = [""]
    for piece in _pieces(text, most_in, size_pt, _BREAKS):
        if width_in(lines[-1] + piece.rstrip(), size_pt) <= most_in:
            lines[-1] += piece
        else:
            lines.append(piece)
    return "\n".join(line for line in lines if line)


def _pieces(text: str, most_in: float, size_pt: float, breaks: Sequence[str]) -> Iterator[str]:
    """Part a text where that is best, until each piece has room in a line."""
    if not breaks or width_in(text, size_pt) <= most_in:
        yield text
        return
    at, *others = breaks
    parts = re.split(f"(?<={re.escape(at)})", text) if at else text
    for part in parts:
        yield from _pieces(part, most_in, size_pt, others)
