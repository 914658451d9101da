"""The JSON Schema of a sweep file, made from the same fields that the reader uses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from orchestrator.formats.parameters import PARAMETERS, Kind
from orchestrator.sweepfile.fields import OUTPUTS, RUN, SECTIONS, SEEDS, SLURM
from orchestrator.sweepfile.parameters import OWNED
from orchestrator.sweepfile.samples import RANGE, SAMPLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.formats.parameters import Parameter
    from orchestrator.sweepfile.fields import Field

_NAME = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"}


def json_schema() -> dict[str, Any]:
    """Return the schema, draft 2020-12."""
    names = [name for name in PARAMETERS if name not in OWNED]
    one = {name: {"$ref": f"#/$defs/{name}"} for name in names}
    several = {name: _list_of(reference) for name, reference in one.items()}
    ranged = {**_mapping(_described(RANGE)), "required": ["low", "high"]}
    numbers = [n for n in names if PARAMETERS[n].kind not in {Kind.TEXT, Kind.BOOLEAN}]
    drawn = {"$ref": "#/$defs/range"}
    space = {**_mapping(dict.fromkeys(numbers, drawn)), "minProperties": 1}
    blocks = {
        "grid": {"description": "every combination", **_mapping(several)},
        "zip": {"description": "lists of one length, varied together", **_mapping(several)},
        "list": {"description": "explicit points", **_list_of(_mapping(one))},
        "sample": {
            "description": "points spread over ranges",
            **_mapping({**_described(SAMPLE), "space": space}),
            "required": ["n", "space"],
        },
    }
    counted = {**_mapping(_described(SEEDS)), "required": list(SEEDS)}
    sections: dict[str, dict[str, Any]] = {
        "name": _NAME,
        "description": {"type": "string"},
        "extends": _NAME,
        "parameters": _mapping(one),
        "sweep": {**_mapping(blocks), "minProperties": 1},
        "derived": _mapping({name: {"type": ["string", "number"]} for name in names}),
        "where": {"type": "string"},
        "seeds": {"anyOf": [SEEDS["count"].schema, _list_of(SEEDS["first"].schema), counted]},
        "run": _mapping(_described(RUN)),
        "outputs": _mapping(_described(OUTPUTS)),
        "slurm": _mapping({**_described(SLURM), "extra": _EXTRA}),
    }
    described = {key: {"description": SECTIONS[key], **sections[key]} for key in SECTIONS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A sweep of ReSCAL-snow",
        **_mapping(described),
        "required": ["name"],
        "$defs": {"range": ranged, **{name: _parameter(PARAMETERS[name]) for name in names}},
    }


_EXTRA = {
    "description": "any further option of sbatch, by its long name; true for a bare flag",
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean"]},
}


def _mapping(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def _list_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": dict(schema)}


def _described(known: Mapping[str, Field]) -> dict[str, Any]:
    return {
        key: {
            "description": field.meaning,
            **({"anyOf": [field.schema, {"type": "null"}]} if field.nullable else field.schema),
        }
        for key, field in known.items()
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    unit = f" ({parameter.unit})" if parameter.unit else ""
    schema: dict[str, Any] = {"description": parameter.meaning + unit}
    if parameter.kind is Kind.TEXT:
        schema |= {"enum": list(parameter.choices)} if parameter.choices else {"type": "string"}
    elif parameter.kind is Kind.BOOLEAN:
        schema["type"] = "boolean"
    else:
        schema["type"] = "integer" if parameter.kind is Kind.INTEGER else "number"
        if parameter.low != -math.inf:
            schema["minimum"] = parameter.low
        if parameter.high != math.inf:
            schema["maximum"] = parameter.high
    if parameter.default is not None:
        schema["default"] = parameter.default
    return schema
