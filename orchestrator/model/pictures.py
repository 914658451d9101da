"""What a person chooses of a picture."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypedDict

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from pathlib import Path

KINDS = (
    *("phase-diagram", "series", "spectrum", "profile", "animation"),
    *("quantity", "map", "dispersion", "offset", "heights", "dunes", "celerity"),
    *("section", "flux"),
)
"""Kinds of pictures; the name of a quantity is short for ``quantity`` of that one."""

ONE_PANEL = "none"
"""Where curves are to share one panel, instead of the axis that has one for each value."""

QUANTITIES_SHOWN = ("roughness", "wavelength", "mean_height")
"""Series that are drawn unless others are chosen."""

FRAMES = 60
"""Frames of an animation, at most, unless another number is chosen."""


class Units(enum.Enum):
    """The units in which a picture is drawn or a table is written."""

    MODEL = "model"
    SI = "si"
    LENGTHS = "m, t0"
    """Nobody chooses it: of ``si`` it is what is left where a t0 has no one length."""

    @property
    def metres(self) -> bool:
        """Whether lengths are in metres."""
        return self is not Units.MODEL

    @property
    def days(self) -> bool:
        """Whether times are in days."""
        return self is Units.SI


CHOSEN = (Units.MODEL.value, Units.SI.value)
"""What a person may say of units."""


class Moment(NamedTuple):
    """A time: in t0, or in nature in s."""

    value: float
    in_nature: bool = False

    def in_t0(self, t0_s: float) -> float:
        """Return it in t0, of which one lasts ``t0_s`` seconds."""
        return self.value / t0_s if self.in_nature else self.value


class Instant(NamedTuple):
    """When a snapshot is, in t0, and how long a t0 is in s where times are told in nature."""

    time_t0: float
    t0_s: float = math.nan


class How(enum.Enum):
    """How a series becomes one number."""

    AT = "at"
    MEAN = "mean"
    RATE = "rate"
    CROSSING = "crosses"


@dataclass(frozen=True, slots=True)
class Summary:
    """How a series becomes one number.

    Attributes
    ----------
    how
        Its value at a time, its mean over a window, its rate of change there (the slope of the
        straight line that fits best), or the time at which it first comes to a value.
    first, last
        Both ends of the window, or twice the time; None for the first and the last snapshot.
    level
        The value to which it comes, in the units of the picture.
    """

    how: How = How.AT
    first: Moment | None = None
    last: Moment | None = None
    level: float = 0.0

    @property
    def in_nature(self) -> bool:
        """Whether the length of a t0 has to be known."""
        return any(end is not None and end.in_nature for end in (self.first, self.last))


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture looks.

    Attributes
    ----------
    title
        What stands above (default: the sweep and what is drawn of it; empty for nothing).
    size_in
        Width and height in inches; a height of 0 keeps the proportions.
    dpi
        Pixels per inch of a .png, .gif or .mp4.
    family, points
        The font, and its size in points.
    cmap
        Name of matplotlib's map of colours.
    range
        Lowest and highest number of the colours, or of the vertical axis of curves.
    labels
        What is written instead of the name of a parameter or quantity.
    bare
        Whether nothing stands under the picture.
    units
        Cells and t0, or metres and, where a t0 has one length in all experiments, days.
    log
        Which axes of curves go up by factors: ``x``, ``y`` or ``xy``; empty for those that do so
        by themselves.
    """

    title: str | None = None
    size_in: tuple[float, float] | None = None
    dpi: int | None = None
    family: str | None = None
    points: float | None = None
    cmap: str | None = None
    range: tuple[float, float] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    bare: bool = False
    units: Units = Units.MODEL
    log: str = ""

    @property
    def has_height(self) -> bool:
        """Whether the height is certain."""
        return self.size_in is not None and self.size_in[1] > 0


PLAIN = Look()
"""As a picture looks where nothing is asked for."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is drawn, and how.

    Attributes
    ----------
    kind
        One of :data:`KINDS`.
    output
        File to write (default: in the sweep's directory, named after the kind).
    time
        Time to draw (default: the last snapshot); in nature, of each experiment the snapshot
        nearest to it.
    seed
        Seed to draw (default: the first seed; all seeds for what has means over them).
    rows, columns
        Axis that goes down, and across, the page; of a map, the parameters up and to the right.
    panels
        Axis or parameter of which each value has a panel of curves, or :data:`ONE_PANEL` (default: the
        second longest axis, where there are many curves).
    experiment
        The only experiment to draw.
    quantity
        Names of quantities, each once; none for those that the kind shows.
    against
        Parameter to the right (default: the first one that is swept).
    summary
        How the series of an experiment becomes one number.
    x, y
        Column of a section across the wind, and row of one along it or of a profile, in cells (default:
        the middle row); of a flux the section through which it goes (default: each, on average).
    frames
        Frames of an animation, at most.
    relative
        Whether heights above each map's own mean are shown.
    window
        First and last time that count; None for the first and the last snapshot.
    fit
        Whether the exponential approach to a limit is drawn with a series.
    threshold
        Height above which there are dunes, in cells (default: of each map its own).
    """

    kind: str = "phase-diagram"
    output: Path | None = None
    time: Moment | None = None
    seed: int | None = None
    rows: str | None = None
    columns: str | None = None
    panels: str | None = None
    experiment: str | None = None
    quantity: tuple[str, ...] = ()
    against: str | None = None
    summary: Summary = Summary()
    x: int | None = None
    y: int | None = None
    frames: int = FRAMES
    relative: bool = False
    window: tuple[Moment | None, Moment | None] = (None, None)
    fit: bool = False
    threshold: float | None = None
    look: Look = PLAIN


class LookWords(TypedDict, total=False):
    """How a picture looks, as a person gives it; what is None was not given."""

    title: str | None
    size: str | Sequence[float] | None
    dpi: int | None
    font: str | float | None
    cmap: str | None
    range: str | Sequence[float] | None
    labels: str | Sequence[str] | Mapping[str, str] | None
    bare: bool | None


class Words(LookWords, total=False):
    """The options of a picture as a person gives them; what is None was not given."""

    output: str | os.PathLike[str] | None
    time: str | float | None
    mean: str | Sequence[float] | None
    rate: str | Sequence[float] | None
    crosses: float | None
    seed: int | None
    rows: str | None
    columns: str | None
    panels: str | None
    experiment: str | int | None
    quantity: str | Sequence[str] | None
    against: str | None
    x: int | None
    y: int | None
    frames: int | None
    relative: bool | None
    window: str | Sequence[float] | None
    fit: bool | None
    threshold: float | None
    log: str | None
    units: str | None
