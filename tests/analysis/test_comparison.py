"""Two runs are the same where every snapshot is, and the first difference is named."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from orchestrator.analysis import comparison
from orchestrator.model.snapshots import Reduced
from tests.conftest import make_reduced, with_arrays

SPECTRUM = "blurred magnitude of the lowest wavenumbers"
FIRST = make_reduced(
    np.array([0.0, 10.5]),
    np.arange(24, dtype=np.int16).reshape(2, 3, 4),
    np.ones((2, 1, 1), np.float32),
    np.array([[9, 0, 0], [8, 1, 0]]),
)


def _said(second: Reduced) -> list[str]:
    return [one.difference for one in comparison.compare(FIRST, second)]


def test_equal_runs_have_equal_digests() -> None:
    again = dataclasses.replace(FIRST, times=FIRST.times.copy())

    assert _said(again) == ["", ""]
    assert comparison.digests(FIRST) == comparison.digests(again)
    assert len(set(comparison.digests(FIRST))) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"times": np.array([0.0, 10.6])}, "the second run has it at t = 10.6 t0"),
        ({"times": FIRST.times[:1]}, "the second run has no such snapshot"),
        ({"height_maps": FIRST.height_maps[:0]}, ""),
        (
            {"cell_counts": np.array([[9, 0, 0], [7, 2, 0]])},
            "cells of each state: 2 of 3 values differ",
        ),
        (
            {"height_maps": FIRST.height_maps[..., :3]},
            "height of the lowest air or mobile cell: 3 x 3 values in the second run",
        ),
        ({"ffts": 2 * FIRST.spectra}, f"{SPECTRUM}: 1 of 1 values differ"),
        ({"ffts": FIRST.spectra[:0]}, ""),
        ({"ffts": FIRST.spectra * (1 + 1e-6)}, ""),
    ],
)
def test_a_difference_is_told_in_words(changes: dict[str, Any], said: str) -> None:
    arrays = {name: array for name, array in changes.items() if name != "times"}
    second = Reduced(changes.get("times", FIRST.times), {**FIRST.arrays, **arrays})

    assert _said(second)[1] == said


def test_without_height_maps_digests_are_of_the_counts() -> None:
    bare = with_arrays(FIRST, height_maps=FIRST.height_maps[:0])
    other = with_arrays(bare, cell_counts=np.array([[9, 0, 0], [8, 1, 1]]))

    assert comparison.digests(bare)[0] == comparison.digests(other)[0]
    assert comparison.digests(bare)[1] != comparison.digests(other)[1]
    assert comparison.digests(bare)[0] != comparison.digests(FIRST)[0]


def test_small_spectra_differ_by_their_own_measure() -> None:
    small = with_arrays(FIRST, ffts=np.float32(1e-4) * FIRST.spectra)

    def said(factor: float) -> list[str]:
        other = with_arrays(small, ffts=np.float32(factor) * small.spectra)
        return [one.difference for one in comparison.compare(small, other)]

    assert said(1 + 1e-6) == ["", ""]
    assert said(1.05) == [f"{SPECTRUM}: 1 of 1 values differ"] * 2


def test_snapshots_that_were_recorded_and_are_lost_are_different() -> None:
    lost = Reduced(FIRST.times[:1], {name: a[:1] for name, a in FIRST.arrays.items()})

    found = list(comparison.compare(lost, FIRST, recorded=3))

    said = "recorded of the first run, but not in its files"
    assert [one.difference for one in found] == ["", said, said]
    assert [one.time_t0 for one in found] == pytest.approx([0.0, 10.5, np.nan], nan_ok=True)
    assert len(list(comparison.compare(lost, FIRST))) == 1


def test_columns_that_differ_are_counted() -> None:
    maps = FIRST.height_maps.copy()
    maps[1, 2, 1:3] += 1

    assert _said(with_arrays(FIRST, height_maps=maps)) == [
        "",
        "height of the lowest air or mobile cell: 2 of 12 values differ",
    ]
