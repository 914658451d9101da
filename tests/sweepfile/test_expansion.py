"""Points of a sweep: their order, their keys, and what is wrong with them."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import formulas, sweepfile
from orchestrator.errors import RequestError
from orchestrator.model import Axis, Cluster, Outputs, Resources, Run, Sweep
from orchestrator.submission.request import request
from orchestrator.sweepfile import expansion

if TYPE_CHECKING:
    import random

    from orchestrator.formats.parameters import Value

SWEEP = Sweep(
    name="winds",
    description="",
    parameters={"H": 30, "L": 60, "D": 20, "Lambda_E": 1.0},
    axes=(),
    derived={},
    where=None,
    seeds=(1,),
    run=Run(stop_t0=100.0, every_t0=10.0),
    outputs=Outputs(),
    resources=Resources(),
    path=Path("winds.yaml"),
    text="",
)
RATES = Axis(("Lambda_I",), ((0.001,), (0.01,)))
WINDS = Axis(("Tau_min",), ((0.0,), (100.0,), (300.0,)))

VALUES = st.one_of(
    st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
)


def test_a_sweep_without_axes_is_one_point() -> None:
    (point,) = expansion.expand(SWEEP)

    assert point.parameters == SWEEP.parameters
    assert point.seed == 1


def test_later_axes_vary_faster_and_seeds_fastest() -> None:
    sweep = dataclasses.replace(SWEEP, axes=(RATES, WINDS), seeds=(7, 8))

    points = expansion.expand(sweep)

    found = [(p.parameters["Lambda_I"], p.parameters["Tau_min"], p.seed) for p in points]
    assert found == list(itertools.product((0.001, 0.01), (0.0, 100.0, 300.0), (7, 8)))
    assert expansion.count(sweep) == 12


def test_parameters_of_one_axis_vary_together() -> None:
    pairs = Axis(("Coef_B", "Coef_C"), ((1.0, 3.0), (5.0, 15.0)))

    points = expansion.expand(dataclasses.replace(SWEEP, axes=(pairs, RATES)))

    names = ("Coef_B", "Coef_C", "Lambda_I")
    assert [tuple(p.parameters[n] for n in names) for p in points] == [
        (1.0, 3.0, 0.001),
        (1.0, 3.0, 0.01),
        (5.0, 15.0, 0.001),
        (5.0, 15.0, 0.01),
    ]


def test_derived_parameters_are_computed_in_their_order_and_typed() -> None:
    derived = {
        "Tau_max": formulas.parse("Tau_min + 1000"),
        "Ava_h_lim": formulas.parse("Tau_max / 1000 + 1"),
    }

    (point,) = expansion.expand(
        dataclasses.replace(SWEEP, axes=(Axis(("Tau_min",), ((0.0,),)),), derived=derived)
    )

    assert point.parameters["Tau_max"] == 1000.0
    assert repr(point.parameters["Ava_h_lim"]) == "2"


def test_where_keeps_only_some_points() -> None:
    where = formulas.parse("Tau_min < 300 or Lambda_I > 0.005")

    points = expansion.expand(dataclasses.replace(SWEEP, axes=(RATES, WINDS), where=where))

    left_out = {"Lambda_I": 0.001, "Tau_min": 300.0}
    assert len(points) == 5
    assert not [p for p in points if left_out.items() <= p.parameters.items()]


def test_a_key_is_pinned_for_ever() -> None:
    parameters: dict[str, Value] = {
        "H": 50,
        "Ava_mode": "TRANS",
        "Lambda_I": 0.001,
        "Use_lgca": True,
    }

    assert expansion.key(parameters, 1234) == "83e6897cd39f07de"


@given(st.dictionaries(st.text(), VALUES), st.integers(0, 2**31), st.randoms())
def test_the_order_of_names_does_not_change_a_key(
    parameters: dict[str, Value], seed: int, chance: random.Random
) -> None:
    shuffled = list(parameters.items())
    chance.shuffle(shuffled)

    assert expansion.key(dict(shuffled), seed) == expansion.key(parameters, seed)


@given(
    st.dictionaries(st.text(min_size=1), VALUES, min_size=1), st.integers(0, 2**31), st.data()
)
def test_another_value_or_seed_is_another_key(
    parameters: dict[str, Value], seed: int, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(parameters)))
    other = data.draw(VALUES.filter(lambda value: repr(value) != repr(parameters[name])))

    keys = {
        expansion.key(parameters, seed),
        expansion.key(parameters, seed + 1),
        expansion.key({**parameters, name: other}, seed),
    }

    assert len(keys) == 3


def test_points_have_the_keys_of_their_values() -> None:
    sweep = dataclasses.replace(SWEEP, axes=(RATES, WINDS), seeds=(1, 2))

    points = expansion.expand(sweep)

    assert [p.key for p in points] == [expansion.key(p.parameters, p.seed) for p in points]
    assert len({p.key for p in points}) == 12


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        (
            {"axes": (WINDS,), "derived": {"Tau_max": formulas.parse("1 / Tau_min")}},
            ["winds.yaml: derived.Tau_max: 1 / Tau_min: column 3: divides by zero, at Tau_min = 0"],
        ),
        (
            {"axes": (WINDS,), "derived": {"Ava_angle": formulas.parse("Tau_min")}},
            [
                "winds.yaml: derived.Ava_angle: Tau_min: expected 0 to 90, got 100, at Tau_min = 100 (and 1 more)",
            ],
        ),
        (
            {"derived": {"H": formulas.parse("L / 7")}},
            ["winds.yaml: derived.H: L / 7: expected a whole number, got 8.57143"],
        ),
        (
            {"where": formulas.parse("H + 1")},
            ["winds.yaml: where: H + 1: expected a comparison, got 31"],
        ),
        (
            {"where": formulas.parse("log(H - 30) > 1")},
            ["winds.yaml: where: log(H - 30) > 1: column 1: has no value for these numbers"],
        ),
        (
            {"axes": (RATES, WINDS), "where": formulas.parse("H > 30")},
            ["winds.yaml: where: H > 30: keeps none of 6 points"],
        ),
        (
            {"axes": (Axis(("Tau_min",), ((5.0,), (1.0,), (5.0,))),), "seeds": (3, 4)},
            [
                "winds.yaml: sweep: points 1 and 5 are the same, at Tau_min = 5, seed 3",
                "winds.yaml: sweep: points 2 and 6 are the same, at Tau_min = 5, seed 4",
            ],
        ),
        (
            {"parameters": {"H": 1000, "L": 1000, "D": 1000}},
            ["winds.yaml: H, L, D: 1000 x 1000 x 1000 cells are more than a snapshot of 2 GiB holds"],
        ),
        (  # its cells alone would fit
            {"parameters": {"H": 125, "L": 3275, "D": 643}},
            ["winds.yaml: H, L, D: 125 x 3275 x 643 cells are more than a snapshot of 2 GiB holds"],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_points_is_said_with_the_point(
    changes: dict[str, object], sentences: list[str]
) -> None:
    with pytest.raises(RequestError) as caught:
        expansion.expand(dataclasses.replace(SWEEP, **changes))  # type: ignore[arg-type]  # a table

    assert list(caught.value.problems) == sentences


def test_fifty_points_with_one_fault_are_one_sentence() -> None:
    axis = Axis(("Tau_min",), tuple((float(i),) for i in range(50)))
    formula = formulas.parse("Tau_min / 0")

    with pytest.raises(RequestError) as caught:
        expansion.expand(dataclasses.replace(SWEEP, axes=(axis,), derived={"Tau_max": formula}))

    assert list(caught.value.problems) == [
        "winds.yaml: derived.Tau_max: Tau_min / 0: column 9: divides by zero, at Tau_min = 0 (and 49 more)"
    ]


def test_of_many_points_that_repeat_others_five_are_told() -> None:
    axis = Axis(("Tau_min",), tuple((float(i % 10),) for i in range(20)))

    with pytest.raises(RequestError) as caught:
        expansion.expand(dataclasses.replace(SWEEP, axes=(axis,)))

    assert len(caught.value.problems) == 6
    assert caught.value.problems[0] == (
        "winds.yaml: sweep: points 1 and 11 are the same, at Tau_min = 0, seed 1"
    )
    assert caught.value.problems[5] == "and 5 more"


def test_what_is_wrong_with_points_is_said_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    held = "name: winds\nparameters: {H: 30, L: 60, D: 20}\nrun: {stop: 10, every: 5}\n"
    path = Path("winds.yaml")
    texts = {
        "sweep: {grid: {Tau_min: [1, 2]}}\nwhere: Tau_min > 3\n": (
            "winds.yaml:5:1: where: Tau_min > 3: keeps none of 2 points"
        ),
        "derived: {Tau_max: log(L - 60)}\n": (
            "winds.yaml:4:11: derived.Tau_max: log(L - 60): column 1: has no value for these numbers"
        ),
    }

    for text, sentence in texts.items():
        path.write_text(held + text)
        with pytest.raises(RequestError) as caught:
            expansion.expand(sweepfile.load(path))
        assert caught.value.problems == (sentence,)
    path.write_text(held)
    with pytest.raises(RequestError) as caught:
        expansion.expand(sweepfile.load(path, ["where=H > 30"]))
    assert caught.value.problems == ("--set where: H > 30: keeps none of 1 points",)


def test_an_engine_that_nobody_has_installed_is_told_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RESCAL_SNOW_ROOT", raising=False)
    wish = (
        "rescal was asked for, but $RESCAL_SNOW_ROOT is not set; set it, or use engine: builtin"
    )
    Path("winds.yaml").write_text(
        "name: winds\nparameters: {H: 30, L: 60, D: 20}\n"
        "run: {stop: 10, every: 5, engine: rescal}\n"
    )

    for overrides, position in (
        ([], "winds.yaml:3:27: run.engine"),
        (["run.engine=rescal"], "--set run.engine"),
    ):
        sweep = sweepfile.load(Path("winds.yaml"), overrides)
        with pytest.raises(RequestError) as caught:
            request(sweep, Cluster.LOCAL, {})
        assert str(caught.value) == f"{position}: {wish}"
