"""Reader of formulas: Python's own parser, and a whitelist of what it may find in them.

The parser sees the structure alone: each token in a slot of four characters, ``0`` in place of a
number or a text, ``x`` in place of a name. So its rules for literals and keywords do not matter,
and an offset in its tree tells the token.
"""

from __future__ import annotations

import ast
import bisect
import itertools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.formulas.expressions import (
    COMPARISONS,
    EQUALITIES,
    FUNCTIONS,
    LARGEST_WHOLE,
    OPERATIONS,
    FormulaError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.formats.parameters import Value

_DEEPEST = 40
_MOST_SIGNS = 150
_SLOT = 4

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<sign>\*\*|//|<=|>=|==|!=|[-+*/%<>(),]|(?:and|or|not)(?![A-Za-z0-9_]))
      | (?P<truth>(?:True|true|False|false)(?![A-Za-z0-9_]))
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<text>"[^"\\]*"|'[^'\\]*'))\s*""",
    re.VERBOSE,
)
_INSTEAD = {
    "=": "write == to compare",
    "^": "write ** for a power",
    "&": "write and",
    "|": "write or",
    "!": "write not, or != to compare",
}
_ALLOWED = (
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.Name, ast.Constant),
    *(*OPERATIONS, *COMPARISONS, *EQUALITIES),
    *(ast.USub, ast.UAdd, ast.Not, ast.And, ast.Or, ast.Load),
)
_PYTHON_ONLY = {(")", "("), (",", ")")}
"""Neighbours that Python takes and a formula does not: ``(min)(1, 2)`` and ``min(1, 2,)``."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a formula; ``column`` counts from 1, ``opened`` the parentheses around it."""

    kind: str
    text: str
    column: int
    opened: int = 0

    @property
    def structure(self) -> str:
        """What Python's parser sees of it."""
        if self.kind == "sign":
            return self.text
        return "x" if self.kind == "name" else "0"

    @property
    def value(self) -> Value:
        """The value of a number, a text, true or false."""
        if self.kind == "number":
            return _number(self)
        return self.text[1:-1] if self.kind == "text" else self.text.lower() == "true"


_OPERAND, _CLOSING = Token("number", "0", 0), Token("sign", ")", 0)


def tokens(text: str) -> Sequence[Token]:
    """Split a formula into its tokens.

    Raises
    ------
    FormulaError
        For a character that means nothing, and where there are too many signs or parentheses.
    """
    words: list[Token] = []
    position = opened = 0
    while match := _TOKEN.match(text, position):
        kind = match.lastgroup or ""
        words.append(Token(kind, match[kind], match.start(kind) + 1, opened))
        opened += {"(": 1, ")": -1}.get(match[kind], 0)
        position = match.end()
    if text[position:].strip():
        position += len(text[position:]) - len(text[position:].lstrip())
        hint = _INSTEAD.get(text[position])
        sentence = f"{text[position]!r} means nothing here"
        raise FormulaError(f"{sentence}; {hint}" if hint else sentence, position + 1)
    if not words:
        raise FormulaError("is empty", 1)
    for token in words:
        _check_depth(token, token.opened)
    for token in [token for token in words if token.kind == "sign"][_MOST_SIGNS:]:
        raise FormulaError("is too long", token.column)
    return words


def read(words: Sequence[Token], end: int) -> ast.expr:
    """Read the tokens of a formula that has ``end`` characters.

    Returns
    -------
    ast.expr
        Of the whitelisted nodes alone. ``col_offset`` is the column in the formula, from 1: of
        the sign where there is one, else of the number, the text or the name.

    Raises
    ------
    FormulaError
        If it is not a formula, calls an unknown function, or is nested too deeply.
    """
    tree = _structure(words)
    if tree is None:
        raise _fault(words, end)
    return _filled(tree, words, 0)


