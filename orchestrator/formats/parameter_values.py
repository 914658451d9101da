"""Values of parameters: what is allowed, and their text in a ``.par`` file."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError
from orchestrator.formats.parameters import Kind
from orchestrator.formats.spelling import did_you_mean

if TYPE_CHECKING:
    from orchestrator.formats.parameters import Parameter, Value

_INTEGER = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_HEXADECIMAL = re.compile(
    r"[+-]?0[xX]([0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)([pP][+-]?[0-9]+)?"
)
_DIGIT_FIRST = re.compile(r"-?[0-9]")
_BOOLEANS = {"YES": True, "1": True, "NO": False, "0": False}
_LARGEST = {
    Kind.INTEGER: 2**32 - 1,
    Kind.FLOAT: 3.4028235e38,
    Kind.DOUBLE: 1.7976931348623157e308,
}


class RefusedValueError(FormatError):
    """A value that ReSCAL refuses, in a line that is otherwise as it should be."""


def as_text(parameter: Parameter, value: Value) -> str:
    """Return a value as it stands in a ``.par`` file; numbers in the shortest exact form.

    Raises
    ------
    FormatError
        If the value is not of the parameter's kind.

    >>> from orchestrator.formats.parameters import PARAMETERS
    >>> as_text(PARAMETERS["Use_lgca"], False), as_text(PARAMETERS["Lambda_G"], 1e5)
    ('NO', '100000.0')
    """
    if parameter.kind is Kind.BOOLEAN and value in {True, False}:
        return "YES" if value else "NO"
    if parameter.kind is Kind.INTEGER and isinstance(value, int):
        return str(int(value))
    if parameter.kind in {Kind.FLOAT, Kind.DOUBLE} and isinstance(value, int | float):
        return repr(value)
    if parameter.kind is Kind.TEXT and isinstance(value, str):
        return value
    raise FormatError(f"{parameter.name}: expected {_wanted(parameter.kind)}, got {value!r}")


def parse_text(parameter: Parameter, text: str) -> Value:
    """Return the value of a text as ReSCAL reads it: numbers by their beginning.

    Raises
    ------
    RefusedValueError
        If ReSCAL would refuse it, or the number is too large for its kind.

    >>> from orchestrator.formats.parameters import PARAMETERS
    >>> parse_text(PARAMETERS["H"], "50.9"), parse_text(PARAMETERS["Lambda_G"], "1000#fast")
    (50, 1000.0)
    """
    if parameter.kind is Kind.TEXT:
        return text
    if parameter.kind is Kind.BOOLEAN:
        if text in _BOOLEANS:
            return _BOOLEANS[text]
    else:
        value: Value | None
        if parameter.kind is Kind.INTEGER:
            match = _INTEGER.match(text)
            value = int(match[0]) if match else None
        else:
            value = leading_number(text) if _DIGIT_FIRST.match(text) else None
        if value is not None:
            if abs(value) > _LARGEST[parameter.kind]:
                raise RefusedValueError(f"{parameter.name}: {text} is too large a number")
            return value
    raise RefusedValueError(
        f"{parameter.name}: expected {_wanted(parameter.kind)}, got {text!r}"
    )


def leading_number(text: str) -> float | None:
    """Return the number with which a text begins, as C reads it, None if there is none.

    >>> leading_number("2.5e1t0"), leading_number("0x10"), leading_number("soon")
    (25.0, 16.0, None)
    """
    hexadecimal = _HEXADECIMAL.match(text)
    if hexadecimal:
        try:
            return float.fromhex(hexadecimal[0])
        except OverflowError:
            return math.inf
    match = _DECIMAL.match(text)
    return float(match[0]) if match else None


def checked(parameter: Parameter, value: Value) -> Value:
    """Return ``value`` as the parameter's own type, if it is one that can be meant.

    Raises
    ------
    FormatError
        With a sentence, without the parameter's name: of another kind, out of range, or not one
        of the choices.

    >>> from orchestrator.formats.parameters import PARAMETERS
    >>> checked(PARAMETERS["H"], 50.0), checked(PARAMETERS["Tau_min"], 100)
    (50, 100.0)
    """
    if parameter.kind is Kind.TEXT or parameter.kind is Kind.BOOLEAN:
        wanted = str if parameter.kind is Kind.TEXT else bool
        if not isinstance(value, wanted):
            raise FormatError(f"expected {_wanted(parameter.kind)}, got {value!r}")
        if parameter.choices and value not in parameter.choices:
            hint = did_you_mean(str(value), parameter.choices)
            known = ", ".join(parameter.choices)
            raise FormatError(f"expected one of {known}, got {value}{hint}")
        return value
    if isinstance(value, bool | str) or not math.isfinite(value):
        raise FormatError(f"expected {_wanted(parameter.kind)}, got {value!r}")
    if parameter.kind is Kind.INTEGER and value != int(value):
        raise FormatError(f"expected a whole number, got {value:g}")
    if abs(value) > _LARGEST[parameter.kind]:
        raise FormatError(f"{value:g} is too large a number")
    if not parameter.low <= value <= parameter.high:
        raise FormatError(f"expected {_range(parameter)}, got {value:g}")
    return int(value) if parameter.kind is Kind.INTEGER else float(value)


def _wanted(kind: Kind) -> str:
    return {
        Kind.INTEGER: "a whole number",
        Kind.FLOAT: "a number",
        Kind.DOUBLE: "a number",
        Kind.BOOLEAN: "YES or NO",
        Kind.TEXT: "a text",
    }[kind]


def _range(parameter: Parameter) -> str:
    if parameter.high == math.inf:
        return f"at least {parameter.low:g}"
    return f"{parameter.low:g} to {parameter.high:g}"
