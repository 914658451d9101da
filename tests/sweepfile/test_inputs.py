"""Files that parameters name: looked for beside the sweep file, and their content in the key."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from orchestrator import sweepfile
from orchestrator.errors import RequestError
from orchestrator.sweepfile import expansion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.model import Point

TEXT = """\
name: winds
parameters: {H: 30, L: 60, D: 20, MORE}
run: {stop: 100, every: 10}
"""


def _points(place: Path, more: str, swept: str = "") -> list[Point]:
    (place / "w.yaml").write_text(TEXT.replace("MORE", more) + swept)
    return expansion.expand(sweepfile.load(place / "w.yaml"))


def _named(stem: str, content: str, ending: str) -> str:
    return f"{stem}-{hashlib.sha256(content.encode()).hexdigest()[:12]}{ending}"


def test_an_edited_file_is_another_point(tmp_path: Path) -> None:
    keys = []
    for content in ("a", "b", "a"):
        (tmp_path / "wind.v2.txt").write_text(content)
        [point] = _points(tmp_path, "Wind_file: wind.v2.txt")
        name = _named("wind", content, ".v2.txt")
        assert point.parameters["Wind_file"] == name
        assert point.inputs == {name: tmp_path / "wind.v2.txt"}
        keys.append(point.key)

    assert keys[0] == keys[2] != keys[1]


def test_files_of_every_kind_are_found_on_axes_too(tmp_path: Path) -> None:
    (tmp_path / "beds").mkdir()
    for name in ("low", "high"):
        (tmp_path / "beds" / f"{name}.tab").write_text(name)
    (tmp_path / "snow.prop").write_text("of my own")
    points = _points(
        tmp_path,
        f"Phys_prop_file: ../{tmp_path.name}/snow.prop, Qsat_file: PDF.data",
        "sweep: {grid: {Csp_template: ["
        '"INPUT_ELEVATION(beds/low.tab, 1)", "INPUT_ELEVATION(beds/high.tab)"]}}\n'
        "seeds: 2\n",
    )

    templates = [f"INPUT_ELEVATION({_named(name, name, '.tab')}" for name in ("low", "high")]
    assert [point.parameters["Csp_template"] for point in points] == [
        *[f"{templates[0]},1)"] * 2,
        *[f"{templates[1]})"] * 2,
    ]
    assert {point.parameters["Phys_prop_file"] for point in points} == {
        _named("snow", "of my own", ".prop")
    }


def test_a_name_that_is_part_of_the_templates_own_is_no_other(tmp_path: Path) -> None:
    (tmp_path / "T").write_text("bed")

    [point] = _points(tmp_path, 'Csp_template: "INPUT_ELEVATION(T,1)"')

    assert point.parameters["Csp_template"] == f"INPUT_ELEVATION({_named('T', 'bed', '')},1)"


def test_a_wind_file_with_speeds_needs_what_relates_them_to_the_bed(tmp_path: Path) -> None:
    (tmp_path / "w.txt").write_text("1,rt\n3600 270 8\n")

    with pytest.raises(
        RequestError, match=r"2:35: Wind_file: w.txt: speeds need Phys_prop_file"
    ):
        _points(tmp_path, "Wind_file: w.txt")
    assert _points(
        tmp_path, "Wind_file: w.txt, Phys_prop_file: niwot_snow.prop, Qsat_file: PDF.data"
    )


def test_a_project_has_files_beside_its_sweeps(tmp_path: Path) -> None:
    for name in ("sweeps", "winds"):
        (tmp_path / name).mkdir()
    (tmp_path / "winds" / "w.txt").write_text("w")

    [point] = _points(tmp_path / "sweeps", "Wind_file: ../winds/w.txt")

    assert point.parameters["Wind_file"] == _named("w", "w", ".txt")


@pytest.mark.parametrize(
    "more",
    [
        "Phys_prop_file: real_data/sealevel_snow.prop, Qsat_file: PDF.data",
        'Csp_template: "LAYER(3)"',
    ],
)
def test_what_the_engine_has_or_makes_keeps_its_name(tmp_path: Path, more: str) -> None:
    [point] = _points(tmp_path, more)

    assert point.inputs == {}
    assert not any("-" in str(value) for value in point.parameters.values())


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ("Wind_file: wind.txt", "2:35: Wind_file: wind.txt"),
        ("Wind_file: .", "2:35: Wind_file: ."),
        ("Csp_template: INPUT_ELEVATION(bed.tab)", "2:35: Csp_template: bed.tab"),
        ("Qsat_file: mine/PDF.data", "2:35: Qsat_file: mine/PDF.data"),
        ("Wind_file: /none.txt", "2:35: Wind_file: /none.txt"),
        (
            f"Wind_file: {300 * 'w'}",
            f"2:35: Wind_file: {{}}/{300 * 'w'}",
        ),
        ("Wind_file: /etc/passwd", "2:35: Wind_file: /etc/passwd"),
        ("Wind_file: link", "2:35: Wind_file: link"),
        ("Wind_file: pipe", "2:35: Wind_file: pipe"),
        ("Wind_file: huge", "2:35: Wind_file: huge"),
    ],
)
def test_a_file_that_cannot_be_taken_is_told_with_its_place(
    tmp_path: Path, more: str, place: str, check_sentences: Callable[..., None]
) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 30)  # of which no block is on the disk

    with pytest.raises(RequestError) as caught:
        _points(tmp_path, more)

    check_sentences(caught.value.problems, f"{tmp_path}/w.yaml:{place.format(tmp_path)}")


def test_each_missing_file_on_an_axis_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(RequestError) as caught:
        _points(tmp_path, "Coef_A: 1", "sweep: {grid: {Tau_min: [0, 1], Wind_file: [a, b]}}\n")

    assert [
        problem.partition(f"{tmp_path}/w.yaml:4:33: ")[2] for problem in caught.value.problems
    ] == [
        f"Wind_file: {name}: no such file as {tmp_path}/{name}, "
        f"at Tau_min = 0, Wind_file = {name} (and 1 more)"
        for name in "ab"
    ]
