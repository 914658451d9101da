"""Files whose names tell their content, so that a file that was edited has another name."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError
from orchestrator.formats.durable import replacing

if TYPE_CHECKING:
    from pathlib import Path

_DIGITS = 12  # of the hash
_HASH = re.compile(rf"-[0-9a-f]{{{_DIGITS}}}(?=[.,)]|$)")
_PIECE_BYTES = 1 << 20


def name_by_content(path: Path) -> str:
    """Return the name of a file with its content's hash in it: ``wind-9f86d081884c.txt``.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return _named(path.name, digest)


def is_intact(path: Path) -> bool:
    """Return whether a file has the content that its name tells, if it tells any.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    plain = original(path.name)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return path.name in {plain, _named(plain, digest)}


def copy_by_content(source: Path, target: Path) -> None:
    """Copy a file, with its mode, to one whose name tells its content.

    Raises
    ------
    FormatError
        If it has another content by now.
    OSError
        If it cannot be copied.
    """
    with source.open("rb") as file, replacing(target) as copy:
        os.fchmod(copy.fileno(), stat.S_IMODE(os.fstat(file.fileno()).st_mode))
        hashed = hashlib.sha256()
        while piece := file.read(_PIECE_BYTES):
            hashed.update(piece)
            copy.write(piece)
        if _named(source.name, hashed.hexdigest()) != target.name:
            raise FormatError(f"{source}: was changed just now; submit again")


def original(text: str) -> str:
    """Return a name, or a text that begins or goes on with one, without the hash of the content.

    >>> original("wind-9f86d081884c.txt"), original("INPUT_ELEVATION(bed-9f86d081884c.tab,1)")
    ('wind.txt', 'INPUT_ELEVATION(bed.tab,1)')
    """
    return _HASH.sub("", text)


def _named(name: str, digest: str) -> str:
    stem, dot, kind = name.partition(".")
    return f"{stem}-{digest[:_DIGITS]}{dot}{kind}"
