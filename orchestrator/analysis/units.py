"""Quantities in the units of the model, or in metres and days."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from orchestrator.model.pictures import Instant

if TYPE_CHECKING:
    from orchestrator.analysis.observables import Quantity
    from orchestrator.analysis.scales import Scales
    from orchestrator.model.pictures import Units

DAY_S = 86400.0

TIMES_STAY = "times in t0, whose length depends on the strength of the wind"
"""What is told where of units of nature there are those of length alone."""

_METRES = {0: "", 1: "m", 2: "m²", 3: "m³"}


def name(quantity: Quantity, units: Units, rate: int = 0) -> str:
    """Return the unit of a quantity, or of its rate of change where ``rate`` is 1; 1 has none.

    >>> from orchestrator.analysis.observables import QUANTITIES
    >>> from orchestrator.model.pictures import Units
    >>> name(QUANTITIES["mass"], Units.SI), name(QUANTITIES["migration_speed"], Units.SI)
    ('m³', 'm/d')
    >>> name(QUANTITIES["migration_speed"], Units.LENGTHS)
    'm/t0'
    >>> (
    ...     name(QUANTITIES["roughness"], Units.MODEL, rate=1),
    ...     name(QUANTITIES["mass"], Units.MODEL),
    ... )
    ('cells/t0', 'cells')
    """
    if units.metres and (quantity.length or quantity.time):
        return (_METRES[quantity.length] or "1") + _per(quantity.time - rate, time_name(units))
    own = "" if quantity.units == "1" and not rate else quantity.units
    return own + _per(-rate, time_name(units))


def _per(power: int, unit: str) -> str:
    if power >= 0:
        return unit * power
    return f"/{unit}" + ("" if power == -1 else "²")


def factor(quantity: Quantity, units: Units, scales: Scales) -> float:
    """Return what a quantity of the model is multiplied by; not a number where that is not known."""
    if not units.metres:
        return 1.0
    return scales.cell_m**quantity.length * days(units, scales) ** quantity.time


def days(units: Units, scales: Scales) -> float:
    """Return how long a t0 is in the unit of time: t0, or days."""
    return scales.t0_s / DAY_S if units.days else 1.0


def instant(time_t0: float, units: Units, scales: Scales) -> Instant:
    """Return a time as it is told: in t0, or in nature."""
    return Instant(time_t0, scales.t0_s if units.days else math.nan)


def time_name(units: Units) -> str:
    """Return the unit of time."""
    return "d" if units.days else "t0"
