"""Prove that the table of saturated flux is what its format says, and can be measured again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import orchestrator
from orchestrator.engine import qsat
from orchestrator.engine.exit_status import ExitError
from orchestrator.engine.genesis import Domain
from orchestrator.formats import properties
from orchestrator.formats.templates import parse_template

if TYPE_CHECKING:
    from numpy.typing import NDArray

REAL_DATA = Path(orchestrator.__file__).parent / "engine" / "real_data"
SMALL = Domain(30, 40, 6, parse_template("LAYER(4)"))


def parsed(text: str) -> NDArray[np.float64]:
    """Return threshold, share and relative share, [n, 3]."""
    first, *rows = text.splitlines()
    table = np.array([row.split() for row in rows], np.float64)
    assert table.shape == (int(first), 3)
    return table


def test_the_table_has_a_row_for_each_threshold_up_to_500() -> None:
    table = parsed((REAL_DATA / "PDF.data").read_text("ascii"))

    np.testing.assert_array_equal(table[:, 0], np.arange(501))


def test_erosion_decreases_from_row_to_row_and_never_ends() -> None:
    _, erosion, ratio = parsed((REAL_DATA / "PDF.data").read_text("ascii")).T

    assert ratio[0] == 1
    assert (np.diff(ratio) < 0).all()
    assert ratio[-1] > 0
    np.testing.assert_allclose(ratio, erosion / erosion[0], rtol=2e-6)


def test_a_threshold_takes_its_share_of_the_window_where_all_stresses_exceed_it() -> None:
    shares = qsat.eroding_shares(np.array([[[300, 500]]], np.float32))

    np.testing.assert_allclose(shares[[0, 100, 300, 400, 500]], [0.4, 0.3, 0.1, 0.05, 0])


def test_beyond_the_window_everything_erodes_and_against_the_wind_nothing() -> None:
    shares = qsat.eroding_shares(np.array([[[2000, -20]]], np.float32))

    np.testing.assert_array_equal(shares, 0.5)


def test_samples_are_taken_of_a_flow_that_has_begun_and_goes_on() -> None:
    stress = qsat.stresses(SMALL, 60, samples=3, every=10)

    assert stress.shape == (3, 6, 40)
    assert stress.dtype == np.float32
    assert (stress.mean(axis=(1, 2)) > 0).all()
    assert not np.array_equal(stress[0], stress[1])


def test_measuring_again_gives_the_same_text() -> None:
    def measured() -> str:
        return qsat.table(qsat.eroding_shares(qsat.stresses(SMALL, 60, samples=2, every=10)))

    first = measured()

    assert measured() == first
    table = parsed(first)
    np.testing.assert_array_equal(table[:, 0], np.arange(501))
    assert table[0, 2] == 1
    assert (np.diff(table[:, 2]) <= 0).all()


@pytest.mark.slow
def test_the_shipped_table_is_what_the_program_measures(tmp_path: Path) -> None:
    qsat.main([str(tmp_path / "PDF.data")])

    again = parsed((tmp_path / "PDF.data").read_text("ascii"))
    shipped = parsed((REAL_DATA / "PDF.data").read_text("ascii"))
    np.testing.assert_allclose(again, shipped, rtol=1e-5)
    assert [path.name for path in tmp_path.iterdir()] == ["PDF.data"]


def test_a_file_has_to_be_named() -> None:
    with pytest.raises(ExitError, match="usage: qsat FILE"):
        qsat.main([])


def test_a_file_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qsat, "_BED", SMALL)
    target = tmp_path / "nowhere" / "PDF.data"

    with pytest.raises(ExitError, match=f"{target}: cannot be written"):
        qsat.main([str(target)])


@pytest.mark.parametrize("name", ["sealevel_snow", "desert_sand"])
def test_shipped_properties_give_a_time_scale(name: str) -> None:
    grains = properties.read_properties(REAL_DATA / f"{name}.prop")
    flux = properties.read_saturated_flux(REAL_DATA / "PDF.data")

    seconds = properties.time_scale(grains, flux, tau_min=100, transport=1.5, deposition=0.5)

    assert 0 < seconds < 1e6


def test_a_grain_of_snow_begins_to_fly_in_a_weaker_wind_than_one_of_sand() -> None:
    snow, sand = (
        properties.read_properties(REAL_DATA / f"{name}.prop")
        for name in ("sealevel_snow", "desert_sand")
    )

    assert snow.threshold_velocity == pytest.approx(0.082634, abs=1e-6)
    assert snow.cell_size == pytest.approx(0.087007, abs=1e-6)
    assert sand.threshold_velocity > snow.threshold_velocity
