"""Formulas: Python's meaning, nothing else of Python, and a bound on what they cost."""

from __future__ import annotations

import contextlib
import math
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator import formulas
from orchestrator.formulas import FormulaError

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
    ("text", "sentence"),
    [
        ("", "column 1: is empty"),
        ("  ", "column 1: is empty"),
        ("1 +", "column 4: expected a number or a name, got the end"),
        ("1 2", "column 3: did not expect '2'"),
        ("(1", "column 3: expected ')', got the end"),
        ("Tau_min = 3", "column 9: '=' means nothing here; write == to compare"),
        ("2 ^ 3", "column 3: '^' means nothing here; write ** for a power"),
        ("a & b", "column 3: '&' means nothing here; write and"),
        ("a ; b", "column 3: ';' means nothing here"),
        ("a.b", "column 2: '.' means nothing here"),
        ("open('x')", "column 1: no function open; there are min, max, abs, sqrt, exp, log, floor, ceil, round"),
        ("min(1)", "column 1: min takes 2 to 20 arguments, got 1"),
        ("sqrt(1, 2)", "column 1: sqrt takes 1 argument, got 2"),
        ("(min)(1, 2)", "column 6: did not expect '('"),
        ("2(3)", "column 2: did not expect '('"),
        ("true(3)", "column 5: did not expect '('"),
        ("min()", "column 5: expected a number or a name, got ')'"),
        ("min(1, 2,)", "column 10: expected a number or a name, got ')'"),
        ("max(*a)", "column 5: expected a number or a name, got '*'"),
        ("max(**a)", "column 5: expected a number or a name, got '**'"),
        ("1, 2", "column 2: did not expect ','"),
        ("(1, 2)", "column 3: expected ')', got ','"),
        ("()", "column 2: expected a number or a name, got ')'"),
        ("1)", "column 2: did not expect ')'"),
        ("'a' 'b'", "column 5: did not expect \"'b'\""),
        ("f'a'", "column 2: did not expect \"'a'\""),
        ("0x10", "column 2: did not expect 'x10'"),
        ("1_000", "column 2: did not expect '_000'"),
        ("a if b else c", "column 3: did not expect 'if'"),
        ("a in b", "column 3: did not expect 'in'"),
        ("a == not b", "column 6: expected a number or a name, got 'not'"),
        ("a # b", "column 3: '#' means nothing here"),
        ("a\\\n", "column 2: '\\\\' means nothing here"),
        ("1e999", "column 1: is too large a number"),
        ("-" * 100 + "1", "column 42: is nested too deeply"),
        ("(" * 100, "column 42: is nested too deeply"),
        ("1" + "+1" * 200, "column 302: is too long"),
        ("1" * 501, "column 501: longer than 500 characters"),
    ],
)  # fmt: skip
def test_what_is_no_formula_is_refused_with_its_column(text: str, sentence: str) -> None:
    with pytest.raises(FormulaError) as caught:
        formulas.parse(text)

    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1 / zero", "column 3: divides by zero"),
        ("5 % zero", "column 3: divides by zero"),
        ("zero ** -1", "column 6: divides by zero"),
        ("sqrt(-1)", "column 1: has no value for these numbers"),
        ("log(zero)", "column 1: has no value for these numbers"),
        ("(-8) ** 0.5", "column 6: has no value for these numbers"),
        ("exp(1000)", "column 1: gives too large a number"),
        ("10 ** 10 ** 10", "column 4: gives too large a number"),
        ("9e307 * 100", "column 7: gives too large a number"),
        ("9000000000000000000 * 2", "column 21: gives too large a number"),
        ("round(5, -1000000000)", "column 1: round takes a whole number of digits up to 20, got -1000000000"),
        ("mode + 1", "column 1: needs a number, got a text"),
        ("flag * 2", "column 1: needs a number, got true or false"),
        ("zero or flag", "column 1: needs a comparison, got a number"),
        ("mode == 3", "column 6: == compares a text with a number"),
        ("unknown + 1", "column 1: unknown has no value"),
    ],
)  # fmt: skip
def test_a_formula_without_a_value_says_why(text: str, sentence: str) -> None:
    formula = formulas.parse(text)

    with pytest.raises(FormulaError) as caught:
        formula.evaluate({"zero": 0, "mode": "TRANS", "flag": True})

    assert str(caught.value) == sentence


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
