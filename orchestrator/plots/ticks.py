"""Ticks of a scale: at round numbers, at whole ones where only these occur, or at powers of ten."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

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
