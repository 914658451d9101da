"""Series are measured once, and again when what they are of has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.analysis import measured, observables
from orchestrator.model.snapshots import Snapshot
from orchestrator.records import arrays
from orchestrator.records.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.model.reductions import Reduction
    from orchestrator.model.snapshots import Reduced
    from orchestrator.records.paths import SweepDirectory

COUNT = 3


def _publish(sweep: SweepDirectory, number: int, rise: int = 0, snapshots: int = 2) -> None:
    """Publish maps whose mean height is their number, the experiment's number and ``rise``."""
    place = sweep.experiment(number)
    attempt = place.attempt(1)
    attempt.root.mkdir(parents=True, exist_ok=True)
    journal = Journal(attempt.journal)
    for index in range(snapshots):
        heights = np.full((6, 20), 1 + index + number + rise, np.int16)
        journal.append(Snapshot(10.0 * index, {"height_maps": heights}))
    journal.close()
    arrays.publish(attempt.journal, place, complete=True)
    attempt.journal.unlink()


@pytest.fixture
def sweep(sweep_directory: SweepDirectory) -> SweepDirectory:
    for number in range(COUNT):
        _publish(sweep_directory, number)
    return sweep_directory


def _heights(sweep: SweepDirectory) -> list[list[float]]:
    read = measured.measured(sweep, [2, 0, 1])
    return [of_one.values["mean_height"].tolist() for of_one in read]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many snapshots each call has measured."""
    calls: list[int] = []
    series = observables.series

    def counting(reduced: Reduced, own: Sequence[Reduction]) -> dict[str, object]:
        calls.append(len(reduced.times))
        return dict(series(reduced, own))

    monkeypatch.setattr(observables, "series", counting)
    return calls


def test_series_are_in_the_order_asked_for_and_measured_once(
    sweep: SweepDirectory, counted: list[int]
) -> None:
    first, second = _heights(sweep), _heights(sweep)

    assert first == second == [[3.0, 4.0], [1.0, 2.0], [2.0, 3.0]]
    assert counted == [2, 2, 2]


def test_what_was_published_again_is_measured_again(
    sweep: SweepDirectory, counted: list[int]
) -> None:
    _heights(sweep)

    _publish(sweep, 1, rise=5, snapshots=3)

    assert _heights(sweep) == [[3.0, 4.0], [1.0, 2.0], [7.0, 8.0, 9.0]]
    assert counted == [2, 2, 2, 3]


def test_snapshots_that_are_not_published_yet_are_not_kept(
    sweep: SweepDirectory, counted: list[int]
) -> None:
    attempt = sweep.experiment(0).attempt(2)
    attempt.root.mkdir(parents=True)
    journal = Journal(attempt.journal)
    for index in range(3):
        heights = np.full((6, 20), 1 + index, np.int16)
        journal.append(Snapshot(10.0 * index, {"height_maps": heights}))
    journal.close()

    assert _heights(sweep) == _heights(sweep) == [[3.0, 4.0], [1.0, 2.0, 3.0], [2.0, 3.0]]
    assert sorted(counted) == [2, 2, 3, 3]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"no archive"])
def test_a_damaged_file_is_made_again(
    sweep: SweepDirectory, counted: list[int], content: bytes
) -> None:
    before = _heights(sweep)
    sweep.series.write_bytes(content)

    assert _heights(sweep) == before
    assert len(counted) == 2 * COUNT
    assert _heights(sweep) == before
    assert len(counted) == 2 * COUNT


def test_series_whose_lengths_cannot_be_are_measured_again(
    sweep: SweepDirectory, counted: list[int]
) -> None:
    before = _heights(sweep)
    with np.load(sweep.series) as file:
        kept = dict(file)
    kept["counts"] = np.array([5, -3, *kept["counts"][2:]])
    np.savez(sweep.series, **kept)

    assert _heights(sweep) == before
    assert len(counted) == 2 * COUNT


def test_other_code_measures_again(
    sweep: SweepDirectory, counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _heights(sweep)

    monkeypatch.setattr(measured, "_code", lambda: "another")

    _heights(sweep)
    assert len(counted) == 2 * COUNT


def test_where_nothing_can_be_written_series_are_measured_all_the_same(
    sweep: SweepDirectory,
) -> None:
    sweep.series.mkdir()

    assert _heights(sweep) == [[3.0, 4.0], [1.0, 2.0], [2.0, 3.0]]
