"""The table of transitions: which pairs of neighbouring cells change into which, and how fast."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine.settings import Boundary
from orchestrator.engine.states import AIR, GRAIN, MOBILE, NEUTRAL, SINK, SINTERED, SOURCE, WALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.engine.settings import Settings

EASTWARD, DOWNWARD, SOUTHWARD = (
    0,
    1,
    2,
)  # the three directions from the first cell of a pair to the second


class Time(enum.IntEnum):
    """What a transition does to the clock."""

    NONE = 0  # nothing
    EVOLVES = 1  # advances it at its rate
    CORRECTED = 2  # advances it at its rate times the share of the ground that erodes


class Check(enum.IntEnum):
    """What a drawn pair must pass before the transition is performed."""

    NONE = 0
    SHEAR_FIRST = 1
    SHEAR_SECOND = 2
    SLOPE_FIRST = 3
    SLOPE_SECOND = 4


class Trigger(enum.IntEnum):
    """What a performed transition sets off."""

    NONE = 0
    EROSION = 1  # the eroded grain may rise
    HOP = 2  # the grain at an obstacle may rise
    RISE = 3  # the risen grain may go on
    ESCAPE = 4  # the grain that left the flat ground goes on


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table; ``before`` and ``after`` are the states of the two cells.

    ``rate`` is per t0 in double precision, made from single-precision parameters as the model
    makes it. ``regulated`` marks injection that only replaces lost grains.
    """

    name: str
    direction: int
    before: tuple[int, int]
    after: tuple[int, int]
    rate: float
    time: Time = Time.EVOLVES
    check: Check = Check.NONE
    trigger: Trigger = Trigger.NONE
    regulated: bool = False

    @property
    def pair(self) -> tuple[int, int, int]:
        """The pair type it starts from: direction and the two states."""
        return (self.direction, *self.before)

    @property
    def possible(self) -> bool:
        """Whether it may ever happen: it is drawn at some time, or set off by another one."""
        return (
            self.rate > 0
            or self.regulated
            or self.check
            in {Check.SLOPE_FIRST, Check.SLOPE_SECOND}  # of a rate that may change
            or self.name in {"10", "11"}
        )


def table(settings: Settings, *, across: bool, sources: bool, sinks: bool) -> list[Transition]:
    """Return the transitions of a run in the order in which their rates are summed.

    Those that can never happen are left out, so that their pairs need not be followed.

    Parameters
    ----------
    across
        Whether the corridor between solid planes is more than one cell wide.
    sources, sinks
        Whether the initial cell space holds any.
    """
    rows = _rows(settings, across=across, sources=sources, sinks=sinks)
    return [row for row in rows if row.rate >= 0 and row.possible]


def listed(settings: Settings, *, across: bool, sources: bool, sinks: bool) -> list[str]:
    """Return the columns of ReSCAL's list of occurrences: transitions, blocked ones, links.

    Transitions of rate zero are listed too, those of negative ones do not exist. A transition with a
    check has a second column, for its attempts that are blocked; links of probability zero do not
    exist.
    """
    rows = _rows(settings, across=across, sources=sources, sinks=sinks)
    columns = []
    for row in rows:
        if row.rate < 0:
            continue
        columns += [row.name, f"{row.name} blocked"] if row.check else [row.name]
    forward = settings.link_lift_forward > 0
    links = {
        "L1": settings.link_erosion_lift > 0,
        "L2": forward,
        "L3": True,
        "L4": forward and settings.high_mobility,
    }
    return columns + [name for name, exists in links.items() if exists]


def negative(settings: Settings, *, across: bool) -> list[str]:
    """Return the names of the transitions of negative rates that cannot be left out.

    These are those that have a check, set off others or are set off.
    """
    linked = {"7", "11"}
    if settings.link_erosion_lift > 0:
        linked |= {"8", "10"}
    if settings.link_lift_forward > 0:
        linked |= {"10", "50"}
    return [
        row.name
        for row in _rows(settings, across=across, sources=True, sinks=True)
        if row.rate < 0 and (row.check or row.name in linked)
    ]


def _rows(settings: Settings, *, across: bool, sources: bool, sinks: bool) -> list[Transition]:
    with np.errstate(all="ignore"):  # rates that are too large are refused as they are found
        rows = [
            *_sintered(settings),
            *_flight(settings),
            *_creep(settings, across=across),
            *_slides(settings, EASTWARD, ""),
            *_borders(settings, sources=sources, sinks=sinks),
            *(_slides(settings, SOUTHWARD, "'") if across else ()),
        ]
    if not settings.gas:
        rows = [
            replace(row, time=Time.EVOLVES, check=Check.NONE) if _sheared(row) else row
            for row in rows
        ]
    return rows


def _sintered(s: Settings) -> Iterator[Transition]:
    """Erosion of sintered grains, and sintering; the model DUN has neither."""
    if s.model != "SNO":
        return
    if s.sintered_erosion > 0:
        rate = s.erosion * s.sintered_erosion
        yield Transition("101", EASTWARD, (AIR, SINTERED), (AIR, MOBILE), float(rate))
        yield Transition("102", DOWNWARD, (AIR, SINTERED), (MOBILE, AIR), float(rate) / 100000)
    rate = s.sintering
    yield Transition("103", DOWNWARD, (GRAIN, NEUTRAL), (SINTERED, NEUTRAL), float(rate))
    yield Transition("104a", DOWNWARD, (GRAIN, WALL), (SINTERED, WALL), float(rate))
    yield Transition("104b", DOWNWARD, (GRAIN, SINTERED), (SINTERED, SINTERED), float(rate))