def _structure(words: Sequence[Token]) -> ast.expr | None:
    """Return Python's tree of a formula with its values left out, None if it is no formula."""
    signs = [word.structure for word in words]
    if not _PYTHON_ONLY.isdisjoint(itertools.pairwise(signs)):
        return None
    try:
        tree = ast.parse("".join(f"{sign:{_SLOT}}" for sign in signs), mode="eval").body
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            return None
        if isinstance(node, ast.Call):
            named = isinstance(node.func, ast.Name)
            if not named or not node.args or node.keywords:
                return None
    return tree


def _fault(words: Sequence[Token], end: int) -> FormulaError:
    """Say what is wrong: the first token with which no formula can begin, or what is missing."""
    first = bisect.bisect_left(range(len(words)), 1, key=lambda i: not _begins(words[: i + 1]))
    culprit = words[first] if first < len(words) else Token("sign", "", end + 1)
    got = repr(culprit.text) if culprit.text else "the end"
    before = words[:first]
    if _structure(_closed(before)) is None:
        return FormulaError(f"expected a number or a name, got {got}", culprit.column)
    if len(_closed(before)) > first:
        return FormulaError(f"expected ')', got {got}", culprit.column)
    return FormulaError(f"did not expect {got}", culprit.column)


def _begins(words: Sequence[Token]) -> bool:
    """Whether a formula can begin like this."""
    return any(_structure(_closed(so)) is not None for so in (words, [*words, _OPERAND]))


def _closed(words: Sequence[Token]) -> Sequence[Token]:
    signs = [word.structure for word in words]
    return [*words, *[_CLOSING] * (signs.count("(") - signs.count(")"))]


def _filled(node: ast.expr, words: Sequence[Token], depth: int) -> ast.expr:
    """Put values and names into their places, and the columns of signs into the tree."""
    token = words[node.col_offset // _SLOT]
    _check_depth(token, depth + token.opened)
    node.col_offset = token.column
    match node:
        case ast.Constant():
            node.value = token.value
        case ast.Name():
            node.id = token.text
        case ast.Call(func=ast.Name() as function):
            function.id = token.text
            if token.text not in FUNCTIONS:
                known = ", ".join(FUNCTIONS)
                raise FormulaError(f"no function {token.text}; there are {known}", token.column)
            node.args = [_filled(argument, words, depth) for argument in node.args]
            _check_count(token, len(node.args))
        case ast.UnaryOp(operand=operand):
            node.operand = _filled(operand, words, depth + 1)
            return node.operand if isinstance(node.op, ast.UAdd) else node
        case ast.BinOp(left=left, right=right):
            deeper = depth + isinstance(node.op, ast.Pow)
            node.left, node.right = _filled(left, words, depth), _filled(right, words, deeper)
            node.col_offset = _sign_after(left, words)
        case ast.BoolOp(values=values):
            node.values = [_filled(value, words, depth) for value in values]
            node.col_offset = _sign_after(values[-2], words)
        case ast.Compare(left=left, comparators=others):
            node.left = _filled(left, words, depth)
            node.comparators = [_filled(other, words, depth) for other in others]
            node.col_offset = _sign_after(left, words)
    return node


def _sign_after(node: ast.expr, words: Sequence[Token]) -> int:
    """Return the column of the sign behind an operand and its parentheses."""
    behind = (node.end_col_offset or 0) // _SLOT + 1
    return next(word.column for word in words[behind:] if word.text != ")")


def _check_depth(token: Token, depth: int) -> None:
    if depth > _DEEPEST:
        raise FormulaError("is nested too deeply", token.column)


def _check_count(name: Token, count: int) -> None:
    _, least, most = FUNCTIONS[name.text]
    if not least <= count <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        sentence = f"{name.text} takes {wanted} argument{'s' if most > 1 else ''}, got {count}"
        raise FormulaError(sentence, name.column)


def _number(token: Token) -> int | float:
    if token.text.isdecimal():
        whole = int(token.text)
        if whole < LARGEST_WHOLE:
            return whole
    value = float(token.text)
    if math.isinf(value):
        raise FormulaError("is too large a number", token.column)
    return value
