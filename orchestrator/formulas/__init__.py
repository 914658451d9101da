"""Formulas over parameters, evaluated safely.

The language is a small part of Python's: numbers, quoted texts, names, ``+ - * / // % **``,
comparisons (also in chains), ``and or not``, parentheses and a few functions, with Python's
precedence and meaning. Nothing else can be reached from it, and what it may cost is bounded.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.formulas import reading
from orchestrator.formulas.expressions import TRUTH, FormulaError, evaluate, kind

if TYPE_CHECKING:
    import ast
    from collections.abc import Mapping

    from orchestrator.formats.parameters import Value

__all__ = ["LONGEST", "Formula", "FormulaError", "parse"]

LONGEST = 500
"""Characters that a formula may have."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula: its text and the names that it uses, each with its first column, from 1."""

    text: str
    names: Mapping[str, int] = field(compare=False)
    _tree: ast.expr = field(compare=False, repr=False)

    def evaluate(self, values: Mapping[str, Value]) -> Value:
        """Return the value of the formula with the names' values.

        Raises
        ------
        FormulaError
            If it has none: a division by zero, an overflow, a text where a number is needed.
        """
        return evaluate(self._tree, values)

    def compares(self) -> bool:
        """Return whether it is true or false for any numbers, where it has a value at all.

        Raises
        ------
        FormulaError
            For a part that needs another kind of value.

        >>> parse("a > 1 and b").compares()
        Traceback (most recent call last):
        orchestrator.formulas.expressions.FormulaError: column 11: needs a comparison, got a number
        """
        return kind(self._tree) == TRUTH


def parse(text: str) -> Formula:
    """Read a formula.

    Raises
    ------
    FormulaError
        If it is not one.

    >>> parse("Tau_min + 1000").evaluate({"Tau_min": 100.0})
    1100.0
    >>> parse("0 < a < 5 and b != 'OPEN'").evaluate({"a": 3, "b": "OPEN"})
    False
    """
    if len(text) > LONGEST:
        raise FormulaError(f"longer than {LONGEST} characters", LONGEST + 1)
    tokens = reading.tokens(text)
    tree = reading.read(tokens, len(text))
    names: dict[str, int] = {}
    for token, following in itertools.zip_longest(tokens, tokens[1:]):
        if token.kind == "name" and (following is None or following.text != "("):
            names.setdefault(token.text, token.column)
    return Formula(text, names, tree)
