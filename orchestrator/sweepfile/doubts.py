"""Warnings about a sweep file: what has no effect in it, and what is hardly meant."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from orchestrator.formats.parameters import ALIASES
from orchestrator.formats.templates import parse_template
from orchestrator.sweepfile.problems import located

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.formats.parameters import Value
    from orchestrator.formulas import Formula
    from orchestrator.sweepfile.consistency import Parts

_NO_AVALANCHES = ("Ava_h_lim", "Ava_angle", "Ava_upwind", "Ava_delay")
_OF_WIND = ("Tau_min", "Tau_max", "Lgca_delay", "Lgca_speedup", "Lgca_gfor", "Init_ncycl")
_IDLE: Sequence[tuple[str, str, frozenset[Value]]] = (
    *((name, "Ava_mode", frozenset({"NONE"})) for name in _NO_AVALANCHES),
    ("Lambda_A", "Ava_mode", frozenset({"NONE", "SYNC"})),
    ("Ava_nb_cel", "Ava_mode", frozenset({"NONE", "TRANS", "PROPAG"})),
    *((name, "Use_lgca", frozenset({False})) for name in _OF_WIND),
)
"""Parameters that do nothing while another one has only such values."""


def warnings(parts: Parts, where: Formula | None) -> tuple[str, ...]:
    """Return the warnings about what the file or the command line says; templates may be broad."""
    doubts = [
        (parts.place_of(name), name, text)
        for name, text in (*_without_effect(parts), *_hardly_meant(parts, where))
        if parts.own(name)
    ]
    return tuple(located(*doubt) for doubt in sorted(doubts, key=lambda doubt: doubt[0]))


def _without_effect(parts: Parts) -> Iterator[tuple[str, str]]:
    names = parts.names
    for name, other, idle in _IDLE:
        values = parts.values(other)
        if name in names and values and values <= idle:
            shown = ", ".join(sorted("NO" if v is False else str(v) for v in values))
            yield name, f"has no effect: {other} is {shown}"
    templates = parts.values("Csp_template")
    boundaries = parts.values("Boundary") or {"REINJECTION"}
    if "Lambda_I" in names and templates is not None and "REINJECTION" not in boundaries:
        rates = parts.values("Lambda_I")
        if rates != {0.0} and not any(parse_template(str(t)).injects for t in templates):
            shown = ", ".join(sorted(str(t) for t in templates)) or "a bed without Csp_template"
            yield "Lambda_I", f"has no effect: {shown} has no source of grains"
    if "Qsat_file" in names and "Phys_prop_file" not in names:
        yield "Qsat_file", "has no effect without Phys_prop_file"
    if "Csp_params" in names:
        yield "Csp_params", "has no effect: nobody reads it"
    for name, today in ALIASES.items():
        if name in names:
            yield name, f"is an obsolete name of {today}"


def _hardly_meant(parts: Parts, where: Formula | None) -> Iterator[tuple[str, str]]:
    """Yield parameters whose values are possible and have an effect that hardly anybody wants."""
    largest = max(parts.numbers("Lambda_F"), default=0.0)
    if largest > 1 and any(parts.numbers("Lambda_S")):
        text = f"sintered snow erodes faster than fresh where it is {largest:g}, above 1"
        yield "Lambda_F", text
    smallest = min(parts.numbers("Tau_min"), default=0.0)
    if smallest < 0:
        yield "Tau_min", f"negative, {smallest:g}: grains erode without wind"
    if where is None or not {"Tau_min", "Tau_max"} & where.names.keys():
        pairs = (pair for pair in parts.pairs("Tau_min", "Tau_max") if 0 < pair[1] <= pair[0])
        for low, high in itertools.islice(pairs, 1):
            name = next(filter(parts.own, ("Tau_max", "Tau_min")), "Tau_max")
            yield name, f"Tau_max, {high:g}, is not above Tau_min, {low:g}"
    if parts.rates("Lambda_E") == {0.0} == parts.rates("Lambda_T"):
        yield "Lambda_E", "nothing can move: Lambda_E and Lambda_T are 0"
