"""The parts of a formula that have a value, and how each of them gets it."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from orchestrator.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from orchestrator.formats.parameters import Value

Number = int | float

LARGEST_WHOLE = 2**63
"""Whole numbers stay below it, so that no formula can be expensive."""

_MOST_DIGITS = 20

COMPARISONS: Mapping[str, Callable[[Number, Number], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPERATIONS: Mapping[str, Callable[[Number, Number], Number]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
FUNCTIONS: Mapping[str, tuple[Callable[..., Number], int, int]] = {
    "min": (min, 2, 20),
    "max": (max, 2, 20),
    "abs": (abs, 1, 1),
    "sqrt": (math.sqrt, 1, 1),
    "exp": (math.exp, 1, 1),
    "log": (math.log, 1, 1),
    "floor": (math.floor, 1, 1),
    "ceil": (math.ceil, 1, 1),
    "round": (round, 1, 2),
}
"""Each function with the least and the largest number of its arguments."""


class FormulaError(FormatError):
    """A formula cannot be read, or has no value here.

    Attributes
    ----------
    sentence, column
        What is wrong, and where in the formula, counted from 1.
    """

    def __init__(self, sentence: str, column: int) -> None:
        super().__init__(f"column {column}: {sentence}")
        self.sentence = sentence
        self.column = column


class Expression(Protocol):
    """A part of a formula that has a value."""

    @property
    def column(self) -> int:
        """Where it stands, counted from 1."""

    def evaluate(self, values: Mapping[str, Value]) -> Value:
        """Return its value with the names' values."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, true or false."""

    value: Value
    column: int

    def evaluate(self, _values: Mapping[str, Value]) -> Value:
        """Return the value itself."""
        return self.value


@dataclass(frozen=True, slots=True)
class Name:
    """A parameter's value."""

    name: str
    column: int

    def evaluate(self, values: Mapping[str, Value]) -> Value:
        """Return the value that ``values`` hold."""
        if self.name not in values:
            raise FormulaError(f"{self.name} has no value", self.column)
        return values[self.name]


@dataclass(frozen=True, slots=True)
class Negative:
    """``-a``."""

    inner: Expression
    column: int

    def evaluate(self, values: Mapping[str, Value]) -> Value:
        """Return the number with the other sign."""
        return -_number(self.inner, values)


@dataclass(frozen=True, slots=True)
class Operation:
    """``a + b`` and its kin, between numbers."""

    sign: str
    left: Expression
    right: Expression
    column: int

    def evaluate(self, values: Mapping[str, Value]) -> Value:
        """Return the finite result, or raise."""
        left, right = _number(self.left, values), _number(self.right, values)
        compute = _power if self.sign == "**" else _OPERATIONS[self.sign]
        return _finite(lambda: compute(left, right), self.column)


@dataclass(frozen=True, slots=True)
class Comparison:
    """``a < b <= c``: every neighbouring pair must agree with its sign."""

    signs: tuple[str, ...]
    sides: tuple[Expression, ...]
    column: int

    def evaluate(self, values: Mapping[str, Value]) -> Value:
        """Return whether all of it holds."""
        left, *others = self.sides
        for sign, right in zip(self.signs, others, strict=True):
            if not self._holds(sign, left, right, values):
                return False
            left = right
        return True

    def _holds(
        self, sign: str, left: Expression, right: Expression, values: Mapping[str, Value]
    ) -> bool:
        if sign in COMPARISONS:
            return COMPARISONS[sign](_number(left, values), _number(right, values))
        one, other = left.evaluate(values), right.evaluate(values)
        if _sort(one) != _sort(other):
            raise FormulaError(f"{sign} compares {_sort(one)} with {_sort(other)}", self.column)
        return (one == other) is (sign == "==")


@dataclass(frozen=True, slots=True)
class Junction:
    """``and`` (``absorbing`` is False) or ``or`` (True): the right side only if it matters."""

    absorbing: bool
    left: Expression
    right: Expression
    column: int

    def evaluate(self, values: Mapping[str, Value]) -> Value:
        """Return the truth of both sides together."""
        if _truth(self.left, values) is self.absorbing:
            return self.absorbing
        return _truth(self.right, values)


@dataclass(frozen=True, slots=True)
class Not:
    """``not a``."""

    inner: Expression
    column: int

    def evaluate(self, values: Mapping[str, Value]) -> Value:
        """Return the opposite."""
        return not _truth(self.inner, values)


@dataclass(frozen=True, slots=True)
class Call:
    """``max(a, b)`` and its kin."""

    name: str
    arguments: tuple[Expression, ...]
    column: int

    def evaluate(self, values: Mapping[str, Value]) -> Value:
        """Return the finite result, or raise."""
        function, _, _ = FUNCTIONS[self.name]
        numbers = [_number(argument, values) for argument in self.arguments]
        if self.name == "round" and numbers[1:]:
            self._check_digits(numbers[1])
        return _finite(lambda: function(*numbers), self.column)

    def _check_digits(self, digits: Number) -> None:
        if not isinstance(digits, int) or abs(digits) > _MOST_DIGITS:
            said = f"round takes a whole number of digits up to {_MOST_DIGITS}, got {digits}"
            raise FormulaError(said, self.column)


def _number(expression: Expression, values: Mapping[str, Value]) -> Number:
    value = expression.evaluate(values)
    if isinstance(value, bool | str):
        raise FormulaError(f"needs a number, got {_sort(value)}", expression.column)
    return value


def _truth(expression: Expression, values: Mapping[str, Value]) -> bool:
    value = expression.evaluate(values)
    if not isinstance(value, bool):
        raise FormulaError(f"needs a comparison, got {_sort(value)}", expression.column)
    return value


def _sort(value: Value) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a text" if isinstance(value, str) else "a number"


def _finite(compute: Callable[[], Number], column: int) -> Number:
    try:
        value = compute()
    except ZeroDivisionError:
        raise FormulaError("divides by zero", column) from None
    except OverflowError:
        raise FormulaError("gives too large a number", column) from None
    except (ValueError, TypeError):  # the root of -1, the logarithm of 0
        raise FormulaError("has no value for these numbers", column) from None
    if isinstance(value, complex) or math.isnan(value):
        raise FormulaError("has no value for these numbers", column)
    if math.isinf(value) or (isinstance(value, int) and abs(value) >= LARGEST_WHOLE):
        raise FormulaError("gives too large a number", column)
    return value


def _power(base: Number, exponent: Number) -> Number:
    """Raise to a power; whole numbers only as long as the result is small enough to be built."""
    whole = isinstance(base, int) and isinstance(exponent, int) and exponent >= 0
    if whole and abs(base) > 1 and exponent * math.log2(abs(base)) >= 63:
        raise OverflowError
    value: Number = base**exponent
    return value
