"""Numbers, times, names and other values, read from the text of a scalar."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from orchestrator import formulas
from orchestrator.errors import FormatError
from orchestrator.formats.spelling import did_you_mean
from orchestrator.model.conditions import NUMBERS
from orchestrator.model.experiments import ENGINES, LONGEST_T0, MOST_COUNT, SHORTEST_T0
from orchestrator.sweepfile.tree import Branch, Items
from orchestrator.text import read_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.formulas import Formula
    from orchestrator.sweepfile.tree import Leaf, Node

LARGEST_SEED = 2**31 - 1
"""Both programs read a seed as a C int."""

REFERENCE = r"[A-Za-z_][A-Za-z0-9_.]*(:[A-Za-z_][A-Za-z0-9_]*)?"
"""How code is named: ``MODULE:NAME``, or the entry point of an installed package."""

_ARGUMENT = r" *[a-z_]+ *= *-?[0-9]+(\.[0-9]+)? *"
CALL = rf"{REFERENCE}(\({_ARGUMENT}(,{_ARGUMENT})*\))?"
"""How a function is named, with numbers for one that makes it of them: ``MODULE:FUNCTION(y=20)``."""

ENGINE_WISH = f"one of {', '.join(ENGINES)}, or a simulator of your own as MODULE:NAME"
"""What ``run.engine`` may be."""

_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_WHOLE = re.compile(r"[-+]?[0-9]+")
_TRUE, _FALSE = {"true", "yes", "on"}, {"false", "no", "off"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MEMORY = re.compile(r"[0-9]{1,12}[KMGTkmgt]?")
_CLOCK = re.compile(r"(?:([0-9]{1,4})-)?([0-9]{1,9})(?::([0-9]{1,9}))?(?::([0-9]{1,9}))?")
_SEEDS = re.compile(r"([0-9]{1,12}) ?- ?([0-9]{1,12})")
_WITH_UNIT = re.compile(rf"({_NUMBER.pattern})(?: +[A-Za-z%°µ].{{0,20}}|t0|cells)")
_WITH_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
MOST_FEW = 10
_LONGEST_NUMBER = 400
_LONGEST_S = 366 * 86400.0
_LONGEST_LINE = 500


def shown(node: Node) -> str:
    """Describe a node for a sentence."""
    if isinstance(node, Branch):
        return "keys and values"
    if isinstance(node, Items):
        return "a list"
    if node.null:
        return "nothing"
    text = node.text if len(node.text) <= 60 else f"{node.text[:60]}..."
    return f"the text {text!r}" if node.quoted or not text.isprintable() else text


def number(leaf: Leaf, noun: str = "a number") -> int | float:
    """Read a number as YAML 1.2 and every scientist write it: ``1e-3``, ``.5``, ``100``."""
    fits = len(leaf.text) <= _LONGEST_NUMBER and not leaf.quoted
    if not fits or not _NUMBER.fullmatch(leaf.text):
        raise FormatError(f"expected {noun}, got {shown(leaf)}{_instead(leaf)}")
    value = float(leaf.text)
    if math.isinf(value):
        raise FormatError(f"{shown(leaf)} is too large {noun}")
    return int(leaf.text) if _WHOLE.fullmatch(leaf.text) else value


def _instead(leaf: Leaf) -> str:
    """Show how a number with a unit or a decimal comma is written."""
    if match := _WITH_UNIT.fullmatch(leaf.text):
        return f"; write {match[1]}, without a unit"
    if _WITH_COMMA.fullmatch(leaf.text):
        return f"; write {leaf.text.replace(',', '.')}, with a decimal point"
    return ""


def whole(leaf: Leaf) -> int:
    """Read a whole number; ``1e5`` is one."""
    value = number(leaf, "a whole number")
    if value != int(value):
        raise FormatError(f"expected a whole number, got {leaf.text}")
    return int(value)


def length_t0(leaf: Leaf) -> float:
    """Read a length of simulated time, in t0."""
    value = float(number(leaf))
    if value <= 0:
        raise FormatError(f"expected a number above 0, got {leaf.text}")
    if not SHORTEST_T0 <= value <= LONGEST_T0:
        wish = f"expected a time from {SHORTEST_T0:g} to {LONGEST_T0:.2g} t0"
        raise FormatError(f"{wish}, got {leaf.text}")
    return value


def count(leaf: Leaf) -> int:
    """Read a whole number from 1 on."""
    value = whole(leaf)
    if value < 1:
        raise FormatError(f"expected a whole number from 1 on, got {leaf.text}")
    return value


def jobs(leaf: Leaf) -> int:
    """Read how many jobs there may be, or experiments in each."""
    value = count(leaf)
    if value > MOST_COUNT:
        raise FormatError(f"expected a whole number up to {MOST_COUNT}, got {leaf.text}")
    return value


def few(leaf: Leaf) -> int:
    """Read a whole number from 0 to 10."""
    value = whole(leaf)
    if not 0 <= value <= MOST_FEW:
        raise FormatError(f"expected a whole number from 0 to {MOST_FEW}, got {leaf.text}")
    return value


def seed(leaf: Leaf) -> int:
    """Read a seed."""
    value = whole(leaf)
    if not 0 <= value <= LARGEST_SEED:
        raise FormatError(f"expected a seed from 0 to {LARGEST_SEED}, got {leaf.text}")
    return value


def seed_range(leaf: Leaf) -> range:
    """Read a seed, or a range of them with both ends: ``1-3``."""
    match = _SEEDS.fullmatch(leaf.text)
    if match is None:
        first = seed(leaf)
        return range(first, first + 1)
    first, last = int(match[1]), int(match[2])
    if last > LARGEST_SEED:
        raise FormatError(f"expected seeds from 0 to {LARGEST_SEED}, got {leaf.text}")
    if first > last:
        raise FormatError(f"expected the smaller seed first, such as 1-3, got {leaf.text}")
    return range(first, last + 1)


def seeds(leaf: Leaf) -> range:
    """Read a number of seeds, which begin at 1, or a range of them."""
    if _SEEDS.fullmatch(leaf.text):
        return seed_range(leaf)
    if not _NUMBER.fullmatch(leaf.text):
        wish = "expected a whole number, a range such as 1-3 or a list"
        raise FormatError(f"{wish}, got {shown(leaf)}")
    value = count(leaf)
    if value > LARGEST_SEED:
        raise FormatError(f"expected at most {LARGEST_SEED} seeds, got {leaf.text}")
    return range(1, value + 1)


def switch(leaf: Leaf) -> bool:
    """Read a truth value: true, yes, on; false, no, off."""
    word = leaf.text.lower()
    if leaf.quoted or word not in _TRUE | _FALSE:
        raise FormatError(f"expected true or false, got {shown(leaf)}")
    return word in _TRUE


def text(leaf: Leaf) -> str:
    """Read a text as the author wrote it, ``no`` and ``1e-3`` included."""
    if leaf.null:
        raise FormatError("expected a text, got nothing")
    return leaf.text


def line(leaf: Leaf) -> str:
    """Read a text of one line, as a scheduler takes it."""
    words = text(leaf)
    if not words.strip() or not words.isprintable() or len(words) > _LONGEST_LINE:
        raise FormatError(f"expected one line of text, got {shown(leaf)}")
    return words


def reference(leaf: Leaf) -> str:
    """Read how a function is named."""
    return call(text(leaf), shown(leaf))


def call(words: str, written: str) -> str:
    """Return how a function is named, without blanks; ``written`` is how a sentence shows it.

    Raises
    ------
    FormatError
        If it is not named so.
    """
    if not re.fullmatch(CALL, words):
        wish = "MODULE:FUNCTION, such as mymodule:profile"
        if "(" in words:
            wish = "numbers by name in brackets, such as mymodule:section(y=20)"
        raise FormatError(f"expected {wish}, got {written}")
    return words.replace(" ", "")


def engine(leaf: Leaf) -> str:
    """Read which engine simulates: a word, or how a simulator of one's own is named."""
    if not re.fullmatch(REFERENCE, leaf.text):
        raise FormatError(f"expected {ENGINE_WISH}, got {shown(leaf)}")
    return leaf.text


