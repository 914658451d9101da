"""What a person says of a picture, and what is answered to what cannot be meant."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import RequestError
from orchestrator.model.pictures import KINDS, Choice, How, Look, Moment, Summary, Units, Words
from orchestrator.plots import choice
from orchestrator.reductions import surface_age

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
    ("kind", "words", "problem"),
    [
        ("roughnes", {}, "kind: expected one of phase-diagram, .*; did you mean roughness\\?"),
        ("roughness", {"quantity": "mass"}, "--quantity: roughness is one already"),
        ("series", {"against": "Tau_min"}, "--against: only for quantity, not for series"),
        ("series", {"mean": "1,2"}, "--mean: only for quantity and map, not for series"),
        ("roughness", {"mean": "1,2", "time": "3"}, "--mean: --time is there already"),
        ("roughness", {"mean": "600,200"}, "--mean: expected an end after the beginning"),
        ("roughness", {"mean": "1h,200"}, "--mean: expected both ends in t0 or both in nature"),
        ("roughness", {"mean": "600"}, "--mean: expected FROM,TO such as 200,600, got 600"),
        ("roughness", {"rate": "a,b"}, "--rate: expected a time in t0 such as 300, or 30d"),
        ("roughness", {"crosses": "nan"}, "--crosses: expected a number, got nan"),
        ("roughness", {"size": "huge"}, "--size: expected single, double or WxH in mm"),
        ("roughness", {"size": "9x"}, "--size: expected single, double or WxH in mm"),
        ("roughness", {"size": "0x9"}, "--size: expected sides of 12.7 to 2540 mm, got 0x9"),
        ("roughness", {"dpi": 3}, "--dpi: expected a number from 10 to 2400, got 3"),
        ("roughness", {"font": "Nonesuch"}, "--font: Nonesuch is not installed here"),
        ("roughness", {"font": "DejaVu Sans,1"}, "--font: expected 4 to 40 points, got 1"),
        ("roughness", {"cmap": "viridos"}, "no map of colours viridos; did you mean viridis"),
        ("roughness", {"range": "5,1"}, "--range: expected LO below HI, got 5,1"),
        ("roughness", {"range": "5"}, "--range: expected LO,HI such as 0,20, got 5"),
        ("roughness", {"labels": "Tau_min"}, "--labels: expected NAME=LABEL, got Tau_min"),
        ("roughness", {"units": "cgs"}, "--units: expected model or si, got cgs"),
        ("animation", {"frames": 1}, "--frames 1: expected 2 or more"),
    ],
)
def test_what_cannot_be_meant_is_told(kind: str, words: dict[str, Any], problem: str) -> None:
    with pytest.raises(RequestError, match=problem):
        _read(kind, **words)


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
    ("kind", "options", "sentence"),
    [
        (
            "Lambda_I",
            {},
            (
                "kind: Lambda_I is a parameter; a quantity is drawn against it: "
                "rescal-sweep plot snow roughness --against Lambda_I"
            ),
        ),
        (
            "map",
            {"quantity": "mass,Tau_min"},
            (
                "--quantity: Tau_min is a parameter; a quantity is drawn against it: "
                "rescal-sweep plot snow roughness --against Tau_min"
            ),
        ),
        ("dunes", {"threshold": -3.0}, "--threshold: expected cells above 0, got -3"),
        ("celerity", {"threshold": 0.0}, "--threshold: expected cells above 0, got 0"),
    ],
)
def test_what_cannot_be_drawn_is_told_with_what_can(
    kind: str, options: Words, sentence: str
) -> None:
    with pytest.raises(RequestError) as caught:
        choice.read(kind, options, sweep=Path("data_runs/snow"))

    assert str(caught.value) == sentence


def test_the_options_have_one_list() -> None:
    """Each word becomes a field of the choice, of its summary or of its look."""
    fields = {*Choice.__annotations__, *Look.__annotations__} - {"kind", "summary", "look"}
    split = {"size_in": "size", "family": "font", "points": "font"}

    assert {*Words.__annotations__} == {split.get(f, f) for f in fields} | {
        *("mean", "rate", "crosses"),
    }
