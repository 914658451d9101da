"""What is published of an experiment: one .npz file per reduction, with the times."""

from __future__ import annotations

import contextlib
import itertools
import os
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from orchestrator.errors import DamagedError, FormatError
from orchestrator.formats.durable import (
    is_gone,
    open_regular,
    refuse_links,
    replacing,
    sync_directory,
)
from orchestrator.model import reductions
from orchestrator.model.snapshots import Reduced, Snapshot
from orchestrator.records.journal import read_journal
from orchestrator.records.provenance import reductions_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

    from orchestrator.model.reductions import Reduction
    from orchestrator.records.paths import ExperimentDirectory

_EPOCH = (1980, 1, 1, 0, 0, 0)  # of every member, so that equal data make equal files
_UNREADABLE = (
    *(
        OSError,
        FormatError,
        KeyError,
        ValueError,
        EOFError,
        RuntimeError,
        NotImplementedError,
        TypeError,
    ),
    *(MemoryError, struct.error, zipfile.BadZipFile, zlib.error),
)
"""What reading a damaged .npz file may raise."""


class Extent(NamedTuple):
    """How far published data reach."""

    snapshots: int
    time_t0: float


def publish(
    journal: Path,
    directory: ExperimentDirectory,
    *,
    complete: bool = False,
    appended: int | None = None,
) -> Extent | None:
    """Publish the snapshots of a journal as the experiment's arrays, all kinds of them or none.

    What is published already stays, unless the new snapshots reach further in simulated time, or
    are ``complete`` and reach as far, or have the same times. Memory does not grow with their
    number.

    Parameters
    ----------
    appended
        How many snapshots the journal should have, where that is known; with fewer it is not
        complete.

    Returns
    -------
    Extent or None
        None where what was there stays.

    Raises
    ------
    DamagedError
        If snapshots that were appended cannot be read, or no longer; what can be is published.
    """
    stamps: list[float] = []
    forms: dict[str, tuple[str, tuple[int, ...]]] = {}
    for snapshot in read_journal(journal):
        stamps.append(snapshot.time_t0)
        now = {name: (a.dtype.str, a.shape) for name, a in snapshot.arrays.items()}
        # an own output may be missing in what another attempt made
        forms = dict(now.items() & forms.items()) if len(stamps) > 1 else now
    lost = appended is not None and len(stamps) != appended
    extent = None
    if stamps:
        extent = _replace(journal, directory, stamps, forms, complete=complete and not lost)
    if lost:
        raise DamagedError(str(journal), f"{len(stamps)} of {appended} snapshots can be read")
    return extent


def _replace(
    journal: Path,
    directory: ExperimentDirectory,
    stamps: Sequence[float],
    forms: Mapping[str, tuple[str, tuple[int, ...]]],
    *,
    complete: bool,
) -> Extent | None:
    """Replace the published arrays by those of a journal that has come further."""
    times = np.array(stamps, np.float64)
    files = {r.name: directory.array_file(r.name) for r in reductions_of(directory)}
    before = _shared([at for path in files.values() if (at := _times(path)).size])
    as_far = np.array_equal(before, times) or (complete and not _further(before, times))
    if not (as_far or _further(times, before)):
        return None
    refuse_links(*directory.directories)
    directory.out.mkdir(exist_ok=True)
    with contextlib.ExitStack() as drafts:  # none of which appears unless all are on the disk
        opened = []
        for name, form in forms.items():
            opened.append(drafts.enter_context(replacing(directory.array_file(name))))
            parts = (s.arrays[name].tobytes() for s in _again(journal, len(times)))
            _write(opened[-1], name, times, form, parts)
            opened[-1].flush()
        for file in opened:
            os.fsync(file.fileno())
    for name in files.keys() - forms.keys():  # of another attempt, whose others are replaced
        files[name].unlink(missing_ok=True)
    sync_directory(directory.out)
    return Extent(len(stamps), stamps[-1])


def _again(journal: Path, count: int) -> Iterator[Snapshot]:
    """Yield the first snapshots of a journal, so many of which could be read a moment ago."""
    left = count
    for snapshot in itertools.islice(read_journal(journal), count):
        left -= 1
        yield snapshot
    if left:
        detail = f"{count - left} of {count} snapshots can be read"
        raise DamagedError(str(journal), detail)


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
    times = _read(path, path.stem)
    return np.empty(0) if times is None else times[1]


def _read(path: Path, name: str) -> tuple[NDArray[Any], NDArray[np.float64]] | None:
    """Return a published array and its times; None where the file is missing or damaged."""
    with (
        contextlib.suppress(*_UNREADABLE),
        open_regular(path) as opened,
        np.load(opened) as file,
    ):
        array, times = file[name], file["times"]
        if times.ndim == 1 and times.dtype == np.float64 and len(array) == len(times):
            ascending = np.isfinite(times).all() and (np.diff(times) >= 0).all()
            return (array, times) if ascending else None
    return None


