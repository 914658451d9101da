"""What is neither a person's mistake nor the machine's: written to a file that can be sent to us."""

from __future__ import annotations

import shlex
import sys
import tempfile
import traceback
import zlib
from typing import TYPE_CHECKING

from orchestrator._version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def report(error: Exception, words: Sequence[str], directory: Path | None = None) -> str:
    """Write the traceback of a bug to a file, and return the sentence that names it.

    Parameters
    ----------
    words
        The command line.
    directory
        Where the file is written, one for the same traceback (default: a new temporary file).
    """
    lines = "".join(traceback.format_exception(error))
    report = (
        f"rescal-sweep {__version__}, Python {sys.version}, {sys.platform}\n"
        f"{shlex.join(words)}\n\n{lines}"
    )
    path: Path | str
    try:
        if directory is None:
            path = _written(report)
        else:
            path = directory / f"bug-{zlib.crc32(lines.encode()):08x}.txt"
            path.write_text(report, encoding="utf-8", errors="replace")
    except OSError:
        return f"this is a bug of rescal-sweep ({error!r}):\n{lines}"
    return f"this is a bug of rescal-sweep ({error!r}); please send its makers {path}"


def _written(report: str) -> str:
    """Write to a new file among the temporary ones, and return its path."""
    with tempfile.NamedTemporaryFile(
        "w",
        prefix="rescal-sweep-bug-",
        suffix=".txt",
        delete=False,
        encoding="utf-8",
        errors="replace",
    ) as file:
        file.write(report)
    return file.name
