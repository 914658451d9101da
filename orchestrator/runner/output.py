"""What a program prints, kept in a log that does not grow without end: its beginning and its end."""

from __future__ import annotations

import contextlib
import os
import re
import select
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

HEAD_BYTES = 1 << 20
"""Bytes of a log that are kept from its beginning."""

TAIL_BYTES = 1 << 20
"""Bytes of a log that are kept from its end, at least."""

_PIECE_BYTES = 1 << 16
_LINE = "\n[... {:>20} bytes left out ...]\n"
_LINE_BYTES = len(_LINE.format(0))
_LEFT_OUT = re.compile(rb"\n\[\.\.\. +(\d+) bytes left out \.\.\.\]\n")
_LARGEST = HEAD_BYTES + _LINE_BYTES + 2 * TAIL_BYTES


class BoundedLog:
    """A log file of a few MB at most, to which it is appended.

    Behind the first :data:`HEAD_BYTES` a line says how many bytes were left out, once there are
    any. What cannot be written, as on a full disk, is left out, too.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._handle = os.open(path, flags, 0o666)
        self._size = os.fstat(self._handle).st_size
        line = _LEFT_OUT.fullmatch(os.pread(self._handle, _LINE_BYTES, HEAD_BYTES))
        self._left_out = int(line[1]) if line else 0

    def write(self, data: bytes) -> None:
        """Append at most :data:`TAIL_BYTES`."""
        with contextlib.suppress(OSError):
            if self._size + len(data) > _LARGEST:
                self._leave_out()
            self._size += os.pwrite(self._handle, data, self._size)

    def _leave_out(self) -> None:
        """Let the last bytes take the place of all that is behind the first."""
        before = HEAD_BYTES + (_LINE_BYTES if self._left_out else 0)
        self._left_out += self._size - TAIL_BYTES - before
        tail = os.pread(self._handle, TAIL_BYTES, self._size - TAIL_BYTES)
        kept = _LINE.format(self._left_out).encode() + tail
        os.pwrite(self._handle, kept, HEAD_BYTES)
        self._size = HEAD_BYTES + len(kept)
        os.ftruncate(self._handle, self._size)

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)


class Output:
    """Takes what programs print, until the ``with`` block ends, to a log.

    Attributes
    ----------
    handle
        The file descriptor that they print to; -1 once :meth:`let_go` was called.
    """

    def __init__(self, log: Path) -> None:
        self._log = BoundedLog(log)
        self._reading, self.handle = os.pipe()
        self._waiting, self._ending = os.pipe()
        os.set_blocking(self._reading, False)
        self._thread = threading.Thread(target=self._copy, daemon=True)
        self._thread.start()

    def let_go(self) -> None:
        """Close the handle, once the program has inherited it."""
        os.close(self.handle)
        self.handle = -1

    def _copy(self) -> None:
        """Copy until all programs have closed their end, or until what is there at the end."""
        poll = select.poll()
        poll.register(self._reading, select.POLLIN)
        poll.register(self._waiting, select.POLLIN)
        ending = False
        while not ending:
            ending = any(handle == self._waiting for handle, _ in poll.poll())
            with contextlib.suppress(BlockingIOError):
                while data := os.read(self._reading, _PIECE_BYTES):
                    self._log.write(data)
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.handle != -1:
            self.let_go()
        os.close(self._ending)
        self._thread.join()
        os.close(self._reading)
        os.close(self._waiting)
        self._log.close()
