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
from typing import IO, TYPE_CHECKING

from orchestrator.errors import FormatError
from orchestrator.formats.durable import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

HEADER_BYTES = 104
"""Bytes of the header that ReSCAL writes for a model of three letters."""

FIRST_BYTES = 20
"""Bytes from the beginning of a header that tell its size."""

CELL_BYTES = 8
"""Bytes of one cell as ReSCAL writes it."""

LARGEST_CELLS = 2**31 - 1
"""The largest number of cells, since ReSCAL counts them in 32 bits."""

_MAGIC = b"\x8aCSP@1_\n"
_LARGEST_HEADER = 4096
_LARGEST_SIDE = 1_000_000
_LARGEST_CELL = 64


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
        Whether the cells that follow include the walls.
    boxed
        Whether the header gives the sizes of the box with its walls though the cells leave them
        out; rescal does so, genesis does not.
    time
        In t0.
    size
        Bytes of the header itself.
    margins
        Cells of wall on either side: in depth, height and length. More than one across and along
        the wind where the box is large enough to turn the domain in it.
    """

    model: str
    height: int
    length: int
    depth: int
    cell_bytes: int = CELL_BYTES
    time: float = 0.0
    borders: bool = False
    size: int = HEADER_BYTES
    boxed: bool = False
    margins: tuple[int, int, int] = (1, 1, 1)

    @property
    def box_shape(self) -> tuple[int, int, int]:
        """Depth, height and length of the box, walls included."""
        across, above, along = self.margins
        return self.depth + 2 * across, self.height + 2 * above, self.length + 2 * along

    @property
    def stored_shape(self) -> tuple[int, int, int]:
        """Depth, height and length of the cells that follow, walls included if they are there."""
        return self.box_shape if self.borders else (self.depth, self.height, self.length)

    @property
    def inner(self) -> tuple[slice, slice, slice]:
        """Where in the cells that follow the domain is: in depth, height and length."""
        if not self.borders:
            return slice(None), slice(None), slice(None)
        across, above, along = (slice(wall, -wall) for wall in self.margins)
        return across, above, along

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
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(data):
        length = struct.unpack_from("<i", data, at)[0] if at + 8 <= len(data) else 0
        if not 8 <= length <= len(data) - at:
            raise FormatError(f"the header of the cell space has a broken chunk at byte {at}")
        chunks[data[at + 4 : at + 8]] = data[at + 8 : at + length]
        at += length
    return chunks


def _from_chunks(chunks: dict[bytes, bytes], size: int) -> Header:
    height, length, depth = _unpack(chunks, b"SIZE", "<3i")
    if not all(1 <= side <= _LARGEST_SIDE for side in (height, length, depth)):
        raise FormatError(f"impossible sizes: H {height}, L {length}, D {depth}")
    (cell_bytes,) = _unpack(chunks, b"CELL", "<i")
    if not 1 <= cell_bytes <= _LARGEST_CELL:
        raise FormatError(f"cells of {cell_bytes} bytes; expected 1 to {_LARGEST_CELL}")
    time = _unpack(chunks, b"TIME", "<d")[0] if b"TIME" in chunks else 0.0
    borders = boxed = False
    margins = (1, 1, 1)
    walls = chunks.get(b"BORD", b"")
    if len(walls) >= struct.calcsize("<4i"):
        *sides, flag = struct.unpack_from("<4i", walls)
        borders, around = bool(flag), _margins((height, length, depth), sides)
        if borders and around is None:
            raise FormatError(
                f"the header contradicts itself: sizes {height}, {length}, {depth} "
                f"but {sides[0]}, {sides[1]}, {sides[2]} with walls"
            )
        boxed = around is not None and not borders
        margins = around or margins
    name = chunks.get(b"MODL", b"").rstrip(b"\0").decode("ascii", "replace")
    return Header(name, height, length, depth, cell_bytes, time, borders, size, boxed, margins)


def _margins(domain: tuple[int, int, int], box: list[int]) -> tuple[int, int, int] | None:
    """Return the walls in depth, height and length around a domain, None if it is no such box.

    Sizes are those of a header: height, length and depth.
    """
    above, along, across = ((side - inner) / 2 for inner, side in zip(domain, box, strict=True))
    whole = along.is_integer() and across.is_integer() and min(along, across) >= 1
    if above != 1 or not whole or max(box) > _LARGEST_SIDE:
        return None
    return int(across), 1, int(along)


def _unpack(chunks: dict[bytes, bytes], tag: bytes, form: str) -> tuple[int, ...]:
    payload = chunks.get(tag)
    if payload is None or len(payload) < struct.calcsize(form):
        raise FormatError(f"the header of the cell space has no whole {tag.decode()} chunk")
    return struct.unpack_from(form, payload)


def header_bytes(header: Header) -> bytes:
    """Return the header as ReSCAL writes it; 104 bytes for a model of three letters."""
    name = header.model.encode("ascii") + b"\0"
    name += b"\0" * (-len(name) % 4)
    shape = header.box_shape if header.boxed else header.stored_shape
    depth, height, length = shape
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

    Walls are left out. What cells of fewer than eight bytes lack is 0, what larger ones have beyond
    is left. Plane by plane, so that no more than that is in memory besides the result.

    Raises
    ------
    FormatError
        Naming the file, if it is missing, foreign, truncated or holds states that are not there.
    """
    packed = path.suffix == ".gz"
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            return _read(file, None if packed else path.stat().st_size)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or error
        raise FormatError(f"{path}: cannot be read: {why}") from error