def _shared(times: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the times that all have in common from the first on."""
    if not times:
        return np.empty(0)
    count = min(len(each) for each in times)
    equal = np.all([each[:count] == times[0][:count] for each in times], axis=0)
    return times[0][: count if equal.all() else int(equal.argmin())]


def reduced(directory: ExperimentDirectory, names: Collection[str] | None = None) -> Reduced:
    """Read the reduced snapshots of an experiment, from where they reach furthest.

    That is what was published, or the journal of an attempt; nothing where there is neither, or
    where none can be read. With ``names``, only those arrays. All are damaged where the experiment's
    folder is not to be read.
    """
    shipped = names is not None and {r.name for r in reductions.REDUCTIONS}.issuperset(names)
    known = reductions.REDUCTIONS if shipped else reductions_of(directory)
    wanted = [r for r in known if names is None or r.name in names]
    paths = [directory.array_file(r.name) for r in wanted]
    while True:  # a journal is dropped once its snapshots are published
        before = [*map(_version, paths)]
        try:
            furthest = _furthest(directory, wanted)
        except PermissionError:
            return Reduced(np.empty(0), {}, tuple(r.name for r in wanted))
        if [*map(_version, paths)] == before:
            return furthest


def version(
    directory: ExperimentDirectory, names: Collection[str]
) -> tuple[tuple[int, int] | None, ...] | None:
    """Return what tells one state of published arrays from the next.

    None where an attempt still has snapshots of its own, so that what is published may not be all,
    and where that cannot be read.
    """
    try:
        if any(attempt.journal.exists() for attempt in directory.attempts()):
            return None
    except PermissionError:
        return None
    return tuple(_version(directory.array_file(name)) for name in names)


def _version(path: Path) -> tuple[int, int] | None:
    """Return what tells one version of a file from the next; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _furthest(directory: ExperimentDirectory, wanted: Sequence[Reduction]) -> Reduced:
    furthest = _published(directory, wanted)
    for attempt in directory.attempts():
        if attempt.journal.exists():
            kept = _stacked(list(read_journal(attempt.journal)), wanted)
            if _further(kept.times, furthest.times):
                furthest = kept
    return furthest


def count(directory: ExperimentDirectory) -> int:
    """Return how many snapshots all published files of an experiment have; reads their times alone."""
    files = (directory.array_file(r.name) for r in reductions_of(directory))
    return len(_shared([_times(path) for path in files if path.exists()]))


def snapshots(directory: ExperimentDirectory) -> Iterator[Snapshot]:
    """Yield the published snapshots of an experiment, as a journal does."""
    kept = reduced(directory)
    for i, time in enumerate(kept.times.tolist()):
        yield Snapshot(time, {name: array[i] for name, array in kept.arrays.items()})


def _published(directory: ExperimentDirectory, wanted: Sequence[Reduction]) -> Reduced:
    times: list[NDArray[np.float64]] = []
    arrays: dict[str, NDArray[Any]] = {}
    damaged: list[str] = []
    for reduction in wanted:
        path = directory.array_file(reduction.name)
        read = _read(path, reduction.name)
        if read is not None and read[0].ndim == 1 + len(reduction.dims):
            arrays[reduction.name] = read[0]
            times.append(read[1])
        elif not is_gone(path):
            damaged.append(reduction.name)
    shared = _shared(times)  # whoever publishes may be between two files
    kept = {name: array[: len(shared)] for name, array in arrays.items()}
    return Reduced(shared, kept, tuple(damaged))


def _stacked(snapshots: Sequence[Snapshot], wanted: Sequence[Reduction]) -> Reduced:
    arrays = {}
    for reduction in wanted:
        name = reduction.name
        values = [snapshot.arrays[name] for snapshot in snapshots if name in snapshot.arrays]
        if values and len(values) == len(snapshots) and len({v.shape for v in values}) == 1:
            arrays[name] = np.array(values)
    return Reduced(np.array([snapshot.time_t0 for snapshot in snapshots]), arrays)


def _write(
    file: IO[bytes],
    name: str,
    times: NDArray[np.float64],
    form: tuple[str, tuple[int, ...]],
    parts: Iterable[bytes],
) -> None:
    """Write one array with its times, of which one snapshot is in memory at a time."""
    stamps = times.astype("<f8")
    dtype, shape = form
    with zipfile.ZipFile(file, "w") as archive:
        _write_member(archive, name, dtype, (len(times), *shape), parts)
        _write_member(archive, "times", stamps.dtype, stamps.shape, [stamps.tobytes()])


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
