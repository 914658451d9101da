"""What a person says of a picture, and what is answered to what cannot be meant."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.errors import RequestError
from orchestrator.model.pictures import KINDS, Choice, How, Look, Moment, Summary, Units, Words
from orchestrator.plots import choice
from orchestrator.reductions import surface_age

if TYPE_CHECKING:
    from collections.abc import Callable

pytest.importorskip("matplotlib")


def _read(kind: str = "roughness", **words: Any) -> Choice:
    return choice.read(kind, words)  # type: ignore[arg-type]  # as a command line has them


def test_nothing_said_is_a_phase_diagram_as_it_comes() -> None:
    assert choice.read("phase-diagram", Words()) == Choice()


def test_a_quantity_is_short_for_that_quantity_against_a_parameter() -> None:
    assert _read("roughness") == _read("quantity", quantity="roughness")
    assert _read("roughness,mass") == _read("quantity", quantity=["roughness", "mass"])


@pytest.mark.parametrize(
    ("words", "summary"),
    [
        ({"time": "300"}, Summary(How.AT, Moment(300.0), Moment(300.0))),
        (
            {"time": "1h"},
            Summary(How.AT, Moment(3600.0, in_nature=True), Moment(3600.0, in_nature=True)),
        ),
        ({"mean": "200,600"}, Summary(How.MEAN, Moment(200.0), Moment(600.0))),
        ({"mean": (200, 600)}, Summary(How.MEAN, Moment(200.0), Moment(600.0))),
        ({"rate": "200,"}, Summary(How.RATE, Moment(200.0), None)),
        ({"mean": ","}, Summary(How.MEAN)),
        ({"crosses": 1.5}, Summary(How.CROSSING, level=1.5)),
        ({}, Summary()),
    ],
)
def test_a_series_becomes_the_number_that_was_asked_for(
    words: dict[str, Any], summary: Summary
) -> None:
    assert _read(**words).summary == summary


@pytest.mark.parametrize(
    ("words", "look"),
    [
        ({"size": "single"}, Look(size_in=(3.5, 0.0))),
        ({"size": "127x50.8"}, Look(size_in=(5.0, 2.0))),
        ({"size": "12.7x5.08cm"}, Look(size_in=(5.0, 2.0))),
        ({"size": (127, 50.8)}, Look(size_in=(5.0, 2.0))),
        ({"font": "DejaVu Serif,8"}, Look(family="DejaVu Serif", points=8.0)),
        ({"font": "DejaVu Serif"}, Look(family="DejaVu Serif")),
        ({"font": 8}, Look(points=8.0)),
        ({"range": "-1,2"}, Look(range=(-1.0, 2.0))),
        ({"labels": ["a=b = c", "d=e"]}, Look(labels={"a": "b = c", "d": "e"})),
        ({"labels": {"a": "b"}, "bare": True}, Look(labels={"a": "b"}, bare=True)),
        ({"units": "si", "dpi": 300, "cmap": "magma"}, Look(None, None, 300, cmap="magma", units=Units.SI)),
        ({"title": ""}, Look(title="")),
    ],
)  # fmt: skip
def test_a_picture_looks_as_a_journal_asks_for(words: dict[str, Any], look: Look) -> None:
    found = _read(**words).look

    assert found.size_in == (look.size_in and pytest.approx(look.size_in))
    assert (found.title, found.dpi, found.family, found.points) == (
        *(look.title, look.dpi, look.family, look.points),
    )
    assert (found.cmap, found.range, found.labels, found.bare, found.units) == (
        *(look.cmap, look.range, look.labels, look.bare, look.units),
    )


@pytest.mark.parametrize(
    ("kind", "words", "place"),
    [
        ("roughnes", {}, "kind"),
        ("roughness", {"quantity": "mass"}, "--quantity"),
        ("series", {"against": "Tau_min"}, "--against"),
        ("series", {"mean": "1,2"}, "--mean"),
        ("roughness", {"mean": "1,2", "time": "3"}, "--mean"),
        ("roughness", {"mean": "600,200"}, "--mean"),
        ("roughness", {"mean": "1h,200"}, "--mean"),
        ("roughness", {"mean": "600"}, "--mean"),
        ("roughness", {"rate": "a,b"}, "--rate"),
        ("roughness", {"crosses": "nan"}, "--crosses"),
        ("roughness", {"size": "huge"}, "--size"),
        ("roughness", {"size": "9x"}, "--size"),
        ("roughness", {"size": "0x9"}, "--size"),
        ("roughness", {"dpi": 3}, "--dpi"),
        ("roughness", {"font": "Nonesuch"}, "--font"),
        ("roughness", {"font": "DejaVu Sans,1"}, "--font"),
        ("roughness", {"cmap": "viridos"}, ""),
        ("roughness", {"range": "5,1"}, "--range"),
        ("roughness", {"range": "5"}, "--range"),
        ("roughness", {"labels": "Tau_min"}, "--labels"),
        ("roughness", {"units": "cgs"}, "--units"),
        ("animation", {"frames": 1}, ""),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_told(
    kind: str, words: dict[str, Any], place: str, check_sentences: Callable[..., None]
) -> None:
    with pytest.raises(RequestError) as caught:
        _read(kind, **words)

    check_sentences(caught.value.problems, place)


@pytest.mark.parametrize(
    ("kind", "options"), [("age", {}), ("series", {"quantity": "roughness,age"})]
)
def test_an_array_is_told_to_be_one_with_what_shows_it(kind: str, options: Words) -> None:
    age = dataclasses.replace(surface_age.__dict__["reduction"], name="age")

    with pytest.raises(RequestError) as told:
        choice.read(kind, options, [age], Path("data_runs/snow"))

    assert str(told.value) == (
        f"{'--quantity' if options else 'kind'}: age is no number but an array (y, x) for each "
        "snapshot, in out/age.npz; rescal-sweep collect snow -o snow.nc writes it with the axes of "
        'the sweep, and in Python orchestrator.open_sweep("data_runs/snow")["age"].mean(["y", "x"]) '
        "is a series of its mean; a number that outputs.own keeps of it, by a reduction without "
        "dims, is a quantity: rescal-sweep plot snow NAME"
    )


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        ("height_maps", "phase-diagram"),
        ("ffts", "spectrum"),
        ("cell_counts", "mobile_fraction,sintered_fraction"),
    ],
)
def test_each_array_of_every_sweep_names_the_picture_that_shows_it(
    array: str, kind: str
) -> None:
    command = f"rescal-sweep plot snow {kind} draws what it holds"

    with pytest.raises(RequestError, match=command):
        choice.read(array, {}, sweep=Path("data_runs/snow"))

    assert choice.read(kind, {}).kind in KINDS


@pytest.mark.parametrize(
    ("kind", "options", "place"),
    [
        (
            "Lambda_I",
            {},
            ("kind"),
        ),
        (
            "map",
            {"quantity": "mass,Tau_min"},
            ("--quantity"),
        ),
        ("dunes", {"threshold": -3.0}, "--threshold"),
        ("celerity", {"threshold": 0.0}, "--threshold"),
    ],
    ids=str,
)
def test_what_cannot_be_drawn_is_told_with_what_can(
    kind: str, options: Words, place: str, check_sentences: Callable[..., None]
) -> None:
    with pytest.raises(RequestError) as caught:
        choice.read(kind, options, sweep=Path("data_runs/snow"))

    check_sentences(caught.value.problems, place)


def test_the_options_have_one_list() -> None:
    """Each word becomes a field of the choice, of its summary or of its look."""
    fields = {*Choice.__annotations__, *Look.__annotations__} - {"kind", "summary", "look"}
    split = {"size_in": "size", "family": "font", "points": "font"}

    assert {*Words.__annotations__} == {split.get(f, f) for f in fields} | {
        *("mean", "rate", "crosses"),
    }
