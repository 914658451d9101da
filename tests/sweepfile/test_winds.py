"""Winds as a value of a sweep file, and names of its own that their formulas use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from orchestrator import sweepfile
from orchestrator.errors import RequestError
from orchestrator.sweepfile import expansion, tree
from orchestrator.sweepfile.tree import Branch, Items, Leaf

if TYPE_CHECKING:
    from collections.abc import Callable

TWO = """\
name: two
parameters:
  H: 30
  L: 60
  D: 60
  Lambda_E: 1
  Rot_mode: FULL
  wind:
    - {duration: "5 * ratio", angle: "-divergence / 2"}
    - {duration: 5, angle: "divergence / 2"}
MORE
run: {stop: 100, every: 10}
"""
GRID = "sweep: {grid: {divergence: [60, 120], ratio: [1, 2.5]}}"
SPEEDS = "{duration: 6h, angle: 0, speed: 8}, {duration: 90, angle: 0, speed: fast}"
PROPERTIES = "Phys_prop_file: sealevel_snow.prop, Qsat_file: PDF.data"


@pytest.fixture(autouse=True)
def _in_an_empty_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _winds(text: str) -> list[object]:
    Path("w.yaml").write_text(text)
    points = expansion.expand(sweepfile.load(Path("w.yaml")))
    return [point.parameters["wind"] for point in points]


def _of(wind: str, more: str = "") -> str:
    held = f"{{H: 30, L: 60, D: 20, Lambda_E: 1, wind: {wind}}}"
    return f"name: w\nparameters: {held}\n{more}\nrun: {{stop: 100, every: 10}}\n"


def _problems(text: str) -> list[str]:
    with pytest.raises(RequestError) as caught:
        _winds(text)
    return [problem.removeprefix("w.yaml:") for problem in caught.value.problems]


def _plain(node: tree.Node) -> object:
    """Return what a YAML 1.2 reader makes of a tree."""
    if isinstance(node, Branch):
        return {key: _plain(child) for key, child in node.nodes.items()}
    if isinstance(node, Items):
        return [_plain(child) for child in node.nodes]
    assert isinstance(node, Leaf)
    try:
        return node.text if node.quoted else float(node.text)
    except ValueError:
        return node.text


def test_divergence_and_ratio_are_two_axes() -> None:
    assert _winds(TWO.replace("MORE", GRID)) == [
        "5 t0 at -30, 5 t0 at 30",
        "12.5 t0 at -30, 5 t0 at 30",
        "5 t0 at -60, 5 t0 at 60",
        "12.5 t0 at -60, 5 t0 at 60",
    ]


@pytest.mark.parametrize(
    ("sweep", "winds"),
    [
        ("zip: {divergence: [0, 90], ratio: [1, 0]}", ["5 t0 at 0, 5 t0 at 0", "5 t0 at 45"]),
        ("list: [{divergence: 10, ratio: 3}]", ["15 t0 at -5, 5 t0 at 5"]),
        (
            "grid: {divergence: {linspace: [0, 180, 3]}, ratio: [1]}",
            [f"5 t0 at {-a}, 5 t0 at {a}" for a in (0, 45, 90)],
        ),
    ],
    ids=["zip", "list", "linspace"],
)
def test_names_of_a_files_own_stand_on_axes_of_every_kind(sweep: str, winds: list[str]) -> None:
    assert _winds(TWO.replace("MORE", f"sweep: {{{sweep}}}")) == winds


def test_a_sample_spreads_winds_over_ranges() -> None:
    space = "{divergence: {low: 0, high: 180}, ratio: {low: 1, high: 4}}"
    Path("w.yaml").write_text(
        TWO.replace("MORE", f"sweep: {{sample: {{n: 4, space: {space}}}}}")
    )

    points = expansion.expand(sweepfile.load(Path("w.yaml")))

    for point in points:
        half = float(point.parameters["divergence"]) / 2
        longer = 5 * float(point.parameters["ratio"])
        wanted = f"{longer:.12g} t0 at {-half:.12g}, 5 t0 at {half:.12g}"
        assert point.parameters["wind"] == wanted


def test_derived_names_and_parameters_may_be_part_of_a_wind() -> None:
    text = _of(
        '[{duration: "period", angle: 0, Tau_min: "half"}]',
        "derived: {half: threshold / 2, period: L / 3}\nsweep: {grid: {threshold: [10]}}",
    )

    assert _winds(text) == ["20 t0 at 0 (Tau_min 5)"]


def test_whole_winds_stand_on_an_axis() -> None:
    text = (
        _of("WIND")
        .replace(", wind: WIND", "")
        .replace(
            "run:",
            "sweep: {grid: {wind: [[{duration: 1, angle: 0}], "
            "[{duration: 1, angle: 10}, {duration: 2, angle: 20}]]}}\nrun:",
        )
    )

    assert _winds(text) == ["1 t0 at 0", "1 t0 at 10, 2 t0 at 20"]


def test_real_times_have_speeds() -> None:
    text = _of(f"[{SPEEDS}], fast: 12, {PROPERTIES}")

    assert _winds(text) == ["21600 s at 0 (8 m/s), 90 s at 0 (12 m/s)"]


def test_equal_winds_have_equal_keys_and_others_have_others() -> None:
    keys = []
    for wind in (
        "[{duration: 10, angle: 0}]",
        "[{duration: 1e1, angle: 0.0}]",
        "[{duration: 10, angle: 1}]",
    ):
        Path("w.yaml").write_text(_of(wind))
        [point] = expansion.expand(sweepfile.load(Path("w.yaml")))
        keys.append(point.key)

    assert keys[0] == keys[1] != keys[2]


def test_own_thresholds_replace_those_of_a_template() -> None:
    Path("windy.yaml").write_text("parameters: {Tau_min: 100, Wind_file: gone.txt}\n")
    text = _of("[{duration: 1, angle: 0, Tau_min: 5}]", "extends: windy")
    Path("w.yaml").write_text(text)

    [point] = expansion.expand(sweepfile.load(Path("w.yaml")))

    assert not {"Tau_min", "Wind_file"} & point.parameters.keys()


def test_a_wind_file_of_a_nearer_layer_replaces_the_winds_of_a_template() -> None:
    Path("windy.yaml").write_text("parameters: {wind: [{duration: 1, angle: 0}]}\n")
    Path("wind.txt").write_text("1,t0\n1 0 0\n")
    Path("w.yaml").write_text(
        _of("X", "extends: windy").replace("wind: X", "Wind_file: wind.txt")
    )

    [point] = expansion.expand(sweepfile.load(Path("w.yaml")))

    assert "wind" not in point.parameters


@pytest.mark.parametrize(
    ("wind", "more", "place"),
    [
        ("3", "", "2:54: parameters.wind"),
        ("[]", "", "2:54: parameters.wind"),
        ("[3]", "", "2:55: parameters.wind.1"),
        ("[{duration: 1}]", "", "2:55: parameters.wind.1.angle"),
        ("[{duration: 1, angel: 3}]", "", "2:55: parameters.wind.1.angle; 2:69: parameters.wind.1.angel"),
        ("[{duration: -1, angle: 3}]", "", "2:66: parameters.wind.1.duration: -1"),
        ("[{duration: 1e-9, angle: 3}]", "", "2:66: parameters.wind.1.duration: 1e-9"),
        ("[{duration: 1e38, angle: 3}]", "", "2:66: parameters.wind.1.duration: 1e38"),
        ("[{duration: 1, angle: 1e30}]", "", "2:76: parameters.wind.1.angle: 1e30"),
        (f"[{{duration: 1, angle: 3, speed: -3}}], {PROPERTIES}", "", "2:86: parameters.wind.1.speed: -3"),
        ("[{duration: 0, angle: 3}]", "", "2:48: wind"),
        ("[{duration: 1, angle: 3 +}]", "", "2:79: parameters.wind.1.angle"),
        ('[{duration: 1, angle: "1 / (H - 30)"}]', "", "2:76: parameters.wind.1.angle"),
        ("[{duration: 1, angle: turn}]", "", "2:76: parameters.wind.1.angle: turn"),
        ("[{duration: 1, angle: 3, Tau_min: 1, speed: 2}]", "", "2:91: parameters.wind.1.speed"),
        ("[{duration: 1, angle: 3, Tau_min: 1}, {duration: 1, angle: 3}]", "", "2:54: parameters.wind"),
        ("[{duration: 6h, angle: 3}]", "", "2:66: parameters.wind.1.duration"),
        ("[{duration: 6h, angle: 3, speed: 8}]", "", "2:48: parameters.wind"),
        ("[{duration: 1, angle: 3, Tau_min: 1}], Tau_min: 3", "", "2:93: Tau_min"),
        ("[{duration: 1, angle: 3, Tau_min: 1}]", "derived: {Tau_max: Tau_min + 1}", "3:11: derived.Tau_max"),
        ("[{duration: 1, angle: 3}], Wind_file: w.txt", "", "2:81: Wind_file"),
        ("[{duration: 1, angle: 3}]", "derived: {wind: 3}", "3:11: derived.wind"),
        ("[{duration: 1, angle: 3}]", "sweep: {grid: {spread: [3]}}", "3:16: sweep.grid.spread"),
        ("[{duration: 1, angle: wavelength}]", "sweep: {grid: {wavelength: [3]}}", "2:76: parameters.wind.1.angle: wavelength; 3:16: sweep.grid.wavelength"),
        ("[{duration: 1, angle: mass}]", "sweep: {grid: {mass: [3]}}", "2:76: parameters.wind.1.angle: mass; 3:16: sweep.grid.mass"),
        ("[{duration: 1, angle: tau_min}]", "sweep: {grid: {tau_min: [3]}}", "2:76: parameters.wind.1.angle: tau_min; 3:16: sweep.grid.tau_min"),
    ],
)  # fmt: skip
def test_a_mistake_in_winds_has_its_place(
    wind: str, more: str, place: str, check_sentences: Callable[..., None]
) -> None:
    check_sentences(_problems(_of(wind, more)), *place.split("; "))


@pytest.mark.parametrize(
    ("parameters", "place"),
    [
        ("Rot_mode: DISK", "2:48: Rot_mode"),
        ("Rot_mode: FULL", "2:48: Rot_mode"),
        ("Rot_angle: 9", "2:48: Rot_angle"),
        ("Rot_delay: 9", "2:48: Rot_delay"),
        ("Rot_ncycl: 60", "2:48: Rot_ncycl"),
        ("Rot_angle: 9, Rot_delay: 3, wind: [{duration: 1, angle: 3}]", "2:62: Rot_delay"),
        ("wind: [{duration: 1, angle: 3, Tau_min: -4}]", "2:48: wind"),
        (f"Tau_max: 9, wind: [{{duration: 6h, angle: 3, speed: 8}}], {PROPERTIES}", "2:48: Tau_max"),
    ],
)  # fmt: skip
def test_what_is_hardly_meant_is_a_warning(
    parameters: str, place: str, check_sentences: Callable[..., None]
) -> None:
    Path("w.yaml").write_text(_of("X").replace("wind: X", parameters))

    check_sentences(sweepfile.load(Path("w.yaml")).warnings, f"w.yaml:{place}")


def test_winds_that_turn_are_no_doubt() -> None:
    Path("w.yaml").write_text(TWO.replace("MORE", GRID))

    assert sweepfile.load(Path("w.yaml")).warnings == ()


def test_rows_that_would_not_be_read_are_refused(
    check_sentences: Callable[..., None],
) -> None:
    Path("wind.txt").write_text("1,t0\n1 0 0\n2 0 0\n")

    problems = _problems(_of("X").replace("wind: X", "Wind_file: wind.txt"))

    check_sentences(problems, "2:48: Wind_file: wind.txt")


@pytest.mark.parametrize(
    "text",
    [TWO.replace("MORE", GRID), _of(f"[{SPEEDS}], fast: 12, {PROPERTIES}")],
    ids=["formulas", "speeds"],
)
def test_the_schema_takes_winds_and_names_of_a_files_own(text: str) -> None:
    Path("w.yaml").write_text(text)
    validator = jsonschema.Draft202012Validator(sweepfile.json_schema())

    assert list(validator.iter_errors(_plain(tree.read(Path("w.yaml"))[0]))) == []


def test_a_sweep_file_of_the_same_name_is_no_template() -> None:
    Path("templates").mkdir()
    Path("calm.yaml").write_text("name: calm\nsweep: {grid: {H: [3]}}\n")
    Path("templates/calm.yaml").write_text("parameters: {Tau_min: 900}\n")
    Path("w.yaml").write_text(_of("[{duration: 1, angle: 0}]", "extends: calm"))

    assert sweepfile.load(Path("w.yaml")).parameters["Tau_min"] == 900


def test_all_mistakes_are_told_at_once(check_sentences: Callable[..., None]) -> None:
    found = _problems(
        _of("[{duration: 1, angel: 2}, {duration: turn, angle: 3}]", "where: H > x")
    )

    check_sentences(
        [problem.partition(" ")[2] for problem in found],
        "parameters.wind.1.angle",
        "parameters.wind.1.angel",
        "parameters.wind.2.duration: turn",
        "where: x",
    )
