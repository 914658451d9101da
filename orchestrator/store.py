"""Reduced snapshots on disk: a journal that only grows, and the arrays published from it."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from orchestrator.formats.durable import replacing
from orchestrator.model import Reduced, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

    from orchestrator.workspace import ExperimentDirectory

_MARK = struct.Struct("<4sI")  # magic, checksum of all that follows in the entry
_MAGIC = b"SNAP"
_ENTRY = struct.Struct("<4Id")  # shapes of height map and spectrum (0, 0: none), time in t0
_HEIGHTS = np.dtype("<i2")
_SPECTRA = np.dtype("<f4")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of every member, so that equal data make equal files


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
        heights = snapshot.height_map if self._heights else None
        spectrum = snapshot.spectrum if self._spectra else None
        entry = _packed(snapshot.time_t0, heights, spectrum)
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


def publish(journal: Path, directory: ExperimentDirectory, *, complete: bool = False) -> int:
    """Publish the snapshots of a journal as the experiment's arrays and return their number.

    Arrays that are there already stay, unless the new ones have more snapshots or are ``complete``.
    Memory does not grow with the number of snapshots.
    """
    count = 0
    times: list[float] = []
    maps_shape = spectra_shape = (0, 0)
    for snapshot in read_journal(journal):
        count += 1
        times.append(snapshot.time_t0)
        maps_shape = snapshot.height_map.shape
        spectra_shape = (0, 0) if snapshot.spectrum is None else snapshot.spectrum.shape
    for path, name, dtype, shape in (
        (directory.height_maps, "height_maps", _HEIGHTS, maps_shape),
        (directory.ffts, "ffts", _SPECTRA, spectra_shape),
    ):
        if 0 in shape or (not complete and published(path) >= count):
            continue
        snapshots = itertools.islice(read_journal(journal), count)
        arrays = (s.height_map if name == "height_maps" else s.spectrum for s in snapshots)
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
            _write_member(archive, name, dtype, (count, *shape), map(_bytes, arrays))
            all_times = np.array(times, "<f8")
            _write_member(archive, "times", all_times.dtype, (count,), [all_times.tobytes()])
    if directory.out.is_dir():
        sync_directory(directory.out)
    return count


def published(path: Path) -> int:
    """Return how many snapshots a published file holds, 0 where there is none."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("times.npy") as member:
            np.lib.format.read_magic(member)
            shape, _, _ = np.lib.format.read_array_header_1_0(member)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return 0
    return int(shape[0])


def reduced(
    directory: ExperimentDirectory, *, maps: bool = True, spectra: bool = True
) -> Reduced:
    """Read the reduced snapshots of an experiment, from the file that has most of them.

    That is what was published, or the journal of the latest attempt while it runs; nothing where
    there is neither, or where neither can be read. Without ``maps`` or ``spectra`` those stay
    empty.
    """
    made = directory.attempts()
    running = made and made[-1].journal.exists()
    found = _published(directory, maps=maps, spectra=spectra)
    if not running:
        return found
    snapshots = list(read_journal(made[-1].journal))
    return _stacked(snapshots) if len(snapshots) > found.times.size else found


def _published(directory: ExperimentDirectory, *, maps: bool, spectra: bool) -> Reduced:
    times = np.empty(0)
    arrays: dict[str, NDArray[Any]] = {
        "height_maps": np.empty((0, 0, 0), _HEIGHTS),
        "ffts": np.empty((0, 0, 0), _SPECTRA),
    }
    for path, name, wanted in (
        (directory.height_maps, "height_maps", maps),
        (directory.ffts, "ffts", spectra),
    ):
        if not wanted:
            continue
        unreadable = OSError, KeyError, ValueError, zipfile.BadZipFile, zlib.error
        with (
            contextlib.suppress(*unreadable),
            path.open("rb") as opened,
            np.load(opened) as file,
        ):
            times, arrays[name] = file["times"], file[name]
    return Reduced(times, arrays["height_maps"], arrays["ffts"])


def _stacked(snapshots: Sequence[Snapshot]) -> Reduced:
    maps = [s.height_map for s in snapshots if s.height_map.size]
    spectra = [s.spectrum for s in snapshots if s.spectrum is not None]
    return Reduced(
        np.array([s.time_t0 for s in snapshots]),
        np.array(maps) if maps else np.empty((0, 0, 0), _HEIGHTS),
        np.array(spectra) if spectra else np.empty((0, 0, 0), _SPECTRA),
    )


def sync_directory(path: Path) -> None:
    """Wait until the names in a directory are on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _packed(
    time_t0: float, heights: NDArray[np.int16] | None, spectrum: NDArray[np.float32] | None
) -> bytes:
    shapes = [(0, 0) if array is None else array.shape for array in (heights, spectrum)]
    body = _ENTRY.pack(*shapes[0], *shapes[1], time_t0)
    if heights is not None:
        body += heights.astype(_HEIGHTS, copy=False).tobytes()
    if spectrum is not None:
        body += spectrum.astype(_SPECTRA, copy=False).tobytes()
    return _MARK.pack(_MAGIC, zlib.crc32(body)) + body


def _read_entry(file: IO[bytes]) -> Snapshot | None:
    head = file.read(_MARK.size + _ENTRY.size)
    if len(head) < _MARK.size + _ENTRY.size or not head.startswith(_MAGIC):
        return None
    _, checksum = _MARK.unpack_from(head)
    depth, length, across, along, time_t0 = _ENTRY.unpack_from(head, _MARK.size)
    heights_bytes = depth * length * _HEIGHTS.itemsize
    wanted = heights_bytes + across * along * _SPECTRA.itemsize
    if wanted > os.fstat(file.fileno()).st_size:
        return None
    body = file.read(wanted)
    if len(body) < wanted or zlib.crc32(body, zlib.crc32(head[_MARK.size :])) != checksum:
        return None
    heights = np.frombuffer(body[:heights_bytes], _HEIGHTS).reshape(depth, length)
    spectrum = np.frombuffer(body[heights_bytes:], _SPECTRA).reshape(across, along)
    return Snapshot(time_t0, heights, spectrum if across else None)


def _bytes(array: NDArray[np.generic] | None) -> bytes:
    assert array is not None
    return array.tobytes()


def _write_member(
    archive: zipfile.ZipFile,
    name: str,
    dtype: DTypeLike,
    shape: tuple[int, ...],
    parts: Iterable[bytes],
) -> None:
    """Write one array of an .npz file, part by part."""
    info = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
    with archive.open(info, "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(member, header)
        for part in parts:
            member.write(part)
