"""Panels of curves beside each other, as a rule on the same scales, and a value of a parameter over each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.plots import legend, style
from orchestrator.plots.text_width import wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from orchestrator.model.pictures import Look, Units

_PANELS_IN = (6.0, 2.6), (3.5, 2.4), (2.7, 2.2)  # one, two or three beside each other
_MOST_IF_NARROW = 2
_UNLIKE = 5  # times as long as the shortest panel is the longest that shares a scale with it
_BESIDE_IN, _ABOVE_IN = 0.5, 0.8  # beside panels without a legend there, above and under all
_SCALE_IN = 0.6  # that labels and numbers take at the left


def facets(
    kinds: int, over: Sequence[str], look: Look, *, narrow: bool, together: bool = True
) -> tuple[Figure, NDArray[Any]]:
    """Return a figure, and the axes of its panels [kind, over].

    Those of one kind stand beside each other and share their scales, in several rows where they are
    many; kinds stand below each other.

    Parameters
    ----------
    kinds
        How many scales upwards there are.
    over
        What stands over each panel; a single empty text where nothing is to stand.
    narrow
        Whether the picture is a column wide, with no room for a legend beside the panels.
    together
        Whether panels beside each other share what is along them, and not only those below each other.
    """
    blocks = math.ceil(len(over) / (_MOST_IF_NARROW if narrow else len(_PANELS_IN)))
    across = math.ceil(len(over) / blocks)
    wide, high = _PANELS_IN[across - 1]
    beside = _beside_in(narrow=narrow)
    total = look.size_in[0] - beside if look.size_in is not None else wide * across
    titles = [_title(text, (total - _SCALE_IN) / across) for text in over]
    lines = [
        max(1 + title.count("\n") if title else 0 for title in titles[i * across :][:across])
        for i in range(blocks)
    ]
    around = beside, _ABOVE_IN + style.lines_in(sum(lines))
    figure = style.new_figure((wide * across, high * kinds * blocks), around, look)
    grid = figure.subplots(blocks * kinds, across, squeeze=False, sharex=together)
    panels = grid.reshape(blocks, kinds, across).swapaxes(0, 1).reshape(kinds, -1)
    for axes in panels[:, len(over) :].flat:
        axes.set_axis_off()
    panels = panels[:, : len(over)]
    for row in panels:
        for axes in row[1:]:
            axes.sharey(row[0])
    if not together:
        for row in panels[1:]:
            for axes, above in zip(row, panels[0], strict=True):
                axes.sharex(above)
    for axes, title in zip(panels[0], titles, strict=True):
        axes.set_title(title)
    return figure, panels


def comparable(units: Units, ends: Sequence[float]) -> bool:
    """Return whether panels that begin at 0 and have these ends can share a scale of time.

    In nature a run in a strong wind may last for hours, and one of as many t0 in a weak wind for
    months, beside which it would be a mere line.
    """
    begun = [end for end in ends if end > 0]
    return not units.days or not begun or max(begun) <= _UNLIKE * min(begun)


def apart(along: str) -> str:
    """Return what the small print tells of panels that do not share a scale."""
    return f"each panel has its own scale of {along}"


def label(
    grid: NDArray[Any],
    along: str,
    upwards: Sequence[str],
    *,
    narrow: bool,
    together: bool = True,
) -> None:
    """Write what stands along both scales of panels [kind, over], at the edges alone.

    Along them under each, where it is not the same in all.
    """
    figure = grid[0, 0].get_figure()
    columns = [[axes.get_subplotspec().colspan.start for axes in row] for row in grid]
    rows = [[axes.get_subplotspec().rowspan.start for axes in row] for row in grid]
    across = 1 + np.max(columns)
    lowest = {
        column: np.max(rows, where=np.equal(columns, column), initial=0)
        for column in range(across)
    }
    room = (figure.get_figwidth() - _SCALE_IN - _beside_in(narrow=narrow)) / across
    high = (figure.get_figheight() - _ABOVE_IN) / (1 + np.max(rows)) - style.lines_in(1)
    for (i, j), axes in np.ndenumerate(grid):
        first, last = columns[i][j] == 0, rows[i][j] == lowest[columns[i][j]]
        last |= not together and i == len(grid) - 1
        axes.tick_params(labelleft=first, labelbottom=last)
        if first:
            axes.set_ylabel(upwards[i] if across == 1 else _title(upwards[i], high))
        if last:
            axes.set_xlabel(along if across == 1 else _title(along, room))
    figure.align_ylabels([axes for axes in grid.flat if axes.get_ylabel()])


def _beside_in(*, narrow: bool) -> float:
    return _BESIDE_IN if narrow else legend.WIDTH_IN


def _title(text: str, most_in: float) -> str:
    return wrapped(text, most_in, style.points()).rstrip()
