"""Warnings about a sweep file: what has no effect in it, and what is hardly meant."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from orchestrator.formats.parameters import ALIASES
from orchestrator.formats.templates import parse_template
from orchestrator.formats.winds import WIND
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

_SHORT = {
    "Rot_delay": (0.1, "turns"),
    WIND: (0.1, "turns"),
    "Centering_delay": (0.1, "times of centering"),
    "Ava_delay": (0.1, "times of avalanches"),
    "Lgca_delay": (0.01, "gas cycles"),
}
"""Delays below which a run is hardly more than what they delay, in t0, and what that is."""

_CYCLES = {
    "Init_ncycl": "gas cycles before the first event",
    "Rot_ncycl": "gas cycles after each turn",
    "Lgca_speedup": "passes over the gas when it is filled",
}
_MANY_CYCLES = 1_000_000


def warnings(parts: Parts, where: Formula | None) -> tuple[str, ...]:
    """Return the warnings about what the file or the command line says; templates may be broad.

    None where the parameters are those of a simulator of the user's own.
    """
    if not parts.known.rescal:
        return ()
    noted = [
        (parts.position_of(name), name, text)
        for name, text in (
            *_without_effect(parts),
            *_of_turns(parts),
            *_hardly_meant(parts, where),
            *_slow(parts),
        )
        if parts.own(name)
    ]
    return tuple(located(*warning) for warning in sorted(noted, key=lambda warning: warning[0]))


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


def _of_turns(parts: Parts) -> Iterator[tuple[str, str]]:
    """Yield what is about turns of the wind where it does not turn, or where it turns twice."""
    names = parts.names
    by_rows = [name for name in ("Wind_file", WIND) if name in names]
    angle, delay = (
        name in names and parts.values(name) != {0.0} for name in ("Rot_angle", "Rot_delay")
    )
    if by_rows and angle and delay:
        yield "Rot_delay", f"turns the wind besides those of {by_rows[0]}; both add up"
    if angle and not delay:
        yield "Rot_angle", "has no effect without Rot_delay"
    if delay and not angle:
        text = "nothing turns without Rot_angle; only the gas settles anew each time"
        yield "Rot_delay", text
    if not by_rows and not (angle and delay):
        yield from _without_turns(parts, settles=delay)
    if parts.by_speed:
        for name in sorted({"Tau_min", "Tau_max"} & names):
            yield name, "has no effect: the winds have speeds, which tell the thresholds"


def _without_turns(parts: Parts, *, settles: bool) -> Iterator[tuple[str, str]]:
    """Yield what has no effect where nothing turns; ``settles``: the gas begins anew all the same."""
    if (parts.values("Rot_mode") or set()) & {"FULL", "SQUARE"}:
        yield "Rot_mode", "nothing turns; FULL only takes a larger box, and longer"
    elif "Rot_mode" in parts.names:
        yield "Rot_mode", "has no effect: nothing turns"
    if not settles and parts.values("Centering_delay") == {0.0}:
        for name in sorted({"Rot_ncycl", "Lgca_reset"} & parts.names):
            yield name, "has no effect: nothing turns, and nothing is centred"


def _hardly_meant(parts: Parts, where: Formula | None) -> Iterator[tuple[str, str]]:
    """Yield parameters whose values are possible and have an effect that hardly anybody wants."""
    largest = max(parts.numbers("Lambda_F"), default=0.0)
    if largest > 1 and any(parts.numbers("Lambda_S")):
        text = f"sintered snow erodes faster than fresh where it is {largest:g}, above 1"
        yield "Lambda_F", text
    smallest = min((*parts.numbers("Tau_min"), *parts.thresholds), default=0.0)
    if smallest < 0:
        name = WIND if WIND in parts.names and "Tau_min" not in parts.names else "Tau_min"
        thresholds = "" if name == "Tau_min" else "Tau_min is "
        yield name, f"{thresholds}negative, {smallest:g}: grains erode without wind"
    if where is None or not {"Tau_min", "Tau_max"} & where.names.keys():
        both = itertools.chain(parts.pairs("Tau_min", "Tau_max"), parts.threshold_pairs)
        for low, high in itertools.islice((pair for pair in both if 0 < pair[1] <= pair[0]), 1):
            stresses = ("Tau_max", "Tau_min", *({WIND} & parts.names))
            name = next(filter(parts.own, stresses), "Tau_max")
            yield name, f"Tau_max, {high:g}, is not above Tau_min, {low:g}"
    if parts.rates("Lambda_E") == {0.0} == parts.rates("Lambda_T"):
        yield "Lambda_E", "nothing can move: Lambda_E and Lambda_T are 0"


def _slow(parts: Parts) -> Iterator[tuple[str, str]]:
    """Yield what makes a run so slow that hardly anybody wants it, with how often it would happen."""
    stop = parts.run.values.get("stop")
    for name, (least, what) in _SHORT.items():
        delays = parts.winds_last_t0 if name == WIND else parts.numbers(name)
        delay = min((value for value in delays if value > 0), default=least)
        if delay < least and stop is not None:
            text = (
                f"{delay:g} t0 is very short: up to {stop / delay:.2g} {what} in {stop:g} t0, one "
                "after each event at most; the run will be very slow"
            )
            yield name, text
    for name, what in _CYCLES.items():
        most = max(parts.numbers(name), default=0.0)
        if most > _MANY_CYCLES:
            yield name, f"{most:.2g} {what}; the run will be very slow"
