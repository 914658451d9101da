"""Numbers of a reduced snapshot over which ``run.stop_when`` and ``run.invalid_when`` decide."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.model.snapshots import Snapshot

NUMBERS: Mapping[str, str] = {
    "t": "simulated time, in t0",
    "mean_height": "mean height of the surface, in cells",
    "roughness": "standard deviation of the height, in cells",
    "highest": "height of the highest column, in cells",
    "grains": "grains of all three kinds",
    "mobile_fraction": "of all grains, those that move",
    "sintered_fraction": "of all grains, those sintered",
    "mass_drift": "relative change of the grains since the first snapshot, without its sign",
}
"""The names of the numbers, each with its meaning and unit."""


def numbers(snapshot: Snapshot, first: Snapshot) -> dict[str, float]:
    """Return the numbers of a snapshot of an experiment; ``first`` is its first one.

    Columns without a surface, of height 0, are left out of what is measured on it. Not a number
    where a number has no meaning, as a fraction of no grains.
    """
    heights = snapshot.arrays["height_maps"]
    surface = heights[heights > 0]
    there = surface.size > 0
    grains, mobile, sintered = (float(n) for n in _counts(snapshot))
    before = float(_counts(first)[0])
    return {
        "t": snapshot.time_t0,
        "mean_height": float(surface.mean()) if there else math.nan,
        "roughness": float(surface.std()) if there else math.nan,
        "highest": float(surface.max()) if there else math.nan,
        "grains": grains,
        "mobile_fraction": mobile / grains if grains else math.nan,
        "sintered_fraction": sintered / grains if grains else math.nan,
        "mass_drift": abs(grains / before - 1) if before else math.nan,
    }


def _counts(snapshot: Snapshot) -> tuple[int, int, int]:
    """Return all grains, those that move, and those sintered."""
    resting, mobile, sintered = (int(n) for n in snapshot.arrays["cell_counts"])
    return resting + mobile + sintered, mobile, sintered
