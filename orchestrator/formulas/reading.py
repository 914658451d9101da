"""From the text of a formula to its parts."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.formulas.expressions import (
    COMPARISONS,
    FUNCTIONS,
    LARGEST_WHOLE,
    Call,
    Comparison,
    FormulaError,
    Junction,
    Literal,
    Name,
    Negative,
    Not,
    Operation,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from orchestrator.formulas.expressions import Expression, Number

_DEEPEST = 40
_MOST_OPERATIONS = 150

_TOKEN = re.compile(
    r"""(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<text>"[^"\\]*"|'[^'\\]*')
      | (?P<sign>\*\*|//|<=|>=|==|!=|[-+*/%<>(),])""",
    re.VERBOSE,
)
_BLANK = re.compile(r"\s*")
_WORDS = frozenset({"and", "or", "not"})
_TRUTHS = {"true": True, "True": True, "false": False, "False": False}
_INSTEAD = {
    "=": "write == to compare",
    "^": "write ** for a power",
    "&": "write and",
    "|": "write or",
    "!": "write not, or != to compare",
}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def _tokens(text: str) -> Iterator[_Token]:
    position = _skip(text, 0)
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            hint = _INSTEAD.get(text[position])
            said = f"{text[position]!r} means nothing here"
            raise FormulaError(f"{said}; {hint}" if hint else said, position + 1)
        kind = match.lastgroup or ""
        if kind == "name" and match[0] in _WORDS:
            kind = "sign"
        yield _Token(kind, match[0], position + 1)
        position = _skip(text, match.end())
    yield _Token("end", "", len(text) + 1)


def _skip(text: str, position: int) -> int:
    blank = _BLANK.match(text, position)
    return blank.end() if blank else position


class Reader:
    """Reads tokens by recursive descent, loosest binding first."""

    def __init__(self, text: str) -> None:
        self.names: dict[str, int] = {}
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0
        self._operations = 0

    def whole(self) -> Expression:
        """Return the expression that the whole text is."""
        if self._peek().kind == "end":
            raise FormulaError("is empty", 1)
        expression = self._either()
        left = self._peek()
        if left.kind != "end":
            raise FormulaError(f"did not expect {left.text!r}", left.column)
        return expression

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, *signs: str) -> _Token | None:
        """Consume the next token if it is one of ``signs``."""
        token = self._peek()
        if token.kind != "sign" or token.text not in signs:
            return None
        self._next += 1
        self._operations += 1
        if self._operations > _MOST_OPERATIONS:
            raise FormulaError("is too long", token.column)
        return token

    def _need(self, sign: str) -> None:
        token = self._peek()
        if not self._take(sign):
            found = repr(token.text) if token.text else "the end"
            raise FormulaError(f"expected {sign!r}, got {found}", token.column)

    def _either(self) -> Expression:
        left = self._both()
        while sign := self._take("or"):
            left = Junction(True, left, self._both(), sign.column)  # noqa: FBT003  # see the class
        return left

    def _both(self) -> Expression:
        left = self._denial()
        while sign := self._take("and"):
            left = Junction(False, left, self._denial(), sign.column)  # noqa: FBT003  # see the class
        return left

    def _denial(self) -> Expression:
        if sign := self._take("not"):
            return Not(self._deeper(self._denial), sign.column)
        return self._comparison()

    def _comparison(self) -> Expression:
        sides, signs = [self._sum()], []
        column = 0
        while sign := self._take(*COMPARISONS, "==", "!="):
            column = column or sign.column
            signs.append(sign.text)
            sides.append(self._sum())
        return Comparison(tuple(signs), tuple(sides), column) if signs else sides[0]

    def _sum(self) -> Expression:
        left = self._product()
        while sign := self._take("+", "-"):
            left = Operation(sign.text, left, self._product(), sign.column)
        return left

    def _product(self) -> Expression:
        left = self._signed()
        while sign := self._take("*", "/", "//", "%"):
            left = Operation(sign.text, left, self._signed(), sign.column)
        return left

    def _signed(self) -> Expression:
        if sign := self._take("-"):
            return Negative(self._deeper(self._signed), sign.column)
        if self._take("+"):
            return self._deeper(self._signed)
        return self._power()

    def _power(self) -> Expression:
        base = self._atom()
        if sign := self._take("**"):
            return Operation("**", base, self._deeper(self._signed), sign.column)
        return base

    def _deeper(self, read: Callable[[], Expression]) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FormulaError("is nested too deeply", self._peek().column)
        expression = read()
        self._depth -= 1
        return expression

    def _atom(self) -> Expression:
        token = self._peek()
        if self._take("("):
            expression = self._deeper(self._either)
            self._need(")")
            return expression
        if token.kind in {"sign", "end"}:
            found = repr(token.text) if token.text else "the end"
            raise FormulaError(f"expected a number or a name, got {found}", token.column)
        self._next += 1
        if token.kind == "number":
            return Literal(_as_number(token), token.column)
        if token.kind == "text":
            return Literal(token.text[1:-1], token.column)
        if token.text in _TRUTHS:
            return Literal(_TRUTHS[token.text], token.column)
        if self._take("("):
            return self._call(token)
        self.names.setdefault(token.text, token.column)
        return Name(token.text, token.column)

    def _call(self, name: _Token) -> Expression:
        if name.text not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            raise FormulaError(f"no function {name.text}; there are {known}", name.column)
        arguments = [self._deeper(self._either)]
        while self._take(","):
            arguments.append(self._deeper(self._either))
        self._need(")")
        _, least, most = FUNCTIONS[name.text]
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            said = f"{name.text} takes {wanted} argument{'s' if most > 1 else ''}, got {len(arguments)}"
            raise FormulaError(said, name.column)
        return Call(name.text, tuple(arguments), name.column)


def _as_number(token: _Token) -> Number:
    if token.text.isdecimal():
        whole = int(token.text)
        if whole < LARGEST_WHOLE:
            return whole
    value = float(token.text)
    if math.isinf(value):
        raise FormulaError("is too large a number", token.column)
    return value
