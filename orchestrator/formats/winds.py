"""Winds that blow one after the other: as a wind file has them, and as one value of a parameter.

A heading is where a wind blows to in a map, in degrees: 0 along x, 90 along y, which is down the page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.errors import FormatError, quoted
from orchestrator.formats.durable import read_ascii
from orchestrator.formats.parameters import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from orchestrator.formats.parameters import Value

WIND = "wind"
"""The parameter of an experiment that has its winds, and the file in which an engine reads them."""

UNITS = ("t0", "rt")

LARGEST = 1e30
"""No number of a wind is larger."""

_COUNT = re.compile(r"\s*([+-]?)0*([0-9]{1,9}),\s*(\S+)")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOST_TURNS = 360  # of a bed that never comes back to where it was
_DIGITS = 12  # of a number that a formula gives; an engine keeps seven
_VALUE = r"-?[0-9]+(?:\.[0-9]+)?(?:e[-+][0-9]+)?"
_SPELLED = re.compile(
    rf"(?P<duration>{_VALUE}) (?P<unit>t0|s) at (?P<angle>{_VALUE})"
    rf"(?: \((?:Tau_min (?P<threshold>{_VALUE})|(?P<speed>{_VALUE}) m/s)\))?"
)


class Wind(NamedTuple):
    """One wind: how long it blows, its angle in degrees, and how strong it is.

    ``value`` is a threshold of stress or a speed in m/s by the unit of the winds; None where
    the ``Tau_min`` of the experiment holds.
    """

    duration: float
    angle: float
    value: float | None


@dataclass(frozen=True, slots=True)
class Winds:
    """Winds that blow one after the other, again and again.

    ``unit`` is ``t0``: durations in t0, angles clockwise from x in a map, and values are thresholds
    of stress; or ``rt``: durations in seconds, angles from which winds come, clockwise from the top
    of a map, and values are speeds in m/s, a negative one leaving the threshold as it is.
    ``unread`` is what a file has behind its rows; ``drift`` is by how many degrees all winds turn
    from one time round to the next.
    """

    unit: str
    rows: tuple[Wind, ...]
    unread: str = ""
    drift: float = 0.0

    def __str__(self) -> str:
        """Return the winds as a person reads them, and :func:`parse` does.

        >>> str(Winds("t0", (Wind(10, -45, None), Wind(5, 45, None))))
        '10 t0 at -45, 5 t0 at 45'
        >>> str(Winds("t0", (Wind(10, -45, 0.5),))), str(Winds("rt", (Wind(3600, 270, 8),)))
        ('10 t0 at -45 (Tau_min 0.5)', '3600 s at 270 (8 m/s)')
        """
        seconds, end = self.unit == "rt", "t0" if self.unit == "t0" else "s"
        parts = []
        for duration, angle, value in self.rows:
            blows = f"{shortest(duration)} {end} at {shortest(angle)}"
            if value is not None:
                strong = shortest(value)
                blows += f" ({strong} m/s)" if seconds else f" (Tau_min {strong})"
            parts.append(blows)
        return ", ".join(parts)

    def file(self, threshold: float) -> str:
        """Return the text of the wind file; ``threshold`` holds for winds without one."""
        rows = (
            f"{shortest(duration)} {shortest(angle)} "
            f"{shortest(threshold if value is None else value)}\n"
            for duration, angle, value in self.rows
        )
        return f"{len(self.rows)},{self.unit}\n{''.join(rows)}"

    def as_json(self) -> list[dict[str, float]]:
        """Return each wind by the keys that it has in a sweep file; durations in t0 or seconds.

        >>> Winds("t0", (Wind(10, -45, None), Wind(5, 45, 0))).as_json()
        [{'duration': 10, 'angle': -45}, {'duration': 5, 'angle': 45, 'Tau_min': 0}]
        """
        strength = "speed" if self.unit == "rt" else "Tau_min"
        return [
            {"duration": duration, "angle": angle}
            | ({} if value is None else {strength: value})
            for duration, angle, value in self.rows
        ]

    @property
    def shares(self) -> dict[float, float]:
        """The headings, each with its share of the time.

        >>> Winds("t0", (Wind(10, -45, None), Wind(5, 45, None), Wind(5, -45, None))).shares
        {315.0: 0.75, 45.0: 0.25}
        """
        total = sum(row.duration for row in self.rows)
        shares: dict[float, float] = {}
        for row in self.rows:
            heading = self._heading(row)
            shares[heading] = shares.get(heading, 0.0) + row.duration / total
        return shares

    def at(self, time_t0: float) -> float | None:
        """Return where the wind blows to at a time; None where the length of a t0 decides.

        >>> two = Winds("t0", (Wind(10, 30, None), Wind(5, 45, None)))
        >>> [two.at(time) for time in (0, 9.5, 10, 15)]
        [30.0, 30.0, 45.0, 30.0]
        """
        if self.unit == "rt" and len(self.shares) > 1:
            return None
        times_round, left = divmod(time_t0, sum(row.duration for row in self.rows))
        for row in self.rows:
            if left < row.duration:
                return (self._heading(row) + times_round * self.drift) % 360.0
            left -= row.duration
        return (self._heading(self.rows[0]) + (times_round + 1) * self.drift) % 360.0

    def _heading(self, row: Wind) -> float:
        return float(row.angle + 90 * (self.unit == "rt")) % 360.0


STEADY = Winds("t0", (Wind(1.0, 0.0, None),))
"""A wind that blows along x, to the right, as it does where nothing else is said."""


def by_turns(angle: float, delay: float, start_t0: float = 0.0) -> Winds:
    """Return the winds of a run whose bed turns by ``angle`` degrees every ``delay`` t0.

    The bed turns clockwise on a map; relative to it the wind turns the other way.

    >>> str(by_turns(-90.0, 20.0, 50.0))
    '20 t0 at 180, 20 t0 at 270, 20 t0 at 0, 20 t0 at 90'
    >>> round(by_turns(7.7, 1.0).at(400.0), 6)
    160.0
    """
    closing = (n for n in range(1, _MOST_TURNS) if n * angle % 360 == 0)
    count = next(closing, _MOST_TURNS)
    before = int(start_t0 // delay)
    rows = (Wind(delay, -(i - before) * angle % 360, None) for i in range(count))
    return Winds("t0", tuple(rows), drift=-count * angle % 360)


def shortest(value: float) -> str:
    """Return the shortest text of a number of twelve digits.

    >>> shortest(-45.0), shortest(0.1 + 0.2), shortest(1e-7)
    ('-45', '0.3', '1e-07')
    """
    return f"{value + 0:.{_DIGITS}g}"


def parse(text: str) -> Winds:
    """Return winds from the text that they have as a value.

    Raises
    ------
    FormatError
        If it is not such a text.
    """
    rows: list[Wind] = []
    units, end = set(), 0
    for match in _SPELLED.finditer(text):
        if text[end : match.start()] != ", " * bool(rows):
            break
        value = match["speed"] or match["threshold"]
        units.add("rt" if match["unit"] == "s" else "t0")
        strength = None if value is None else float(value)
        rows.append(Wind(float(match["duration"]), float(match["angle"]), strength))
        end = match.end()
    if len(units) != 1 or end < len(text):
        raise FormatError(f"expected winds such as 10 t0 at -45, 5 t0 at 45, got {text!r}")
    return Winds(units.pop(), tuple(rows))


def read(path: Path) -> Winds:
    """Read a wind file: the number of rows and the unit, then rows of three numbers.

    Raises
    ------
    FormatError
        Naming the file, if it cannot be read, has fewer rows or rows that never end.
    """
    text = read_ascii(path)
    start = _COUNT.match(text)
    if not start or start[3] not in UNITS:
        raise FormatError(f"{path}:1: expected the number of rows and t0 or rt, as in 3,t0")
    count = int(start[1] + start[2])
    if count < 1:
        raise FormatError(f"{path}:1: expected one row or more, got {count}")
    words = text[start.end() :].split(maxsplit=3 * count)
    numbers = [_number(path, i, word) for i, word in enumerate(words[: 3 * count])]
    if len(numbers) < 3 * count:
        raise FormatError(
            f"{path}: expected {count} rows of three numbers after the first line, "
            f"got {len(numbers)} numbers"
        )
    rows = tuple(Wind(*numbers[at : at + 3]) for at in range(0, 3 * count, 3))
    if not all(row.duration >= 0 for row in rows) or not sum(row.duration for row in rows) > 0:
        raise FormatError(f"{path}: expected durations of 0 or more, and one that is longer")
    return Winds(start[3], rows, " ".join(words[3 * count :]).strip())


def _number(path: Path, index: int, word: str) -> float:
    if not _NUMBER.fullmatch(word) or abs(float(word)) > LARGEST:
        raise FormatError(
            f"{path}: wind {index // 3 + 1}: expected a number, got {quoted(word)}"
        )
    return float(word)


def for_engine(
    parameters: Mapping[str, Value], name: str = WIND
) -> tuple[dict[str, Value], str | None]:
    """Return what of an experiment's parameters is an engine's, and the text of its wind file.

    Parameters
    ----------
    name
        Of the file, which is ``Wind_file`` then; the text is None where no winds are among the
        parameters.
    """
    own = {key: value for key, value in parameters.items() if key in PARAMETERS}
    if WIND not in parameters:
        return own, None
    text = parse(str(parameters[WIND])).file(float(parameters.get("Tau_min", 0.0)))
    return {**own, "Wind_file": name}, text
