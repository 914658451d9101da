"""The names that a person meets, explained: parameters, keys, templates, quantities, states."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator import text
from orchestrator.analysis import observables
from orchestrator.analysis.dataset import variables
from orchestrator.errors import RequestError
from orchestrator.formats import spelling
from orchestrator.formats.parameters import PARAMETERS
from orchestrator.formats.templates import TEMPLATES
from orchestrator.model import State, conditions
from orchestrator.sweepfile import fields, ranges, samples, winds
from orchestrator.sweepfile.layers import shortly, template_folders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orchestrator.formats.parameters import Parameter
    from orchestrator.formats.templates import Template as CellspaceTemplate
    from orchestrator.sweepfile.fields import Field

SECTIONS: Mapping[str, Mapping[str, Field]] = {
    "run": fields.RUN,
    "outputs": fields.OUTPUTS,
    "slurm": fields.SLURM,
    "seeds": fields.SEEDS,
    "parameters.wind": winds.ROW,
    "sweep.grid.NAME": ranges.STEPS,
    "sweep.sample": samples.SAMPLE,
    "sweep.sample.space.NAME": samples.RANGE,
}
"""Mappings of a sweep file by where they stand."""


_WIND = {
    "parameters.wind": "winds that blow one after the other, a list such as "
    "[{duration: 10, angle: -45}, {duration: 5, angle: 45}], each with a Tau_min or a speed if need be"
}

_WORDS = {
    "t0": "the unit of simulated time; how many seconds it is in nature follows from the wind "
    "(Tau_min) and the rates, and each picture says it: seconds in a strong wind, hours in a weak one",
    "cell": "the unit of length, the side of a cubic cell: a few centimetres to a decimetre, by "
    "Phys_prop_file; 0.087 m with sealevel_snow.prop",
}
"""Units of the model, which are no names in any file."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a name.

    Attributes
    ----------
    kind
        What it is the name of.
    details
        Unit, default, range and the like, by label.
    """

    name: str
    kind: str
    meaning: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SweepTemplate:
    """A file that sweep files extend, with the first sentence of the comment at its top."""

    name: str
    purpose: str
    path: Path
    comment: str


def find(name: str) -> list[Entry]:
    """Return what is known of a name, whatever it is the name of.

    Raises
    ------
    RequestError
        If nothing has this name.
    """
    known = list(_entries())
    folded = name.lower()
    entries = [
        e for e in known if folded in {e.name.lower(), e.name.rpartition(".")[2].lower()}
    ]
    if not entries:
        hint = spelling.did_you_mean(name, [entry.name for entry in known])
        raise RequestError(
            f"no parameter, key, template, quantity, variable or state {name!r}{hint}"
        )
    exact = [entry for entry in entries if name in {entry.name, entry.name.rpartition(".")[2]}]
    return exact or entries


def names() -> dict[str, list[str]]:
    """Return all names by what they are the names of."""
    by_kind: dict[str, list[str]] = {}
    for entry in _entries():
        by_kind.setdefault(entry.kind, []).append(entry.name)
    return by_kind


def templates() -> list[SweepTemplate]:
    """Return the templates that a sweep file here may extend; the project's hide those that ship."""
    nearest: dict[str, Path] = {}
    _here, *folders = template_folders(Path("sweep.yaml"))
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")):
            nearest.setdefault(path.stem, shortly(path))
    return [_template(name, path) for name, path in sorted(nearest.items())]


def _template(name: str, path: Path) -> SweepTemplate:
    lines = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    comment = " ".join(filter(None, lines))
    return SweepTemplate(name, comment.partition(". ")[0].rstrip("."), path, comment)


