"""Values of formulas: what each node of the whitelist means, and a bound on what it may cost."""

from __future__ import annotations

import ast
import math
import operator
from typing import TYPE_CHECKING, Any

from orchestrator.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from orchestrator.formats.parameters import Value

Number = int | float

LARGEST_WHOLE = 2**63
"""Whole numbers stay below it, so that no formula can be expensive."""

_MOST_DIGITS = 20
_NUMBER = "a number"
TRUTH = "true or false"
"""A kind of values."""


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


def _power(base: Number, exponent: Number) -> Number:
    """Raise to a power; whole numbers only as long as the result is small enough to be built."""
    whole = isinstance(base, int) and isinstance(exponent, int) and exponent >= 0
    if whole and abs(base) > 1 and exponent * math.log2(abs(base)) >= 63:
        raise OverflowError
    value: Number = base**exponent
    return value


OPERATIONS: Mapping[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Number, Number], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
EQUALITIES: Mapping[type[ast.cmpop], str] = {ast.Eq: "==", ast.NotEq: "!="}
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


def evaluate(node: ast.expr, values: Mapping[str, Value]) -> Value:
    """Return the value of a formula's tree, as :mod:`orchestrator.formulas.reading` makes it.

    Raises
    ------
    FormulaError
        If it has none with these values of its names.
    """
    return _MEANINGS[type(node)](node, values)


def kind(node: ast.expr) -> str:
    """Return what kind of value a formula over numbers has, whatever they are.

    Raises
    ------
    FormulaError
        For a part that is of another kind than it has to be, be it looked at or not.
    """
    if isinstance(node, ast.Constant):
        return _kind(_constant(node, {}))
    if isinstance(node, ast.Compare):
        return _kind_of_comparison(node)
    negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    parts = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
    wanted = TRUTH if negated or isinstance(node, ast.BoolOp) else _NUMBER
    return _all_are(wanted, (part for part in parts if isinstance(part, ast.expr)))


def _kind_of_comparison(node: ast.Compare) -> str:
    sides = [node.left, *node.comparators]
    for sign, left, right in zip(node.ops, sides, node.comparators, strict=False):
        wanted = _NUMBER if type(sign) in COMPARISONS else kind(left)
        _all_are(wanted, (left, right))
    return TRUTH


def _all_are(wanted: str, nodes: Iterable[ast.expr]) -> str:
    for node in nodes:
        if (there := kind(node)) != wanted:
            wish = "a comparison" if wanted == TRUTH else wanted
            raise FormulaError(f"needs {wish}, got {there}", node.col_offset)
    return wanted


def _constant(node: ast.Constant, _values: Mapping[str, Value]) -> Value:
    value: Value = node.value  # type: ignore[assignment]  # the reader makes no other
    return value


def _name(node: ast.Name, values: Mapping[str, Value]) -> Value:
    if node.id not in values:
        raise FormulaError(f"{node.id} has no value", node.col_offset)
    return values[node.id]


def _unary(node: ast.UnaryOp, values: Mapping[str, Value]) -> Value:
    if isinstance(node.op, ast.Not):
        return not _truth(node.operand, values)
    return -_number(node.operand, values)


def _operation(node: ast.BinOp, values: Mapping[str, Value]) -> Value:
    left, right = _number(node.left, values), _number(node.right, values)
    return _finite(OPERATIONS[type(node.op)], (left, right), node.col_offset)


def _comparison(node: ast.Compare, values: Mapping[str, Value]) -> Value:
    left = node.left
    for sign, right in zip(node.ops, node.comparators, strict=True):
        if not _holds(type(sign), left, right, values, node.col_offset):
            return False
        left = right
    return True


def _holds(
    sign: type[ast.cmpop],
    left: ast.expr,
    right: ast.expr,
    values: Mapping[str, Value],
    column: int,
) -> bool:
    if sign in COMPARISONS:
        return COMPARISONS[sign](_number(left, values), _number(right, values))
    a, b = evaluate(left, values), evaluate(right, values)
    if _kind(a) != _kind(b):
        sentence = f"{EQUALITIES[sign]} compares {_kind(a)} with {_kind(b)}"
        raise FormulaError(sentence, column)
    return (a == b) is (sign is ast.Eq)


def _junction(node: ast.BoolOp, values: Mapping[str, Value]) -> Value:
    """Look at further sides only while they matter, as Python does."""
    decisive = isinstance(node.op, ast.Or)
    for side in node.values:
        if _truth(side, values) is decisive:
            return decisive
    return not decisive


def _call(node: ast.Call, values: Mapping[str, Value]) -> Value:
    name = node.func.id  # type: ignore[attr-defined]  # the reader takes names only
    numbers = tuple(_number(argument, values) for argument in node.args)
    if name == "round" and numbers[1:]:
        _check_digits(numbers[1], node.col_offset)
    return _finite(FUNCTIONS[name][0], numbers, node.col_offset)


def _check_digits(digits: Number, column: int) -> None:
    if not isinstance(digits, int) or abs(digits) > _MOST_DIGITS:
        wish = f"round takes a whole number of digits up to {_MOST_DIGITS}"
        raise FormulaError(f"{wish}, got {digits}", column)


_MEANINGS: Mapping[type[ast.expr], Callable[[Any, Mapping[str, Value]], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.UnaryOp: _unary,
    ast.BinOp: _operation,
    ast.Compare: _comparison,
    ast.BoolOp: _junction,
    ast.Call: _call,
}


def _number(node: ast.expr, values: Mapping[str, Value]) -> Number:
    value = evaluate(node, values)
    if isinstance(value, bool | str):
        raise FormulaError(f"needs a number, got {_kind(value)}", node.col_offset)
    return value


def _truth(node: ast.expr, values: Mapping[str, Value]) -> bool:
    value = evaluate(node, values)
    if not isinstance(value, bool):
        raise FormulaError(f"needs a comparison, got {_kind(value)}", node.col_offset)
    return value


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return TRUTH
    return "a text" if isinstance(value, str) else _NUMBER


def _finite(compute: Callable[..., Number], numbers: tuple[Number, ...], column: int) -> Number:
    try:
        value = compute(*numbers)
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
