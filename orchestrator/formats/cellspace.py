"""One cell space: a header of chunks and the cells, as files and as frames on the data pipe.

Arrays are uint8 [D, H, L], depth (north to south), height (row 0 on top), length (west to east).
A cell is eight bytes on the wire: its state, three of padding, and the time in whole t0 at which
it came to rest.
"""

from __future__ import annotations

import enum
import gzip
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.errors import FormatError
from orchestrator.formats.durable import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

HEADER_BYTES = 104
"""Bytes of the header that ReSCAL writes for a model of three letters."""

FIRST_BYTES = 20
"""Bytes from the beginning of a header that tell its size."""

CELL_BYTES = 8
"""Bytes of one cell as ReSCAL writes it."""

_MAGIC = b"\x8aCSP@1_\n"
_LARGEST_HEADER = 4096
_LARGEST_SIDE = 1_000_000
_CELL_SIZES = (1, 2, 4, 8)


class Cell(enum.IntEnum):
    """States of a cell, by ReSCAL's own names and codes."""

    GR = 0  # resting grain
    GRJ = 1  # mobile grain
    GRV = 2  # sintered grain
    EAUC = 3  # air
    VEG = 4
    BORD = 5  # wall
    DUM = 6  # neutral solid: floor, ceiling
    IN = 7  # source
    OUT = 8  # sink
    TUNNEL = 9
    DISPLAY_A = 10  # never in a run
    DISPLAY_B = 11


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says.

    Attributes
    ----------
    height, length, depth
        Sizes of the domain in cells, without walls.
    borders
        Whether the cells that follow include the wall, one cell on every side.
    time
        In t0.
    size
        Bytes of the header itself.
    """

    model: str
    height: int
    length: int
    depth: int
    cell_bytes: int = CELL_BYTES
    time: float = 0.0
    borders: bool = False
    size: int = HEADER_BYTES

    @property
    def stored_shape(self) -> tuple[int, int, int]:
        """Depth, height and length of the cells that follow, walls included if they are there."""
        wall = 2 if self.borders else 0
        return self.depth + wall, self.height + wall, self.length + wall

    @property
    def payload_bytes(self) -> int:
        """Bytes of all cells."""
        depth, height, length = self.stored_shape
        return depth * height * length * self.cell_bytes


def parse_header(data: bytes | bytearray | memoryview) -> Header:
    """Read a header from the beginning of ``data``, which may hold more.

    Raises
    ------
    FormatError
        With a sentence that says what is wrong with the bytes.
    """
    size = header_size(data)
    data = bytes(data[:size])
    if len(data) < size:
        raise FormatError(
            f"the header of the cell space ends after {len(data)} of {size} bytes"
        )
    return _from_chunks(_chunks(data), size)


def header_size(data: bytes | bytearray | memoryview) -> int:
    """Return how many bytes the header has that begins with ``data``; its first 20 tell.

    Raises
    ------
    FormatError
        If they are not the beginning of a header.
    """
    first = bytes(data[:FIRST_BYTES])
    if first[:8] != _MAGIC:
        if first[:6] == _MAGIC[:6] and first[6:7] == b"b":
            raise FormatError("the cell space was written on a big-endian machine")
        raise FormatError(f"not a cell space: it begins with {first[:8]!r}")
    if len(first) < FIRST_BYTES or first[12:16] != b"HDSZ":
        raise FormatError("the header of the cell space does not tell its size")
    size: int = struct.unpack_from("<i", first, 16)[0]
    if not FIRST_BYTES <= size <= _LARGEST_HEADER:
        raise FormatError(f"the header of the cell space claims {size} bytes")
    return size


def _chunks(data: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    at = 8
    while at < len(data):
        length = struct.unpack_from("<i", data, at)[0] if at + 8 <= len(data) else 0
        if not 8 <= length <= len(data) - at:
            raise FormatError(f"the header of the cell space has a broken chunk at byte {at}")
        found[data[at + 4 : at + 8]] = data[at + 8 : at + length]
        at += length
    return found


def _from_chunks(chunks: dict[bytes, bytes], size: int) -> Header:
    height, length, depth = _unpack(chunks, b"SIZE", "<3i")
    if not all(1 <= side <= _LARGEST_SIDE for side in (height, length, depth)):
        raise FormatError(f"impossible sizes: H {height}, L {length}, D {depth}")
    (cell_bytes,) = _unpack(chunks, b"CELL", "<i")
    if cell_bytes not in _CELL_SIZES:
        raise FormatError(f"cells of {cell_bytes} bytes; known are 1, 2, 4 and 8")
    time = _unpack(chunks, b"TIME", "<d")[0] if b"TIME" in chunks else 0.0
    borders = False
    if b"BORD" in chunks:
        *sides, flag = _unpack(chunks, b"BORD", "<4i")
        borders = bool(flag)
        wall = 2 if borders else 0
        if sides != [height + wall, length + wall, depth + wall]:
            raise FormatError(
                f"the header contradicts itself: sizes {height}, {length}, {depth} "
                f"but {sides[0]}, {sides[1]}, {sides[2]} {'with' if borders else 'without'} walls"
            )
    name = chunks.get(b"MODL", b"").rstrip(b"\0").decode("ascii", "replace")
    return Header(name, height, length, depth, cell_bytes, time, borders, size)


def _unpack(chunks: dict[bytes, bytes], tag: bytes, form: str) -> tuple[int, ...]:
    payload = chunks.get(tag)
    if payload is None or len(payload) < struct.calcsize(form):
        raise FormatError(f"the header of the cell space has no whole {tag.decode()} chunk")
    return struct.unpack_from(form, payload)


def header_bytes(header: Header) -> bytes:
    """Return the header as ReSCAL writes it; 104 bytes for a model of three letters."""
    name = header.model.encode("ascii") + b"\0"
    name += b"\0" * (-len(name) % 4)
    depth, height, length = header.stored_shape
    chunks = [
        _chunk(b"MODL", name),
        _chunk(b"SIZE", struct.pack("<3i", header.height, header.length, header.depth)),
        _chunk(b"CELL", struct.pack("<i", header.cell_bytes)),
        _chunk(b"TIME", struct.pack("<d", header.time)),
        _chunk(b"BORD", struct.pack("<4i", height, length, depth, header.borders)),
    ]
    body = b"".join(chunks)
    return _MAGIC + _chunk(b"HDSZ", struct.pack("<i", 20 + len(body))) + body


def _chunk(tag: bytes, payload: bytes) -> bytes:
    return struct.pack("<i", 8 + len(payload)) + tag + payload


def read(path: Path) -> tuple[Header, NDArray[np.uint8], NDArray[np.int32]]:
    """Read a ``.csp`` or ``.csp.gz`` file: header, states [D, H, L] and cell times [D, H, L].

    Walls are left out. Cells of fewer than eight bytes have time 0.

    Raises
    ------
    FormatError
        Naming the file, if it is missing, foreign, truncated or holds states that are not there.
    """
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise FormatError(f"{path}: cannot be read: {error}") from error
    try:
        header = parse_header(data)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error
    payload = np.frombuffer(data, np.uint8)[header.size :]
    if payload.size < header.payload_bytes:
        raise FormatError(
            f"{path}: truncated: {payload.size} of {header.payload_bytes} bytes of cells"
        )
    stored = payload[: header.payload_bytes].reshape(*header.stored_shape, header.cell_bytes)
    if header.borders:
        stored = stored[1:-1, 1:-1, 1:-1]
    cells = np.ascontiguousarray(stored[..., 0])
    if cells.max() >= len(Cell):
        raise FormatError(f"{path}: holds a cell of state {cells.max()}, which there is not")
    if header.cell_bytes < CELL_BYTES:
        return header, cells, np.zeros(cells.shape, np.int32)
    times = np.ascontiguousarray(stored[..., 4:8]).view("<i4")[..., 0].astype(np.int32)
    return header, cells, times


def write(path: Path, header: Header, cells: NDArray[np.uint8]) -> None:
    """Write a ``.csp`` file of ``cells`` [D, H, L], all of time 0; it appears whole.

    Plane by plane, so that memory stays that of one plane.
    """
    with replacing(path, durable=False) as file:
        file.write(header_bytes(header))
        for plane in cells:
            wide = np.zeros((*plane.shape, CELL_BYTES), np.uint8)
            wide[..., 0] = plane
            file.write(wide.tobytes())
