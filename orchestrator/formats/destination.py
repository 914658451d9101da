"""Where a command is asked to write, looked at before it has done any work."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from orchestrator.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def ready(path: Path, suffixes: Sequence[str]) -> Path:
    """Return ``path`` if a file of that name can be written, in a folder that is made if need be.

    Whether a folder with a name of a Zarr store is one is left to who writes it.

    Raises
    ------
    RequestError
        Where its name ends in none of ``suffixes``, or nothing can be written there.
    """
    if path.is_dir() and path.suffix.lower() != ".zarr":
        raise RequestError(f"{path}: this is a directory; name a file in it")
    if path.suffix.lower() not in suffixes:
        *others, last = suffixes
        wished = f"{', '.join(others)} or {last}" if others else last
        raise RequestError(f"{path}: expected a name that ends in {wished}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise RequestError(f"{path}: cannot be written ({error.strerror})") from error
    return path
