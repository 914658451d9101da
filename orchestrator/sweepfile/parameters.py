"""Parameters of a sweep file: held constant or computed, each from the nearest layer."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError
from orchestrator.formats.parameter_values import checked
from orchestrator.formats.parameters import PARAMETERS, Kind
from orchestrator.formats.templates import parse_template
from orchestrator.formats.winds import WIND
from orchestrator.sweepfile import own_names, scalars, winds
from orchestrator.sweepfile.problems import unknown
from orchestrator.sweepfile.sections import converted, entries, misplaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from orchestrator.formats.parameters import Parameter, Value
    from orchestrator.formulas import Formula
    from orchestrator.model.winds import WindRows
    from orchestrator.sweepfile.own_names import Names
    from orchestrator.sweepfile.problems import Position, Problems, Sentence
    from orchestrator.sweepfile.tree import Branch, Leaf, Node

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

_NUMBER = f"parameters.{WIND}."  # begins the key of a number of a wind

_SETTABLE = tuple(name for name in PARAMETERS if name not in OWNED)


@dataclass(frozen=True, slots=True)
class Settled:
    """What is held constant, what is computed, and where each of them stands.

    ``wind`` are the winds, unless there are none or they are swept as a whole.
    """

    values: Mapping[str, Value]
    formulas: Mapping[str, Formula]
    positions: Mapping[str, Position]
    wind: WindRows | None = None


def refusal(name: str, names: Names) -> Sentence | None:
    """Return why a sweep file cannot set a parameter of this name; None if it can."""
    if name in OWNED:
        return f"not set in a sweep file: {OWNED[name]}"
    if name in names.own and name in own_names.RESERVED:
        return own_names.CLASH
    if name in names.table or name in names.own or (name == WIND and names.rescal):
        return None
    if not names.rescal:
        return unknown(name, names.table, "parameter")
    known = misplaced(name, (*_SETTABLE, WIND), "parameter")
    if re.fullmatch(own_names.PATTERN, name) and str(known) == "no such parameter":
        return "no such parameter, and no formula of derived or parameters.wind uses it"
    return known


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


def settle(
    layers: Sequence[Branch],
    swept: Mapping[str, Position],
    names: Names,
    problems: Problems,
) -> Settled:
    """Read ``parameters`` and ``derived`` of all layers, the remotest template first.

    Whatever a nearer layer says of a parameter, be it a value, a formula or an axis, replaces
    what a remoter one says; within one file each parameter stands once.
    """
    reader = _Settling(swept, names, problems)
    for number, layer in enumerate(layers):
        reader.read(layer, number, nearest=layer is layers[-1])
    return reader.settled(len(layers) - 1)


class _Settling:
    """What layers say of parameters, the nearer ones over the remoter."""

    def __init__(self, swept: Mapping[str, Position], names: Names, problems: Problems) -> None:
        self._swept, self._names, self._problems = swept, names, problems
        self._values: dict[str, Value] = {}
        self._formulas: dict[str, Formula] = {}
        self._positions: dict[str, Position] = {}
        self._wind: WindRows | None = None
        self._layer: dict[str, int] = {}  # that settles a parameter

    def read(self, layer: Branch, number: int, *, nearest: bool) -> None:
        """Take over what a layer says."""
        uses = {name: ("swept", at) for name, at in self._swept.items()} if nearest else {}
        for section, (wish, verb) in _SECTIONS.items():
            nodes = entries(layer.nodes.get(section), section, wish, self._problems)
            for name, position, node in nodes:
                key = f"{section}.{name}"
                if not self._takes(key, verb, position, uses):
                    continue
                self._values.pop(name, None)
                self._formulas.pop(name, None)
                self._positions[name], self._layer[name] = position, number
                if name == WIND:
                    self._take_wind(winds.read(key, node, self._problems))
                else:
                    self._read_one(key, name, node)

    def _take_wind(self, reading: winds.Reading | None) -> None:
        """Take over winds and the places of their numbers."""
        self._positions = {
            k: at for k, at in self._positions.items() if not k.startswith(_NUMBER)
        }
        self._wind, positions = reading or (None, {})
        self._positions |= positions

    def _read_one(self, key: str, name: str, node: Node) -> None:
        if key.startswith("derived."):
            formula = converted(key, node, scalars.formula, self._problems)
            self._formulas |= {} if formula is None else {name: formula}
        else:
            convert = partial(value, self._names.described(name))
            held = converted(key, node, convert, self._problems)
            self._values |= {} if held is None else {name: held}

    def settled(self, nearest: int) -> Settled:
        """Return what holds in the end."""
        swept = self._swept
        positions = {**self._positions, **swept}
        self._layer |= dict.fromkeys(swept, nearest)
        wind = None if WIND in swept else self._wind
        gone = set(self._replaced(wind, positions))
        if WIND in gone:
            wind = None
        return Settled(
            {n: held for n, held in self._values.items() if n not in swept and n not in gone},
            {n: f for n, f in self._formulas.items() if n not in swept and n not in gone},
            {n: position for n, position in positions.items() if n not in gone},
            wind,
        )

    def _replaced(
        self, wind: WindRows | None, positions: Mapping[str, Position]
    ) -> Iterator[str]:
        """Yield what a nearer layer's winds replace, and the reverse; or note that both stand there."""
        if WIND not in positions:
            return
        rivals = {"Wind_file": "winds of a file and of the sweep file; keep one of the two"}
        if wind is not None and wind.own_threshold:
            rivals["Tau_min"] = (
                f"each wind has its own, {positions[WIND].shortly}; remove this one, or theirs"
            )
        for name, text in rivals.items():
            if name not in positions:
                continue
            if self._layer[name] < self._layer[WIND]:
                yield name
            elif name == "Wind_file" and self._layer[name] > self._layer[WIND]:
                yield WIND
            else:
                self._problems.add(positions[name], name, text)

    def _takes(
        self, key: str, verb: str, position: Position, uses: dict[str, tuple[str, Position]]
    ) -> bool:
        """Note how a file uses a parameter, or why it cannot."""
        name = key.partition(".")[2]
        reason = refusal(name, self._names)
        if key == f"derived.{WIND}":
            reason = f"its numbers may be formulas; it belongs under parameters, as {WIND}"
        if reason:
            self._problems.add(position, key, reason)
            return False
        if name in uses:
            before, where = uses[name]
            text = f"{verb} here and {before} {where.shortly}; keep one of the two"
            self._problems.add(position, key, text)
            return False
        uses[name] = (verb, position)
        return True
