"""What is published of an experiment: one .npz file per kind of array, with the times."""

from __future__ import annotations

import contextlib
import itertools
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from orchestrator.formats.durable import replacing, sync_directory
from orchestrator.model import Reduced
from orchestrator.store.journal import read_journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

    from orchestrator.model import Snapshot
    from orchestrator.workspace import ExperimentDirectory

_EPOCH = (1980, 1, 1, 0, 0, 0)  # of every member, so that equal data make equal files
_UNREADABLE = OSError, KeyError, ValueError, zipfile.BadZipFile, zlib.error


class _Kind(NamedTuple):
    """One kind of array: what its file and its member are called and what is in it."""

    name: str
    dtype: str
    empty: tuple[int, ...]
    of: Callable[[Snapshot], NDArray[Any] | None]
    path: Callable[[ExperimentDirectory], Path]


_KINDS = (
    _Kind("height_maps", "<i2", (0, 0, 0), lambda s: s.height_map, lambda d: d.height_maps),
    _Kind("ffts", "<f4", (0, 0, 0), lambda s: s.spectrum, lambda d: d.ffts),
    _Kind("cell_counts", "<i8", (0, 3), lambda s: s.cell_counts, lambda d: d.cell_counts),
)


def publish(journal: Path, directory: ExperimentDirectory, *, complete: bool = False) -> int:
    """Publish the snapshots of a journal as the experiment's arrays and return their number.

    Arrays that are there already stay, unless the new ones have more snapshots or are ``complete``.
    Memory does not grow with the number of snapshots.
    """
    times = []
    first: Snapshot | None = None
    for snapshot in read_journal(journal):
        times.append(snapshot.time_t0)
        first = first or snapshot
    for kind in _KINDS:
        example = None if first is None else kind.of(first)
        if example is None or example.size == 0:
            continue
        path = kind.path(directory)
        if complete or published(path) < len(times):
            path.parent.mkdir(exist_ok=True)
            snapshots = itertools.islice(read_journal(journal), len(times))
            _write(path, kind, times, example.shape, snapshots)
    if directory.out.is_dir():
        sync_directory(directory.out)
    return len(times)


def published(path: Path) -> int:
    """Return how many snapshots a published file holds, 0 where there is none."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("times.npy") as member:
            np.lib.format.read_magic(member)
            shape, _, _ = np.lib.format.read_array_header_1_0(member)
    except _UNREADABLE:
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
    unwanted = {"height_maps": not maps, "ffts": not spectra}
    kinds = [kind for kind in _KINDS if not unwanted.get(kind.name)]
    found = _published(directory, kinds)
    made = directory.attempts()
    if not (made and made[-1].journal.exists()):
        return found
    snapshots = list(read_journal(made[-1].journal))
    return _stacked(snapshots) if len(snapshots) > found.times.size else found


def _published(directory: ExperimentDirectory, kinds: Sequence[_Kind]) -> Reduced:
    times: list[NDArray[np.float64]] = []
    arrays: dict[str, NDArray[Any]] = {}
    for kind in kinds:
        with (
            contextlib.suppress(*_UNREADABLE),
            kind.path(directory).open("rb") as opened,
            np.load(opened) as file,
        ):
            array, at = file[kind.name], file["times"]
            arrays[kind.name] = array
            times.append(at)
    # whoever publishes may be between two files
    shared = min(times, key=len, default=np.empty(0))
    return _reduced(shared, {name: array[: len(shared)] for name, array in arrays.items()})


def _stacked(snapshots: Sequence[Snapshot]) -> Reduced:
    arrays = {}
    for kind in _KINDS:
        values = [array for s in snapshots if (array := kind.of(s)) is not None and array.size]
        if values:
            arrays[kind.name] = np.array(values)
    return _reduced(np.array([snapshot.time_t0 for snapshot in snapshots]), arrays)


def _reduced(times: NDArray[np.float64], arrays: Mapping[str, NDArray[Any]]) -> Reduced:
    maps, spectra, counts = (
        arrays.get(kind.name, np.empty(kind.empty, kind.dtype)) for kind in _KINDS
    )
    return Reduced(times, maps, spectra, counts)


def _write(
    path: Path,
    kind: _Kind,
    times: Sequence[float],
    shape: tuple[int, ...],
    snapshots: Iterable[Snapshot],
) -> None:
    """Write the file of one kind of array, of which one snapshot is in memory at a time."""
    stamps = np.array(times, "<f8")
    parts = (_bytes(kind.of(snapshot), kind.dtype) for snapshot in snapshots)
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        _write_member(archive, kind.name, kind.dtype, (len(times), *shape), parts)
        _write_member(archive, "times", stamps.dtype, stamps.shape, [stamps.tobytes()])


def _bytes(array: NDArray[Any] | None, dtype: DTypeLike) -> bytes:
    assert array is not None
    return array.astype(dtype, copy=False).tobytes()


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
