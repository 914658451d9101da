"""What the engine would refuse in the job is refused by plan and submit, with its place."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Bench

SWEEP = """\
name: refused
parameters: {H: 30, L: 24, D: 12, Csp_template: "LAYER(3)"}
sweep: {grid: {NAME: [VALUES]}}
run: {stop: 20, every: 10}
"""


@pytest.fixture
def builtin(bench: Bench) -> Bench:
    return dataclasses.replace(bench, variables={"RESCAL_SNOW_ROOT": ""})


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("L", "24, 3", "2:23: L: the gas needs 9 cells or more, got 3"),
        (
            "Csp_template",
            '"LAYER(3)", "SNOWFALL(99)"',
            "2:36: Csp_template: fills the whole box, so that there is no air",
        ),
        ("Wind_file", "wind.txt", "3:16: Wind_file: wind.txt: no such file as"),
    ],
)
def test_values_that_the_engine_refuses_are_refused_before(
    builtin: Bench, name: str, values: str, told: str
) -> None:
    text = SWEEP.replace("NAME", name).replace("VALUES", values)
    held = {"L": "L: 24, ", "Csp_template": ', Csp_template: "LAYER(3)"'}
    (builtin.place / "refused.yaml").write_text(text.replace(held.get(name, "-"), ""))

    planned, submitted = (
        builtin.run("plan", "refused.yaml"),
        builtin.run("submit", "refused.yaml"),
    )

    for done in (planned, submitted):
        assert done.returncode == 2
        place, _, sentence = told.partition(": ")
        del place  # which depends on what was taken out above
        assert sentence in done.stderr
        assert done.stderr.startswith("refused.yaml:")
    assert not (builtin.place / "data_runs").exists()


def test_what_a_site_prints_in_every_python_is_no_answer(builtin: Bench) -> None:
    site = builtin.place / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text("print('welcome')\n")
    text = SWEEP.replace("NAME", "Ava_angle").replace("VALUES", "0, 35")
    (builtin.place / "refused.yaml").write_text(text)
    variables = {**builtin.variables, "PYTHONPATH": str(site)}

    done = dataclasses.replace(builtin, variables=variables).run("plan", "refused.yaml")

    assert done.stdout.startswith("welcome\n")
    assert done.returncode == 2
    assert "Ava_angle: 35.0: synchronous avalanches know no angle" in done.stderr


def test_a_property_file_of_the_other_engine_is_refused_with_the_names_that_there_are(
    builtin: Bench,
) -> None:
    text = SWEEP.replace("NAME", "Phys_prop_file")
    text = text.replace("VALUES", "niwot_snow.prop, mars.prop")
    text = text.replace('"LAYER(3)"', '"LAYER(3)", Qsat_file: PDF.data')
    (builtin.place / "refused.yaml").write_text(text)

    done = builtin.run("submit", "refused.yaml")

    assert done.returncode == 2
    assert done.stderr == (
        "refused.yaml:3:16: Phys_prop_file: 'mars.prop': the built-in engine has "
        "PDF.data, desert_sand.prop, niwot_snow.prop, sealevel_snow.prop, at Phys_prop_file = mars.prop\n"
    )


def test_of_very_many_points_each_value_is_asked_about(builtin: Bench) -> None:
    many = "Tau_min: {linspace: [0, 900, 901]}, Ava_angle: [VALUES]"
    text = SWEEP.replace("NAME: [VALUES]", many)
    file = builtin.place / "refused.yaml"
    file.write_text(text.replace("VALUES", "0"))
    fine = builtin.run("plan", "refused.yaml")
    file.write_text(text.replace("VALUES", "0, 35"))

    refused = builtin.run("plan", "refused.yaml")

    assert (fine.returncode, fine.stderr) == (0, "")
    assert refused.returncode == 2
    assert refused.stderr.startswith(
        "refused.yaml:3:52: Ava_angle: 35.0: synchronous avalanches know no angle"
    )
    assert refused.stderr.count("\n") == 1
