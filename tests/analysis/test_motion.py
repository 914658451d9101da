"""Waves that travel, grow and lengthen, and beds that move, have the numbers they were made with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from orchestrator.analysis import observables
from orchestrator.analysis.approach import approach
from orchestrator.analysis.dispersion import dispersion
from orchestrator.analysis.flux import flux
from orchestrator.analysis.offset import offset
from tests.conftest import make_reduced

if TYPE_CHECKING:
    from numpy.typing import NDArray

D, L = 48, 240
X, Y = np.arange(L), np.arange(D)[:, None]
WAVES = {40.0: (0.20, 0.004), 24.0: (0.35, 0.010), 12.0: (0.60, -0.006)}
"""Velocity in cells/t0 and growth rate in 1/t0 by wavelength in cells."""


def _travelling(times: NDArray[Any], noise: float = 0.0) -> NDArray[np.float32]:
    random = np.random.default_rng(1)
    bed = np.full((len(times), D, L), 9.0) + random.normal(0, noise, (len(times), D, L))
    for i, t in enumerate(times):
        for number, (wavelength, (velocity, growth)) in enumerate(WAVES.items()):
            phase = 2 * np.pi * (X - velocity * t) / wavelength + number + 0.3 * np.sin(Y / 9)
            bed[i] += 0.8 * np.exp(growth * t) * np.cos(phase)
    return bed.astype(np.float32)


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_each_wave_has_its_velocity_and_its_growth(noise: float) -> None:
    """Though snapshots are late by a part of a t0."""
    late = np.random.default_rng(2).uniform(0, 0.3, 15)
    times = np.array(8.0 * np.arange(15) + late, np.float64)

    found = dispersion(_travelling(times, noise), times)

    for wavelength, (velocity, growth) in WAVES.items():
        at = int(np.abs(found.wavelengths - wavelength).argmin())
        assert found.wavelengths[at] == pytest.approx(wavelength)
        assert found.velocity[at] == pytest.approx(velocity, rel=0.02)
        assert found.growth[at] == pytest.approx(growth, abs=0.001 if noise else 1e-4)
        assert found.coherence[at] > 0.9


def test_noise_is_not_coherent_and_has_no_velocity() -> None:
    noise = np.random.default_rng(3).normal(9, 1, (10, D, L)).astype(np.float32)

    found = dispersion(noise, np.arange(0.0, 100.0, 10.0))

    assert (found.coherence < 0.5).all()
    assert np.isnan(found.velocity).all()


def test_waves_that_stand_do_not_move_and_those_that_come_back_are_negative() -> None:
    times = np.arange(0.0, 50.0, 5.0)
    wave = np.stack([np.cos(2 * np.pi * (X + 0.1 * t) / 24) + 0 * Y for t in times])

    back = dispersion(wave.astype(np.float32), times)
    still = dispersion(np.repeat(wave[:1], 10, axis=0).astype(np.float32), times)

    at = int(np.abs(back.wavelengths - 24).argmin())
    assert back.velocity[at] == pytest.approx(-0.1, rel=0.01)
    assert still.velocity[at] == pytest.approx(0, abs=1e-6)


def _smooth_bed(shift_x: float, shift_y: float, seed: int = 5) -> NDArray[Any]:
    """Return a bed of many bumps, moved by part of a cell, too."""
    random = np.random.default_rng(seed)
    bed = np.zeros((D, L))
    for x, y, height in zip(
        random.uniform(-20, L + 20, 90), random.uniform(-20, D + 20, 90), random.uniform(1, 4, 90),
        strict=True,
    ):  # fmt: skip
        bed += height * np.exp(-((X - x - shift_x) ** 2 + (Y - y - shift_y) ** 2) / 2 / 4**2)
    return bed.astype(np.float32)


@pytest.mark.parametrize(
    "shift", [(0.0, 0.0), (3.0, -2.0), (5.4, 1.3), (-7.6, 4.2), (0.5, -0.5)]
)
def test_a_bed_that_moves_has_its_offset(shift: tuple[float, float]) -> None:
    found = offset(_smooth_bed(0, 0), _smooth_bed(*shift))

    assert (found.x, found.y) == pytest.approx(shift, abs=0.15)
    assert found.quality > 0.95


def test_of_waves_the_shorter_offset_is_meant() -> None:
    before, after = (np.cos(2 * np.pi * (X - by) / 24) + 0 * Y for by in (0, 6))

    found = offset(before.astype(np.float32), after.astype(np.float32))

    assert (found.x, found.y) == pytest.approx((6, 0), abs=0.2)


def test_beds_that_are_not_the_same_have_no_offset_but_a_quality() -> None:
    one, other = _smooth_bed(0, 0), _smooth_bed(0, 0, seed=6)
    noisy = _smooth_bed(4, 0) + np.random.default_rng(1).normal(0, 1.5, (D, L)).astype(
        np.float32
    )
    flat = np.full((D, L), 3, np.float32)

    strange, through, nothing = offset(one, other), offset(one, noisy), offset(one, flat)

    assert np.isnan([strange.x, strange.y]).all()
    assert 0 <= strange.quality < 0.7
    assert through.x == pytest.approx(4, abs=0.3)
    assert 0.5 < through.quality < 0.95
    assert (np.isnan(nothing.x), nothing.quality) == (True, 0.0)


@pytest.mark.parametrize(("start", "limit", "tau"), [(16.0, 40.0, 120.0), (60.0, 20.0, 40.0)])
def test_a_bed_whose_waves_lengthen_has_the_constants_of_its_approach(
    start: float, limit: float, tau: float
) -> None:
    times = np.arange(0.0, 600.0, 20.0)
    lengths = limit + (start - limit) * np.exp(-times / tau)
    maps = np.stack([9.5 + 4 * np.cos(2 * np.pi * np.arange(480) / n) + 0 * Y for n in lengths])
    reduced = make_reduced(times, np.rint(maps).astype(np.int16))

    measured = observables.series(reduced)["wavelength"]
    found = approach(np.asarray(times, np.float64), measured)

    assert found is not None
    assert found.limit == pytest.approx(limit, rel=0.03)
    assert found.start == pytest.approx(start, rel=0.06)
    assert found.tau == pytest.approx(tau, rel=0.1)
    assert found.at(times) == pytest.approx(lengths, rel=0.06)
    for value, error, true in zip(
        (found.start, found.limit, found.tau), found.errors, (start, limit, tau), strict=True
    ):
        assert abs(value - true) < max(4 * error, 0.03 * true)


@pytest.mark.parametrize(
    "values",
    [np.arange(20.0), np.full(20, 5.0), np.array([1.0, 2.0] + [np.nan] * 18)],
    ids=["line", "constant", "few"],
)
def test_what_comes_to_no_limit_has_no_approach(values: NDArray[Any]) -> None:
    assert approach(10.0 * np.arange(20, dtype=np.float64), values) is None


def test_a_dune_that_moves_on_carries_its_height_through_each_section() -> None:
    """Exner: of a form that keeps its shape, the flux is its celerity times its height there."""
    celerity, times = 0.4, np.array([0.0, 5.0, 11.0, 15.0])

    def heights(t: float) -> NDArray[np.float64]:
        return 2 + 6 * np.exp(
            -(((X + 0.5 - 60 - celerity * t) / 12) ** 2) - ((Y - 24) / 9) ** 2
        )

    maps = np.array([heights(t) for t in times], np.float32)

    through = flux(maps, times)

    assert through.shape == (3, L + 1)
    for i in range(3):
        # half-way between two maps, before column x
        middle = (times[i] + times[i + 1]) / 2
        dune = 6 * np.exp(-(((np.arange(L + 1) - 60 - celerity * middle) / 12) ** 2))
        per_width = celerity * dune * np.exp(-(((Y - 24) / 9) ** 2)).mean()
        assert through[i] == pytest.approx(per_width, abs=0.01 * per_width.max())
    assert (through[:, 0] == 0).all()
    assert through[:, -1] == pytest.approx(0, abs=1e-4)


def test_what_rises_counts_against_it_and_what_falls_or_leaves_passes_the_last_section() -> (
    None
):
    """A bed that rises by 0.1 cells/t0 gains that in each column upwind of a section."""
    times = np.array([0.0, 10.0, 30.0])
    maps = np.full((3, D, L), 4.0) + 0.1 * times[:, None, None]

    rising = flux(maps.astype(np.float32), times)
    eroded = flux(-maps.astype(np.float32), times)

    assert rising == pytest.approx(np.tile(-0.1 * np.arange(L + 1), (2, 1)), rel=1e-5)
    assert eroded == pytest.approx(-rising)
    all_stays = flux(maps.astype(np.float32), times, supply=0.1)
    assert all_stays == pytest.approx(np.zeros((2, L + 1)), abs=1e-4)
    passes = flux(np.full((2, D, L), 4, np.float32), times[:2], supply=0.1)
    assert passes == pytest.approx(0.1 * np.arange(L + 1)[None])
