"""Durations, sizes, numbers and names, as people read them."""

from __future__ import annotations

import math
import re
import signal
import time
from typing import TYPE_CHECKING

from orchestrator.formats.content_names import original

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from orchestrator.formats.parameters import Value


_PARTS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?([a-z]+) ?")
_YEAR_S = 365.25 * 86400
_SECONDS_OF = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "y": _YEAR_S}
_MINUS = "\N{MINUS SIGN}"  # as the numbers of axes have it
_UNITS_S = {"years": _YEAR_S, "d": 86400.0, "h": 3600.0, "min": 60.0, "s": 1.0}


def seconds(value: float | None) -> str:
    """Write a duration as people do: ``8 s``, ``4 min``, ``3 h 20 min``, ``2 d 5 h``.

    >>> seconds(8), seconds(250), seconds(12_000), seconds(190_000), seconds(None)
    ('8 s', '4 min', '3 h 20 min', '2 d 5 h', '')
    """
    if value is None:
        return ""
    if value < 100:
        return f"{value:.0f} s"
    if value < 5400:
        return f"{value / 60:.0f} min"
    if value < 48 * 3600:
        hours, minutes = divmod(round(value / 60), 60)
        return f"{hours} h {minutes} min"
    days, hours = divmod(round(value / 3600), 24)
    return f"{days} d {hours} h"


def time_left(value: float | None) -> str:
    """Say how long something still takes.

    >>> time_left(250), time_left(0.3), time_left(None)
    ('about 4 min left', 'about to end', '')
    """
    if value is None:
        return ""
    return "about to end" if value < 1 else f"about {seconds(value)} left"


def read_seconds(words: str) -> float | None:
    """Return the seconds of ``6h``, ``1h30min`` or ``30 d``; None for anything else.

    >>> read_seconds("1h30min"), read_seconds("1.5 h"), read_seconds("2y"), read_seconds("300")
    (5400.0, 5400.0, 63115200.0, None)
    """
    total, end = 0.0, 0
    for part in _PARTS.finditer(words):
        if part.start() != end or part[2] not in _SECONDS_OF:
            return None
        total += float(part[1]) * _SECONDS_OF[part[2]]
        end = part.end()
    return total if end and end == len(words) else None


def short_seconds(value: float) -> str:
    """Write a duration to two or three digits, in the largest unit that it fills: ``9.2 h``, ``119 d``.

    >>> (
    ...     short_seconds(33.2),
    ...     short_seconds(33_000),
    ...     short_seconds(10_334_000),
    ...     short_seconds(9e8),
    ... )
    ('33 s', '9.2 h', '120 d', '29 years')
    """
    for unit, unit_s in _UNITS_S.items():
        if value >= unit_s or unit == "s":
            amount = value / unit_s
            digits = f"{amount:.0f}" if amount >= 10 else f"{amount:.2g}"
            return f"{digits} {unit}"
    return f"{value:.2g} s"


def hours(value: float) -> str:
    """Return hours with two digits, from ten on as a whole number.

    >>> hours(0.0123), hours(1.234), hours(1234.5)
    ('0.012', '1.2', '1234')
    """
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def signal_name(number: int) -> str:
    """Return the name of a signal.

    >>> signal_name(9), signal_name(65)
    ('SIGKILL', 'signal 65')
    """
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def moment(value: float, now: float) -> str:
    """Write a point in time, in seconds since the epoch, as the clock and calendar here show it.

    >>> len(moment(1e9, 1e9)), len(moment(1e9, 2e9))
    (5, 16)
    """
    there, here = time.localtime(value), time.localtime(now)
    today = there[:3] == here[:3]
    return time.strftime("%H:%M" if today else "%Y-%m-%d %H:%M", there)


def size(value: float) -> str:
    """Write a number of bytes as people do.

    >>> size(512), size(2_500_000), size(3e12)
    ('512 B', '2.5 MB', '3.0 TB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def number(value: Value) -> str:
    """Write a parameter's value the short way: ``0.001``, ``1e+05``, ``OPEN``, ``wind.txt``.

    >>> number(0.001), number(50), number(True), number("OPEN")
    ('0.001', '50', 'yes', 'OPEN')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else original(str(value))


def counted(count: int, noun: str) -> str:
    """Count things by a noun whose plural only adds an s.

    >>> counted(1, "experiment"), counted(2, "experiment")
    ('1 experiment', '2 experiments')
    """
    return f"{count} {noun}{'s' * (count != 1)}"


def names(numbers: Sequence[int], most: int = 8) -> str:
    """Name experiments, the first few of many.

    >>> names([0, 2]), names(range(12), 2)
    ('exp0, exp2', 'exp0, exp1 and 10 more')
    """
    shown = ", ".join(f"exp{number}" for number in numbers[:most])
    return shown + (f" and {len(numbers) - most} more" if len(numbers) > most else "")


def ranges(numbers: Iterable[int]) -> str:
    """Write numbers of experiments as a command takes them, ranges of three and more as such.

    >>> ranges([0, 1, 2, 5, 7, 8]), ranges([])
    ('0-2 5 7 8', '')
    """
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return " ".join(
        f"{run[0]}-{run[-1]}" if len(run) > 2 else " ".join(map(str, run)) for run in runs
    )


def with_error(value: float, error: float) -> str:
    """Return a number with the digits that its error leaves, and the error where there is one.

    An error has one digit that counts, or two where the first is a 1, which alone would say too little.

    >>> with_error(12.3456, 0.234), with_error(0.0123456, math.nan), with_error(1234.5, 56)
    ('12.3 ± 0.2', '0.0123', '1230 ± 60')
    >>> with_error(0.7367, 0.0104), with_error(0.6641, 0.0096), with_error(-53.4, 17.2)[1:]
    ('0.737 ± 0.010', '0.664 ± 0.010', '53 ± 17')
    """
    if not math.isfinite(error) or error <= 0:
        return f"{float(f'{value:.3g}'):g}".replace("-", _MINUS)
    first, _, exponent = f"{error:.1e}".partition("e")
    digits = first.startswith("1") - int(exponent)
    decimals = max(digits, 0)
    written = f"{round(value, digits):.{decimals}f} ± {round(error, digits):.{decimals}f}"
    return written.replace("-", _MINUS)


def time_t0(value: float) -> str:
    """Write a simulated time with the digits it deserves.

    >>> time_t0(20.01319204160906), time_t0(1000.31), time_t0(0.25)
    ('20.01', '1000', '0.25')
    """
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def listed(words: Sequence[str], most: int = 20) -> str:
    """Write a list of names, not all of them where they are many.

    >>> listed(["a", "b"]), listed(["a", "b", "c"], most=1)
    ('a, b', 'a and 2 more')
    """
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {more} more" if more > 0 else "")
