"""A stream of snapshots taken apart as its bytes arrive, and what can be wrong with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from orchestrator.errors import FormatError, StreamError
from orchestrator.formats import frames
from orchestrator.formats.cellspace import FIRST_BYTES, header_size, parse_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from orchestrator.formats.cellspace import Header

_BATCH_BYTES = 1 << 21  # enough for few calls, little enough for a processor cache


class CutError(StreamError):
    """The stream ended inside a snapshot; how the engine ended tells why."""


class Siding(Protocol):
    """Where bytes can be set aside that will probably not be looked at."""

    room: int

    def set_aside(self, size: int) -> int:
        """Set up to ``size`` of the next bytes aside and return how many."""

    def take_back(self, target: memoryview) -> None:
        """Copy the first bytes that were set aside to ``target``."""

    def forget(self) -> None:
        """Drop what is set aside."""


@dataclass(frozen=True, slots=True)
class Planes:
    """Some planes of the domain, one after the other, valid until the next ones are asked for.

    Attributes
    ----------
    lowest
        Unsigned integers [plane, row, L], the last row next to the ground, the state in the lowest
        byte; only as many rows as the decoder was told would do, or all.
    whole
        Returns [plane, H, L], all rows.
    """

    lowest: NDArray[np.generic]
    whole: Callable[[], NDArray[np.generic]]


class Decoder:
    """Takes a stream of snapshots apart: header first, then planes, and so on.

    Parameters
    ----------
    fill
        Writes the next bytes into what it is given and returns their number, which is smaller
        than asked for only at the end of the stream.
    siding
        Where upper rows can be set aside instead of reading them.

    Attributes
    ----------
    inside
        Whether part of a snapshot has been read and the rest has not.
    rows
        How many of the lowest rows of the next planes will probably do; None means all.
    """

    def __init__(self, fill: Callable[[memoryview], int], siding: Siding | None = None) -> None:
        self._fill = fill
        self._siding = siding
        self._count = 0
        self._first: Header | None = None
        self._header: Header | None = None
        self._buffer = np.empty(0, np.uint8)
        self.inside = False
        self.rows: int | None = None

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

    def planes(self) -> Iterator[Planes]:
        """Yield the planes of the snapshot whose header was read last, some at a time.

        Walls are left out.
        """
        header = self._header
        assert header is not None
        depth, height, length = header.stored_shape
        wall = int(header.borders)
        cells = self._buffer.view(f"<u{header.cell_bytes}").reshape(-1, height, length)
        domain = cells[:, wall : height - wall, wall : length - wall]
        start = 0
        while start < depth:
            upper = self._upper_rows(header)
            skipped = upper * length * header.cell_bytes
            many = len(cells)
            if self._siding is not None and skipped:
                many = min(many, max(1, self._siding.room // skipped))
            end = min(start + many, depth)
            aside = self._read_planes(header, start, end, skipped)
            batch = domain[max(wall - start, 0) : min(end, depth - wall) - start]
            if len(batch):
                yield Planes(
                    batch[:, max(0, upper - wall) :], self._whole(header, aside, batch)
                )
            if self._siding is not None:
                self._siding.forget()
            start = end
        self.inside = False

    def _upper_rows(self, header: Header) -> int:
        """Return how many rows, wall included, to set aside: most of a plane, or none."""
        _, height, _ = header.stored_shape
        if self._siding is None or self.rows is None:
            return 0
        upper = height - int(header.borders) - self.rows
        return upper if upper > height // 2 else 0

    def _read_planes(self, header: Header, start: int, end: int, skipped: int) -> list[int]:
        """Read planes, setting their first ``skipped`` bytes aside where there is room.

        Returns how many bytes of each plane were set aside.
        """
        plane_bytes = _plane_bytes(header)
        if not skipped or self._siding is None:
            self._read_part(0, (end - start) * plane_bytes, start, header)
            return []
        aside = []
        for number in range(end - start):
            place = number * plane_bytes
            aside.append(self._siding.set_aside(skipped))
            self._read_part(place + aside[-1], place + plane_bytes, start, header)
        return aside

    def _read_part(self, begin: int, end: int, first: int, header: Header) -> None:
        """Read into a part of the buffer, whose first plane is number ``first``."""
        count = self._fill(self._buffer.data[begin:end])
        if count < end - begin:
            plane_bytes = _plane_bytes(header)
            whole, part = divmod(begin + count, plane_bytes)
            where = f"plane {first + whole + 1} of {header.stored_shape[0]}"
            raise self._cut(where, part, plane_bytes)

    def _whole(
        self, header: Header, aside: list[int], batch: NDArray[np.generic]
    ) -> Callable[[], NDArray[np.generic]]:
        """Return what brings back the rows that were set aside."""

        def whole() -> NDArray[np.generic]:
            for number, count in enumerate(aside):
                assert self._siding is not None
                place = number * _plane_bytes(header)
                self._siding.take_back(self._buffer.data[place : place + count])
            aside.clear()
            return batch

        return whole

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
