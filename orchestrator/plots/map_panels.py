"""What height maps are drawn of: a panel for each, and what all of them share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.model.pictures import PLAIN, Instant
from orchestrator.plots import style

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from orchestrator.model.pictures import Look, Units
    from orchestrator.plots.colours import Range
    from orchestrator.plots.rose import Rose


@dataclass(frozen=True, slots=True)
class Panel:
    """One cell of a phase diagram: a height map, or why there is none or not the last.

    Attributes
    ----------
    height_map
        [D, L] in cells or m, not a number in columns that have no height; or None.
    time_t0
        Simulated time of the height map, in t0.
    remark
        Empty where nothing is missing, else why something is, such as ``failed``; drawn hatched.
    apart
        Whether it is of another time than those beside it, so that it has to tell.
    next_t0
        Of a bed at the start that stands for a later time: when the next snapshot is, in t0.
    full_from_t0
        Of a full domain: since when it is full, in t0.
    turning
        Whether the wind turns; else it comes from the left.
    rose
        Where it blows to, if it turns and that is known.
    t0_s
        How long a t0 is in nature, in s; not a number where that is not known.
    cell_m
        How large a cell is in nature, in m; likewise.
    side
        The side of a cell in the unit of heights and of the frame.
    outlines
        [D, L], 0 but within the outlines of dunes.
    paths
        Places of dunes until then, float64 [place, 2] of each, x and y in cells.
    """

    height_map: NDArray[np.integer | np.floating] | None
    time_t0: float
    remark: str = ""
    apart: bool = False
    next_t0: float = math.nan
    full_from_t0: float = math.nan
    turning: bool = False
    rose: Rose | None = None
    t0_s: float = math.nan
    cell_m: float = math.nan
    side: float = 1.0
    outlines: NDArray[np.integer] | None = None
    paths: tuple[NDArray[np.float64], ...] = ()

    def text(self, units: Units) -> str:
        """Return what stands in its corner."""
        when = self.when(units) if self.remark or self.apart else ""
        return ", ".join(filter(None, (self.remark, when, "; ".join(self._notes(units)))))

    def when(self, units: Units) -> str:
        """Return of when the height map is."""
        return "" if self.height_map is None else self._at(self.time_t0, units)

    def _notes(self, units: Units) -> Iterator[str]:
        if math.isfinite(self.next_t0):
            yield f"bed at the start; next {self._at(self.next_t0, units)}"
        if math.isfinite(self.full_from_t0):
            yield f"full from {self._at(self.full_from_t0, units)} on"

    def _at(self, time_t0: float, units: Units) -> str:
        return style.when([self.instant(time_t0, units)])

    def instant(self, time_t0: float, units: Units) -> Instant:
        """Return a time of the experiment as it is told: in t0, or in nature."""
        return Instant(time_t0, self.t0_s if units.days else math.nan)


@dataclass(frozen=True, slots=True)
class Frame:
    """What all panels of a diagram share.

    Attributes
    ----------
    title
        What stands above.
    range_
        The heights at both ends of the colours, in cells or m; None where there is no height.
    shape
        Depth and length of the largest domain, in cells or m. All maps are drawn to its scale.
    quantity
        What the colours show.
    """

    title: str
    range_: Range | None
    shape: tuple[float, float]
    quantity: str = "height"
    look: Look = PLAIN

    @property
    def unit(self) -> str:
        """The unit of heights and lengths."""
        return "m" if self.look.units.metres else "cells"
