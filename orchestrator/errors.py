"""Errors that a user can act on."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import re
import resource
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


def shortage(error: BaseException) -> str:
    """Say what the machine had too little of, where an error came of that; else nothing.

    Libraries tell of it in their own ways, or fail in a way that tells nothing: where a limit on
    memory is nearly used up, that is taken for the cause.
    """
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    for each in chain:
        for kinds, numbers, words, name in _SHORTAGES:
            known = isinstance(each, OSError) and each.errno in numbers
            if known or isinstance(each, kinds) or any(word in str(each) for word in words):
                return _of_limit(name)
    if _is_of_fork(error):
        return _of_limit("threads")
    return _of_limit("memory") if _is_starved() else ""


def _is_of_fork(error: BaseException) -> bool:
    """Return whether an error is that of starting a process, or has one as its cause.

    Streams that have no room have its number, too, with words of their own, and locks that are
    taken, which is never an error by itself.
    """
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, BlockingIOError) and link.strerror == os.strerror(errno.EAGAIN):
            return True
        link = link.__cause__
    return False


_FAILS_SHORT_OF_MEMORY = (
    "failed to map segment from shared object",
    "cannot apply additional memory protection",
    "annot allocate memory",
    "failed to allocate",
)
_SHORTAGES: tuple[
    tuple[tuple[type[BaseException], ...], set[int], tuple[str, ...], str], ...
] = (
    ((MemoryError,), {errno.ENOMEM}, _FAILS_SHORT_OF_MEMORY, "memory"),
    ((), {errno.EMFILE, errno.ENFILE}, ("Too many open files",), "files"),
    ((), set(), ("can't start new thread",), "threads"),
)
_SENTENCES = {
    "memory": ("there is not enough memory for this", resource.RLIMIT_AS, "ulimit -v", 1024),
    "files": ("too many files are open for this", resource.RLIMIT_NOFILE, "ulimit -n", 1),
    "threads": (
        "no more processes or threads can be started for this",
        resource.RLIMIT_NPROC,
        "ulimit -u",
        1,
    ),
}
_PROBE_BYTES = 1 << 26


def _of_limit(name: str) -> str:
    sentence, limit, command, unit = _SENTENCES[name]
    most, _ = resource.getrlimit(limit)
    if most == resource.RLIM_INFINITY:
        return sentence
    return f"{sentence}; the limit is {most // unit} ({command})"


def _is_starved() -> bool:
    """Return whether this process may hardly have more memory than it has."""
    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        return False
    try:
        mmap.mmap(-1, _PROBE_BYTES).close()
    except (OSError, MemoryError):
        return True
    return False


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
