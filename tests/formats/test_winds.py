"""Winds as texts and files: what is written is read again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import FormatError
from orchestrator.formats import winds
from orchestrator.formats.winds import Wind, Winds

if TYPE_CHECKING:
    from pathlib import Path

_NUMBERS = st.floats(-1e6, 1e6).map(lambda value: float(f"{value:.12g}") + 0.0)
_DURATIONS = st.floats(1e-3, 1e6).map(lambda value: float(f"{value:.12g}"))


@st.composite
def blowing(draw: st.DrawFn) -> Winds:
    unit = draw(st.sampled_from(winds.UNITS))
    strong = unit == "rt" or draw(st.booleans())
    strength = _NUMBERS if strong else st.none()
    rows = st.builds(Wind, _DURATIONS, _NUMBERS, strength)
    return Winds(unit, tuple(draw(st.lists(rows, min_size=1, max_size=4))))


@given(blowing())
def test_the_text_of_winds_is_read_as_the_same_winds(found: Winds) -> None:
    assert winds.parse(str(found)) == found


def test_the_file_of_winds_is_read_as_the_same_winds(tmp_path: Path) -> None:
    found = Winds("t0", (Wind(10, -45, 0.5), Wind(0.1, 45, 100)))
    (tmp_path / "wind").write_text(found.file(3))

    assert winds.read(tmp_path / "wind") == found


@pytest.mark.parametrize(
    "text", ["", "10 t0", "10 t0 at 4 5 t0 at 3", "10 t0 at 4, 5 s at 3", "10 t0 at 4;"]
)
def test_what_is_no_text_of_winds_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="expected winds such as"):
        winds.parse(text)


def test_shares_and_headings_of_real_time_are_where_winds_blow_to() -> None:
    """A wind of 270 degrees comes from the left."""
    west = Winds("rt", (Wind(60, 270, 8), Wind(20, 0, 8)))

    assert west.shares == {0: 0.75, 90: 0.25}
    assert west.at(0) is None
    assert Winds("rt", (Wind(60, 270, 8),)).at(3) == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1" * 20 + ",t0\n1 2 3\n", "1: expected the number of rows and t0 or rt, as in 3,t0"),
        ("9" * 5000 + ",t0\n1 2 3\n", "1: expected the number of rows and t0 or rt"),
        ("-1,t0\n1 2 3\n", "1: expected one row or more, got -1"),
        ("999999999,t0\n1 2 3\n", "expected 999999999 rows of three numbers .* got 3 numbers"),
    ],
)
def test_a_number_of_rows_that_cannot_be_is_refused(
    tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "wind").write_text(text)

    with pytest.raises(FormatError, match=sentence):
        winds.read(tmp_path / "wind")


def test_zeros_before_the_number_of_rows_mean_nothing(tmp_path: Path) -> None:
    (tmp_path / "wind").write_text("+" + "0" * 5000 + "1,t0\n1 2 3\n")

    assert winds.read(tmp_path / "wind").rows == (Wind(1, 2, 3),)


@pytest.mark.parametrize(("angle", "start"), [(7.7, 0.0), (20.0, 0.0), (-33.3, 250.0)])
def test_a_bed_goes_on_turning_after_many_turns(angle: float, start: float) -> None:
    """A bed that turns by 7.7 degrees is back after 3600 turns."""
    found = winds.by_turns(angle, 2.0, start)

    for turns in (0, 1, 359, 360, 361, 1000, 5000):
        heading = found.at(start + 2.0 * turns + 1.0)
        assert heading is not None
        assert math.cos(math.radians(heading + turns * angle)) == pytest.approx(1)
