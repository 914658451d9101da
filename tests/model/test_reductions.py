"""Height maps and spectra against plain definitions of them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from orchestrator.model import Outputs, reduction_kernels, reductions

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _plain_heights(states: NDArray[np.generic]) -> NDArray[np.int16]:
    """Return the definition: the first open cell from the ground, 0 where there is none."""
    is_open = (states == 3) | (states == 1)
    heights: NDArray[np.int16] = np.argmax(is_open[:, ::-1, :], axis=1).astype(np.int16)
    return heights


def _plain_spectrum(heights: NDArray[np.int16]) -> NDArray[np.float64]:
    depth, length = heights.shape
    waves = np.fft.fft2(heights - heights.mean())[: depth // 2 or 1, : length // 2 or 1]
    kept = np.abs(waves * 2 / (depth * length))
    kept = kept[: max(1, len(kept) // 6), : max(1, kept.shape[1] // 6)]
    blurred = ndimage.gaussian_filter(kept, 1.0)
    blurred[0, 0] = 0
    return np.asarray(blurred)


@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 4), st.integers(1, 12), st.integers(1, 9)),
    rows=st.integers(0, 15),
)
def test_heights_are_those_of_the_definition_whatever_is_guessed(
    seed: int, shape: tuple[int, int, int], rows: int
) -> None:
    states = np.random.default_rng(seed).integers(0, 12, shape).astype(np.uint8)
    heights = np.full((shape[0], shape[2]), -9, np.int16)

    needed = reduction_kernels.lowest_open(states, heights, rows)

    expected = _plain_heights(states)
    np.testing.assert_array_equal(heights, expected)
    assert expected.max() < needed <= shape[1] + 1


@pytest.mark.parametrize("top", [0, 1, 253, 254, 255, 256, 399])
def test_high_columns_are_counted_without_overflow(top: int) -> None:
    states = np.zeros((2, 400, 3), np.uint8)
    states[1, 399 - top, 2] = 3
    heights = np.empty((2, 3), np.int16)

    reduction_kernels.lowest_open(states, heights, 5)

    np.testing.assert_array_equal(heights, [[0, 0, 0], [0, 0, top]])


def test_only_the_rows_that_decide_are_reported() -> None:
    states = np.zeros((1, 50, 4), np.uint8)
    states[0, :43] = 3  # seven closed rows below

    needed = reduction_kernels.lowest_open(states, np.empty((1, 4), np.int16), 1)

    assert needed == 8


def test_columns_that_are_not_decided_are_reported() -> None:
    states = np.zeros((1, 50, 4), np.uint8)
    states[0, :43, 1:] = 3

    assert reduction_kernels.lowest_open(states[:, -20:], np.empty((1, 4), np.int16), 1) == 21


def test_the_wall_of_a_view_is_not_looked_at() -> None:
    walled = np.full((3, 6, 6), 3, np.uint8)
    inner = walled[1:-1, 1:-1, 1:-1]
    inner[...] = 0
    inner[0, 1, 2] = 1
    heights = np.empty((1, 4), np.int16)

    reduction_kernels.lowest_open(inner, heights, 4)

    np.testing.assert_array_equal(heights, [[0, 0, 2, 0]])


def test_grains_are_counted_by_state() -> None:
    states = np.repeat(np.arange(12, dtype=np.uint8), np.arange(12)[::-1])[:, None, None]
    counts = np.zeros(3, np.int64)

    reduction_kernels.add_states(counts, states)

    assert counts.tolist() == [11, 10, 9]


@pytest.mark.parametrize(
    "shape", [(1, 1), (2, 5), (12, 12), (13, 30), (50, 120), (70, 151), (200, 400)]
)
def test_spectra_are_those_of_scipy(shape: tuple[int, int]) -> None:
    heights = np.random.default_rng(3).integers(0, 40, shape).astype(np.int16)

    found = reductions.spectrum(heights)

    assert found.dtype == np.float32
    assert found.shape == reductions.spectrum_shape(*shape)
    np.testing.assert_allclose(found, _plain_spectrum(heights), rtol=2e-7, atol=1e-9)


def test_a_flat_map_has_no_spectrum() -> None:
    heights = np.full((30, 60), 7, np.int16)

    np.testing.assert_array_equal(reductions.spectrum(heights), np.zeros((2, 5), np.float32))


def test_a_wave_shows_at_its_wavenumber_with_its_amplitude_blurred() -> None:
    x = np.arange(240)
    heights = np.rint(100 * np.cos(2 * np.pi * 9 * x / 240)).astype(np.int16)
    heights = np.broadcast_to(heights, (120, 240)).copy()

    found = reductions.spectrum(heights)

    assert found.shape == (10, 20)
    assert found.argmax() == 9
    weights = np.exp(-0.5 * np.arange(-4, 5) ** 2)
    weights /= weights.sum()
    # the row above the first is its mirror image
    assert found[0, 9] == pytest.approx(100 * weights[4] * (weights[4] + weights[3]), rel=1e-3)


def test_what_is_kept_is_of_the_table_without_what_is_switched_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fourth = dataclasses.replace(reductions.HEIGHT_MAPS, name="fourth", output=None)
    monkeypatch.setattr(reductions, "REDUCTIONS", (*reductions.REDUCTIONS, fourth))

    assert Outputs(ffts=False).shipped() == ("height_maps", "cell_counts", "fourth")
    assert Outputs(height_maps=False).shipped() == ("ffts", "cell_counts", "fourth")
