"""Where the wind of an experiment blows to, whatever says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.records import winds
from orchestrator.records.paths import SweepDirectory

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.formats.parameters import Value

TURNS: dict[str, Value] = {"Rot_angle": 90.0, "Rot_delay": 5.0}


@pytest.mark.parametrize(
    ("parameters", "headings"),
    [
        ({}, {0}),
        ({"Rot_angle": 90.0}, {0}),
        (TURNS, {0, 90, 180, 270}),
        ({"wind": "1 t0 at 30"}, {30}),
        ({"Wind_file": "file.txt"}, {40}),
        ({"Wind_file": "none.txt"}, None),
        ({"wind": "1 t0 at 30", **TURNS}, None),
        ({"Wind_file": "file.txt", **TURNS}, None),
    ],
)
def test_headings_are_those_of_whatever_turns_the_wind(
    tmp_path: Path, parameters: dict[str, Value], headings: set[float] | None
) -> None:
    directory = SweepDirectory(tmp_path)
    directory.inputs.mkdir()
    (directory.inputs / "file.txt").write_text("1,t0\n2 40 0\n")

    found = winds.blowing(directory, parameters)

    assert (None if found is None else set(found.shares)) == headings
    assert winds.turning(directory, parameters) == (headings != {0})
