"""The sections of a sweep file, field by field: one description for reader and schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from orchestrator.errors import FormatError
from orchestrator.formats.parameters import PARAMETERS
from orchestrator.formulas import FormulaError
from orchestrator.sweepfile import scalars
from orchestrator.sweepfile.problems import unknown
from orchestrator.sweepfile.tree import Branch, Leaf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from orchestrator.sweepfile.problems import Place, Problems, Sentence
    from orchestrator.sweepfile.tree import Node

Read = TypeVar("Read")

_OPTION = re.compile(r"[a-z][a-z0-9_-]{0,60}")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: how its text becomes a value, and what an editor should know of it.

    A ``nullable`` field may be null, which takes back what a template says.
    """

    convert: Callable[[Leaf], Any]
    schema: Mapping[str, Any]
    meaning: str
    nullable: bool = False


_TEXT = {"type": ["string", "number", "boolean"]}
_SWITCH = {"type": "boolean"}
_COUNT = {"type": "integer", "minimum": 1}
_POSITIVE = {"type": "number", "exclusiveMinimum": 0}
_TIME = {"type": ["string", "number"], "examples": ["4:00:00", "90min", "4h", "1-12:00:00"]}


def _asked(meaning: str) -> Field:
    return Field(scalars.line, _TEXT, meaning, nullable=True)


RUN: Mapping[str, Field] = {
    "stop": Field(scalars.positive, _POSITIVE, "simulated time to run, in t0"),
    "every": Field(scalars.positive, _POSITIVE, "t0 between two snapshots"),
    "engine": Field(
        scalars.one_of("auto", "rescal", "builtin"),
        {"enum": ["auto", "rescal", "builtin"]},
        "auto takes $RESCAL_SNOW_ROOT where it is set, else the built-in engine",
    ),
    "silence": Field(
        scalars.duration_s, _TIME, "how long an engine may neither write nor use a processor"
    ),
    "checkpoint_every": Field(
        scalars.duration_s,
        _TIME,
        "least wall time between two saved states; without it, as often as costs under 1 %",
    ),
    "on_timeout": Field(
        scalars.one_of("auto", "continue", "rerun"),
        {"enum": ["auto", "continue", "rerun"]},
        "whether another attempt goes on; auto: where that makes the same bytes",
    ),
    "time_limit": Field(
        scalars.duration_s,
        _TIME,
        "wall time after which an attempt ends as a timeout",
        nullable=True,
    ),
}
"""The fields of ``run``."""

OUTPUTS: Mapping[str, Field] = {
    "height_maps": Field(scalars.switch, _SWITCH, "keep height maps"),
    "ffts": Field(scalars.switch, _SWITCH, "keep spectra"),
    "keep_initial": Field(
        scalars.keep_initial, {"enum": [True, False, "gzip"]}, "keep the initial cell space"
    ),
}
"""The fields of ``outputs``."""

SLURM: Mapping[str, Field] = {
    "partition": _asked("partition"),
    "time": Field(scalars.minutes, _TIME, "time limit of a job", nullable=True),
    "pack": Field(
        scalars.pack,
        {"anyOf": [_COUNT, {"const": "node"}]},
        "experiments at the same time in one job; node: one per core of a whole node",
    ),
    "jobs": Field(scalars.count, _COUNT, "at most so many jobs at once", nullable=True),
    "account": _asked("account to charge"),
    "qos": _asked("quality of service"),
    "constraint": _asked("features that a node must have"),
    "reservation": _asked("reservation to use"),
    "mem": Field(scalars.memory, _TEXT, "memory of a job, as 4G", nullable=True),
    "exclude": _asked("nodes to avoid"),
    "mail_user": _asked("whom to mail"),
    "mail_type": _asked("when to mail, as END,FAIL"),
}
"""The fields of ``slurm``, without ``extra``."""

SEEDS: Mapping[str, Field] = {
    "first": Field(scalars.seed, {"type": "integer", "minimum": 0}, "the first seed"),
    "count": Field(scalars.count, _COUNT, "how many follow each other"),
}
"""The fields of ``seeds`` where it is a range."""

