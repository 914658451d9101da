"""What a person chooses of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("phase-diagram", "series", "spectrum", "profile", "animation")
"""Kinds of pictures."""

QUANTITIES_SHOWN = "roughness,wavelength,mean_height"
"""Series that are drawn unless others are chosen."""

FRAMES = 60
"""Frames of an animation, at most, unless another number is chosen."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is drawn, and how.

    Attributes
    ----------
    kind
        One of :data:`KINDS`.
    output
        File to write (default: in the sweep's directory, named after the kind).
    time_t0
        Simulated time to draw, in t0 (default: the last snapshot).
    time_s
        Time in nature to draw instead, in s: of each experiment, the snapshot nearest to it.
    seed
        Seed to draw (default: the first seed; all seeds for series and spectra).
    rows, columns
        Axis that goes down, and across, the page.
    experiment
        The only experiment to draw.
    quantity
        Names of series, separated by commas.
    y
        Row of a profile, in cells (default: the middle).
    frames
        Frames of an animation, at most.
    relative
        Whether the colours show heights above each map's own mean.
    """

    kind: str = "phase-diagram"
    output: Path | None = None
    time_t0: float | None = None
    time_s: float | None = None
    seed: int | None = None
    rows: str | None = None
    columns: str | None = None
    experiment: str | None = None
    quantity: str | None = None
    y: int | None = None
    frames: int | None = None
    relative: bool | None = None