def name(leaf: Leaf) -> str:
    """Read a name that can be the name of a directory anywhere."""
    if not _NAME.fullmatch(leaf.text) or ".." in leaf.text:
        raise FormatError(
            "expected a name of letters, digits, '.', '_' and '-' that begins with a letter or "
            f"a digit, got {shown(leaf)}"
        )
    return leaf.text


def choice(*choices: str) -> Callable[[Leaf], str]:
    """Read one of a few words."""

    def read(leaf: Leaf) -> str:
        if leaf.text not in choices:
            hint = did_you_mean(leaf.text, choices)
            raise FormatError(f"expected one of {', '.join(choices)}, got {shown(leaf)}{hint}")
        return leaf.text

    return read


def memory(leaf: Leaf) -> str:
    """Read an amount of memory as sbatch takes it: ``4G``, ``800M``; a bare number is MB."""
    if not _MEMORY.fullmatch(leaf.text):
        raise FormatError(f"expected an amount of memory such as 4G, got {shown(leaf)}")
    return leaf.text


def formula(leaf: Leaf) -> Formula:
    """Read a formula over parameters."""
    return formulas.parse("" if leaf.null else leaf.text)


def condition(leaf: Leaf) -> str:
    """Read a comparison of numbers of a snapshot, as its text."""
    if leaf.null:
        return ""
    wanted = formula(leaf)
    for word in wanted.names:
        if word not in NUMBERS:
            hint = did_you_mean(word, NUMBERS)
            known = ", ".join(NUMBERS)
            raise FormatError(f"{word}: no number of a snapshot; there are {known}{hint}")
    if not wanted.compares() or not wanted.names:
        raise FormatError(
            f"expected a comparison such as mobile_fraction < 1e-4, got {shown(leaf)}"
        )
    return wanted.text


