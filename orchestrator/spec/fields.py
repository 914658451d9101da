"""What the fields of a sweep file may hold: one description for the reader and for the schema."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from orchestrator.errors import FormatError
from orchestrator.formats.parameters import PARAMETERS, Kind, checked
from orchestrator.formats.templates import parse_template
from orchestrator.spec.tree import Branch, Items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from orchestrator.formats.parameters import Parameter, Value
    from orchestrator.spec.tree import Leaf, Node, Place

_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_TRUE, _FALSE = {"true", "yes", "on"}, {"false", "no", "off"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_CLOCK = re.compile(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?")
_UNITS_S = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_PARTS = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)\s*")
_OWNED = {
    "Csp_file": "the orchestrator names the cell space",
    "Bin_file": "the orchestrator names the cell space",
    "Output_directory": "the orchestrator names the output directory",
    "Seed": "write seeds: at the top of the file",
}


class Problems:
    """Collects what is wrong with a file, so that all of it is said at once."""

    def __init__(self) -> None:
        self._found: list[tuple[Place, str]] = []

    def add(self, place: Place, key: str, text: str) -> None:
        """Note one problem: where, at which dotted key, and what is wanted."""
        self._found.append((place, f"{place}: {key}: {text}" if key else f"{place}: {text}"))

    def sentences(self) -> list[str]:
        """Return the problems in the order in which they stand in the file."""
        return [text for _, text in sorted(self._found, key=lambda found: found[0])]


@dataclass(frozen=True, slots=True)
class Field:
    """One field: how its text becomes a value, and what an editor should know of it."""

    convert: Callable[[Leaf], Any]
    schema: Mapping[str, Any]
    meaning: str
    nullable: bool = False


def number(leaf: Leaf) -> float:
    """Read a number, as YAML 1.2 and every scientist write it: ``1e-3``, ``.5``, ``100``."""
    if leaf.quoted or not _NUMBER.fullmatch(leaf.text):
        raise FormatError(f"expected a number, got {_shown(leaf)}")
    value = float(leaf.text)
    if not math.isfinite(value):
        raise FormatError(f"expected a number that is not endless, got {leaf.text}")
    return int(leaf.text) if re.fullmatch(r"[-+]?[0-9]+", leaf.text) else value


def whole(leaf: Leaf) -> int:
    """Read a whole number."""
    value = number(leaf)
    if value != int(value):
        raise FormatError(f"expected a whole number, got {leaf.text}")
    return int(value)


def positive(leaf: Leaf) -> float:
    """Read a number above zero."""
    value = float(number(leaf))
    if value <= 0:
        raise FormatError(f"expected a number above 0, got {leaf.text}")
    return value


def count(leaf: Leaf) -> int:
    """Read a whole number from 1 on."""
    value = whole(leaf)
    if value < 1:
        raise FormatError(f"expected a whole number from 1 on, got {leaf.text}")
    return value


def switch(leaf: Leaf) -> bool:
    """Read a truth value: true, yes, on; false, no, off."""
    said = leaf.text.lower()
    if leaf.quoted or said not in _TRUE | _FALSE:
        raise FormatError(f"expected true or false, got {_shown(leaf)}")
    return said in _TRUE


def text(leaf: Leaf) -> str:
    """Read a text as the author wrote it, ``no`` and ``1e-3`` included."""
    if leaf.null:
        raise FormatError("expected a text, got nothing")
    return leaf.text


def line(leaf: Leaf) -> str:
    """Read a text of one line, as a scheduler takes it."""
    said = text(leaf)
    if "\n" in said or len(said) > 500:
        raise FormatError("expected one line of at most 500 characters")
    return said


def name(leaf: Leaf) -> str:
    """Read the name of a sweep or template: what can be the name of a directory anywhere."""
    if not _NAME.fullmatch(leaf.text) or ".." in leaf.text:
        raise FormatError(
            f"expected letters, digits, '.', '_' and '-', not beginning with a sign, got {leaf.text!r}"
        )
    return leaf.text


def one_of(*choices: str) -> Callable[[Leaf], str]:
    """Read one of a few words."""

    def read(leaf: Leaf) -> str:
        if leaf.text not in choices:
            raise FormatError(f"expected one of {', '.join(choices)}, got {_shown(leaf)}")
        return leaf.text

    return read


def duration_s(leaf: Leaf) -> float:
    """Read a duration: ``4:00:00``, ``1-12:00:00``, ``4h``, ``90min``; a bare number is minutes.

    >>> from orchestrator.spec.tree import Place
    >>> here = Place("x")
    >>> [duration_s(Leaf(here, t)) / 60 for t in ("4:00:00", "30:00", "1-12", "1h30min", "45")]
    [240.0, 30.0, 2160.0, 90.0, 45.0]
    """
    said = leaf.text.strip()
    seconds = _clock_s(said) if _CLOCK.fullmatch(said) else _with_units_s(said)
    if seconds is None:
        raise FormatError(
            f"expected a time such as 4:00:00, 90min, 4h or 1-12:00:00, got {_shown(leaf)}"
        )
    if seconds <= 0:
        raise FormatError(f"expected a time above 0, got {leaf.text}")
    return seconds


def _clock_s(said: str) -> float:
    days, *rest = (
        None if part is None else int(part) for part in _CLOCK.fullmatch(said).groups()
    )  # type: ignore[union-attr]  # matched before
    first, second, third = rest
    if days is not None:  # days-hours[:minutes[:seconds]]
        return float(86400 * days + 3600 * (first or 0) + 60 * (second or 0) + (third or 0))
    if third is not None:  # hours:minutes:seconds
        return float(3600 * (first or 0) + 60 * (second or 0) + third)
    return float(60 * (first or 0) + (second or 0))  # minutes[:seconds]


def _with_units_s(said: str) -> float | None:
    total, at = 0.0, 0
    for match in _PARTS.finditer(said):
        if match.start() != at or match[2] not in _UNITS_S:
            return None
        total += float(match[1]) * _UNITS_S[match[2]]
        at = match.end()
    return total if at and at == len(said) else None


def minutes(leaf: Leaf) -> int:
    """Read a duration in whole minutes, rounded up, as Slurm counts."""
    return math.ceil(duration_s(leaf) / 60)


def pack(leaf: Leaf) -> int:
    """Read how many experiments share a job; ``node`` becomes 0."""
    if leaf.text == "node":
        return 0
    try:
        return count(leaf)
    except FormatError as error:
        raise FormatError(
            f"expected node or a whole number from 1 on, got {leaf.text!r}"
        ) from error


def keep_initial(leaf: Leaf) -> str:
    """Read what becomes of the initial cell space."""
    if leaf.text == "gzip":
        return "gzip"
    try:
        return "plain" if switch(leaf) else "no"
    except FormatError as error:
        raise FormatError(f"expected true, gzip or false, got {_shown(leaf)}") from error


def is_option(word: str) -> bool:
    """Tell whether a word can be the long name of one of sbatch's options."""
    return re.fullmatch(r"[a-z][a-z0-9_-]{0,60}", word) is not None


