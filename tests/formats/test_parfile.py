"""Prove that parameter files are read and written as ReSCAL does."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.errors import FormatError
from orchestrator.formats import parfile
from orchestrator.formats.parameter_values import RefusedValueError
from orchestrator.formats.parameters import PARAMETERS, Kind

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.formats.parameters import Value

PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)
VALUES: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.INTEGER: st.integers(-(2**31), 2**31 - 1),
    Kind.FLOAT: st.floats(-3e38, 3e38),
    Kind.DOUBLE: st.floats(allow_nan=False, allow_infinity=False),
    Kind.BOOLEAN: st.booleans(),
    Kind.TEXT: PRINTABLE,
}
EVERYTHING = st.fixed_dictionaries(
    {}, optional={name: VALUES[p.kind] for name, p in PARAMETERS.items()}
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.par"


@given(EVERYTHING)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_comes_back(path: Path, parameters: dict[str, Value]) -> None:
    path.write_text(parfile.text(parameters), "ascii")

    assert parfile.read(path).values() == parameters


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_file_or_a_format_error(path: Path, data: bytes) -> None:
    path.write_bytes(data)

    with contextlib.suppress(FormatError):
        parfile.read(path).values()


def test_lines_are_name_equals_value_between_single_blanks() -> None:
    text = parfile.text({"Model": "SNO", "H": 50, "Lambda_E": 0.1, "Use_lgca": True})

    assert text == "Model = SNO\nH = 50\nLambda_E = 0.1\nUse_lgca = YES\n"


def test_blanks_and_foreign_bytes_mean_nothing(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf H\t=  5 0 \r\n\n  # a comment\rL=7\nD = 3\xc3\xa9")

    file = parfile.read(path)

    assert file.texts == {"H": "50", "L": "7", "D": "3"}
    assert file.lines == {"H": 1, "L": 4, "D": 5}


def test_there_are_no_comments_behind_a_value(path: Path) -> None:
    path.write_text("Lambda_G = 1000 # fast\nCsp_file = a.csp # mine\n")

    assert parfile.read(path).values() == {"Lambda_G": 1000.0, "Csp_file": "a.csp#mine"}


def test_the_first_equals_sign_divides(path: Path) -> None:
    path.write_text("Csp_file = a=b\n")

    assert parfile.read(path).texts == {"Csp_file": "a=b"}


def test_unknown_names_are_passed_over_with_a_warning(path: Path) -> None:
    path.write_text("Tau_mim = 3\nXyzzy = 1\nTau_mim = 4\nCsp_params = []\n")

    file = parfile.read(path)

    assert file.texts == {"Csp_params": "[]"}
    assert file.warnings == (
        f"{path}:1: Tau_mim: no such parameter, ignored; did you mean Tau_min?",
        f"{path}:2: Xyzzy: no such parameter, ignored",
        f"{path}:3: Tau_mim: no such parameter, ignored; did you mean Tau_min?",
    )


def test_names_that_are_not_asked_for_are_passed_over_in_silence(path: Path) -> None:
    path.write_text("H = 3\nLambda_E = nonsense\nLambda_E = 2\n")

    file = parfile.read(path, {"H"})

    assert file.values() == {"H": 3}
    assert file.warnings == ()


def test_a_place_has_a_line_if_the_name_stands_there(path: Path) -> None:
    path.write_text("\nH = 3\n")

    file = parfile.read(path)

    assert (file.line_of("H"), file.line_of("L")) == (f"{path}:2", str(path))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("H = 1\nH 2\n", ":2: expected NAME = VALUE, got 'H2'"),
        ("Csp_file = " + 2000 * "x", ":1: longer than 1023 characters"),
    ],
)
def test_a_broken_line_is_named(path: Path, text: str, sentence: str) -> None:
    path.write_text(text)

    with pytest.raises(FormatError) as caught:
        parfile.read(path)

    assert str(caught.value) == f"{path}{sentence}"
    assert not isinstance(caught.value, RefusedValueError)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("H = 1\n\nH = 1\n", ":3: H stands in line 1 already"),
        ("\nH = x\n", ":2: H: expected a whole number, got 'x'"),
    ],
)
def test_a_refused_value_is_named_with_its_line(path: Path, text: str, sentence: str) -> None:
    path.write_text(text)

    with pytest.raises(RefusedValueError) as caught:
        parfile.read(path).values()

    assert str(caught.value) == f"{path}{sentence}"


def test_a_missing_file_and_a_directory_are_named(path: Path, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"run\.par: cannot be read: No such file"):
        parfile.read(path)
    with pytest.raises(FormatError, match=r"expected a regular file"):
        parfile.read(tmp_path)


def test_an_unknown_name_is_not_written() -> None:
    with pytest.raises(FormatError, match=r"^Tau_mim: no such parameter$"):
        parfile.text({"Tau_mim": 3})
