"""Height maps become bytes by rules that can be checked, and within what a page may carry."""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator.html import downsample


def test_single_cells_of_a_low_relief_are_kept_exactly() -> None:
    maps = np.random.default_rng(1).integers(3, 250, (4, 7, 9)).astype(np.int16)

    kept = downsample.quantized(maps, 1)

    assert (kept.low + kept.step * kept.levels == maps).all()
    assert kept.levels.dtype == np.uint8


@pytest.mark.parametrize("side", [1, 2, 3])
def test_a_high_relief_is_kept_within_half_a_step(side: int) -> None:
    maps = np.random.default_rng(2).integers(0, 2000, (3, 9, 11)).astype(np.int16)
    rows, columns = 9 // side, 11 // side
    whole = maps[:, : rows * side, : columns * side].astype(float)
    means = whole.reshape(3, rows, side, columns, side).mean(axis=(2, 4))

    kept = downsample.quantized(maps, side)

    assert kept.levels.shape == (3, rows, columns)
    assert kept.step == pytest.approx((means.max() - means.min()) / 255)
    assert np.abs(kept.low + kept.step * kept.levels - means).max() <= kept.step / 2 + 1e-9


def test_averages_are_kept_to_a_quarter_of_a_cell_and_no_finer() -> None:
    maps = np.array([[[0, 1, 4, 4], [0, 0, 4, 4]]], np.int16)

    kept = downsample.quantized(maps, 2)

    assert kept.step == 0.25
    assert (kept.low + kept.step * kept.levels).tolist() == [[[0.25, 4.0]]]


def test_each_stop_of_the_slider_takes_its_nearest_snapshot_and_the_last_is_never_left_out() -> (
    None
):
    wanted = np.array([0.0, 50.0, 100.0])

    complete = downsample.snapshots(np.array([0.0, 24.9, 49.8, 75.1, 100.02]), wanted)
    partial = downsample.snapshots(np.array([0.0, 25.1, 50.2, 75.0]), wanted)

    assert complete.tolist() == [0, 2, 4]
    assert partial.tolist() == [0, 2, 3]
    assert downsample.snapshots(np.zeros(0), wanted).tolist() == []


def test_few_experiments_get_many_times_a_hundred_twelve_and_a_thousand_eight() -> None:
    few = downsample.allowance(4, np.arange(0.0, 1001.0, 10.0))
    many = downsample.allowance(1000, np.arange(0.0, 1001.0, 10.0))
    hundred = downsample.allowance(100, np.arange(0.0, 1001.0, 10.0))
    short = downsample.allowance(4, np.arange(0.0, 31.0, 10.0))

    assert len(hundred.times) == 12
    assert 100 * hundred.block_bytes * 4 / 3 < 2.7e6  # in base64; the page is 3 MB
    assert (len(few.times), len(many.times)) == (41, 8)
    assert few.times[[0, -1]].tolist() == many.times[[0, -1]].tolist() == [0.0, 1000.0]
    assert short.times.tolist() == [0.0, 10.0, 20.0, 30.0]
    assert many.block_bytes * 1000 <= downsample.TOTAL_BYTES


def test_spectra_are_kept_as_parts_of_their_peaks() -> None:
    spectra = np.array([[[0, 2], [1, 4]], [[0, 0], [0, 0]]], np.float32)

    levels, peaks = downsample.scaled(spectra)

    assert levels.tolist() == [[[0, 128], [64, 255]], [[0, 0], [0, 0]]]
    assert peaks == [4.0, 0.0]
