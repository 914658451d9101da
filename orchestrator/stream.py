"""Snapshots as their bytes arrive: waiting for them, framing, and what can be wrong with them."""

from __future__ import annotations

import contextlib
import fcntl
import io
import math
import os
import select
import time
from typing import IO, TYPE_CHECKING

import numpy as np

from orchestrator.errors import FormatError, StreamError
from orchestrator.formats import frames
from orchestrator.formats.cellspace import FIRST_BYTES, header_size, parse_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from orchestrator.formats.cellspace import Header

PIPE_BYTES = 1 << 20
"""What an ordinary user may ask for."""

_BATCH_BYTES = 1 << 21  # enough for few calls, little enough for a processor cache
_PATIENCE_S = 0.1  # between looks at the writer where the kernel cannot tell of its end


class CutError(StreamError):
    """The stream ended inside a snapshot; how the engine ended tells why."""


class Pipe:
    """The reading end of a data pipe, waited for together with all else that matters meanwhile.

    Parameters
    ----------
    handle
        File descriptor of the reading end; it is made non-blocking and not closed.
    ended
        Whether the writer has ended; then what is in the pipe is all there will be, even if
        somebody else holds the other end open.
    ended_handle
        File descriptor that is readable once the writer has ended, or None where there is none.
    wake
        File descriptor that is readable once ``watch`` has something new to see, or None.
    watch
        Called from time to time, and at once when ``wake`` says so; it may raise to end the wait,
        and returns after how many seconds it wants to be called again.

    Attributes
    ----------
    received
        Bytes read so far.
    """

    def __init__(
        self,
        handle: int,
        ended: Callable[[], bool],
        ended_handle: int | None,
        wake: int | None,
        watch: Callable[[], float],
    ) -> None:
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
        while done < size:
            if time.monotonic() >= self._due:
                self._due = time.monotonic() + self._watch()
            count = self._file.readinto(target[done:] if done else target)
            if count:
                done += count
                self.received += count
                if done == size:
                    break
            elif count == 0 or self._writer_gone:
                break
            if not self._writer_gone:  # a short read has emptied the pipe
                self._wait()
        return done

    def _wait(self) -> None:
        """Wait for bytes, the writer's end, a wake-up or the next look, whichever is first."""
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
                self._poll.unregister(one)
        if not happened and self._ended_handle is None:
            self._writer_gone = self._ended()


class Decoder:
    """Takes a stream of snapshots apart: header first, then planes, and so on.

    ``fill`` writes the next bytes into what it is given and returns their number, which is
    smaller than asked for only at the end of the stream.

    Attributes
    ----------
    inside
        Whether part of a snapshot has been read and the rest has not.
    """

    def __init__(self, fill: Callable[[memoryview], int]) -> None:
        self._fill = fill
        self._count = 0
        self._first: Header | None = None
        self._header: Header | None = None
        self._buffer = np.empty(0, np.uint8)
        self.inside = False

    def header(self) -> Header | None:
        """Return the header of the next snapshot, or None where the stream ends as it should."""
        size = bytearray(frames.SIZE_BYTES)
        count = self._fill(memoryview(size))
        if count == 0:
            return None
        self.inside = True
        self._count += 1
        if count < len(size):
            raise self._cut("the size", count, len(size))
        try:
            header = self._read_header(frames.unpack_size(size))
        except FormatError as error:
            raise StreamError(f"snapshot {self._count}: {error}") from error
        self._header = header
        return header

    def planes(self) -> Iterator[NDArray[np.generic]]:
        """Yield the planes of the snapshot whose header was read last, some at a time.

        Each array is [plane, H, L] without the walls, row 0 on top, the state in the lowest byte;
        it is overwritten by the next one.
        """
        header = self._header
        assert header is not None
        depth, height, length = header.stored_shape
        wall = int(header.borders)
        raw = self._buffer
        plane_bytes = height * length * header.cell_bytes
        cells = raw.view(f"<u{header.cell_bytes}").reshape(-1, height, length)
        domain = cells[:, wall : height - wall, wall : length - wall]
        for start in range(0, depth, len(cells)):
            end = min(start + len(cells), depth)
            wanted = (end - start) * plane_bytes
            count = self._fill(raw.data[:wanted])
            if count < wanted:
                whole, part = divmod(count, plane_bytes)
                raise self._cut(f"plane {start + whole + 1} of {depth}", part, plane_bytes)
            batch = domain[max(wall - start, 0) : min(end, depth - wall) - start]
            if len(batch):
                yield batch
        self.inside = False

    def _read_header(self, claimed: int) -> Header:
        if claimed < FIRST_BYTES:
            raise FormatError(f"a frame of {claimed} bytes holds no cell space")
        first = self._take(FIRST_BYTES)
        size = header_size(first)
        if size > claimed:
            raise FormatError(f"a header of {size} bytes in a frame of {claimed}")
        header = parse_header(first + self._take(size - len(first), so_far=len(first)))
        cells = claimed - header.size
        if cells != header.payload_bytes:
            shape = " x ".join(str(side) for side in header.stored_shape)
            raise FormatError(
                f"the frame announces {cells} bytes of cells, but {shape} cells of "
                f"{header.cell_bytes} bytes are {header.payload_bytes}"
            )
        if not math.isfinite(header.time):
            raise FormatError(f"its time is {header.time}")
        if self._first is None:
            self._first = header
            self._buffer = _buffer_for(header)
        elif _form(header) != _form(self._first):
            raise FormatError("its sizes differ from those of the first snapshot")
        return header

    def _take(self, size: int, so_far: int = 0) -> bytes:
        """Read the next ``size`` bytes of a header."""
        part = bytearray(size)
        count = self._fill(memoryview(part))
        if count < size:
            raise self._cut("the header", so_far + count, so_far + size)
        return bytes(part)

    def _cut(self, where: str, count: int, size: int) -> CutError:
        place = f"inside {where} of snapshot {self._count} ({count} of {size} bytes)"
        return CutError(f"the stream ends {place}")


@contextlib.contextmanager
def data_pipe() -> Iterator[tuple[int, IO[bytes]]]:
    """Make a pipe for snapshots, as large as the system allows up to a batch of planes.

    Yields the reading end's file descriptor and the writing end, to be closed once the writer has
    inherited it.
    """
    reading, handle = os.pipe()
    with open(handle, "wb", buffering=0) as writing:  # noqa: PTH123  # a file descriptor
        try:
            os.set_blocking(reading, False)
            with contextlib.suppress(OSError):
                fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            yield reading, writing
        finally:
            os.close(reading)


def _form(header: Header) -> tuple[object, ...]:
    return header.stored_shape, header.cell_bytes, header.borders


def _buffer_for(header: Header) -> NDArray[np.uint8]:
    """Return room for as many planes as make a batch, at least one."""
    depth, height, length = header.stored_shape
    plane_bytes = height * length * header.cell_bytes
    return np.empty(min(max(1, _BATCH_BYTES // plane_bytes), depth) * plane_bytes, np.uint8)
