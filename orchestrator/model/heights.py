"""What the heights of a map mean: columns whose height is not known, and domains that are full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.model.snapshots import Reduced

_FULL = 0.01  # of the columns: without them a mean is off by a hundredth of the height at most


def closed(height_map: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return which columns have neither air nor a mobile cell, so that their height is not known.

    Files have 0 there, which no column has otherwise: the floor is solid, and bare ground has the
    height 1. Such a column is a wall, or it is filled up to the ceiling.
    """
    return np.equal(height_map, 0)


def surface_of(maps: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return heights in which closed columns are not a number."""
    heights = maps.astype(np.float32)
    shut = closed(maps)
    if shut.any():
        np.copyto(heights, np.float32(np.nan), where=shut)
    return heights


def brimful(maps: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return int16 [snapshot, D, L] in which closed columns are as high as the highest is ever."""
    shut = closed(maps)
    return np.where(shut, maps.max(), maps) if shut.any() else maps


def full(maps: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return at which snapshots the domain is full: its ceiling cuts the surface off.

    More than a hundredth of the columns that were open at first are closed, or all of them.

    Parameters
    ----------
    maps
        int16 [snapshot, D, L], from the first snapshot on.
    """
    shut = closed(maps)
    if not shut.any():
        return np.zeros(len(maps), np.bool_)
    return np.array([_is_cut_off(each, shut[0]) for each in shut])


def is_full(height_map: NDArray[np.int16], first: NDArray[np.int16]) -> bool:
    """Return whether the domain is :func:`full` at a map, int16 [D, L], by the first one of its run."""
    shut = closed(height_map)
    return bool(shut.any()) and _is_cut_off(shut, closed(first))


def _is_cut_off(shut: NDArray[np.bool_], shut_at_first: NDArray[np.bool_]) -> bool:
    open_at_first = ~shut_at_first
    filled = np.count_nonzero(shut & open_at_first)
    return bool(filled > _FULL * np.count_nonzero(open_at_first) or shut.all())


def full_from(reduced: Reduced) -> float:
    """Return the time in t0 from which the domain is :func:`full`; not a number if it never is."""
    indices = np.flatnonzero(full(reduced.height_maps))
    return float(reduced.times[indices[0]]) if indices.size else np.nan
