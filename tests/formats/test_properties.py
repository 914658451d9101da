"""Property files tell how long a unit of time lasts, and raise a threshold of zero."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import orchestrator
from orchestrator.errors import FormatError
from orchestrator.formats.properties import (
    Properties,
    SaturatedFlux,
    read_properties,
    read_saturated_flux,
    shear_velocity,
    time_scale,
    wind_speed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SHIPPED = Path(orchestrator.__file__).parent / "engine" / "real_data"
RECORDED = Path(__file__).parents[3] / "shared" / "reference" / "real_data"

SNOW = {
    "kappa": 0.4,
    "z_0": 1e-3,
    "z": 1.0,
    "rhoair": 1.25,
    "rhosand": 250,
    "g": 9.81,
    "d": 2e-4,
}
FLUX = SaturatedFlux(
    np.array([0, 50, 100], np.float32),
    np.array([0.5, 0.25, 0.05], np.float32),
    np.array([1, 0.5, 0.125], np.float32),
)


def _snow() -> Properties:
    return Properties(**{name: np.float32(value) for name, value in SNOW.items()})


def _text() -> str:
    return "".join(f"{name}={value}\n" for name, value in SNOW.items())


def test_a_property_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "snow.prop"
    path.write_text(_text())

    assert read_properties(path) == _snow()


@pytest.mark.parametrize(
    "text",
    [
        _text().replace("=", "= \t"),
        " " + _text().replace("\n", "\n\n  "),
        _text().replace("\n", " "),
        _text() + "and what follows does not matter",
    ],
)
def test_white_space_in_a_property_file_does_not_matter(tmp_path: Path, text: str) -> None:
    path = tmp_path / "snow.prop"
    path.write_text(text)

    assert read_properties(path) == _snow()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "1"),
        (_text().replace("z_0", "z0"), "2"),
        (_text().replace("g=", "g ="), "6"),
        (_text().replace("250", "heavy"), "5"),
        (_text().replace("250", "-250"), "5: rhosand"),
        (_text()[:-7], "7"),
    ],
)
def test_a_broken_property_file_is_refused_by_its_line(
    tmp_path: Path, text: str, place: str, check_sentences: Callable[..., None]
) -> None:
    path = tmp_path / "snow.prop"
    path.write_text(text)

    with pytest.raises(FormatError) as caught:
        read_properties(path)

    check_sentences([str(caught.value)], f"{path}:{place}")


def test_a_table_of_the_flux_is_read(tmp_path: Path) -> None:
    path = tmp_path / "flux"
    path.write_text("3\n0 0.5 1\n 50 0.25\n0.5 100 0.05 0.125 what follows does not matter")

    table = read_saturated_flux(path)

    for name in ("tau", "erosion", "ratio"):
        np.testing.assert_array_equal(getattr(table, name), getattr(FLUX, name))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", ":1"),
        ("0\n", ":1"),
        ("-1\n", ":1"),
        ("2.5\n", ":1"),
        ("9" * 5000, ":1"),
        ("0" * 5000 + "1\n1 1\n", ""),
        ("2\n0 1 1\n1 1\n", ""),
        ("2\n0 1 1\n1 one 1\n", ":3"),
        ("1\n0 1 1e39", ":2"),
        (f"1\n0 1 {9999 * 'x'}", ":2"),
        ("2\n5 1 1\n5 1 1\n", ""),
    ],
)
def test_a_broken_table_is_refused_by_its_line(
    tmp_path: Path, text: str, place: str, check_sentences: Callable[..., None]
) -> None:
    path = tmp_path / "flux"
    path.write_text(text)

    with pytest.raises(FormatError) as caught:
        read_saturated_flux(path)

    check_sentences([str(caught.value)], f"{path}{place}")


def test_the_threshold_and_the_cell_follow_from_grain_and_air() -> None:
    snow = _snow()

    assert snow.threshold_velocity == pytest.approx(0.1 * math.sqrt(200 * 9.81 * 2e-4))
    assert snow.cell_size == pytest.approx(1.25 * 200 * 2e-4)


def test_a_unit_of_time_is_the_flux_of_the_model_over_that_in_nature() -> None:
    threshold = 0.1 * math.sqrt(200 * 9.81 * 2e-4)
    friction = threshold / math.sqrt(1 - 0.125)
    natural = 22 / 200 * math.sqrt(2e-4 / 9.81) * (friction**2 - threshold**2)

    scale = time_scale(_snow(), FLUX, tau_min=51, transport=1.5, deposition=0.5)

    assert scale == pytest.approx(1.5 * 0.05 / 0.5 * 0.05**2 / natural, rel=1e-5)


def test_an_exact_threshold_takes_its_own_row() -> None:
    own = time_scale(_snow(), FLUX, tau_min=50, transport=1.5, deposition=0.5)
    between = time_scale(_snow(), FLUX, tau_min=49.5, transport=1.5, deposition=0.5)

    assert own == between


@pytest.mark.parametrize(("tau_min", "deposition"), [(0, 0.5), (-3, 0.5), (50, 0)])
def test_where_no_grain_flies_in_nature_the_scale_is_a_million(
    tau_min: float, deposition: float
) -> None:
    assert time_scale(_snow(), FLUX, tau_min, transport=1.5, deposition=deposition) == 1e6


def test_beyond_the_table_its_last_row_counts() -> None:
    last = time_scale(_snow(), FLUX, tau_min=100, transport=1.5, deposition=0.5)

    assert time_scale(_snow(), FLUX, tau_min=9999, transport=1.5, deposition=0.5) == last


@pytest.mark.parametrize(
    ("tau_min", "transport", "deposition", "seconds"),
    [(200, 30, 2, 32721.1), (100, 1.5, 0.5, 3294.59)],
)
def test_the_time_scale_is_the_recorded_one(
    tau_min: float, transport: float, deposition: float, seconds: float
) -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recorded property files are not here")
    properties = read_properties(RECORDED / "sealevel_snow.prop")
    flux = read_saturated_flux(RECORDED / "PDF.data")

    found = time_scale(properties, flux, tau_min, transport, deposition)

    assert properties.threshold_velocity == pytest.approx(0.082634, abs=5e-7)
    assert properties.cell_size == pytest.approx(0.087007, abs=5e-7)
    assert found == pytest.approx(seconds, rel=5e-6)


@pytest.mark.parametrize(("tau_min", "velocity"), [(200, 0.103592), (100, 0.146000)])
def test_a_threshold_stands_for_a_wind(tau_min: float, velocity: float) -> None:
    """Of the shear velocity that ReSCAL-snow's TIME.log follows from, and the law of the wall."""
    physical = read_properties(SHIPPED / "sealevel_snow.prop")
    flux = read_saturated_flux(SHIPPED / "PDF.data")

    found = shear_velocity(physical, flux, tau_min)

    assert found == pytest.approx(velocity, rel=3e-3)  # the table that ships is our own
    at_roughness = wind_speed(physical, float(found or 0), float(physical.z_0))
    at_10m, at_100m = (wind_speed(physical, velocity, z) for z in (10.0, 100.0))
    assert at_roughness == pytest.approx(0)
    assert at_100m - at_10m == pytest.approx(velocity / 0.4 * np.log(10), rel=0.03)
