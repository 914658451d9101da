"""Directions of which the opposite is the same, such as those of crests: angles in (-90, 90] degrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DECIMALS = 4  # of a direction in degrees, so that 90 is not -90 by rounding


def folded(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return angles in degrees, float64, as directions in (-90, 90].

    >>> folded(np.array([0.0, 90.0, -90.0, 100.0])).tolist()
    [0.0, 90.0, 90.0, -80.0]
    """
    return 90 - (90 - degrees) % 180


def measured(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return measured angles in degrees, float64, as directions in (-90, 90] to four decimals.

    >>> measured(np.array([-90.00000001, -89.99999999])).tolist()
    [90.0, 90.0]
    """
    return folded(np.round(degrees, _DECIMALS))
