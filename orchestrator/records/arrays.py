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
from orchestrator.records.journal import read_journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

    from orchestrator.model import Snapshot
    from orchestrator.records.paths import ExperimentDirectory

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


class Extent(NamedTuple):
    """How far published data reach."""

    snapshots: int
    time_t0: float


def publish(
    journal: Path, directory: ExperimentDirectory, *, complete: bool = False
) -> Extent | None:
    """Publish the snapshots of a journal as the experiment's arrays, all kinds of them or none.

    What is published already stays, unless the new snapshots reach further in simulated time, or
    are ``complete`` and reach as far, or have the same times. Memory does not grow with their
    number.

    Returns
    -------
    Extent or None
        None where what was there stays.
    """
    stamps: list[float] = []
    first: Snapshot | None = None
    for snapshot in read_journal(journal):
        stamps.append(snapshot.time_t0)
        first = first or snapshot
    if first is None:
        return None
    shapes = {
        kind.name: array.shape
        for kind in _KINDS
        if (array := kind.of(first)) is not None and array.size
    }
    times = np.array(stamps, np.float64)
    before = _shared([at for kind in _KINDS if (at := _times(kind.path(directory))).size])
    as_far = np.array_equal(before, times) or (complete and not _further(before, times))
    if not (as_far or _further(times, before)):
        return None
    directory.out.mkdir(exist_ok=True)
    for kind in _KINDS:
        path = kind.path(directory)
        if kind.name not in shapes:  # of another attempt, whose other arrays are replaced
            path.unlink(missing_ok=True)
        else:
            snapshots = itertools.islice(read_journal(journal), len(times))
            _write(path, kind, times, shapes[kind.name], snapshots)
    sync_directory(directory.out)
    return Extent(len(stamps), stamps[-1])


def _further(times: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Tell whether ``times`` go on after ``others``, or reach further than events scatter."""
    if len(times) > len(others) and np.array_equal(times[: len(others)], others):
        return True
    if len(times) == 0:
        return False
    intervals = [(t[-1] - t[0]) / (len(t) - 1) for t in (times, others) if len(t) > 1]
    return bool(times[-1] - others[-1] > min(intervals, default=0.0) / 2)


def _times(path: Path) -> NDArray[np.float64]:
    """Return the times in a published file; none where it is missing or damaged."""
    with contextlib.suppress(*_UNREADABLE), path.open("rb") as opened, np.load(opened) as file:
        times: NDArray[np.float64] = file["times"]
        return times
    return np.empty(0)


def _shared(times: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the times that all have in common from the first on."""
    if not times:
        return np.empty(0)
    count = min(len(one) for one in times)
    equal = np.all([one[:count] == times[0][:count] for one in times], axis=0)
    return times[0][: count if equal.all() else int(equal.argmin())]


def reduced(
    directory: ExperimentDirectory, *, maps: bool = True, spectra: bool = True
) -> Reduced:
    """Read the reduced snapshots of an experiment, from where they reach furthest.

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
    newer = _stacked(snapshots, kinds)
    return newer if _further(newer.times, found.times) else found


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
    shared = _shared(times)  # whoever publishes may be between two files
    return _reduced(shared, {name: array[: len(shared)] for name, array in arrays.items()})


def _stacked(snapshots: Sequence[Snapshot], kinds: Sequence[_Kind]) -> Reduced:
    arrays = {}
    for kind in kinds:
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
    times: NDArray[np.float64],
    shape: tuple[int, ...],
    snapshots: Iterable[Snapshot],
) -> None:
    """Write the file of one kind of array, of which one snapshot is in memory at a time."""
    stamps = times.astype("<f8")
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