def duration_s(leaf: Leaf) -> float:
    """Read a time in seconds: Slurm's notations and ``4h``; a bare number is minutes.

    >>> from orchestrator.sweepfile.problems import Position
    >>> from orchestrator.sweepfile.tree import Leaf
    >>> texts = ("4:00:00", "30:00", "1-12", "1h30min", "45")
    >>> [duration_s(Leaf(Position("x"), text)) / 60 for text in texts]
    [240.0, 30.0, 2160.0, 90.0, 45.0]
    """
    words = leaf.text.strip()
    clock = _CLOCK.fullmatch(words)
    seconds = _clock_s(*clock.groups()) if clock else read_seconds(words)
    if seconds is None:
        wish = "expected a time such as 90min, 4h, 4:00:00 or 1-12:00:00"
        raise FormatError(f"{wish}, got {shown(leaf)}")
    if not 0 < seconds <= _LONGEST_S:
        raise FormatError(f"expected a time above 0 and up to a year, got {shown(leaf)}")
    return seconds


def minutes(leaf: Leaf) -> int:
    """Read a time in whole minutes, rounded up, as Slurm counts."""
    return math.ceil(duration_s(leaf) / 60)


def _clock_s(days: str | None, first: str, second: str | None, third: str | None) -> float:
    """Count as sbatch does: ``minutes[:seconds]``, ``hours:minutes:seconds``, ``days-hours``."""
    a, b, c = int(first), int(second or 0), int(third or 0)
    if days is not None:
        return float(86400 * int(days) + 3600 * a + 60 * b + c)
    return float(60 * a + b) if third is None else float(3600 * a + 60 * b + c)


def pack(leaf: Leaf) -> int:
    """Read how many experiments share a job; ``node`` becomes 0."""
    if leaf.text == "node":
        return 0
    try:
        return jobs(leaf)
    except FormatError as error:
        wish = "expected node or a whole number from 1 on"
        raise FormatError(f"{wish}, got {shown(leaf)}") from error


def keep_initial(leaf: Leaf) -> str:
    """Read what becomes of the initial cell space."""
    if leaf.text == "gzip":
        return "gzip"
    try:
        return "plain" if switch(leaf) else "no"
    except FormatError as error:
        raise FormatError(f"expected true, gzip or false, got {shown(leaf)}") from error


def option(leaf: Leaf) -> bool | str:
    """Read the value of one of sbatch's options; ``true`` stands for a bare flag."""
    return True if leaf.text == "true" and not leaf.quoted else line(leaf)