def _read(
    file: gzip.GzipFile | IO[bytes], size: int | None
) -> tuple[Header, NDArray[np.uint8], NDArray[np.int32]]:
    import numpy as np  # noqa: PLC0415  # a plan needs the sizes of cells alone

    first = file.read(FIRST_BYTES)
    header = parse_header(first + file.read(header_size(first) - len(first)))
    planes, rows, columns = header.stored_shape
    depths, *inner = header.inner
    wanted = range(planes)[depths]
    if planes * rows * columns > LARGEST_CELLS:
        raise FormatError(f"{planes * rows * columns} cells; {LARGEST_CELLS} are the most")
    if size is not None:  # before room is made for the cells
        _refuse_shorter(size - header.size, header)
    cells = np.empty((header.depth, header.height, header.length), np.uint8)
    times = np.zeros(cells.shape, np.dtype("<i4"))
    stamps = times.view(np.uint8).reshape(*cells.shape, 4)
    plane_bytes = rows * columns * header.cell_bytes
    for number in range(planes):
        data = file.read(plane_bytes)
        if len(data) < plane_bytes:
            _refuse_shorter(number * plane_bytes + len(data), header)
        if number not in wanted:
            continue
        plane = np.frombuffer(data, np.uint8).reshape(rows, columns, header.cell_bytes)
        plane = plane[tuple(inner)]
        cells[number - wanted.start] = plane[..., 0]
        stamp = plane[..., 4:CELL_BYTES]
        stamps[number - wanted.start, ..., : stamp.shape[-1]] = stamp
    highest = int(cells.max())
    if highest >= len(Cell):
        raise FormatError(f"holds a cell of state {highest}, which there is not")
    return header, cells, times


def _refuse_shorter(length: int, header: Header) -> None:
    if length < header.payload_bytes:
        raise FormatError(f"truncated: {length} of {header.payload_bytes} bytes of cells")


def write(path: Path, header: Header, planes: Iterable[NDArray[np.uint8]]) -> None:
    """Write a ``.csp`` file of ``planes``, D of them [H, L], all of time 0; it appears whole."""
    import numpy as np  # noqa: PLC0415  # as above

    with replacing(path, durable=False) as file:
        file.write(header_bytes(header))
        for plane in planes:
            wide = np.zeros((*plane.shape, CELL_BYTES), np.uint8)
            wide[..., 0] = plane
            file.write(wide.tobytes())
