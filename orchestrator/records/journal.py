"""The journal of an attempt: snapshots one after the other, each durable before the next."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zlib
from typing import IO, TYPE_CHECKING

import numpy as np

from orchestrator.formats.durable import sync_directory
from orchestrator.model import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_MARK = struct.Struct("<4sI")  # magic, checksum of all that follows in the entry
_MAGIC = b"SNAP"
_ENTRY = struct.Struct("<4Id3Q")  # shapes of map and spectrum (0, 0: none), time in t0, counts
_HEIGHTS = np.dtype("<i2")
_SPECTRA = np.dtype("<f4")
_NOTHING: NDArray[np.generic] = np.empty((0, 0), np.uint8)


class Journal:
    """An append-only file of reduced snapshots; what was appended survives a crash.

    Parameters
    ----------
    path
        Made by the first snapshot.
    heights, spectra
        Whether height maps and spectra are kept.
    """

    def __init__(self, path: Path, *, heights: bool = True, spectra: bool = True) -> None:
        self._path = path
        self._file: io.FileIO | None = None
        self._heights = heights
        self._spectra = spectra

    def append(self, snapshot: Snapshot) -> None:
        """Write a snapshot and wait until it is on the disk; all of it or nothing."""
        entry = _packed(snapshot, heights=self._heights, spectra=self._spectra)
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
    """Yield the snapshots of a journal, up to its end or to a torn entry.

    A height map that was not kept is empty.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        while (snapshot := _read_entry(file)) is not None:
            yield snapshot


def _packed(snapshot: Snapshot, *, heights: bool, spectra: bool) -> bytes:
    height_map = snapshot.height_map.astype(_HEIGHTS, copy=False) if heights else _NOTHING
    spectrum = _NOTHING
    if spectra and snapshot.spectrum is not None:
        spectrum = snapshot.spectrum.astype(_SPECTRA, copy=False)
    shapes = *height_map.shape, *spectrum.shape
    body = _ENTRY.pack(*shapes, snapshot.time_t0, *snapshot.cell_counts.tolist())
    body += height_map.tobytes() + spectrum.tobytes()
    return _MARK.pack(_MAGIC, zlib.crc32(body)) + body


def _read_entry(file: IO[bytes]) -> Snapshot | None:
    head = file.read(_MARK.size + _ENTRY.size)
    if len(head) < _MARK.size + _ENTRY.size or not head.startswith(_MAGIC):
        return None
    _, checksum = _MARK.unpack_from(head)
    depth, length, across, along, time_t0, *counts = _ENTRY.unpack_from(head, _MARK.size)
    heights_bytes = depth * length * _HEIGHTS.itemsize
    wanted = heights_bytes + across * along * _SPECTRA.itemsize
    if wanted > os.fstat(file.fileno()).st_size:
        return None
    body = file.read(wanted)
    if len(body) < wanted or zlib.crc32(body, zlib.crc32(head[_MARK.size :])) != checksum:
        return None
    heights = np.frombuffer(body[:heights_bytes], _HEIGHTS).reshape(depth, length)
    spectrum = np.frombuffer(body[heights_bytes:], _SPECTRA).reshape(across, along)
    return Snapshot(time_t0, heights, spectrum if across else None, np.array(counts, np.int64))