def option(leaf: Leaf) -> Value:
    """Read the value of one of sbatch's options; ``true`` stands for a bare flag."""
    if not leaf.quoted and leaf.text == "true":
        return True
    return line(leaf)


def parameter(known: Parameter, leaf: Leaf) -> Value:
    """Read a value of one of ReSCAL's parameters, in its own type."""
    if known.name in _OWNED:
        raise FormatError(f"not set in a sweep file: {_OWNED[known.name]}")
    value: Value
    if known.kind is Kind.BOOLEAN:
        value = leaf.text == "1" if leaf.text in {"0", "1"} else switch(leaf)
    elif known.kind is Kind.TEXT:
        value = line(leaf)
    else:
        value = number(leaf)
    value = checked(known, value)
    if known.name == "Csp_template":
        _check_template(str(value))
    return value


def _check_template(said: str) -> None:
    try:
        parse_template(said)
    except FormatError as error:
        raise FormatError(str(error).removeprefix("Csp_template: ")) from error


def unknown(word: str, known: Iterable[str], what: str) -> str:
    """Say that there is no such thing, and what may have been meant."""
    candidates = list(known)
    close = get_close_matches(word, candidates, 1, 0.6)
    folded = [candidate for candidate in candidates if candidate.lower() == word.lower()]
    hint = folded[:1] or close
    return f"no such {what}" + (f"; did you mean {hint[0]}?" if hint else "")


def known_parameter(word: str) -> Parameter:
    """Find one of ReSCAL's parameters by its name."""
    found = PARAMETERS.get(word)
    if found is None:
        raise FormatError(unknown(word, PARAMETERS, "parameter"))
    return found


def _shown(leaf: Leaf) -> str:
    if leaf.null:
        return "nothing"
    return f"the text {leaf.text!r}" if leaf.quoted else leaf.text


def kind_of(node: Node) -> str:
    """Name what stands somewhere, for a sentence."""
    if isinstance(node, Branch):
        return "keys and values"
    return "a list" if isinstance(node, Items) else _shown(node)


_TIME = {"type": ["string", "number"], "examples": ["4:00:00", "90min", "4h"]}
_TEXT = {"type": ["string", "number", "boolean"]}

RUN = {
    "stop": Field(
        positive, {"type": "number", "exclusiveMinimum": 0}, "simulated time to run, in t0"
    ),
    "every": Field(
        positive, {"type": "number", "exclusiveMinimum": 0}, "t0 between two snapshots"
    ),
    "engine": Field(
        one_of("auto", "rescal", "builtin"),
        {"enum": ["auto", "rescal", "builtin"]},
        "auto takes $RESCAL_SNOW_ROOT where it is set, else the built-in engine",
    ),
    "silence": Field(
        duration_s, _TIME, "how long an engine may neither write nor use a processor"
    ),
    "time_limit": Field(
        duration_s, _TIME, "wall time after which an attempt ends as a timeout", nullable=True
    ),
}
"""The fields of ``run``."""

OUTPUTS = {
    "height_maps": Field(switch, {"type": "boolean"}, "keep height maps"),
    "ffts": Field(switch, {"type": "boolean"}, "keep spectra"),
    "keep_initial": Field(
        keep_initial, {"enum": [True, False, "gzip"]}, "keep the initial cell space"
    ),
}
"""The fields of ``outputs``."""

SLURM = {
    "partition": Field(line, _TEXT, "partition", nullable=True),
    "time": Field(minutes, _TIME, "time limit of a job", nullable=True),
    "pack": Field(
        pack,
        {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "node"}]},
        "experiments at the same time in one job; node: one per core of a whole node",
    ),
    "jobs": Field(
        count, {"type": "integer", "minimum": 1}, "at most so many jobs at once", nullable=True
    ),
    "account": Field(line, _TEXT, "account to charge", nullable=True),
    "qos": Field(line, _TEXT, "quality of service", nullable=True),
    "constraint": Field(line, _TEXT, "features that a node must have", nullable=True),
    "reservation": Field(line, _TEXT, "reservation to use", nullable=True),
    "mem": Field(line, _TEXT, "memory of a job, as 4G", nullable=True),
    "exclude": Field(line, _TEXT, "nodes to avoid", nullable=True),
    "mail_user": Field(line, _TEXT, "whom to mail", nullable=True),
    "mail_type": Field(line, _TEXT, "when to mail, as END,FAIL", nullable=True),
}
"""The fields of ``slurm``, without ``extra``."""
