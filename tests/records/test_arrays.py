"""Journals survive what kills their writers; what is published can be read as it always could."""

from __future__ import annotations

import errno
import itertools
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.errors import DamagedError
from orchestrator.records import arrays
from orchestrator.records.journal import Journal, read_journal
from orchestrator.records.paths import ExperimentDirectory
from tests.conftest import make_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.model.snapshots import Snapshot


def _snapshots(count: int) -> list[Snapshot]:
    rng = np.random.default_rng(count)
    return [
        make_snapshot(
            10.0 * i,
            rng.integers(0, 50, (12, 36)).astype(np.int16),
            rng.random((1, 3)).astype(np.float32),
            np.array([400 + i, i, 7]),
        )
        for i in range(count)
    ]


def _write(path: Path, snapshots: list[Snapshot], *names: str) -> None:
    journal = Journal(path, names or None)
    for snapshot in snapshots:
        journal.append(snapshot)
    journal.close()


@pytest.fixture
def directory(tmp_path: Path) -> ExperimentDirectory:
    (tmp_path / "exp0" / "out").mkdir(parents=True)
    return ExperimentDirectory(tmp_path / "exp0")


def test_a_journal_gives_back_what_was_appended(tmp_path: Path) -> None:
    snapshots = _snapshots(3)

    _write(tmp_path / "journal", snapshots)

    found = list(read_journal(tmp_path / "journal"))
    assert [s.time_t0 for s in found] == [0.0, 10.0, 20.0]
    for before, after in zip(snapshots, found, strict=True):
        assert after.arrays["height_maps"].dtype == np.int16
        np.testing.assert_array_equal(after.arrays["height_maps"], before.arrays["height_maps"])
        np.testing.assert_array_equal(after.arrays["ffts"], before.arrays["ffts"])
        np.testing.assert_array_equal(after.arrays["cell_counts"], before.arrays["cell_counts"])


