"""A stream of snapshots taken apart as its bytes arrive, and what can be wrong with it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import numpy as np

from orchestrator.errors import FormatError, StreamError
from orchestrator.formats import frames
from orchestrator.formats.cellspace import FIRST_BYTES, header_size, parse_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from orchestrator.formats.cellspace import Header

_BATCH_BYTES = 1 << 21  # so that the calls for each batch cost little
_CELL_SIZES = (1, 2, 4, 8)


class CutError(StreamError):
    """The stream ended inside a snapshot; how the engine ended tells why."""


class Source(Protocol):
    """What takes a stream of snapshots apart: header first, then planes, and so on."""

    @property
    def inside(self) -> bool:
        """Whether part of a snapshot has been read and the rest has not."""

    def header(self) -> Header | None:
        """Return the header of the next snapshot, or None where the stream ends as it should."""

    def planes(self) -> Iterator[NDArray[np.generic]]:
        """Yield its planes, [plane, H, L] without walls, row 0 on top, some at a time."""


class Decoder:
    """Takes a stream of snapshots apart: header first, then planes, and so on.

    Parameters
    ----------
    fill
        Writes the next bytes into what it is given and returns their number, which is smaller
        than asked for only at the end of the stream.

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
        across, rows, columns = header.inner
        plane_bytes = _plane_bytes(header)
        cells = self._buffer.view(f"<u{header.cell_bytes}").reshape(-1, height, length)
        domain = cells[:, rows, columns]
        north, south, _ = across.indices(depth)
        for start in range(0, depth, len(cells)):
            end = min(start + len(cells), depth)
            wanted = (end - start) * plane_bytes
            count = self._fill(self._buffer.data[:wanted])
            if count < wanted:
                whole, part = divmod(count, plane_bytes)
                raise self._cut(f"plane {start + whole + 1} of {depth}", part, plane_bytes)
            batch = domain[max(north - start, 0) : max(min(end, south) - start, 0)]
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
        if header.cell_bytes not in _CELL_SIZES:
            raise FormatError(f"cells of {header.cell_bytes} bytes; known are 1, 2, 4 and 8")
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
        where_cut = f"inside {where} of snapshot {self._count} ({count} of {size} bytes)"
        return CutError(f"the stream ends {where_cut}")


def _form(header: Header) -> tuple[object, ...]:
    return header.stored_shape, header.cell_bytes, header.borders


def _plane_bytes(header: Header) -> int:
    _, height, length = header.stored_shape
    return height * length * header.cell_bytes


def _buffer_for(header: Header) -> NDArray[np.uint8]:
    """Return room for as many planes as make a batch, at least one."""
    plane_bytes = _plane_bytes(header)
    many = min(max(1, _BATCH_BYTES // plane_bytes), header.stored_shape[0])
    return np.empty(many * plane_bytes, np.uint8)
