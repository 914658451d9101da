"""Text of a picture that stands on another."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TOUCHING = 1.5  # pixels that letters may share


def no_text_stands_on_another(figure: Figure) -> None:
    """Assert it of all text of a figure that has been drawn, but for the numbers at its scales."""
    from matplotlib.text import Text  # noqa: PLC0415  # tests are skipped where it is not there
    from matplotlib.transforms import Bbox  # noqa: PLC0415

    numbers = {
        label
        for axes in figure.axes
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels())
    }
    written = [
        text.get_window_extent()
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in numbers
    ]
    for first, second in itertools.combinations(written, 2):
        overlap = Bbox.intersection(first, second)
        assert overlap is None or min(overlap.width, overlap.height) < _TOUCHING
