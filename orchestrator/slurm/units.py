"""Durations, moments, amounts of memory and lists of names in the forms that Slurm uses."""

from __future__ import annotations

import re
import time

_DIGITS = "[0-9]{1,12}"
_DURATION = re.compile(f"(?:({_DIGITS})-)?({_DIGITS})(?::({_DIGITS}))?(?::({_DIGITS}))?")
_MEMORY = re.compile(rf"({_DIGITS}(?:\.[0-9]+)?)([KMGTP]?)B?[cn]?", re.IGNORECASE)
_SPAN = re.compile(f"({_DIGITS})(?:-({_DIGITS}))?(?::({_DIGITS}))?")
_MOST = 5_000_000  # numbers in a list; Slurm has arrays of four million tasks at most
_IN_MB = {"K": 1 / 1024, "": 1, "M": 1, "G": 1024, "T": 1024**2, "P": 1024**3}
_MOST_HOSTS = 100_000
_HOSTS = re.compile(r"(?:[^,\[\]]|\[[^\]]*\])+")


def seconds(text: str) -> int | None:
    """Read a duration; None for ``UNLIMITED`` and for words that say there is none.

    Examples
    --------
    >>> [seconds(t) for t in ("45", "4:59", "1:00:00", "1-00:00:00", "2-12", "UNLIMITED")]
    [2700, 299, 3600, 86400, 216000, None]
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        return None
    days, *parts = match.groups()
    first, second, third = (int(part or 0) for part in parts)
    if days is not None:  # days-hours[:minutes[:seconds]]
        return ((int(days) * 24 + first) * 60 + second) * 60 + third
    if match[4] is not None:  # hours:minutes:seconds
        return (first * 60 + second) * 60 + third
    return first * 60 + second  # minutes[:seconds]


def duration(amount_s: float) -> str:
    """Write a duration as sbatch takes it.

    Examples
    --------
    >>> [duration(s) for s in (299, 3600, 36 * 3600)]
    ['0:04:59', '1:00:00', '1-12:00:00']
    """
    minutes, second = divmod(int(amount_s), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return (
        f"{days}-{hour:02}:{minute:02}:{second:02}"
        if days
        else f"{hour}:{minute:02}:{second:02}"
    )


def moment(text: str) -> float | None:
    """Read a local time as seconds since the epoch; None for ``N/A``, ``Unknown`` and ``None``."""
    try:
        return time.mktime(time.strptime(text.strip(), "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return None


def megabytes(text: str) -> float | None:
    """Read an amount of memory, in MB of 1024 kB where no unit is given; None where it is none.

    Examples
    --------
    >>> [megabytes(t) for t in ("2000", "4G", "512K", "100Mc", "UNLIMITED", "")]
    [2000.0, 4096.0, 0.5, 100.0, None, None]
    """
    match = _MEMORY.fullmatch(text.strip())
    return None if match is None else float(match[1]) * _IN_MB[match[2].upper()]


def memory(amount_mb: float) -> str:
    """Write an amount of memory as sbatch takes it, rounded up to whole MB.

    Examples
    --------
    >>> [memory(mb) for mb in (2000, 4096, 0.5)]
    ['2000M', '4G', '1M']
    """
    whole = -int(-amount_mb // 1)
    return f"{whole // 1024}G" if whole and whole % 1024 == 0 else f"{whole}M"


def amounts(text: str) -> dict[str, float]:
    """Return cores, MB and nodes of what Slurm counts (TRES); other things are left out.

    >>> amounts("cpu=4,gres/gpu=1,mem=2G,node=1")
    {'cpu': 4.0, 'mem': 2048.0, 'node': 1.0}
    """
    read = {}
    for name, _, amount in (word.partition("=") for word in text.split(",")):
        value = megabytes(amount) if name == "mem" else whole(amount)
        if name in {"cpu", "mem", "node"} and value is not None:
            read[name] = float(value)
    return read


def whole(text: str) -> int | None:
    """Read a number without sign; None where it is none.

    >>> whole("12"), whole("12+"), whole("")
    (12, None, None)
    """
    return int(text) if re.fullmatch(_DIGITS, text) else None


def indices(text: str) -> list[int]:
    """Read a list of array indices, as between the brackets of ``12_[0-3,8-20:4%2]``.

    What cannot be read is passed over.

    Examples
    --------
    >>> indices("0-3,8-20:4%2")
    [0, 1, 2, 3, 8, 12, 16, 20]
    """
    indices_read: list[int] = []
    for part in text.partition("%")[0].split(","):
        numbers = _span(part)
        if len(indices_read) + len(numbers) <= _MOST:
            indices_read.extend(numbers)
    return indices_read


def _span(text: str) -> range:
    """Read ``3``, ``3-7`` or ``3-7:2``; nothing of what is none of them."""
    match = _SPAN.fullmatch(text)
    if match is None or int(match[3] or 1) == 0:
        return range(0)
    return range(int(match[1]), int(match[2] or match[1]) + 1, int(match[3] or 1))


def names(text: str) -> list[str]:
    """Read a list of hosts; what cannot be read of it is passed over.

    Examples
    --------
    >>> names("n[08-10,12],login"), names("(null)")
    (['n08', 'n09', 'n10', 'n12', 'login'], [])
    """
    hosts: list[str] = []
    for part in _HOSTS.findall(text.replace("(null)", "")):
        before, bracket, rest = part.partition("[")
        inner, _, after = rest.partition("]")
        if not bracket:
            hosts.append(before)
            continue
        for span in inner.split(","):
            numbers, digits = _span(span), len(span.partition("-")[0])
            if len(hosts) + len(numbers) <= _MOST_HOSTS:
                hosts.extend(f"{before}{n:0{digits}}{after}" for n in numbers)
    return hosts
