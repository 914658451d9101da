"""The data pipe: waiting for bytes together with all else that matters, and copying few of them."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import select
import struct
import termios
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
        for one in (handle, ended_handle, wake):
            if one is not None:
                self._poll.register(one, select.POLLIN)
        self.received = 0

    def fill(self, target: memoryview) -> int:
        """Read until ``target`` is full; return fewer bytes only at the end of the stream."""
        done, size = 0, len(target)
        while True:
            self._look()
            count = self._file.readinto(target[done:] if done else target)
            if count:
                done += count
                self.received += count
            elif count == 0 or self._writer_gone:
                return done
            if done == size:
                return done
            self._wait()  # a short read has emptied the pipe

    def move(self, size: int, side: int) -> int:
        """Move up to ``size`` bytes into the pipe ``side`` without copying them.

        Returns fewer at the end of the stream and where ``side`` is full.
        """
        done = 0
        while done < size:
            self._look()
            try:
                count = os.splice(self._handle, side, size - done)
            except BlockingIOError:
                if self._writer_gone or _waiting(self._handle):
                    break
                self._wait()
                continue
            if count == 0:
                break
            done += count
            self.received += count
        return done

    def _look(self) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + self._watch()

    def _wait(self) -> None:
        """Wait for bytes, the writer's end, a wake-up or the next look, whichever is first."""
        if self._writer_gone:
            return
        left_s = self._due - time.monotonic()
        if self._ended_handle is None:
            left_s = min(left_s, _PATIENCE_S)
        happened = self._poll.poll(max(0.0, left_s) * 1000)
        for one, _event in happened:
            if one == self._ended_handle:
                self._writer_gone = True
                self._poll.unregister(one)
            elif one == self._wake:
                self._due = 0.0
        if not happened and self._ended_handle is None:
            self._writer_gone = self._ended()


class Siding:
    """A second pipe, onto which bytes are set aside that will probably not be looked at.

    Only references to the kernel's pages move, so that bytes nobody wants are never copied.
    Without room, or where the system cannot do it, nothing is set aside.
    """

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._reading, self._writing = os.pipe()
        self._nowhere = os.open(os.devnull, os.O_WRONLY)
        os.set_blocking(self._writing, False)
        self._usable = hasattr(os, "splice")
        self._held = 0
        self.room = _enlarge(self._writing)

    def set_aside(self, size: int) -> int:
        """Take up to ``size`` bytes from the pipe, and return how many were set aside."""
        if not self._usable:
            return 0
        try:
            count = self._pipe.move(size, self._writing)
        except OSError:
            self._usable = False
            return 0
        self._held += count
        return count

    def take_back(self, target: memoryview) -> None:
        """Copy the first bytes that were set aside to ``target``, which has no room for more."""
        done = 0
        while done < len(target):
            done += os.readv(self._reading, [target[done:]])
        self._held -= done

    def forget(self) -> None:
        """Drop what is set aside."""
        while self._held:
            self._held -= os.splice(self._reading, self._nowhere, self._held)

    def close(self) -> None:
        """Let go of the pipe and all that is in it."""
        for handle in (self._reading, self._writing, self._nowhere):
            os.close(handle)


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


def _waiting(handle: int) -> int:
    """Return how many bytes are in a pipe."""
    (count,) = struct.unpack("i", fcntl.ioctl(handle, termios.FIONREAD, bytes(4)))
    return int(count)
