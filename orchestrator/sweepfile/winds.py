"""Winds as a value: rows of durations, angles and strengths, each a number or a formula."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.errors import FormatError
from orchestrator.formats.winds import WIND
from orchestrator.model.winds import Number, WindRows
from orchestrator.sweepfile import scalars
from orchestrator.sweepfile.fields import Field
from orchestrator.sweepfile.sections import mapping
from orchestrator.sweepfile.tree import Branch, Items, Leaf
from orchestrator.text import read_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from orchestrator.formulas import Formula
    from orchestrator.sweepfile.problems import Position, Problems
    from orchestrator.sweepfile.tree import Node

_NUMBER = {"type": ["number", "string"]}
_WISH = "a list of winds, such as [{duration: 10, angle: -45}, {duration: 5, angle: 45}]"
_MOST = 10_000  # rows
SPEEDS_NEED = "speeds need Phys_prop_file and Qsat_file, which tell what they do to the bed"


def _duration(leaf: Leaf) -> Formula:
    """Read a formula, or a time with its unit, such as ``6h``, as seconds."""
    seconds = read_seconds(leaf.text.strip())
    if seconds is None:
        return scalars.formula(leaf)
    return scalars.formula(Leaf(leaf.position, repr(seconds)))


ROW: Mapping[str, Field] = {
    "duration": Field(
        _duration,
        _NUMBER,
        "in t0; beside speed in seconds, or with a unit, such as 6h",
        unit="t0 or s",
        absent="required",
    ),
    "angle": Field(
        scalars.formula,
        _NUMBER,
        "degrees, clockwise on a map: 0 blows along x, 90 down the page; beside speed where it comes "
        "from: 0 from the top of the page, 90 from the right",
        unit="degrees",
        absent="required",
    ),
    "Tau_min": Field(
        scalars.formula,
        _NUMBER,
        "its threshold of stress; without it the experiment's holds",
        absent="the experiment's",
    ),
    "speed": Field(
        scalars.formula,
        _NUMBER,
        "in m/s, in the place of Tau_min and Tau_max; needs Phys_prop_file and Qsat_file",
        unit="m/s",
        absent="the thresholds hold",
    ),
}
"""The fields of one wind, each a number or a formula."""


class Reading(NamedTuple):
    """Winds as they are read, and where each of their numbers stands, by its key."""

    rows: WindRows
    positions: Mapping[str, Position]


def read(key: str, node: Node, problems: Problems) -> Reading | None:
    """Read winds, whose dotted key is ``key``; None if they are no list of winds."""
    before = len(problems)
    if not isinstance(node, Items) or not node.nodes or len(node.nodes) > _MOST:
        got = "an empty list" if isinstance(node, Items) else scalars.shown(node)
        if isinstance(node, Items) and node.nodes:
            got = f"{len(node.nodes)} of them; expected at most {_MOST}"
        problems.add(node.position, key, f"expected {_WISH}, got {got}")
        return None
    rows = [_row(f"{key}.{i}", child, problems) for i, child in enumerate(node.nodes, 1)]
    positions = {
        k: position for _, positions_of_row in rows for k, position in positions_of_row.items()
    }
    numbers = tuple(row for row, _ in rows)
    if len(problems) > before:  # the names in what there is are looked at all the same
        return Reading(WindRows("t0", tuple(row[:2] for row in numbers)), positions)
    strong = {row[2].key.rpartition(".")[2] if len(row) > 2 else "" for row in numbers}
    if len(strong) > 1:
        names = " or ".join(sorted(filter(None, strong)))
        text = f"expected {names} in each of the winds, or in none"
        if {"speed", "Tau_min"} <= strong:
            text = "expected either Tau_min or speed in all of the winds"
        problems.add(node.position, key, text)
        return None
    return Reading(WindRows("rt" if strong == {"speed"} else "t0", numbers), positions)


def _row(
    key: str, node: Node, problems: Problems
) -> tuple[tuple[Number, ...], dict[str, Position]]:
    if not isinstance(node, Branch) or not node.nodes:
        got = "an empty one" if isinstance(node, Branch) else scalars.shown(node)
        problems.add(node.position, key, f"expected {{duration: 10, angle: -45}}, got {got}")
        return (), {}
    section = mapping(node, key, ROW, problems)
    for name in ("duration", "angle"):
        if name not in section.positions:
            problems.add(node.position, f"{key}.{name}", "required, a number or a formula")
    if {"Tau_min", "speed"} <= section.positions.keys():
        text = "beside Tau_min; keep one of the two"
        problems.add(section.positions["speed"], f"{key}.speed", text)
    if "speed" not in section.positions and _has_unit(node.nodes.get("duration")):
        text = "a real time needs a speed in the place of Tau_min; write t0 as a bare number"
        problems.add(node.nodes["duration"].position, f"{key}.duration", text)
    there = [name for name in ROW if name in section.values]
    numbers = tuple(Number(f"{key}.{name}", section.values[name]) for name in there)
    return numbers, {f"{key}.{name}": node.nodes[name].position for name in there}


def _has_unit(node: Node | None) -> bool:
    return isinstance(node, Leaf) and read_seconds(node.text.strip()) is not None


def constant(key: str, node: Node, problems: Problems) -> str | None:
    """Read winds without names in their formulas, on an axis, as their text."""
    before = len(problems)
    reading = read(key, node, problems)
    if reading is None or len(problems) > before:
        return None
    rows, positions = reading
    for number, formula in rows.numbers:
        if formula.names:
            text = f"{formula.text}: expected a number; formulas belong in parameters.{WIND}"
            problems.add(positions[number], number, text)
            return None
    try:
        return rows.settled({})
    except FormatError as error:
        name, _, sentence = str(error).partition(": ")
        problems.add(
            positions.get(name, node.position), name if name in positions else key, sentence
        )
    return None


def texts_of(nodes: Iterable[Node]) -> list[str]:
    """Return the formulas of winds as they are written, whatever is wrong with the rest."""
    rows = itertools.chain.from_iterable(n.nodes for n in nodes if isinstance(n, Items))
    cells = itertools.chain.from_iterable(
        row.nodes.values() for row in rows if isinstance(row, Branch)
    )
    return [cell.text for cell in cells if isinstance(cell, Leaf)]
