"""Prove that values become ReSCAL's text and come back, and that nonsense is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import FormatError
from orchestrator.formats.parameter_values import (
    RefusedValueError,
    as_text,
    checked,
    parse_text,
)
from orchestrator.formats.parameters import (
    ALIASES,
    PARAMETERS,
    Kind,
    genesis_names,
    rescal_names,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.formats.parameters import Parameter

WITH_DEFAULT = [p for p in PARAMETERS.values() if p.default is not None]
NUMBERS = [p for p in PARAMETERS.values() if p.kind in {Kind.FLOAT, Kind.DOUBLE}]


@pytest.mark.parametrize("parameter", WITH_DEFAULT, ids=lambda p: str(p.name))
def test_every_default_is_a_value_of_its_parameter(parameter: Parameter) -> None:
    assert parameter.default is not None

    assert checked(parameter, parameter.default) == parameter.default
    assert parse_text(parameter, as_text(parameter, parameter.default)) == parameter.default


@given(st.sampled_from(NUMBERS), st.floats(-3e38, 3e38))
def test_numbers_come_back_exactly(parameter: Parameter, value: float) -> None:
    assert parse_text(parameter, as_text(parameter, value)) == value


@given(st.integers(-(2**31), 2**32 - 1))
def test_whole_numbers_come_back_exactly(value: int) -> None:
    seed = PARAMETERS["Seed"]

    assert parse_text(seed, as_text(seed, value)) == value


@pytest.mark.parametrize("value", [True, False])
def test_switches_come_back(*, value: bool) -> None:
    switch = PARAMETERS["Use_lgca"]

    assert parse_text(switch, as_text(switch, value)) is value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("H", "50", 50),
        ("H", "50.9", 50),
        ("H", "1e3", 1),
        ("Seed", "-5", -5),
        ("Lambda_G", "1000#fast", 1000.0),
        ("Lambda_G", "1e5", 1e5),
        ("Lambda_G", "3.", 3.0),
        ("Lambda_G", "3e", 3.0),
        ("Tau_min", "-0.5", -0.5),
        ("Use_lgca", "1", True),
        ("Use_lgca", "NO", False),
        ("Csp_file", "a#b", "a#b"),
        ("Csp_file", "", ""),
    ],
)
def test_numbers_are_read_by_their_beginning(name: str, text: str, value: object) -> None:
    assert parse_text(PARAMETERS[name], text) == value


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("H", "", "H"),
        ("H", "+1", "H"),
        ("H", "4294967296", "H"),
        ("Lambda_E", ".5", "Lambda_E"),
        ("Lambda_E", "-.5", "Lambda_E"),
        ("Lambda_E", "inf", "Lambda_E"),
        ("Lambda_E", "1e39", "Lambda_E"),
        ("Time", "-1e999", "Time"),
        ("Use_lgca", "yes", "Use_lgca"),
    ],
)
def test_what_rescal_refuses_is_refused(
    name: str, text: str, place: str, check_sentences: Callable[..., None]
) -> None:
    with pytest.raises(RefusedValueError) as caught:
        parse_text(PARAMETERS[name], text)

    check_sentences([str(caught.value)], place)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("H", 0),
        ("H", 20.5),
        ("H", True),
        ("Lambda_E", -1),
        ("Lambda_E", float("nan")),
        ("Lambda_E", "1e-3"),
        ("Prob_link_ET", 1.5),
        ("Use_lgca", 1),
        ("Csp_file", 3),
        ("Boundary", "open"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    name: str, value: object, check_sentences: Callable[..., None]
) -> None:
    with pytest.raises(FormatError) as caught:
        checked(PARAMETERS[name], value)  # type: ignore[arg-type]  # wrong on purpose

    check_sentences([str(caught.value)], "")


@pytest.mark.parametrize(
    ("name", "value"), [("H", 2.0), ("Use_lgca", "YES"), ("Csp_file", 3), ("Lambda_E", "1")]
)
def test_a_value_of_another_kind_has_no_text(name: str, value: object) -> None:
    with pytest.raises(FormatError, match=f"^{name}: expected"):
        as_text(PARAMETERS[name], value)  # type: ignore[arg-type]  # wrong on purpose


def test_obsolete_names_are_parameters_as_their_successors_are() -> None:
    for old, new in ALIASES.items():
        assert PARAMETERS[old].kind is PARAMETERS[new].kind


def test_each_program_reads_its_own_names() -> None:
    genesis, rescal = set(genesis_names()), set(rescal_names())

    assert genesis == {
        *("Model", "H", "L", "D", "Bin_file", "Csp_file", "Seed", "Csp_template", "Boundary")
    }
    assert genesis - rescal == {"Csp_template"}
    assert set(PARAMETERS) - genesis - rescal == {"Csp_params"}
