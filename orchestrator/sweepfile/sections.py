"""Scalars, mappings and sections of a sweep file, read from its tree by their fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from orchestrator.errors import FormatError
from orchestrator.formats.parameters import PARAMETERS
from orchestrator.formulas import FormulaError
from orchestrator.sweepfile import scalars
from orchestrator.sweepfile.fields import BLOCKS, OUTPUTS, OWN, OWN_WISH, RUN, SECTIONS, SLURM
from orchestrator.sweepfile.problems import Unknown, unknown
from orchestrator.sweepfile.sbatch_options import reason_against
from orchestrator.sweepfile.tree import Branch, Leaf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from orchestrator.sweepfile.fields import Field
    from orchestrator.sweepfile.problems import Position, Problems, Sentence
    from orchestrator.sweepfile.tree import Node

Read = TypeVar("Read")

_HOMES: Mapping[str, Iterable[str]] = {
    "run": RUN,
    "outputs": OUTPUTS,
    "slurm": SLURM,
    "parameters": PARAMETERS,
    "sweep": BLOCKS,
    "": SECTIONS,
}


def misplaced(word: str, known: Iterable[str], noun: str = "key") -> Sentence:
    """Return the sentence about a word that is unknown here: where it belongs or what is meant."""
    for home, names in _HOMES.items():
        if word in names:
            return Unknown(word, (), noun, home)
    return unknown(word, known, noun)


def converted(
    key: str, node: Node, convert: Callable[[Leaf], Read], problems: Problems
) -> Read | None:
    """Convert a scalar, or note what is wrong with it and return None."""
    if not isinstance(node, Leaf):
        problems.add(node.position, key, f"expected a single value, got {scalars.shown(node)}")
        return None
    try:
        return convert(node)
    except FormulaError as error:
        position = node.character(error.column)
        problems.add(position or node.position, key, error.sentence if position else str(error))
    except FormatError as error:
        problems.add(node.position, key, str(error))
    return None


def entries(
    node: Node | None, key: str, wish: str, problems: Problems
) -> Iterator[tuple[str, Position, Node]]:
    """Yield the keys of a mapping with their places and nodes; null is an empty mapping."""
    if node is None or (isinstance(node, Leaf) and node.null):
        return
    if not isinstance(node, Branch):
        problems.add(node.position, key, f"expected {wish}, got {scalars.shown(node)}")
        return
    for name, child in node.nodes.items():
        yield name, node.keys[name], child


@dataclass(frozen=True, slots=True)
class Section:
    """The values of a section, and where each of them stands."""

    values: Mapping[str, Any]
    positions: Mapping[str, Position]


def section(
    layers: Sequence[Branch], key: str, known: Mapping[str, Field], problems: Problems
) -> Section:
    """Read the section ``key`` field by field; a later layer beats an earlier one."""
    values: dict[str, Any] = {}
    positions: dict[str, Position] = {}
    for layer in layers:
        fields = entries(layer.nodes.get(key), key, "keys and values", problems)
        for name, position, child in fields:
            positions[name] = position
            if known is SLURM and name == "extra":
                values[name] = values.get(name, {}) | _extra(child, problems)
            elif known is OUTPUTS and name == OWN:
                values[name] = values.get(name, {}) | _own(child, positions, problems)
            elif name not in known:
                problems.add(position, f"{key}.{name}", misplaced(name, known))
            elif known[name].nullable and isinstance(child, Leaf) and child.null:
                values[name] = None
            else:
                value = converted(f"{key}.{name}", child, known[name].convert, problems)
                if value is not None:
                    values[name] = value
    return Section(values, positions)


def mapping(
    node: Branch, key: str, known: Mapping[str, Field], problems: Problems, *, but: str = ""
) -> Section:
    """Read a mapping within a section as if it were one; the key ``but`` is left to others."""
    nodes = {name: child for name, child in node.nodes.items() if name != but}
    layer = Branch(node.position, {key: Branch(node.position, nodes, node.keys)}, {})
    return section([layer], key, known, problems)


def _own(node: Node, positions: dict[str, Position], problems: Problems) -> dict[str, str]:
    """Read ``outputs.own``: functions by the names of what they compute, each with its place."""
    values: dict[str, str] = {}
    for name, position, child in entries(node, f"outputs.{OWN}", OWN_WISH, problems):
        key, positions[f"{OWN}.{name}"] = f"outputs.{OWN}.{name}", position
        value = converted(key, child, scalars.reference, problems)
        if value is not None:
            values[name] = value
    return values


def _extra(node: Node, problems: Problems) -> dict[str, bool | str]:
    """Read ``slurm.extra``: further options of sbatch, by their long names."""
    values: dict[str, bool | str] = {}
    wish = "options of sbatch and their values, such as {comment: dunes}"
    for name, position, child in entries(node, "slurm.extra", wish, problems):
        key = f"slurm.extra.{name}"
        if reason := reason_against(name):
            problems.add(position, key, reason)
        elif (value := converted(key, child, scalars.option, problems)) is not None:
            values[name] = value
    return values
