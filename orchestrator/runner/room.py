"""Whether a file system has room for another attempt, found out by taking it for a moment."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.formats.durable import NO_SPACE

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 1 << 28
_MOST_FILES = 100


@dataclass(frozen=True, slots=True)
class Room:
    """Room on a file system: bytes, and files in which they are."""

    size: int
    files: int

    def is_free(self, directory: Path) -> bool:
        """Return whether the file system says that it has so much, which a quota may deny."""
        status = os.statvfs(directory)
        bytes_free = status.f_bavail * status.f_frsize
        unlimited = status.f_files == 0  # a file system that makes inodes as it needs them
        return bytes_free >= self.size and (unlimited or status.f_favail >= self.files)

    def there(self, directory: Path) -> bool:
        """Return whether there is so much room in a directory, whatever a quota may be."""
        if not self.is_free(directory):
            return False
        draft = directory / f".draft-{secrets.token_hex(4)}"
        try:
            draft.mkdir()
            for i in range(self.files):
                with (draft / str(i)).open("wb") as file:
                    if i == 0:
                        os.posix_fallocate(file.fileno(), 0, self.size)
        except OSError as error:
            if error.errno in NO_SPACE:
                return False
            raise
        finally:
            with contextlib.suppress(OSError):
                shutil.rmtree(draft)
        return True


LEAST = Room(1 << 17, 20)
"""What an attempt needs before its engine has written anything."""


def used_by(directory: Path) -> Room:
    """Return the room that an experiment takes and, with :data:`LEAST`, another would."""
    size, files = LEAST.size, LEAST.files
    for root, _, names in os.walk(directory):
        files += len(names)
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(root, name)).st_blocks * 512  # noqa: PTH118
    return Room(min(size, _MOST_BYTES), min(files, _MOST_FILES))