def _entries() -> Iterator[Entry]:
    yield from map(_parameter, PARAMETERS.values())
    for key, meaning in fields.SECTIONS.items():
        yield Entry(key, "key of the sweep file", meaning)
    for section, keys in SECTIONS.items():
        for key, described in keys.items():
            yield Entry(
                f"{section}.{key}", "key of the sweep file", described.meaning, _key(described)
            )
    for key, meaning in {**fields.NESTED, **_WIND, **ranges.SPACINGS}.items():
        yield Entry(key, "key of the sweep file", meaning)
    yield from map(_cellspace, TEMPLATES.values())
    for template in templates():
        details = {"file": str(template.path)}
        yield Entry(template.name, "template of sweep files", template.comment, details)
    yield from _of_results()


def _of_results() -> Iterator[Entry]:
    """Yield what names stand for that are met once experiments run."""
    for name, quantity in observables.quantities().items():
        details = {"unit": quantity.units, "in detail": quantity.comment}
        yield Entry(name, "quantity over time", quantity.long_name, details)
    for name, variable in variables.described().items():
        about = variable.attributes
        details = {
            "unit": str(about.get("units", "")),
            "in detail": str(about.get("comment", "")),
        }
        known = {label: detail for label, detail in details.items() if detail}
        yield Entry(name, "variable of the dataset", str(about["long_name"]), known)
    for name, meaning in conditions.NUMBERS.items():
        if name not in observables.quantities():
            yield Entry(name, "number for run.stop_when and run.invalid_when", meaning)
    for name, meaning in _WORDS.items():
        yield Entry(name, "word of the model", meaning)
    for state in State:
        yield Entry(state.value, "state of an experiment", state.meaning)


def _parameter(parameter: Parameter) -> Entry:
    details = {"type": parameter.kind.value}
    if parameter.unit:
        details["unit"] = parameter.unit
    default = parameter.default
    details["default"] = "none" if default is None else text.number(default)
    if parameter.choices:
        details["one of"] = ", ".join(parameter.choices)
    low, high = parameter.low, parameter.high
    if math.isfinite(low) and math.isfinite(high):
        details["range"] = f"{_end(low)} to {_end(high)}"
    elif math.isfinite(low):
        details["range"] = f"{_end(low)} or more"
    elif math.isfinite(high):
        details["range"] = f"{_end(high)} or less"
    details["read by"] = parameter.program.value
    if parameter.in_nature:
        details = {"in nature": parameter.in_nature, **details}
    return Entry(parameter.name, "parameter of ReSCAL-snow", parameter.meaning, details)


def _end(limit: float) -> str:
    return str(int(limit)) if limit == int(limit) else f"{limit:g}"


def _key(described: Field) -> dict[str, str]:
    schema, default = described.schema, described.default
    details = {"type": _type(schema)}
    if described.unit:
        details["unit"] = described.unit
    details["default"] = described.absent if default is None else _yaml(default)
    if choices := [
        c for each in (schema, *schema.get("anyOf", ())) for c in each.get("enum", ())
    ]:
        details["one of"] = ", ".join(map(_yaml, choices))
    if examples := schema.get("examples"):
        details["examples"] = ", ".join(map(str, examples))
    return details


def _type(schema: Mapping[str, Any]) -> str:
    """Return in words what a JSON Schema of the sweep file allows."""
    if "anyOf" in schema:
        return ", or ".join(map(_type, schema["anyOf"]))
    if "const" in schema:
        return str(schema["const"])
    if "examples" in schema:
        return "time"
    kind = schema.get("type")
    known = {
        None: "choice",
        "integer": f"whole number, {schema.get('minimum')} or more",
        "number": "number above 0" if "exclusiveMinimum" in schema else "number",
        "boolean": "true or false",
        "string": "text",
    }
    if isinstance(kind, list):
        return "text" if "boolean" in kind else "number or formula"
    return known[kind]


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cellspace(template: CellspaceTemplate) -> Entry:
    arguments = ", ".join(f"{k} = {v:g}" for k, v in template.arguments.items())
    details = {"arguments": arguments or "none"}
    return Entry(
        template.name, "template of the initial bed (Csp_template)", template.meaning, details
    )
