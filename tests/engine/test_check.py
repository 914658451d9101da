"""What the engine would refuse is told without simulating, for files and for many sets at once."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.engine.conftest import ENGINE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.engine.conftest import Bench

BED = {"H": 30, "L": 40, "D": 20, "Csp_template": "LAYER(3)", "Ava_mode": "NONE"}


def checked(bench: Bench, *sets: Mapping[str, object]) -> list[list[list[str]]]:
    """Give parameter sets to one process and return its answers."""
    ended = subprocess.run(
        [*ENGINE, "check"],
        cwd=bench.root,
        input="".join(f"{json.dumps(values)}\n" for values in sets),
        capture_output=True,
        text=True,
        check=False,
    )
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    assert (ended.returncode, ended.stderr) == (2 if any(answers) else 0, "")
    return answers


PROBLEMS: list[tuple[dict[str, object], list[list[str]]]] = [
    ({"L": 3}, [["L", "the gas needs 9 cells or more, got 3"]]),
    ({"H": 2}, [["Csp_template", "fills the whole box, so that there is no air"]]),
    ({"Csp_template": "SNOWFALL(99)"}, [["Csp_template", "fills the whole box, so"]]),
    ({"Csp_template": "LAYER(0)"}, [["Csp_template", "leaves no grain and no source"]]),
    ({"Csp_template": "CONE(20,40,500)"}, [["Csp_template", "leaves no grain and no source"]]),
    (
        {"Csp_template": "SRC_DISK(10,20,10)", "Lambda_I": 0},
        [["Lambda_I", "0: the sources are all there is in the box"]],
    ),
    (
        {"Csp_template": "SNOWFALL(0)", "Boundary": "REINJECTION"},
        [["Boundary", "REINJECTION: only lost grains are replaced, and there is none"]],
    ),
    ({"Csp_template": "SRC_DISK(10,20,10)", "Boundary": "REINJECTION"}, []),
    ({"Csp_template": "CONES(1)"}, [["Csp_template", "no template 'CONES'"]]),
    (
        {"Csp_template": "INPUT_ELEVATION(none.tab)"},
        [["Csp_template", "none.tab: cannot be read: No such file"]],
    ),
    (
        {"Ava_mode": "SYNC", "Ava_angle": 30},
        [["Ava_angle", "30: synchronous avalanches know no angle"]],
    ),
    ({"Wind_file": "none"}, [["Wind_file", "none: cannot be read: No such file"]]),
    ({"Phys_prop_file": "sealevel_snow.prop"}, [["Qsat_file", "expected one beside Phys"]]),
    ({"Rot_mode": "ROUND"}, [["Rot_mode", "expected one of FULL, SQUARE, DISK"]]),
    (
        {"Rot_mode": "FULL", "D": 2},
        [["D", "Rot_mode = FULL: no plane of the gas meets a space"]],
    ),
    (
        {"Rot_mode": "FULL", "H": 100, "L": 1700, "D": 20},
        [["Rot_mode", "FULL: a box of 102 x 1716 x 1716 cells is more than a snapshot of 2"]],
    ),
    ({"Rot_mode": "FULL", "H": 80, "L": 1700, "D": 20}, []),
    (
        {"Rot_mode": "DISK", "D": 7, "Rot_delay": 1, "Rot_angle": 30},
        [["D", "Rot_mode = DISK needs 8 cells or more, got 7"]],
    ),
    (
        {"Rot_mode": "DISK", "D": 9, "Rot_delay": 1, "Rot_angle": 30},
        [["D", "Rot_mode = DISK reaches into the walls; take 10 cells or more, not 9"]],
    ),
    ({"Rot_mode": "DISK", "D": 9, "Rot_delay": 1, "Rot_angle": 30, "Boundary": "OPEN"}, []),
    (
        {"Rot_mode": "DISK", "D": 8, "Rot_delay": 1, "Rot_angle": 30, "Boundary": "OPEN"},
        [["D", "Rot_mode = DISK reaches into the walls; take 9 cells or more, not 8"]],
    ),
    (
        {"Csp_template": "WAVES_2D", "Rot_mode": "DISK", "Rot_delay": 1, "Rot_angle": 30},
        [],
    ),
    ({"Lambda_D": -1}, [["Lambda_D", "a rate cannot be negative"]]),
    (
        {"Ava_mode": "PROPAG", "Ava_angle": 0.0},
        [
            ["Ava_mode", "PROPAG: would never end without Ava_delay; give a positive one"],
            ["Ava_angle", "0: propagating avalanches would never end"],
        ],
    ),
    (
        {"Lambda_E": 2, "Lambda_F": 1e30, "Coef_B": 1e10, "Lambda_C": 1e29},
        [["Lambda_F", "1e+30: the rates of Lambda_* and Coef_* are too large together"]],
    ),
    ({"Lambda_T": "fast"}, [["Lambda_T", "expected a number, got 'fast'"]]),
    ({"Lambda_X": 1}, [["Lambda_X", "no such parameter"]]),
]


def test_each_problem_has_its_name_and_a_sentence(bench: Bench) -> None:
    answers = checked(bench, *({**BED, **changes} for changes, _ in PROBLEMS))

    for (changes, expected), found in zip(PROBLEMS, answers, strict=True):
        assert len(found) == len(expected), (changes, found)
        for (name, sentence), (wanted, beginning) in zip(found, expected, strict=True):
            assert name == wanted
            assert sentence.startswith(beginning), sentence


def test_what_can_be_run_has_no_problems(bench: Bench) -> None:
    turning = {"Rot_mode": "FULL", "Rot_delay": 5, "Rot_angle": 30, "Centering_delay": 0}
    (bench.root / "wind.txt").write_text("2,t0\n5 30 10\n5 -30 20\n")

    assert checked(bench, BED, {**BED, **turning}, {**BED, "Wind_file": "wind.txt"}) == [[]] * 3


def test_durations_that_are_nothing_in_single_precision_are_refused(bench: Bench) -> None:
    (bench.root / "wind.txt").write_text("2,t0\n1e-50 30 0\n1e-46 10 0\n")
    bench.parameters({"Wind_file": "wind.txt", "Lgca_speedup": 0, "Init_ncycl": 50})
    bench.cells()

    (found,) = checked(bench, {**BED, "Wind_file": "wind.txt"})
    ended = bench.run("rescal", "run.par", "-dcsp", "1t0", "-stop", "1t0")

    sentence = "all its rows last 0 t0; expected a time above 0 in single precision"
    assert found == [["Wind_file", sentence]]
    assert (ended.status, ended.err) == (255, f"Wind_file: {sentence}\n")


def test_a_parameter_file_is_checked_by_its_name(bench: Bench) -> None:
    bench.parameters({"Rot_delay": -1, "L": 3})

    ended = bench.run("check", "run.par")

    assert (ended.status, ended.err) == (2, "")
    assert ended.out.splitlines() == [
        "Rot_delay: -1.0: a delay cannot be negative",
        "L: the gas needs 9 cells or more, got 3",
    ]


@pytest.mark.parametrize("words", [("a", "b"), ("-x",)])
def test_other_words_are_refused(bench: Bench, words: tuple[str, ...]) -> None:
    assert bench.run("check", *words).status == 2


def test_checking_loads_no_kernels() -> None:
    code = "import sys, orchestrator.engine.check; sys.exit('numba' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("changes", "row", "problem"),
    [
        ({"z_0": "10"}, "1 0 8", ["Phys_prop_file", "z, the height of a speed, 10 m, is not"]),
        ({"z_0": "10", "Tau_min": 1}, "1 0 -1", []),
        (
            {"first": "0 1 .5"},
            "1 0 8",
            ["Qsat_file", "its first row must have the relative flux"],
        ),
        ({"Tau_min": 9}, "1 0 -1", ["Tau_min", "9: beyond the table of Qsat_file, which the"]),
        ({"Tau_min": 9}, "1 0 8", []),
        (
            {"Lambda_T": 0.0, "Lambda_C": 1.0},
            "1 0 8",
            ["Wind_file", "all its rows last inf t0; expected a time"],
        ),
        ({}, "1e-45 0 8", ["Wind_file", "all its rows last 0 t0; expected a time above 0"]),
        ({}, "1 0 1e9", ["Wind_file", "a shear velocity of 3.47436e+07 m/s is too large"]),
    ],
)
def test_speeds_that_mean_nothing_are_refused_before_a_run(
    bench: Bench, changes: dict[str, object], row: str, problem: list[str]
) -> None:
    nature = {
        "kappa": 0.4,
        "z_0": 1e-4,
        "z": 10,
        "rhoair": 1,
        "rhosand": 2650,
        "g": 9.8,
        "d": 1e-4,
    }
    nature |= {"z_0": float(str(changes["z_0"]))} if "z_0" in changes else {}
    files = {
        "my.prop": "\n".join(f"{name}={value}" for name, value in nature.items()),
        "my.data": f"2\n{changes.get('first', '0 1 1')}\n1 .5 .4\n",
        "wind.txt": f"1,rt\n{row}\n",
    }
    for name, text in files.items():
        (bench.root / name).write_text(text)
    named: dict[str, object] = {
        "Phys_prop_file": "my.prop",
        "Qsat_file": "my.data",
        "Wind_file": "wind.txt",
    }
    named |= {
        name: changes[name] for name in ("Tau_min", "Lambda_T", "Lambda_C") if name in changes
    }

    (found,) = checked(bench, {**BED, **named})
    bench.parameters({**named, "Lgca_speedup": 0, "Init_ncycl": 50})
    bench.cells()
    ended = bench.run("rescal", "run.par", "-dcsp", "1t0", "-stop", "1t0")

    assert [words[: len(problem[1])] if problem else "" for _, words in found] == problem[1:]
    assert ended.status == (255 if problem else 0)
    assert not problem or f"{problem[0]}: {problem[1]}" in ended.err
