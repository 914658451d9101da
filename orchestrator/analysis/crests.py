"""Which way crests lie: circular statistics of the slopes of a bed.

A slope counts by the square of its steepness, and slopes of opposite directions are one axis: the
structure tensor of the bed (Bigun and Granlund 1987), whose smaller axis lies along the crests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KERNEL = np.array([1, 8, 28, 56, 70, 56, 28, 8, 1], np.float32) / 256
"""Binomial, of 1.4 cells' standard deviation: forms stay, and single grains and steps do not."""

_DECIMALS = 4  # of a direction in degrees, so that 90 is not -90 by rounding


def orientation(surfaces: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the direction of the crests, float64 [snapshot], in degrees.

    0 along the wind, positive towards larger y, in (-90, 90]; not a number of a flat bed.

    Parameters
    ----------
    surfaces
        float32 [snapshot, D, L], in cells; not a number in closed columns, whose neighbourhood is
        left out.
    """
    axis = _axis(surfaces)
    angle = np.degrees(np.angle(axis)) / 2 + 90
    folded = 90 - np.round(90 - angle, _DECIMALS) % 180
    return np.where(axis == 0, np.nan, folded)


def alignment(surfaces: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how much crests are of one direction, float64 [snapshot]: 1 of parallel ones, 0 of none."""
    return np.abs(_axis(surfaces))


def _axis(surfaces: NDArray[np.float32]) -> NDArray[np.complex128]:
    """Return the mean of slopes with their angles doubled, over their squares; 0 of a flat bed."""
    return np.array([_mean(surface) for surface in surfaces], np.complex128)


def _mean(surface: NDArray[np.float32]) -> complex:
    if min(surface.shape) < len(_KERNEL) + 2:
        return 0j
    known = np.isfinite(surface)
    if not known.any():
        return 0j
    smooth = _smooth(np.where(known, surface - surface[known].mean(), 0.0))
    whole = np.isclose(_smooth(known.astype(np.float64)), 1.0)
    slope = (smooth[1:-1, 2:] - smooth[1:-1, :-2]) + 1j * (smooth[2:, 1:-1] - smooth[:-2, 1:-1])
    inside = whole[1:-1, 2:] & whole[1:-1, :-2] & whole[2:, 1:-1] & whole[:-2, 1:-1]
    doubled = slope[inside] ** 2
    total = float(np.abs(doubled).sum())
    return complex(doubled.sum() / total) if total > 0 else 0j


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the binomial mean over nine cells each way, where all of them are there."""
    for axis in (0, 1):
        windows = np.lib.stride_tricks.sliding_window_view(values, len(_KERNEL), axis)
        values = windows @ _KERNEL.astype(np.float64)
    return values
