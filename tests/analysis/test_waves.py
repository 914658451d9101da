"""The dominant wave: how certain its length is, and what is told where there are two."""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator.analysis import migration, observables, waves
from orchestrator.model.snapshots import Reduced

DEPTH, LENGTH = 100, 200


def measured(maps: np.ndarray) -> dict[str, np.ndarray]:
    count = len(maps)
    arrays: dict[str, np.ndarray] = {
        "height_maps": maps.round().astype(np.int16),
        "cell_counts": np.ones((count, 3)),
    }
    return observables.series(Reduced(np.arange(float(count)), arrays))


def random_beds(wavelength: float, width: float, count: int) -> np.ndarray:
    """Return beds of random waves whose wavenumbers scatter by ``width``, relatively."""
    generator = np.random.default_rng(1)
    ky, kx = np.fft.fftfreq(DEPTH)[:, None], np.fft.fftfreq(LENGTH)
    aside = (np.abs(kx) * wavelength - 1) / width
    amplitude = np.exp(-0.25 * ((ky / 0.01) ** 2 + aside**2))
    noise = np.fft.fft2(generator.normal(size=(count, DEPTH, LENGTH)))
    beds: np.ndarray = np.fft.ifft2(noise * amplitude).real
    beds *= 8 / beds.std(axis=(1, 2), keepdims=True)
    return 30 + beds


def wave(wavelength: float, amplitude: float) -> np.ndarray:
    phase = 2 * np.pi * np.arange(LENGTH) / wavelength
    return np.tile(amplitude * np.sin(phase), (DEPTH, 1))


@pytest.mark.parametrize(
    ("wavelength", "width"), [(20, 0.05), (20, 0.1), (30, 0.1), (15, 0.2), (40, 0.1), (25, 0.3)]
)
def test_the_error_is_about_as_large_as_wavelengths_scatter(
    wavelength: float, width: float
) -> None:
    found = measured(random_beds(wavelength, width, 100))

    scatter = np.nanstd(found["wavelength"])
    assert scatter / 2.2 < np.nanmean(found["wavelength_error"]) < 2.2 * scatter
    assert np.nanmean(found["wavelength"]) == pytest.approx(wavelength, rel=0.1)


def test_another_wave_is_told_where_it_is_nearly_as_strong() -> None:
    # power times frequency: equal where amplitudes are as the roots of the wavelengths
    pairs = [(1.0, 0.9), (1.0, 0.5), (0.5, 1.0)]
    beds = [30 + wave(40, 8 * a) + wave(20, 8 * b / np.sqrt(2)) for a, b in pairs]
    alone = [measured(np.array([bed])) for bed in beds]

    assert [float(f["wavelength"][0]) for f in alone] == pytest.approx([40, 40, 20], rel=0.02)
    second = [float(f["second_wavelength"][0]) for f in alone]
    assert second == pytest.approx([20, np.nan, np.nan], rel=0.02, nan_ok=True)


def test_a_series_does_not_jump_between_two_waves_of_nearly_equal_strength() -> None:
    strengths = [(1.0, 0.5), (1.0, 0.95), (0.95, 1.0), (1.0, 0.95), (0.95, 1.0), (0.4, 1.0)]
    beds = [30 + wave(40, 8 * a) + wave(20, 8 * b / np.sqrt(2)) for a, b in strengths]

    found = measured(np.array(beds))

    assert found["wavelength"] == pytest.approx([40, 40, 40, 40, 40, 20], rel=0.02)
    second = [np.nan, 20, 20, 20, 20, np.nan]
    assert found["second_wavelength"] == pytest.approx(second, rel=0.02, nan_ok=True)


def test_of_several_that_are_nearly_as_strong_the_second_is_the_strongest_but_one() -> None:
    shares = [(1.0, 0.92, 0.8), (1.0, 0.8, 0.92), (0.8, 1.0, 0.92), (0.92, 0.8, 1.0)]
    lengths = (40, 20, 10)
    amplitudes = 30 * np.sqrt(np.array(shares) * lengths / 40)
    crests = np.stack([wave(length, 1.0) for length in lengths])
    beds = np.einsum("bw,wyx->byx", amplitudes, crests)

    # each alone, which no other one before it decides
    found = [measured(np.array([100 + bed])) for bed in beds]
    together = waves.dominant_waves(migration.tapered(beds.astype(np.float32)), LENGTH)

    for i, of_each in enumerate(shares):
        _, second, first = np.argsort(of_each)
        expected = [lengths[first], lengths[second]]
        alone = [found[i][name][0] for name in ("wavelength", "second_wavelength")]
        assert alone == pytest.approx(expected, rel=0.02)
        assert together[i, :, 0] == pytest.approx(expected, rel=0.02)


def test_a_bed_without_a_wave_has_no_second_one() -> None:
    found = measured(np.random.default_rng(2).normal(30, 3, (5, DEPTH, LENGTH)))

    for name in ("wavelength", "wavelength_error", "second_wavelength", "orientation"):
        assert np.isnan(found[name]).all(), name
