"""The data pipe: waiting for bytes together with all else that matters meanwhile."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import select
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LARGEST = 1 << 20  # bytes of a pipe that an ordinary user may ask for
_SMALLEST = 1 << 16  # what it has without asking
_PATIENCE_S = 0.1  # between looks at the writer where the kernel cannot tell of its end


class Pipe:
    """The reading end of a data pipe.

    Parameters
    ----------
    handle
        File descriptor of the reading end, non-blocking; it is not closed here.
    ended
        Whether the writer has ended; then what is in the pipe is all there will be, even if
        somebody else holds the other end open.
    ended_handle
        File descriptor that is readable once the writer has ended, or None where there is none.
    wake
        File descriptor that is readable once ``watch`` has something new to see, or None.
    watch
        Called from time to time, and at once when ``wake`` says so; it may raise to end the wait,
        makes ``wake`` wait again, and returns after how many seconds it wants to be called again.

    Attributes
    ----------
    received
        Bytes taken so far.
    """

    def __init__(
        self,
        handle: int,
        ended: Callable[[], bool],
        ended_handle: int | None,
        wake: int | None,
        watch: Callable[[], float],
    ) -> None:
        self._handle = handle
        self._file = io.FileIO(handle, closefd=False)
        self._ended = ended
        self._ended_handle = ended_handle
        self._wake = wake
        self._watch = watch
        self._due = 0.0
        self._writer_gone = False
        self._poll = select.poll()
        for descriptor in (handle, ended_handle, wake):
            if descriptor is not None:
                self._poll.register(descriptor, select.POLLIN)
        self.received = 0

    def fill(self, target: memoryview) -> int:
        """Read until ``target`` is full; return fewer bytes only at the end of the stream."""
        done, size = 0, len(target)
        while True:
            now = time.monotonic()
            if now >= self._due:
                self._due = now + self._watch()
            count = self._file.readinto(target[done:])
            if count:
                done += count
                self.received += count
                if done == size:
                    return done
            elif count == 0 or self._writer_gone:
                return done
            if not self._writer_gone:  # a short read has emptied the pipe
                self._wait(self._due - now)

    def _wait(self, at_most_s: float) -> None:
        """Wait for bytes, the writer's end, a wake-up or the next look, whichever is first."""
        if self._ended_handle is None:
            at_most_s = min(at_most_s, _PATIENCE_S)
        happened = self._poll.poll(max(0.0, at_most_s) * 1000)
        for descriptor, _event in happened:
            if descriptor == self._ended_handle:
                self._writer_gone = True
                self._poll.unregister(descriptor)
            elif descriptor == self._wake:
                self._due = 0.0
        if not happened and self._ended_handle is None:
            self._writer_gone = self._ended()


@contextlib.contextmanager
def data_pipe() -> Iterator[tuple[int, IO[bytes]]]:
    """Make a pipe for snapshots, as large as is fair.

    Yields the reading end's file descriptor, which does not block, and the writing end, to be
    closed once the writer has inherited it.
    """
    reading, handle = os.pipe()
    with open(handle, "wb", buffering=0) as writing:  # noqa: PTH123  # a file descriptor
        try:
            os.set_blocking(reading, False)
            _enlarge(reading)
            yield reading, writing
        finally:
            os.close(reading)


def _enlarge(handle: int) -> int:
    """Make a pipe as large as is fair and return its size.

    The system limits what all pipes of a user hold together and makes further ones tiny, so each
    core's engine gets its share of half of that.
    """
    try:
        pages = int(Path("/proc/sys/fs/pipe-user-pages-soft").read_text(encoding="ascii"))
    except (OSError, ValueError):
        pages = 0
    share = pages * os.sysconf("SC_PAGESIZE") // (4 * (os.cpu_count() or 1)) or _LARGEST
    with contextlib.suppress(OSError):
        if share > _SMALLEST:
            fcntl.fcntl(handle, fcntl.F_SETPIPE_SZ, min(_LARGEST, share))
    return int(fcntl.fcntl(handle, fcntl.F_GETPIPE_SZ))
