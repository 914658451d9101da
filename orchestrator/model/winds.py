"""Winds of a sweep whose numbers are formulas, and the winds of an experiment that come of them."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.errors import FormatError
from orchestrator.formats.winds import LARGEST, WIND, Wind, Winds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from orchestrator.formats.parameters import Value
    from orchestrator.formulas import Formula

_RANGES = {
    "duration": (0.0, LARGEST),
    "angle": (-3600.0, 3600.0),
    "Tau_min": (-LARGEST, LARGEST),
    "speed": (0.0, 1000.0),
}
_SHORTEST = 1e-3  # t0 or s; the bed would turn at every event


class Number(NamedTuple):
    """A number of a wind: its key in the sweep file, such as ``parameters.wind.1.angle``."""

    key: str
    formula: Formula


@dataclass(frozen=True, slots=True)
class WindRows:
    """Winds whose numbers are formulas: per row duration, angle and, unless it has none, strength.

    ``unit`` is that of :class:`orchestrator.formats.winds.Winds`.
    """

    unit: str
    rows: tuple[tuple[Number, ...], ...]

    @property
    def numbers(self) -> Iterator[Number]:
        """All formulas."""
        return itertools.chain.from_iterable(self.rows)

    @property
    def own_threshold(self) -> bool:
        """Whether the winds have thresholds of their own."""
        return self.unit == "t0" and any(len(row) > 2 for row in self.rows)

    def settled(self, values: Mapping[str, Value]) -> str:
        """Return the winds at the values of an experiment, as their text.

        Winds that do not blow for any time are left out.

        Raises
        ------
        FormatError
            With the key of a formula that has no value, or none that it may have.
        """
        rows = [Wind(*_filled(_values(row, values))) for row in self.rows]
        blowing = tuple(row for row in rows if row.duration > 0)
        if not blowing:
            raise FormatError(f"{WIND}: expected a wind that lasts; all durations are 0")
        return str(Winds(self.unit, blowing))


def _values(row: Iterable[Number], values: Mapping[str, Value]) -> Iterator[float]:
    for key, formula in row:
        try:
            value = formula.evaluate(values)
        except FormatError as error:
            raise FormatError(f"{key}: {formula.text}: {error}") from error
        if isinstance(value, bool | str) or math.isnan(value):
            raise FormatError(f"{key}: {formula.text}: expected a number, got {value}")
        low, high = _RANGES[key.rpartition(".")[2]]
        if not low <= value <= high:
            wish = "0 or more" if value < low == 0 else f"{low:g} to {high:g}"
            raise FormatError(f"{key}: {formula.text}: expected {wish}, got {value:g}")
        if key.endswith(".duration") and 0 < value < _SHORTEST:
            wish = f"0 or at least {_SHORTEST:g}"
            raise FormatError(f"{key}: {formula.text}: expected {wish}, got {value:g}")
        yield float(value)


def _filled(row: Iterable[float]) -> tuple[float, float, float | None]:
    duration, angle, *strength = row
    return duration, angle, strength[0] if strength else None
