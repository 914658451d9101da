"""The border at which JSON becomes values: fields of the types that they must have, or nothing."""

from __future__ import annotations

import math
from typing import Any

Number = float
"""Stands for a finite number, whole or not."""

_LARGEST = 2**63  # of a whole number; a greater one is damage and has no place in an array

Fields = dict[str, type | tuple[type, ...]]
"""Names of fields and the types that each may have."""


def typed(data: object, fields: Fields) -> bool:
    """Return whether ``data`` is an object with all of these fields, each of one of its types.

    >>> typed({"a": 1, "b": None}, {"a": int, "b": (str, type(None))}), typed([], {})
    (True, False)
    >>> typed({"a": 10**400}, {"a": Number})
    False
    """
    return isinstance(data, dict) and all(
        key in data and _is(data[key], wanted if isinstance(wanted, tuple) else (wanted,))
        for key, wanted in fields.items()
    )


def all_of(values: object, wanted: type) -> bool:
    """Return whether ``values`` is a list of values of one type."""
    return isinstance(values, list) and all(_is(value, (wanted,)) for value in values)


def _is(value: Any, wanted: tuple[type, ...]) -> bool:
    if type(value) is int and abs(value) > _LARGEST:
        return False
    if Number in wanted and type(value) in {int, float}:
        return math.isfinite(value)
    return type(value) in wanted