SECTIONS: Mapping[str, str] = {
    "name": "what the sweep is called; its directory under data_runs",
    "description": "what it is for, in a sentence",
    "extends": "a template, by its name",
    "parameters": "held constant; ReSCAL's own names",
    "sweep": "what varies: grid, zip, list, sample",
    "derived": "parameters computed from others, by formulas",
    "where": "keep only the points for which this holds",
    "seeds": "replicates: a number, a list, or {first, count}",
    "run": "how long and how often",
    "outputs": "what is kept",
    "slurm": "what is asked of Slurm",
}
"""The keys of a sweep file, and what they are for."""


def misplaced(word: str, known: Iterable[str]) -> Sentence:
    """Say that there is no such key here, and under what it belongs or what may be meant."""
    homes = {"run": RUN, "outputs": OUTPUTS, "slurm": SLURM, "parameters": PARAMETERS}
    for home, names in homes.items():
        if word in names:
            return f"no such key; it belongs under {home}"
    return unknown(word, known, "key")


def converted(
    key: str, node: Node, convert: Callable[[Leaf], Read], problems: Problems
) -> Read | None:
    """Convert a scalar, or note what is wrong with it and return None."""
    if not isinstance(node, Leaf):
        problems.add(node.place, key, f"expected a single value, got {scalars.shown(node)}")
        return None
    try:
        return convert(node)
    except FormulaError as error:
        place = node.character(error.column)
        problems.add(place or node.place, key, error.sentence if place else str(error))
    except FormatError as error:
        problems.add(node.place, key, str(error))
    return None


def entries(
    node: Node | None, key: str, wish: str, problems: Problems
) -> Iterator[tuple[str, Place, Node]]:
    """Yield the keys of a mapping with their places and nodes; nothing at all is an empty one."""
    if node is None or (isinstance(node, Leaf) and node.null):
        return
    if not isinstance(node, Branch):
        problems.add(node.place, key, f"expected {wish}, got {scalars.shown(node)}")
        return
    for name, child in node.nodes.items():
        yield name, node.keys[name], child


@dataclass(frozen=True, slots=True)
class Section:
    """The values of a section, and where each of them stands."""

    values: Mapping[str, Any]
    places: Mapping[str, Place]


def section(
    layers: Sequence[Branch], key: str, known: Mapping[str, Field], problems: Problems
) -> Section:
    """Read a section field by field; a later layer beats an earlier one."""
    values: dict[str, Any] = {}
    places: dict[str, Place] = {}
    for layer in layers:
        found = entries(layer.nodes.get(key), key, "keys and values", problems)
        for name, place, child in found:
            places[name] = place
            if known is SLURM and name == "extra":
                values[name] = values.get(name, {}) | _extra(child, problems)
            elif name not in known:
                problems.add(place, f"{key}.{name}", misplaced(name, known))
            elif known[name].nullable and isinstance(child, Leaf) and child.null:
                values[name] = None
            else:
                value = converted(f"{key}.{name}", child, known[name].convert, problems)
                if value is not None:
                    values[name] = value
    return Section(values, places)


def _extra(node: Node, problems: Problems) -> dict[str, bool | str]:
    """Read ``slurm.extra``: any further option of sbatch, by its long name."""
    values: dict[str, bool | str] = {}
    wish = "options of sbatch and their values, as {comment: dunes}"
    for name, place, child in entries(node, "slurm.extra", wish, problems):
        key = f"slurm.extra.{name}"
        if name.replace("-", "_") in SLURM:
            problems.add(place, key, f"write slurm.{name.replace('-', '_')} instead")
        elif not _OPTION.fullmatch(name):
            text = "expected the long name of an option of sbatch, without dashes in front"
            problems.add(place, key, text)
        else:
            value = converted(key, child, scalars.option, problems)
            if value is not None:
                values[name] = value
    return values
