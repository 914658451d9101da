"""Formulas: Python's meaning, nothing else of Python, and a bound on what they cost."""

from __future__ import annotations

import contextlib
import math
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator import formulas
from orchestrator.formulas import FormulaError

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = st.one_of(
    st.integers(0, 100).map(str),
    st.floats(0, 100, allow_nan=False).map(lambda x: f"{x:.3g}"),
    st.sampled_from(["a", "b", "c"]),
)
VALUES = st.fixed_dictionaries(
    {
        "a": st.integers(-9, 9),
        "b": st.floats(-9, 9),
        "c": st.integers(0, 3),
    }
)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(["+", "-", "*", "/", "//", "%", "**"])
    return st.one_of(
        st.tuples(inner, signs, inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-{text}"),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
            lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"
        ),
        inner.map(lambda text: f"abs({text})"),
        inner.map(lambda text: f"floor({text})"),
    )


SUMS = st.recursive(NUMBERS, _larger, max_leaves=8)


def _conditions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
        inner.map(lambda text: f"not {text}"),
        inner.map(lambda text: f"({text})"),
    )


SIGNS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
COMPARISONS = st.one_of(
    st.tuples(SUMS, SIGNS, SUMS).map(" ".join),
    st.tuples(SUMS, SIGNS, SUMS, SIGNS, SUMS).map(" ".join),
)
CONDITIONS = st.recursive(COMPARISONS, _conditions, max_leaves=4)


def _python(text: str, values: dict[str, float]) -> object:
    names = {"min": min, "max": max, "abs": abs, "floor": math.floor, **values}
    return eval(text, {"__builtins__": {}}, names)


@given(st.one_of(SUMS, CONDITIONS), VALUES)
def test_a_formula_means_what_it_means_in_python(text: str, values: dict[str, float]) -> None:
    assume(len(text) <= formulas.LONGEST)

    try:
        ours = formulas.parse(text).evaluate(values)
    except FormulaError:
        return  # no finite value; the cases below say which

    theirs = _python(text, values)
    assert type(ours) is type(theirs) or isinstance(theirs, float)
    assert ours == pytest.approx(theirs, rel=1e-12)


@given(st.text(st.sampled_from("ab12.e+-*/%()<>=!, 'andornotmix\"^é\n"), max_size=40))
def test_any_text_is_a_formula_or_an_error_with_a_column_in_it(text: str) -> None:
    try:
        formula = formulas.parse(text)
    except FormulaError as error:
        columns = [error.column]
    else:
        columns = list(formula.names.values())
        assert all(text[column - 1 :].startswith(n) for n, column in formula.names.items())
    assert all(1 <= column <= len(text) + 1 for column in columns)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Tau_min + 1000", 1100.0),
        ("2 ** 3 ** 2", 512),
        ("-2 ** 2", -4),
        ("2 ** -1", 0.5),
        ("1e-3 * 2", 0.002),
        (".5 + 1.", 1.5),
        ("0 < Tau_min <= 100", True),
        ("100 < Tau_min or Ava_mode == 'TRANS'", True),
        ('Ava_mode != "TRANS"', False),
        ("not Use_lgca", False),
        ("Use_lgca == true", True),
        ("round(2.567, 1)", 2.6),
        ("round(2.4)", 2),
        ("ceil(0.2) + floor(1.9) + sqrt(4) + exp(0) + log(1)", 5.0),
        ("min(3, 1, 2)", 1),
        ("false and 1 / 0 > 1", False),
        ("Tau_min<1or Tau_min>0and 1<2", True),
        ("007 + 00", 7),
        ("\n 1\u00a0+\n1 ", 2),
        ("'\n' == '\n'", True),
    ],
)
def test_a_formula_has_a_value(text: str, value: object) -> None:
    values: dict[str, float | str] = {"Tau_min": 100.0, "Ava_mode": "TRANS", "Use_lgca": True}

    assert formulas.parse(text).evaluate(values) == value


def test_a_formula_tells_its_names_and_where_they_stand() -> None:
    formula = formulas.parse("max(Tau_min, 5) + Tau_min * Coef_A")

    assert formula.names == {"Tau_min": 5, "Coef_A": 29}
    assert formula == formulas.parse(formula.text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "column 1"),
        ("  ", "column 1"),
        ("1 +", "column 4"),
        ("1 2", "column 3"),
        ("(1", "column 3"),
        ("Tau_min = 3", "column 9"),
        ("2 ^ 3", "column 3"),
        ("a & b", "column 3"),
        ("a ; b", "column 3"),
        ("a.b", "column 2"),
        ("open('x')", "column 1"),
        ("min(1)", "column 1"),
        ("sqrt(1, 2)", "column 1"),
        ("(min)(1, 2)", "column 6"),
        ("2(3)", "column 2"),
        ("true(3)", "column 5"),
        ("min()", "column 5"),
        ("min(1, 2,)", "column 10"),
        ("max(*a)", "column 5"),
        ("max(**a)", "column 5"),
        ("1, 2", "column 2"),
        ("(1, 2)", "column 3"),
        ("()", "column 2"),
        ("1)", "column 2"),
        ("'a' 'b'", "column 5"),
        ("f'a'", "column 2"),
        ("0x10", "column 2"),
        ("1_000", "column 2"),
        ("a if b else c", "column 3"),
        ("a in b", "column 3"),
        ("a == not b", "column 6"),
        ("a # b", "column 3"),
        ("a\\\n", "column 2"),
        ("1e999", "column 1"),
        ("-" * 100 + "1", "column 42"),
        ("(" * 100, "column 42"),
        ("1" + "+1" * 200, "column 302"),
        ("1" * 501, "column 501"),
    ],
)  # fmt: skip
def test_what_is_no_formula_is_refused_with_its_column(
    text: str, place: str, check_sentences: Callable[..., None]
) -> None:
    with pytest.raises(FormulaError) as caught:
        formulas.parse(text)

    check_sentences([str(caught.value)], place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1 / zero", "column 3"),
        ("5 % zero", "column 3"),
        ("zero ** -1", "column 6"),
        ("sqrt(-1)", "column 1"),
        ("log(zero)", "column 1"),
        ("(-8) ** 0.5", "column 6"),
        ("exp(1000)", "column 1"),
        ("10 ** 10 ** 10", "column 4"),
        ("9e307 * 100", "column 7"),
        ("9000000000000000000 * 2", "column 21"),
        ("round(5, -1000000000)", "column 1"),
        ("mode + 1", "column 1"),
        ("flag * 2", "column 1"),
        ("zero or flag", "column 1"),
        ("mode == 3", "column 6"),
        ("unknown + 1", "column 1"),
    ],
)  # fmt: skip
def test_a_formula_without_a_value_says_why(
    text: str, place: str, check_sentences: Callable[..., None]
) -> None:
    formula = formulas.parse(text)

    with pytest.raises(FormulaError) as caught:
        formula.evaluate({"zero": 0, "mode": "TRANS", "flag": True})

    check_sentences([str(caught.value)], place)


@pytest.mark.parametrize(
    "text",
    [
        "9 ** 9 ** 9 ** 9",
        "(10 ** 15) ** 100",
        "1" + "*99" * 100,
        "2 ** (2 ** 60)",
        "1 ** 2 ** 62",
        "-" * 500,
        "not " * 125,
        "(" * 500,
        "9" * 500,
        "2**" * 166 + "2",
        "abs(" * 125,
    ],
)
def test_no_formula_is_expensive(text: str) -> None:
    began = time.perf_counter()

    with contextlib.suppress(FormulaError):
        formulas.parse(text).evaluate({})

    assert time.perf_counter() - began < 0.1
