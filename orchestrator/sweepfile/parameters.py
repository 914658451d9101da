"""Parameters of a sweep file: held constant or computed, each from the nearest layer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError
from orchestrator.formats.parameters import PARAMETERS, Kind, checked
from orchestrator.formats.templates import parse_template
from orchestrator.sweepfile import scalars
from orchestrator.sweepfile.sections import converted, entries, misplaced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.formats.parameters import Parameter, Value
    from orchestrator.formulas import Formula
    from orchestrator.sweepfile.problems import Place, Problems, Sentence
    from orchestrator.sweepfile.tree import Branch, Leaf

OWNED: Mapping[str, str] = {
    "Csp_file": "the initial cell space is made for each experiment",
    "Bin_file": "the initial cell space is made for each experiment",
    "Output_directory": "each experiment has its own directory",
    "Seed": "write `seeds:` at the top of the file",
}
"""Parameters that are not for a sweep file to set, and why."""

_SECTIONS = {
    "parameters": ("parameters and their values", "held"),
    "derived": ("formulas", "computed"),
}
"""The sections that settle parameters: what they expect, and what they do with one."""

_SETTABLE = tuple(name for name in PARAMETERS if name not in OWNED)


@dataclass(frozen=True, slots=True)
class Settled:
    """What is held constant, what is computed, and where each of them stands."""

    values: Mapping[str, Value]
    formulas: Mapping[str, Formula]
    places: Mapping[str, Place]


def refusal(name: str) -> Sentence | None:
    """Return why a sweep file cannot set a parameter of this name; None if it can."""
    if name in OWNED:
        return f"not set in a sweep file: {OWNED[name]}"
    return None if name in PARAMETERS else misplaced(name, _SETTABLE, "parameter")


def value(parameter: Parameter, leaf: Leaf) -> Value:
    """Read a value of a parameter in its own type.

    Raises
    ------
    FormatError
        If it is of another kind, out of range, or a text that cannot stand in a parameter file.
    """
    if parameter.kind is Kind.TEXT:
        return checked(parameter, _text(parameter, leaf))
    if parameter.kind is Kind.BOOLEAN:
        return leaf.text == "1" if leaf.text in {"0", "1"} else scalars.switch(leaf)
    if parameter.kind is Kind.INTEGER:
        return checked(parameter, scalars.whole(leaf))
    return checked(parameter, scalars.number(leaf))


def _text(parameter: Parameter, leaf: Leaf) -> str:
    """Read a text that survives a parameter file, where everything but ASCII signs is dropped."""
    words = scalars.line(leaf)
    if parameter.name == "Csp_template":
        words = words.replace(" ", "")
        _check_template(words)
    if not all("!" <= sign <= "~" for sign in words):
        raise FormatError(f"expected a text of ASCII signs without blanks, got {words!r}")
    return words


def _check_template(words: str) -> None:
    try:
        arguments = parse_template(words).arguments
    except FormatError as error:
        raise FormatError(str(error).removeprefix("Csp_template: ")) from error
    if not all(math.isfinite(argument) for argument in arguments.values()):
        raise FormatError(f"a number is too large in {words}")


def settle(layers: Sequence[Branch], swept: Mapping[str, Place], problems: Problems) -> Settled:
    """Read ``parameters`` and ``derived`` of all layers, the remotest template first.

    Whatever a nearer layer says of a parameter, be it a value, a formula or an axis, replaces
    what a remoter one says; within one file each parameter stands once.
    """
    values: dict[str, Value] = {}
    formulas: dict[str, Formula] = {}
    places: dict[str, Place] = {}
    for layer in layers:
        nearest = layer is layers[-1]
        uses = {name: ("swept", place) for name, place in swept.items()} if nearest else {}
        for section, (wish, verb) in _SECTIONS.items():
            nodes = entries(layer.nodes.get(section), section, wish, problems)
            for name, place, node in nodes:
                key = f"{section}.{name}"
                if not _takes(key, verb, place, uses, problems):
                    continue
                values.pop(name, None)
                formulas.pop(name, None)
                places[name] = place
                if section == "derived":
                    formula = converted(key, node, scalars.formula, problems)
                    formulas |= {} if formula is None else {name: formula}
                else:
                    held = converted(key, node, partial(value, PARAMETERS[name]), problems)
                    values |= {} if held is None else {name: held}
    return Settled(
        {name: held for name, held in values.items() if name not in swept},
        {name: formula for name, formula in formulas.items() if name not in swept},
        {**places, **swept},
    )


def _takes(
    key: str, verb: str, place: Place, uses: dict[str, tuple[str, Place]], problems: Problems
) -> bool:
    """Note how a file uses a parameter, or why it cannot."""
    name = key.partition(".")[2]
    if reason := refusal(name):
        problems.add(place, key, reason)
        return False
    if name in uses:
        before, where = uses[name]
        text = f"{verb} here and {before} {where.shortly}; keep one of the two"
        problems.add(place, key, text)
        return False
    uses[name] = (verb, place)
    return True