def _flight(s: Settings) -> Iterator[Transition]:
    """Erosion, fall, rise, transport and deposition."""
    # the fall of mobile grains is set before an absent transport rate gets its default
    raw = np.float32(-1) if s.transport is None else s.transport
    rate = np.float32(3) * s.deposition if s.transport is None else s.transport
    fall = raw / s.lift if s.lift > 0 else s.gravity
    ahead = s.obstacle_ahead * s.deposition
    behind = s.obstacle_behind * s.deposition
    erosion = float(s.erosion)
    corrected = Time.CORRECTED
    yield Transition(
        "8",
        EASTWARD,
        (AIR, GRAIN),
        (AIR, MOBILE),
        erosion,
        corrected,
        Check.SHEAR_SECOND,
        Trigger.EROSION,
    )
    yield Transition(
        "7",
        DOWNWARD,
        (AIR, GRAIN),
        (MOBILE, AIR),
        erosion / 100000,
        corrected,
        Check.SHEAR_SECOND,
        Trigger.ESCAPE,
    )
    if s.gravity > 0:
        yield Transition("g1", DOWNWARD, (GRAIN, AIR), (AIR, GRAIN), float(s.gravity))
    if fall > 0:
        yield Transition("g2", DOWNWARD, (MOBILE, AIR), (AIR, MOBILE), float(fall))
    yield Transition(
        "10", DOWNWARD, (AIR, MOBILE), (MOBILE, AIR), float(s.lift * rate), trigger=Trigger.RISE
    )
    yield Transition("11", EASTWARD, (MOBILE, AIR), (AIR, MOBILE), float(rate))
    if s.high_mobility:
        same = (MOBILE, GRAIN)
        yield Transition("50", EASTWARD, same, same, float(rate), trigger=Trigger.HOP)
    yield Transition("9", EASTWARD, (MOBILE, AIR), (GRAIN, AIR), float(s.deposition))
    yield Transition("16", EASTWARD, (MOBILE, GRAIN), (GRAIN, GRAIN), float(ahead))
    yield Transition("17", EASTWARD, (MOBILE, NEUTRAL), (GRAIN, NEUTRAL), float(ahead))
    if behind > 0:
        yield Transition("d4", EASTWARD, (GRAIN, MOBILE), (GRAIN, GRAIN), float(behind))


def _creep(s: Settings, *, across: bool) -> Iterator[Transition]:
    """Diffusion across the wind."""
    if not across:
        return
    rate, corrected = float(s.diffusion), Time.CORRECTED
    yield Transition(
        "12", SOUTHWARD, (GRAIN, AIR), (AIR, GRAIN), rate, corrected, Check.SHEAR_FIRST
    )
    yield Transition(
        "13", SOUTHWARD, (AIR, GRAIN), (GRAIN, AIR), rate, corrected, Check.SHEAR_SECOND
    )
    if s.mobile_diffusion > 0:
        yield Transition(
            "m1", SOUTHWARD, (MOBILE, AIR), (AIR, MOBILE), float(s.mobile_diffusion)
        )
        yield Transition(
            "m2", SOUTHWARD, (AIR, MOBILE), (MOBILE, AIR), float(s.mobile_diffusion)
        )


def _slides(s: Settings, direction: int, mark: str) -> Iterator[Transition]:
    """Avalanches in one direction, both ways; they take no time."""
    if not s.slides:
        return
    rate, none = float(s.avalanche_rate), Time.NONE
    there, back = (GRAIN, AIR), (AIR, GRAIN)
    yield Transition("14" + mark, direction, there, back, rate, none, Check.SLOPE_FIRST)
    yield Transition("15" + mark, direction, back, there, rate, none, Check.SLOPE_SECOND)


def _borders(s: Settings, *, sources: bool, sinks: bool) -> Iterator[Transition]:
    """Loss at the eastern wall, injection by sources, loss in sinks."""
    if s.boundary in {Boundary.OPEN, Boundary.OUT, Boundary.REINJECTION}:
        rate = 1.0 if s.boundary is Boundary.OPEN else 20.0
        yield Transition("x1", EASTWARD, (MOBILE, WALL), (AIR, WALL), rate)
        if s.boundary is not Boundary.OPEN:
            yield Transition("x2", EASTWARD, (GRAIN, WALL), (AIR, WALL), rate)
    if sources:
        rate = float(s.injection)
        regulated = s.boundary is Boundary.REINJECTION
        yield Transition(
            "2", DOWNWARD, (SOURCE, AIR), (SOURCE, GRAIN), rate, regulated=regulated
        )
        if rate > 0:
            yield Transition("i2", DOWNWARD, (AIR, SOURCE), (MOBILE, SOURCE), rate)
    if sinks:
        yield Transition("o1", DOWNWARD, (GRAIN, SINK), (AIR, SINK), 1000.0)
        yield Transition("o2", DOWNWARD, (MOBILE, SINK), (AIR, SINK), 1000.0)


def _sheared(row: Transition) -> bool:
    return row.check in {Check.SHEAR_FIRST, Check.SHEAR_SECOND}