def test_a_journal_torn_anywhere_gives_the_whole_entries_before(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    _write(path, _snapshots(3))
    whole = path.read_bytes()
    entry = len(whole) // 3

    for length in range(len(whole)):
        path.write_bytes(whole[:length])

        assert len(list(read_journal(path))) == length // entry


def test_a_changed_byte_ends_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    _write(path, _snapshots(3))
    whole = bytearray(path.read_bytes())
    entry = len(whole) // 3

    for place in range(entry, 2 * entry, 7):
        changed = whole.copy()
        changed[place] ^= 0x10
        path.write_bytes(changed)

        assert len(list(read_journal(path))) == 1


@pytest.mark.parametrize("time_t0", [-1.0, np.nan, np.inf])
def test_an_entry_whose_time_cannot_be_ends_a_journal(tmp_path: Path, time_t0: float) -> None:
    journal = Journal(tmp_path / "journal")
    for at in (0.0, time_t0, 20.0):
        journal.append(make_snapshot(at, np.zeros((4, 6), np.int16)))
    journal.close()

    assert [snapshot.time_t0 for snapshot in read_journal(tmp_path / "journal")] == [0.0]


def test_no_journal_is_an_empty_one(tmp_path: Path) -> None:
    assert list(read_journal(tmp_path / "journal")) == []


def test_published_arrays_load_under_their_old_names(
    directory: ExperimentDirectory, tmp_path: Path
) -> None:
    snapshots = _snapshots(4)
    _write(tmp_path / "journal", snapshots)

    assert arrays.publish(tmp_path / "journal", directory) == (4, 30.0)

    with np.load(directory.height_maps) as maps, np.load(directory.array_file("ffts")) as ffts:
        assert sorted(maps) == ["height_maps", "times"]
        assert sorted(ffts) == ["ffts", "times"]
        assert maps["height_maps"].dtype == np.int16
        assert ffts["ffts"].dtype == np.float32
        np.testing.assert_array_equal(
            maps["height_maps"], [snapshot.arrays["height_maps"] for snapshot in snapshots]
        )
        np.testing.assert_array_equal(ffts["ffts"], [s.arrays["ffts"] for s in snapshots])
        np.testing.assert_array_equal(maps["times"], [0.0, 10.0, 20.0, 30.0])
        np.testing.assert_array_equal(ffts["times"], maps["times"])
    with np.load(directory.array_file("cell_counts")) as counts:
        assert sorted(counts) == ["cell_counts", "times"]
        assert counts["cell_counts"].dtype == np.int64
        assert counts["cell_counts"].tolist() == [[400 + i, i, 7] for i in range(4)]
        assert counts["times"].tolist() == [0.0, 10.0, 20.0, 30.0]


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_disk_that_fails_for_one_array_leaves_all_as_they_were(
    directory: ExperimentDirectory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: int,
) -> None:
    _write(tmp_path / "short", _snapshots(2))
    arrays.publish(tmp_path / "short", directory)
    before = {path: path.read_bytes() for path in directory.out.iterdir()}
    _write(tmp_path / "long", _snapshots(4))
    calls = itertools.count(1)

    def fsync(handle: int) -> None:
        del handle
        if next(calls) == failing:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        arrays.publish(tmp_path / "long", directory)

    assert {path: path.read_bytes() for path in directory.out.iterdir()} == before


def test_equal_snapshots_make_equal_files(
    directory: ExperimentDirectory, tmp_path: Path
) -> None:
    _write(tmp_path / "journal", _snapshots(4))
    arrays.publish(tmp_path / "journal", directory)
    first = directory.height_maps.read_bytes(), directory.array_file("ffts").read_bytes()

    arrays.publish(tmp_path / "journal", directory, complete=True)

    assert (
        directory.height_maps.read_bytes(),
        directory.array_file("ffts").read_bytes(),
    ) == first
    with zipfile.ZipFile(directory.array_file("ffts")) as archive:
        assert {member.date_time[0] for member in archive.infolist()} == {1980}


@pytest.mark.parametrize(
    "names",
    [("cell_counts", "height_maps"), ("cell_counts", "ffts"), ("cell_counts",)],
)
def test_only_what_is_kept_is_published(
    directory: ExperimentDirectory, tmp_path: Path, names: tuple[str, ...]
) -> None:
    _write(tmp_path / "journal", _snapshots(2), *names)

    assert arrays.publish(tmp_path / "journal", directory) == (2, 10.0)

    assert sorted(path.stem for path in directory.out.iterdir()) == list(names)


def _at(times: list[float], height: int) -> list[Snapshot]:
    return [
        make_snapshot(
            time, np.full((12, 36), height, np.int16), np.ones((1, 3), "<f4"), np.arange(3)
        )
        for time in times
    ]


@pytest.mark.parametrize(
    ("before", "after", "complete", "replaced"),
    [
        ([0.0, 10, 20], [0.0, 10], False, False),
        ([0.0, 10, 20], [0.0, 10], True, False),
        ([0.0, 10, 20], [0.0, 20], True, True),
        ([0.0, 10, 20], [0.0, 20], False, False),
        ([0.0, 10, 20.3], [0.0, 10, 20], True, True),
        ([0.0, 10], [0.0, 10, 20], False, True),
        ([0.0, 10, 20, 30], [0.0, 40], False, True),
        ([0.0, 10], [0.0, 10], False, True),
        ([], [0.0], False, True),
        ([0.0], [], True, False),
    ],
)
def test_what_is_published_stays_unless_more_or_complete_data_reach_as_far(  # noqa: PLR0913, PLR0917
    directory: ExperimentDirectory,
    tmp_path: Path,
    before: list[float],
    after: list[float],
    complete: bool,  # noqa: FBT001  # a case
    replaced: bool,  # noqa: FBT001  # a case
) -> None:
    _write(tmp_path / "1", _at(before, 1))
    _write(tmp_path / "2", _at(after, 2))
    arrays.publish(tmp_path / "1", directory)

    extent = arrays.publish(tmp_path / "2", directory, complete=complete)

    assert extent == ((len(after), after[-1]) if replaced else None)
    found = arrays.reduced(directory)
    assert found.times.tolist() == (after if replaced else before)
    assert np.all(found.height_maps == (2 if replaced else 1))
    assert len(found.spectra) == len(found.times)


def test_arrays_that_are_kept_no_longer_go_with_the_others(
    directory: ExperimentDirectory, tmp_path: Path
) -> None:
    _write(tmp_path / "1", _at([0.0, 10.0], 1))
    _write(tmp_path / "2", _at([0.0, 10.0, 20.0], 2), "height_maps", "cell_counts")
    arrays.publish(tmp_path / "1", directory)

    arrays.publish(tmp_path / "2", directory)

    found = arrays.reduced(directory)
    assert found.times.tolist() == [0.0, 10.0, 20.0]
    assert found.height_maps.shape == (3, 12, 36)
    assert found.spectra.shape == (0, 0, 0)


def test_arrays_of_different_times_are_never_joined(
    directory: ExperimentDirectory, tmp_path: Path
) -> None:
    _write(tmp_path / "1", _at([0.0, 10.0, 20.0], 1))
    arrays.publish(tmp_path / "1", directory)
    behind = directory.array_file("ffts").read_bytes()
    _write(tmp_path / "2", _at([0.0, 11.0, 21.0, 31.0], 2))
    arrays.publish(tmp_path / "2", directory)
    directory.array_file("ffts").write_bytes(behind)

    found = arrays.reduced(directory)

    assert found.times.tolist() == [0.0]
    assert len(found.height_maps) == len(found.spectra) == 1


def test_a_damaged_published_file_is_replaced(
    directory: ExperimentDirectory, tmp_path: Path
) -> None:
    directory.array_file("ffts").write_bytes(b"PK\3\4 torn")
    _write(tmp_path / "1", _at([0.0], 1))

    arrays.publish(tmp_path / "1", directory)

    with np.load(directory.array_file("ffts")) as file:
        assert file["times"].tolist() == [0.0]


@pytest.mark.parametrize("times", [[0.0, np.nan], [np.inf, np.inf], [10.0, 0.0]])
def test_times_that_cannot_be_are_damage(
    directory: ExperimentDirectory, times: list[float]
) -> None:
    maps = np.zeros((2, 3, 4), np.int16)
    np.savez(directory.height_maps, height_maps=maps, times=np.array(times))

    kept = arrays.reduced(directory, ["height_maps"])

    assert kept.damaged == ("height_maps",)
    assert kept.times.size == 0


_ON_A_FULL_DISK = """
import resource, sys
import numpy as np
from pathlib import Path
from orchestrator.records.journal import Journal
from orchestrator.model.snapshots import Snapshot
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
journal = Journal(Path(sys.argv[1]))
snapshot = Snapshot(0.0, {"height_maps": np.zeros((25, 25), np.int16)})
for i in range(5):
    try:
        journal.append(snapshot)
    except OSError as error:
        print(i, error.strerror)
"""


def test_an_entry_that_does_not_fit_on_the_disk_leaves_the_others(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _ON_A_FULL_DISK, str(tmp_path / "journal")]

    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert printed == "2 File too large\n3 File too large\n4 File too large\n"
    assert len(list(read_journal(tmp_path / "journal"))) == 2
    assert (tmp_path / "journal").stat().st_size == 2 * (8 + 12 + 34 + 1250)


def _journal(directory: ExperimentDirectory, number: int, count: int) -> None:
    directory.attempt(number).root.mkdir(parents=True)
    journal = Journal(directory.attempt(number).journal)
    for snapshot in _snapshots(count):
        journal.append(snapshot)
    journal.close()


def test_reduced_takes_the_published_arrays_unless_a_running_attempt_has_more(
    tmp_path: Path,
) -> None:
    directory = ExperimentDirectory(tmp_path)
    _journal(directory, 1, 3)
    arrays.publish(directory.attempt(1).journal, directory)
    _journal(directory, 2, 2)

    published = arrays.reduced(directory)
    _journal(directory, 3, 4)
    running = arrays.reduced(directory)

    assert published.times.tolist() == [0.0, 10.0, 20.0]
    assert running.times.tolist() == [0.0, 10.0, 20.0, 30.0]
    expected = _snapshots(4)
    assert running.height_maps.tolist() == [s.arrays["height_maps"].tolist() for s in expected]
    assert running.spectra.tolist() == [s.arrays["ffts"].tolist() for s in expected]
    assert published.cell_counts.tolist() == [[400, 0, 7], [401, 1, 7], [402, 2, 7]]
    assert running.cell_counts.tolist() == [s.arrays["cell_counts"].tolist() for s in expected]


def test_reduced_is_what_all_files_have_while_they_are_being_replaced(tmp_path: Path) -> None:
    directory = ExperimentDirectory(tmp_path)
    _write(tmp_path / "1", _snapshots(2))
    arrays.publish(tmp_path / "1", directory)
    behind = directory.array_file("cell_counts").read_bytes()
    _write(tmp_path / "2", _snapshots(5))
    arrays.publish(tmp_path / "2", directory)
    directory.array_file("cell_counts").write_bytes(behind)

    reduced = arrays.reduced(directory)

    assert reduced.times.tolist() == [0.0, 10.0]
    assert len(reduced.height_maps) == len(reduced.spectra) == len(reduced.cell_counts) == 2


def test_arrays_of_an_earlier_version_have_no_counts(tmp_path: Path) -> None:
    directory = ExperimentDirectory(tmp_path)
    _write(tmp_path / "1", _snapshots(2))
    arrays.publish(tmp_path / "1", directory)
    directory.array_file("cell_counts").unlink()

    reduced = arrays.reduced(directory)

    assert reduced.cell_counts.shape == (0, 3)
    assert len(reduced.height_maps) == 2


def test_nothing_unwanted_is_read_from_a_journal_either(tmp_path: Path) -> None:
    directory = ExperimentDirectory(tmp_path)
    _journal(directory, 1, 2)

    found = arrays.reduced(directory, ["cell_counts"])

    assert found.times.tolist() == [0.0, 10.0]
    assert (found.height_maps.size, found.spectra.size) == (0, 0)
    assert found.arrays["cell_counts"].shape == (2, 3)


def test_reduced_is_empty_where_files_are_missing_or_torn(tmp_path: Path) -> None:
    directory = ExperimentDirectory(tmp_path)
    missing = arrays.reduced(directory)
    directory.out.mkdir()
    directory.height_maps.write_bytes(b"PK\x03\x04 torn")

    torn = arrays.reduced(directory)

    assert missing.height_maps.shape == torn.height_maps.shape == (0, 0, 0)
    assert len(missing.times) == len(torn.times) == 0


@pytest.mark.parametrize(
    "description",
    [
        b"no JSON",
        b'[["height_maps", "O", [2]]]',
        b'[["height_maps", "<i2", [-2]]]',
        b'[["height_maps", "<i2", [9999999999]]]',
        b'[["height_maps", "<i2"]]',
        b"7",
    ],
)
def test_an_entry_that_describes_what_no_journal_has_ends_it(
    tmp_path: Path, description: bytes
) -> None:
    path = tmp_path / "journal"
    _write(path, _snapshots(1))
    body = struct.pack("<dI", 10.0, len(description)) + description + bytes(4)
    with path.open("ab") as file:
        file.write(struct.pack("<4sI", b"SNP2", zlib.crc32(body)) + body)

    assert [snapshot.time_t0 for snapshot in read_journal(path)] == [0.0]


@pytest.mark.parametrize("passes", [1, 2, 3])
def test_a_journal_that_is_damaged_while_it_is_published_is_not_taken_for_whole(
    tmp_path: Path,
    directory: ExperimentDirectory,
    monkeypatch: pytest.MonkeyPatch,
    passes: int,
) -> None:
    """It is read once for its times, and once more for each array."""
    path = tmp_path / "journal"
    _write(path, _snapshots(3))
    whole = path.read_bytes()
    readings = itertools.count(1)

    def damaged_meanwhile(of: Path) -> Iterator[Snapshot]:
        if next(readings) > passes:
            path.write_bytes(whole[: 2 * len(whole) // 3 - 1])
        yield from read_journal(of)

    monkeypatch.setattr(arrays, "read_journal", damaged_meanwhile)

    with pytest.raises(DamagedError, match="1 of 3 snapshots can be read"):
        arrays.publish(path, directory, complete=True, appended=3)

    assert not [*directory.out.iterdir()]
    monkeypatch.undo()
    path.write_bytes(whole)
    assert arrays.publish(path, directory, complete=True, appended=3) == (3, 20.0)
    assert arrays.reduced(directory).times.tolist() == [0.0, 10.0, 20.0]


def test_what_is_left_of_a_damaged_journal_is_published_and_told(
    tmp_path: Path, directory: ExperimentDirectory
) -> None:
    path = tmp_path / "journal"
    _write(path, _snapshots(3))
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(DamagedError, match="2 of 3 snapshots can be read"):
        arrays.publish(path, directory, complete=True, appended=3)

    assert arrays.reduced(directory).times.tolist() == [0.0, 10.0]
