"""Decimal commas in a list of numbers, where ``[0,5, 1,5]`` is four values."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from orchestrator.sweepfile.tree import Leaf

if TYPE_CHECKING:
    from orchestrator.sweepfile.tree import Items, Node

_WHOLE = re.compile(r"[-+]?[0-9]+")


def suspected(items: Items) -> str | None:
    """Return a sentence if every second comma alone has no blank behind it, else None."""
    pairs = list(itertools.pairwise(items.nodes))
    touching = [_touch(*pair) for pair in pairs]
    regular = len(pairs) % 2 == 1 and len(pairs) > 1
    if regular and all(touching[::2]) and not any(touching[1::2]):
        return _sentence(*pairs[0])
    zeros = (
        pair for pair, touch in zip(pairs, touching, strict=True) if touch and _zero(pair[1])
    )
    return next(itertools.starmap(_sentence, zeros), None)


def certain(items: Items) -> bool:
    """Whether a suspected one can be nothing else: ``0,05``, or a value that stands there twice."""
    texts = [node.text for node in items.nodes if isinstance(node, Leaf)]
    return len(set(texts)) < len(texts) or any(map(_zero, items.nodes))


def _touch(a: Node, b: Node) -> bool:
    """Whether two whole numbers stand in one line with nothing but a comma between them."""
    if not isinstance(a, Leaf) or not isinstance(b, Leaf) or not a.position.line:
        return False
    numbers = _WHOLE.fullmatch(a.text) and b.text.isdecimal() and a.verbatim
    return bool(numbers) and a.character(len(a.text) + 2) == b.position


def _zero(node: Node) -> bool:
    return isinstance(node, Leaf) and node.text[:1] == "0" and node.text[1:].isdecimal()


def _sentence(a: Node, b: Node) -> str:
    whole, fraction = (node.text if isinstance(node, Leaf) else "" for node in (a, b))
    return f"{whole},{fraction} is two values; write {whole}.{fraction} for a decimal number"
