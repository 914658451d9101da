"""What is measured on snapshots has the value that is known beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.analysis import observables
from orchestrator.model.heights import full, full_from
from tests.conftest import make_reduced, with_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.model.snapshots import Reduced

D, L = 60, 120
NO_COUNTS = np.empty((0, 3), np.int64)


def _reduced(maps: list[NDArray[np.float64]], every: float = 10.0) -> Reduced:
    heights = np.array([np.rint(one) for one in maps], np.int16)
    times = every * np.arange(len(maps), dtype=np.float64)
    return make_reduced(times, heights, np.empty((0, 0, 0), np.float32), NO_COUNTS)


def _wave(ky: float, kx: float, shift: float = 0.0) -> NDArray[np.float64]:
    """Return waves, high enough that rounding to cells hardly matters."""
    y, x = np.mgrid[:D, :L]
    phase = 2 * np.pi * (ky * y / D + kx * (x - shift) / L)
    return np.asarray(2000 + 1000 * np.cos(phase), np.float64)


@pytest.mark.parametrize(
    ("ky", "kx", "wavelength", "orientation"),
    [
        (0, 4, 30.0, 0.0),
        (3, 0, 20.0, 90.0),
        (3, 6, 20 / np.sqrt(2), 45.0),
        (-3, 6, 20 / np.sqrt(2), -45.0),
    ],
)
def test_a_plane_wave_has_its_wavelength_and_direction(
    ky: float, kx: float, wavelength: float, orientation: float
) -> None:
    found = observables.series(_reduced([_wave(ky, kx)]))

    assert found["wavelength"][0] == pytest.approx(wavelength, rel=1e-4)
    assert found["orientation"][0] == pytest.approx(orientation, abs=0.01)


def test_the_direction_of_a_wave_across_the_wind_keeps_its_bounds() -> None:
    """What stands beside the peak draws its centre to either side."""
    random = np.random.default_rng(6)
    maps = [_wave(4, sign * 0.4) + random.normal(0, 300, (D, L)) for sign in (-1, 1) * 8]

    found = observables.series(_reduced(maps))["orientation"]

    assert np.all((found > -90) & (found <= 90))
    assert np.all(np.abs(found) > 80)
    assert found.min() < 0 < found.max()


def test_a_wave_between_two_wavenumbers_is_found_between_them() -> None:
    (found,) = observables.series(_reduced([_wave(0, 10.5)]))["wavelength"]

    assert found == pytest.approx(L / 10.5, rel=0.02)


def test_the_scour_at_the_inlet_is_no_wave() -> None:
    bed = _wave(0, 9) / 10
    bed[:, :12] -= 1500
    bed[:, 12:20] += 400

    (found,) = observables.series(_reduced([bed]))["wavelength"]

    assert found == pytest.approx(L / 9, rel=0.05)


def test_a_long_undulation_does_not_hide_the_forms_on_it() -> None:
    bed = _wave(0, 2) + 0.6 * _wave(0, 8)

    (found,) = observables.series(_reduced([bed]))["wavelength"]

    assert found == pytest.approx(L / 8, rel=0.01)


def test_a_single_heap_is_no_wave() -> None:
    y, x = np.mgrid[:D, :L]
    heap = 1 + np.maximum(0, 20 - np.hypot(x - 0.6 * L, y - 0.5 * D))

    found = observables.series(_reduced([heap]))

    assert np.isnan(found["wavelength"][0])
    assert np.isnan(found["orientation"][0])


def test_waves_are_found_among_grains() -> None:
    random = np.random.default_rng(4)
    maps = [20 + 0.4 * _wave(0, 6) / 1000 + random.normal(0, 1, (D, L)) for _ in range(9)]

    found = observables.series(_reduced(maps))["wavelength"]

    assert found == pytest.approx(L / 6, rel=0.1)


def test_single_grains_make_no_wave() -> None:
    random = np.random.default_rng(5)
    shares = (0.001, 0.01, 0.1, 0.3, 0.5) * 4
    maps = [1 + random.binomial(1, share, (D, L)).astype(np.float64) for share in shares]

    found = observables.series(_reduced(maps))

    assert np.isnan(found["wavelength"]).all()
    assert np.isnan(found["orientation"]).all()


@pytest.mark.parametrize("shape", [(1, 40), (3, 40), (40, 7), (2, 2), (5, 8)])
def test_small_domains_have_waves_or_none(shape: tuple[int, int]) -> None:
    bed = np.ones(shape)
    bed[:, : shape[1] // 2] = 51

    found = observables.series(_reduced([bed]))

    assert found["wavelength"].shape == (1,)
    assert shape[1] < 12 or found["orientation"][0] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("shift", [3.0, -7.0, 2.5])
def test_forms_that_move_have_their_speed(shift: float) -> None:
    maps = [_wave(0, 3, i * shift) + _wave(2, 5, i * shift) for i in range(4)]

    found = observables.series(_reduced(maps))["migration_speed"]

    assert np.isnan(found[0])
    assert found[1:] == pytest.approx(shift / 10, rel=0.01)


def test_inlet_and_outlet_do_not_hold_the_forms() -> None:
    x = np.arange(400)
    stays = 30 + 20 * x / 400 - 20 * np.exp(-x / 15)
    maps = [
        np.tile(stays + 8 * np.sin(2 * np.pi * (x - i) / 30), (40, 1)).round() for i in range(6)
    ]

    found = observables.series(_reduced(maps))["migration_speed"]

    assert found[1:] == pytest.approx(0.1, abs=0.005)


def test_forms_that_repeat_have_moved_by_less_than_half_their_length() -> None:
    random = np.random.default_rng(1)
    maps = [_wave(0, 6, 2.0 * i) + random.normal(0, 60, (D, L)) for i in range(9)]

    found = observables.series(_reduced(maps))["migration_speed"]

    assert found[1:] == pytest.approx(0.2, abs=0.02)


def test_maps_that_do_not_resemble_each_other_have_no_speed() -> None:
    random = np.random.default_rng(1)
    for shape in ((1, 12), (1, 60), (3, 40), (20, 60), (D, L)):
        noise = [random.integers(3, 9, shape).astype(np.float64) for _ in range(60)]
        assert np.isnan(observables.series(_reduced(noise))["migration_speed"]).all()
    flat = [np.full((D, L), 5.0) for _ in range(60)]
    for one in flat:  # a few single grains
        one.flat[random.integers(0, one.size, 50)] += 1
    assert np.isnan(observables.series(_reduced(flat))["migration_speed"]).all()


@pytest.mark.parametrize("shift", [0.0, 2.0, -5.0, 9.5])
def test_forms_under_as_much_noise_keep_their_speed(shift: float) -> None:
    """Noise of 500 cells, of a form with a standard deviation of 707."""
    random = np.random.default_rng(2)
    maps = [_wave(0, 4, i * shift) + random.normal(0, 500, (D, L)) for i in range(20)]

    found = observables.series(_reduced(maps))["migration_speed"]

    assert found[1:] == pytest.approx(shift / 10, abs=0.1)  # a cell, of 30 of a wavelength
    assert found[1:].mean() == pytest.approx(shift / 10, abs=0.02)


def test_height_mass_and_roughness_are_counted() -> None:
    steps = np.ones((D, L))
    steps[:, : L // 4] = 5

    found = observables.series(_reduced([steps]))

    assert found["mean_height"][0] == 2
    assert found["mass"][0] == 4 * D * L / 4  # the ground is no grain
    assert found["roughness"][0] == pytest.approx(np.sqrt(3))


def test_walls_are_no_part_of_the_surface() -> None:
    open_, walled = _wave(0, 4), _wave(0, 4)
    walled[: D // 3] = 0

    found = observables.series(_reduced([walled, walled]))
    alone = observables.series(_reduced([open_[D // 3 :]] * 2))

    for name in ("mean_height", "roughness", "mass"):
        assert found[name] == pytest.approx(alone[name], rel=1e-6)
    assert found["wavelength"] == pytest.approx(alone["wavelength"], rel=0.01)
    assert not full(_reduced([walled, walled]).height_maps).any()


def test_columns_at_the_ceiling_are_left_out_and_a_full_domain_has_no_surface() -> None:
    bed = _wave(0, 4)
    touched, cut_off = bed.copy(), bed.copy()
    touched.flat[: D * L // 200] = 0
    cut_off.flat[: D * L // 50] = 0
    maps = [bed, touched, cut_off, 0 * bed, 0 * bed]

    found = observables.series(_reduced(maps))

    nan, left = np.nan, touched[touched > 0].round()
    means, roughness = [bed.round().mean(), left.mean()], [bed.round().std(), left.std()]
    assert found["mean_height"] == pytest.approx([*means, nan, nan, nan], nan_ok=True)
    assert found["roughness"] == pytest.approx(
        [*roughness, nan, nan, nan], rel=1e-5, nan_ok=True
    )
    assert found["mass"][1] == pytest.approx(D * L * (left.mean() - 1))
    for name in ("mass", "wavelength", "migration_speed"):
        assert np.isnan(found[name]).tolist()[2:] == [True] * 3
    assert full_from(_reduced(maps)) == 20.0
    assert np.isnan(full_from(_reduced(maps[:2])))


def test_a_flat_bed_has_no_waves_and_no_speed() -> None:
    found = observables.series(_reduced([np.full((D, L), 7), np.full((D, L), 7)]))

    assert found["mean_height"].tolist() == [7, 7]
    for name in ("wavelength", "orientation", "migration_speed"):
        assert np.isnan(found[name]).all()


def test_many_snapshots_are_measured_as_each_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = [_wave(1, 4, 2.0 * i) for i in range(7)]
    whole = observables.series(_reduced(maps))

    monkeypatch.setattr(observables, "_PIECE_CELLS", 2 * D * L)
    pieces = observables.series(_reduced(maps))

    for name in observables.QUANTITIES:
        assert np.array_equal(whole[name], pieces[name], equal_nan=True)


def test_fractions_are_of_the_grains_of_all_kinds() -> None:
    counts = np.array([[0, 0, 0], [60, 30, 10], [0, 8, 0]])
    reduced = with_arrays(_reduced([_wave(0, 4)] * 3), cell_counts=counts)

    found = observables.series(reduced)

    assert found["mobile_fraction"].tolist() == pytest.approx([np.nan, 0.3, 1.0], nan_ok=True)
    assert found["sintered_fraction"].tolist() == pytest.approx([np.nan, 0.1, 0], nan_ok=True)


def test_fractions_are_known_where_no_map_was_kept() -> None:
    maps = np.empty((0, 0, 0), np.int16)
    counts = np.array([[3, 1, 0], [2, 2, 0]])
    reduced = make_reduced(np.array([0.0, 10.0]), maps, maps.astype(np.float32), counts)

    found = observables.series(reduced)

    assert found["mobile_fraction"].tolist() == [0.25, 0.5]
    assert np.isnan(found["roughness"]).tolist() == [True, True]


def test_without_snapshots_every_series_is_empty() -> None:
    maps, spectra = np.empty((0, 0, 0), np.int16), np.empty((0, 0, 0), np.float32)
    nothing = make_reduced(np.empty(0), maps, spectra, NO_COUNTS)

    found = observables.series(nothing)

    assert {name: len(values) for name, values in found.items()} == dict.fromkeys(
        observables.QUANTITIES, 0
    )
