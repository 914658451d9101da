"""The border at which JSON becomes values: fields that mean something, or a sentence on what is wrong.

A number may be of the right type and mean nothing: fewer than no snapshots, a time before the epoch.
What is read here is judged once; nobody asks again.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.model.experiments import LONGEST_T0, MOST_COUNT, SHORTEST_T0

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LARGEST = 2**63  # of a whole number; a greater one is damage and has no place in an array
_MOST_S = 1e10  # three centuries
_MOST_MB = 1e12
_SHOWN = 60  # characters of a value
_MOMENT = re.compile(
    r"(?:19[7-9]\d|[2-9]\d{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)Z",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Form:
    """What a field must be: in words, and whether a value is that."""

    wish: str
    holds: Callable[[Any], bool]


Fields = dict[str, Form]
"""Names of fields and the form that each must have."""


def _whole(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and least <= value <= most


def _number(least: float, most: float) -> Callable[[Any], bool]:
    # comparing is false of what is not a number
    return lambda value: type(value) in {int, float} and least <= value <= most


def is_scalar(value: Any) -> bool:
    """Return whether a value may be one of a parameter: a text, a flag or a finite number."""
    if type(value) is int:
        return abs(value) <= _LARGEST
    return type(value) in {str, bool} or (type(value) is float and math.isfinite(value))


TEXT = Form("a text", lambda value: type(value) is str)
WHOLE = Form("a whole number", _whole(-_LARGEST, _LARGEST))
COUNT = Form("a whole number from 0 on", _whole(0, MOST_COUNT))
ORDINAL = Form("a whole number from 1 on", _whole(1, MOST_COUNT))
TICKS = Form("a whole number from 0 on", _whole(0, _LARGEST))
SECONDS = Form("a time in s, from 0 on", _number(0, _MOST_S))
TIME_T0 = Form("a simulated time in t0", _number(-2 * LONGEST_T0, 2 * LONGEST_T0))
LENGTH_T0 = Form(
    f"a length of simulated time from {SHORTEST_T0:g} to {LONGEST_T0:.2g} t0",
    _number(SHORTEST_T0, LONGEST_T0),
)
MEMORY_MB = Form("an amount in MB, from 0 on", _number(0, _MOST_MB))
MOMENT = Form(
    "a time such as 2026-01-31T12:00:00Z",
    lambda value: type(value) is str and _MOMENT.fullmatch(value) is not None,
)
FLAG = Form("true or false", lambda value: type(value) is bool)
OBJECT = Form("an object", lambda value: type(value) is dict)
PARAMETERS = Form(
    "an object of texts and finite numbers",
    lambda value: type(value) is dict and all(map(is_scalar, value.values())),
)


def optional(form: Form) -> Form:
    """Return the form of a field that may be null."""
    return Form(f"{form.wish}, or null", lambda value: value is None or form.holds(value))


def all_of(form: Form) -> Form:
    """Return the form of a list of such values."""
    return Form(
        f"a list, each {form.wish}",
        lambda value: type(value) is list and all(map(form.holds, value)),
    )


def counts(how_many: int) -> Form:
    """Return the form of a list of so many whole numbers from 0 on."""
    return Form(
        f"{how_many} whole numbers from 0 on",
        lambda value: (
            type(value) is list and len(value) == how_many and all(map(COUNT.holds, value))
        ),
    )


def problem(data: object, fields: Mapping[str, Form]) -> str:
    """Say what is wrong with an object that must have these fields; empty where nothing is.

    >>> problem({"a": 1}, {"a": COUNT}), problem([], {})
    ('', 'expected an object, got []')
    >>> problem({"a": -1, "b": 2}, {"b": COUNT, "a": COUNT})
    'a: expected a whole number from 0 on, got -1'
    >>> problem({"a": float("inf")}, {"a": SECONDS})
    'a: expected a time in s, from 0 on, got Infinity'
    """
    if not isinstance(data, dict):
        return f"expected an object, got {_shown(data)}"
    for name, form in fields.items():
        if name not in data:
            return f"{name}: expected {form.wish}, got nothing"
        if not form.holds(data[name]):
            return f"{name}: expected {form.wish}, got {_shown(data[name])}"
    return ""


def problem_in(data: object, fields: Mapping[str, Form]) -> str:
    """Say what is wrong with an object that may have these fields; empty where nothing is."""
    if not isinstance(data, dict):
        return f"expected an object, got {_shown(data)}"
    return problem(data, {name: form for name, form in fields.items() if name in data})


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
