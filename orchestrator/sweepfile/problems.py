"""Problems of a sweep file: places and sentences, gathered so that all are reported at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.errors import RequestError
from orchestrator.formats.spelling import closest, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_SHOWN = 20
"""Problems that one report lists; how many more there are is its last line."""

OVERRIDE = "--set "
"""What the source of a place begins with that is no file; the dotted key follows."""

_LONGEST_SENTENCE = 600


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A file with line and column from 1, or an option of the command line without them."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source

    @property
    def shortly(self) -> str:
        """The place as another place of the same file names it."""
        return f"in line {self.line}" if self.line else f"by {self.source}"


@dataclass(frozen=True, slots=True)
class Unknown:
    """An unknown word; the sentence about it is made where it is shown, since that takes long.

    Attributes
    ----------
    home
        The section of a sweep file to which the word belongs instead, empty for the top; None
        where it belongs nowhere.
    """

    word: str
    known: tuple[str, ...]
    noun: str
    home: str | None = None

    def __str__(self) -> str:
        first, *others = self.word.split() or [""]
        if self.home is not None:
            where = f"under {self.home}" if self.home else "at the top of the file"
            return f"no such {self.noun}; it belongs {where}"
        if others and first in self.known:
            return f"no such {self.noun}; is a colon missing behind {first}?"
        return f"no such {self.noun}{did_you_mean(self.word, self.known)}"

    def in_override(self, key: str, written: str) -> str:
        """Return the sentence about ``--set written=...``: what is meant is a whole path, too.

        >>> Unknown("stp", ("stop",), "key").in_override("run.stp", "run.stp")
        'no such key; did you mean run.stop?'
        >>> Unknown("stop", (), "key", home="run").in_override("stop", "stop")
        'no such key; did you mean run.stop?'
        """
        if key.rpartition(".")[2] != self.word:
            return str(self)
        before, behind = key.removesuffix(self.word), written.removeprefix(key)
        if self.home is not None:
            path = ".".join(filter(None, (self.home, self.word)))
            return f"no such {self.noun}; did you mean {path}{behind}?"
        meant = closest(self.word, self.known)
        hint = f"; did you mean {before}{meant}{behind}?" if meant else ""
        return f"no such {self.noun}{hint}"


Sentence = str | Unknown


def unknown(word: str, known: Iterable[str], noun: str) -> Unknown:
    """Return the sentence about a word that is none of the known ones."""
    return Unknown(word, tuple(known), noun)


def shortened(text: str, longest: int = 60) -> str:
    """Return a text for a sentence: the first characters of it, and all of them printable."""
    shown = text if len(text) <= longest else f"{text[:longest]}..."
    return shown if shown.isprintable() else repr(shown)[1:-1]


class Problems:
    """Problems in the order in which they stand in the file; equal ones are one."""

    def __init__(self) -> None:
        self._positions: dict[tuple[str, Sentence], set[Position]] = {}
        self._added = 0

    def __len__(self) -> int:
        return self._added

    def add(self, position: Position, key: str, sentence: Sentence) -> None:
        """Note a problem: its place, the dotted key, what is wrong and what is wanted."""
        self._positions.setdefault((key, sentence), set()).add(position)
        self._added += 1

    def check(self) -> None:
        """Raise a RequestError with all problems, if there are any.

        A problem that several places share is told of the first, with the number of the others.
        """
        if not self._positions:
            return
        groups = sorted(self._positions.items(), key=lambda group: min(group[1]))
        shown = [
            located(min(positions), key, sentence)
            + (f" (and {len(positions) - 1} more)" if len(positions) > 1 else "")
            for (key, sentence), positions in groups[:MOST_SHOWN]
        ]
        if len(groups) > MOST_SHOWN:
            shown.append(f"and {len(groups) - MOST_SHOWN} more")
        raise RequestError(*shown)


def located(position: Position, key: str, sentence: Sentence) -> str:
    """Write a problem or a warning; the place of ``--set`` names the key already."""
    if isinstance(sentence, Unknown) and position.source.startswith(OVERRIDE):
        sentence = sentence.in_override(key, position.source.removeprefix(OVERRIDE))
    text = shortened(str(sentence), _LONGEST_SENTENCE)
    if not key or position.source == f"{OVERRIDE}{key}":
        return f"{position}: {text}"
    return f"{position}: {'.'.join(map(shortened, key.split('.')))}: {text}"
