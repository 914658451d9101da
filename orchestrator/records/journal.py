"""The journal of an attempt: snapshots one after the other, each durable before the next.

An entry describes itself: a mark with the format's version, a checksum of all that follows, then
the simulated time, a JSON list of names, dtypes and shapes, and the arrays' bytes in that order.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import struct
import zlib
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from orchestrator.errors import FormatError
from orchestrator.formats.durable import open_regular, sync_directory
from orchestrator.model.snapshots import Snapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_HEAD = struct.Struct("<4sI")  # mark, checksum of all that follows in the entry
_MARK = b"SNP2"
_BODY = struct.Struct("<dI")  # time in t0, bytes of the description
_LONGEST = 1 << 16  # bytes of a description
_KINDS = "biuf"  # of dtypes that an entry may have

_MARK_OF_0_1 = b"SNAP"
_BODY_OF_0_1 = struct.Struct("<4Id3Q")  # shapes of map and spectrum, time in t0, cell counts


class Journal:
    """An append-only file of reduced snapshots; what was appended survives a crash.

    Parameters
    ----------
    path
        Made by the first snapshot.
    names
        Arrays that are kept (default: all).
    """

    def __init__(self, path: Path, names: Collection[str] | None = None) -> None:
        self._path = path
        self._file: io.FileIO | None = None
        self._names = names

    def append(self, snapshot: Snapshot) -> None:
        """Write a snapshot and wait until it is on the disk; all of it or nothing."""
        entry = _packed(snapshot, self._names)
        if self._file is None:
            self._file = io.FileIO(self._path, "x")
            sync_directory(self._path.parent)
        start = self._file.tell()
        try:
            written = 0
            while written < len(entry):
                written += self._file.write(entry[written:])
            os.fsync(self._file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                self._file.seek(start)
                self._file.truncate()
            raise

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def read_journal(path: Path) -> Iterator[Snapshot]:
    """Yield the snapshots of a journal, up to its end or to a torn or damaged entry.

    One whose time is before the last, or not finite, is damaged.
    """
    try:
        file = open_regular(path)
    except (FileNotFoundError, FormatError):
        return
    with file:
        reached_t0 = -math.inf
        while (snapshot := _read_entry(file)) is not None:
            if not reached_t0 <= snapshot.time_t0 < math.inf:  # whatever its checksum says
                return
            reached_t0 = snapshot.time_t0
            yield snapshot


def _packed(snapshot: Snapshot, names: Collection[str] | None) -> bytes:
    kept = {
        name: array for name, array in snapshot.arrays.items() if names is None or name in names
    }
    described = [[name, array.dtype.str, array.shape] for name, array in kept.items()]
    description = json.dumps(described).encode()
    body = _BODY.pack(snapshot.time_t0, len(description)) + description
    body += b"".join(array.tobytes() for array in kept.values())
    return _HEAD.pack(_MARK, zlib.crc32(body)) + body


def _read_entry(file: IO[bytes]) -> Snapshot | None:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    mark, checksum = _HEAD.unpack(head)
    reader = _READERS.get(mark)
    return None if reader is None else reader(file, checksum)


def _read_entry_of_2(file: IO[bytes], checksum: int) -> Snapshot | None:
    fixed = file.read(_BODY.size)
    if len(fixed) < _BODY.size:
        return None
    time_t0, length = _BODY.unpack(fixed)
    description = file.read(min(length, _LONGEST))
    forms = _forms(description)
    data = _take(file, sum(_bytes(*form) for form in forms.values()))
    if data is None or zlib.crc32(fixed + description + data) != checksum:
        return None
    return Snapshot(time_t0, _arrays(forms, data))


_Form = tuple[np.dtype[Any], tuple[int, ...]]


def _forms(description: bytes) -> dict[str, _Form]:
    """Read names, dtypes and shapes; none of what no journal has, whose checksum is wrong."""
    try:
        forms = {
            str(name): (np.dtype(dtype), tuple(int(side) for side in shape))
            for name, dtype, shape in json.loads(description)
        }
    except (ValueError, TypeError):
        return {}
    sound = all(
        dtype.kind in _KINDS and min(shape, default=0) >= 0 for dtype, shape in forms.values()
    )
    return forms if sound else {}


def _bytes(dtype: np.dtype[Any], shape: tuple[int, ...]) -> int:
    return dtype.itemsize * math.prod(shape)


def _take(file: IO[bytes], size: int) -> bytes | None:
    """Read so many bytes; None where the file has fewer, whatever a damaged entry claims."""
    if size > os.fstat(file.fileno()).st_size:
        return None
    data = file.read(size)
    return data if len(data) == size else None


def _arrays(forms: Mapping[str, _Form], data: bytes) -> dict[str, NDArray[Any]]:
    arrays, start = {}, 0
    for name, (dtype, shape) in forms.items():
        end = start + _bytes(dtype, shape)
        arrays[name] = np.frombuffer(data[start:end], dtype).reshape(shape)
        start = end
    return arrays


def _read_entry_of_0_1(file: IO[bytes], checksum: int) -> Snapshot | None:
    """Read an entry as version 0.1 wrote it."""
    fixed = file.read(_BODY_OF_0_1.size)
    if len(fixed) < _BODY_OF_0_1.size:
        return None
    depth, length, across, along, time_t0, *counts = _BODY_OF_0_1.unpack(fixed)
    forms: dict[str, _Form] = {
        "height_maps": (np.dtype("<i2"), (depth, length)),
        "ffts": (np.dtype("<f4"), (across, along)),
    }
    data = _take(file, sum(_bytes(*form) for form in forms.values()))
    if data is None or zlib.crc32(data, zlib.crc32(fixed)) != checksum:
        return None
    kept = {name: array for name, array in _arrays(forms, data).items() if array.size}
    return Snapshot(time_t0, {**kept, "cell_counts": np.array(counts, np.int64)})


_READERS = {_MARK: _read_entry_of_2, _MARK_OF_0_1: _read_entry_of_0_1}
