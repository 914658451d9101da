"""Prove that template calls are read with their defaults, and that wrong ones are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import FormatError
from orchestrator.formats.parameter_values import RefusedValueError
from orchestrator.formats.templates import TEMPLATES, parse_template

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name != "INPUT_ELEVATION"])
def test_a_name_alone_takes_all_defaults(name: str) -> None:
    chosen = parse_template(name)

    assert chosen.template.name == name
    assert chosen.arguments == TEMPLATES[name].arguments
    assert chosen.file == ""


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("SNOWFALL(4)", {"h": 4.0}),
        ("CONE(20,40,50)", {"h": 20.0, "w": 40.0, "x": 50.0, "y": 0.0}),
        ("CONE( 20 , 4e1 )", {"h": 20.0, "w": 40.0, "x": 0.0, "y": 0.0}),
        ("LAYER(2.5m)", {"h": 2.5}),
        ("LAYER()", {"h": 1.0}),
        ("LAYER(-1)", {"h": -1.0}),
    ],
)
def test_arguments_are_numbers_in_order(text: str, arguments: dict[str, float]) -> None:
    assert parse_template(text).arguments == arguments


def test_elevations_come_from_a_file_and_may_be_snowed_on() -> None:
    dry, snow = (
        parse_template(f"INPUT_ELEVATION(heights-1.tab{flag})") for flag in ("", ", 1")
    )

    assert (dry.file, dry.injects) == ("heights-1.tab", False)
    assert (snow.file, snow.injects) == ("heights-1.tab", True)


def test_the_templates_that_inject_are_known() -> None:
    injecting = {name for name, template in TEMPLATES.items() if template.injects}

    assert injecting == {"SNOWFALL", "SNOWCONE", "SRC_DISK", "SRC_DISK_CEIL"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LAYER(3",
        "LAYER(1,2)",
        "INPUT_ELEVATION",
        "INPUT_ELEVATION(,1)",
    ],
)
def test_a_wrong_call_is_refused(text: str, check_sentences: Callable[..., None]) -> None:
    with pytest.raises(FormatError) as caught:
        parse_template(text)

    check_sentences([str(caught.value)], "Csp_template")
    assert not isinstance(caught.value, RefusedValueError)


def test_an_unknown_template_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(
        FormatError, match=r"^Csp_template: no template 'HILL'; there are CUSTOM, "
    ):
        parse_template("HILL(3)")


@pytest.mark.parametrize("word", [".5", "", "x", "+1"])
def test_what_is_no_number_is_refused_as_a_value(word: str) -> None:
    with pytest.raises(RefusedValueError) as caught:
        parse_template(f"CONE(1,{word},2)")

    assert str(caught.value) == f"Csp_template: CONE: {word!r} is not a number"
