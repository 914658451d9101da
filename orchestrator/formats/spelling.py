"""Words that may be meant by unknown ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that may be meant by an unknown one; None where none is close.

    One that differs in its case alone comes first.

    >>> closest("pLan", ["plan", "plot"]), closest("frobnicate", ["plan", "plot"])
    ('plan', None)
    """
    from difflib import get_close_matches  # noqa: PLC0415  # only mistakes need it

    candidates = list(known)
    folded = [candidate for candidate in candidates if candidate.lower() == word.lower()]
    close = folded or get_close_matches(word[:100], candidates, 1)
    return close[0] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Write the end of a sentence about an unknown word: the known one that may be meant.

    >>> "no such verb" + did_you_mean("pLan", ["plan", "plot"])
    'no such verb; did you mean plan?'
    >>> did_you_mean("frobnicate", ["plan", "plot"])
    ''
    """
    meant = closest(word, known)
    return "" if meant is None else f"; did you mean {meant}?"
