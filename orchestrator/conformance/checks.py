"""One check: a name by which pytest calls it, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class NonconformingError(AssertionError):
    """What was checked does not do what the tool relies on; the message says what, and what is wanted."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check; calling it raises :class:`NonconformingError` if it fails.

    Attributes
    ----------
    name
        By which a test of it is called.
    perform
        What it does.
    """

    name: str
    perform: Callable[[], None]

    @property
    def __name__(self) -> str:
        """Its name, where pytest looks for it."""
        return self.name

    def __call__(self) -> None:
        """Perform it."""
        self.perform()
