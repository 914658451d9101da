"""Formulas over parameters, as ``derived`` and ``where`` hold them: read once, evaluated safely.

The language is a small part of Python's: numbers, quoted texts, names, ``+ - * / // % **``,
comparisons (also in chains), ``and or not``, parentheses and a few functions, with Python's
precedence and meaning. Nothing else can be reached from it, and what it may cost is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.formulas.expressions import FormulaError
from orchestrator.formulas.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.formats.parameters import Value
    from orchestrator.formulas.expressions import Expression

__all__ = ["LONGEST", "Formula", "FormulaError", "parse"]

LONGEST = 500
"""Characters that a formula may have."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read: its text and the names that it uses, each with its column."""

    text: str
    names: Mapping[str, int] = field(compare=False)
    _expression: Expression = field(compare=False, repr=False)

    def evaluate(self, values: Mapping[str, Value]) -> Value:
        """Return the value of the formula with the names' values.

        Raises
        ------
        FormulaError
            If it has none: a division by zero, an overflow, a text where a number is needed.
        """
        return self._expression.evaluate(values)


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
    reader = Reader(text)
    expression = reader.whole()
    return Formula(text, dict(reader.names), expression)
