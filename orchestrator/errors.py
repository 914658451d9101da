"""Errors that a user can act on."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class OrchestratorError(Exception):
    """Something a person can mend: place, value found and what is wanted, in one sentence."""


class RequestError(OrchestratorError):
    """The request itself is wrong and nothing was changed; exit status 2.

    Parameters
    ----------
    problems
        One sentence per problem, each with its place; all problems of a file at once.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems


class ParameterError(RequestError):
    """A parameter of one experiment cannot be used as it is.

    Parameters
    ----------
    name
        The parameter.
    detail
        The value found and what is wanted.
    """

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail


class StreamError(OrchestratorError):
    """What came through the data pipe is not a sequence of whole snapshots."""


class EngineError(OrchestratorError):
    """The engine or genesis ended badly, hangs, or cannot be started."""


class DamagedError(OrchestratorError):
    """A file of ours no longer has what was written.

    Parameters
    ----------
    path
        The file.
    detail
        How much of it can be read.
    """

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(f"{path} is damaged: {detail}")
        self.path = path
        self.detail = detail


class StartError(EngineError):
    """A program cannot be started.

    Parameters
    ----------
    program
        Its path.
    detail
        What the system says.
    """

    def __init__(self, program: str, detail: str) -> None:
        super().__init__(f"cannot start {program}: {detail}")
        self.program = program
        self.detail = detail


class FormatError(OrchestratorError):
    """A file or a run of bytes does not follow its format; the message names file and line."""


@contextlib.contextmanager
def optional(needing: str) -> Iterator[None]:
    """Refuse what imports a library that is not installed, with how to install it.

    Parameters
    ----------
    needing
        What cannot do without it, as ``pictures need``.

    Raises
    ------
    RequestError
        Where an import fails within.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        together = _of_analysis()
        needed = together if library in together else [library]
        how = f"pip install {' '.join(needed)}"
        raise RequestError(f"{needing} {library}; install it with: {how}") from error


def quoted(text: str, longest: int = 60) -> str:
    """Return a text from a file in quotation marks, as much of it as a sentence has room for.

    >>> quoted("north"), quoted("0123456789", longest=4)
    ("'north'", "'0123'...")
    """
    return f"{text[:longest]!r}{'...' * (len(text) > longest)}"


def _of_analysis() -> list[str]:
    """Return the libraries of the extra ``analysis``; none where the package is not installed."""
    from importlib import metadata  # noqa: PLC0415  # takes as long as help may

    try:
        required = metadata.requires("rescal-sweep") or []
    except metadata.PackageNotFoundError:
        return []
    parts = (text.partition(";") for text in required)
    return [re.split(r"[^\w.-]", name)[0] for name, _, marker in parts if "analysis" in marker]
