"""Ticks of a scale: at round numbers, at whole ones where only these occur, at powers of ten, or names of cells."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.plots import style
from orchestrator.plots.text_width import width_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axis import Axis
    from numpy.typing import NDArray

_LEAST_PLAIN, _MOST_PLAIN = 1e-4, 1e6  # between which numbers are written without an exponent
_FEW_POWERS = 1000  # from the lowest to the highest, between which more numbers have room


def are_whole(values: Iterable[NDArray[Any]]) -> bool:
    """Return whether all numbers that are known are whole, and any is.

    >>> are_whole([np.array([1, 4]), np.array([2.0, np.nan])]), are_whole([np.array([0.5])])
    (True, False)
    >>> are_whole([np.array([np.nan])])
    False
    """
    known = [array[np.isfinite(array)] for array in values]
    return any(array.size for array in known) and all(
        bool((array == np.rint(array)).all()) for array in known
    )


def linear(axis: Axis, values: Iterable[NDArray[Any]]) -> None:
    """Write whole numbers along ``values`` that are all whole, such as seeds, counts and cells."""
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415  # heavy, optional

    if are_whole(values):
        axis.set_major_locator(
            MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)
        )


def names(axis: Axis, of_cells: Sequence[str], room_in: float) -> None:
    """Write names at the middle of cells 0 to 1, 1 to 2 and so on, as many as stand apart.

    Parameters
    ----------
    room_in
        How long a cell is along the axis, in inches.
    """
    size_pt = style.points(style.TICKS)
    if axis is axis.axes.xaxis:
        needed_in = max(width_in(f"{name} ", size_pt) for name in of_cells)
    else:
        needed_in = style.lines_in(1, style.TICKS)
    every = math.ceil(needed_in / room_in)
    axis.set_ticks(np.arange(len(of_cells))[::every] + 0.5, of_cells[::every])


def powers(axis: Axis) -> None:
    """Write numbers at 1, 2 and 5 of each power of ten where there is room, all in the same form."""
    from matplotlib.ticker import (  # noqa: PLC0415  # heavy, optional
        LogFormatterSciNotation,
        LogLocator,
        NullFormatter,
    )

    low, high = axis.get_view_interval()
    if high < _FEW_POWERS * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        plain = low >= _LEAST_PLAIN and high < _MOST_PLAIN
        powers_of_ten = LogFormatterSciNotation(minor_thresholds=(math.inf, math.inf))
        axis.set_major_formatter("{x:g}" if plain else powers_of_ten)
    axis.set_minor_formatter(NullFormatter())
