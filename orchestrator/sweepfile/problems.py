"""What is wrong with a sweep file: places and sentences, gathered so that all is said at once."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from orchestrator.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: a file with line and column from 1, or an option without them."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source

    @property
    def shortly(self) -> str:
        """The place as another place of the same file names it."""
        return f"in line {self.line}" if self.line else f"by {self.source}"


class Problems:
    """Collects what is wrong."""

    def __init__(self) -> None:
        self._found: dict[str, Place] = {}

    def __len__(self) -> int:
        return len(self._found)

    def add(self, place: Place, key: str, sentence: str) -> None:
        """Note one problem: where, at which dotted key, and what is wanted."""
        self._found.setdefault(said(place, key, sentence), place)

    def check(self) -> None:
        """Raise a RequestError with all problems, in the order in which they stand in the file."""
        if self._found:
            raise RequestError(*sorted(self._found, key=lambda text: self._found[text]))


def said(place: Place, key: str, sentence: str) -> str:
    """Write one problem; the place of ``--set`` names the key already."""
    if not key or place.source == f"--set {key}":
        return f"{place}: {sentence}"
    return f"{place}: {key}: {sentence}"


def unknown(word: str, known: Iterable[str], what: str) -> str:
    """Say that there is no such thing, and what may have been meant."""
    candidates = list(known)
    folded = [candidate for candidate in candidates if candidate.lower() == word.lower()]
    meant = folded or get_close_matches(word, candidates, 1)
    return f"no such {what}" + (f"; did you mean {meant[0]}?" if meant else "")
