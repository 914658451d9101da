"""The table of a sweep as rows, and as the frames of pandas and polars."""

from __future__ import annotations

import sys

import pytest

from orchestrator.analysis.table import Table
from orchestrator.errors import RequestError

ROWS = Table(
    [
        {"experiment": "exp0", "Tau_min": 100, "roughness": None, "state": "pending"},
        {"experiment": "exp1", "Tau_min": 200, "roughness": 1.5, "state": "done"},
    ]
)


def test_a_table_becomes_a_frame_of_pandas() -> None:
    pytest.importorskip("pandas")

    frame = ROWS.to_pandas()

    assert list(frame.columns) == ["experiment", "Tau_min", "roughness", "state"]
    assert frame.Tau_min.tolist() == [100, 200]
    assert frame.roughness.isna().tolist() == [True, False]
    assert frame.roughness.dtype == "float64"


def test_a_column_without_any_value_is_one_of_numbers_in_pandas() -> None:
    pytest.importorskip("pandas")

    frame = Table([{"experiment": "exp0", "wavelength": None}]).to_pandas()

    assert [str(kind) for kind in frame.dtypes] == [str(frame.experiment.dtype), "float64"]
    assert Table([]).to_pandas().empty


def test_a_table_becomes_a_frame_of_polars() -> None:
    pytest.importorskip("polars")

    frame = ROWS.to_polars()

    assert frame.columns == ["experiment", "Tau_min", "roughness", "state"]
    assert frame.to_dicts() == [*ROWS]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_what_is_not_installed_is_named(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(
        RequestError, match=f"to_{library} needs {library}; .*pip install {library}$"
    ):
        getattr(ROWS, f"to_{library}")()
