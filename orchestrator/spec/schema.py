"""The JSON Schema of a sweep file, made from the same fields that the reader uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.formats.parameters import PARAMETERS, Kind
from orchestrator.spec.fields import OUTPUTS, RUN, SLURM
from orchestrator.spec.layers import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.formats.parameters import Parameter
    from orchestrator.spec.fields import Field


def json_schema() -> dict[str, Any]:
    """Return the schema, draft 2020-12."""
    one = {name: _parameter(p) for name, p in PARAMETERS.items()}
    several = {name: _list_of(schema) for name, schema in one.items()}
    sections: dict[str, dict[str, Any]] = {
        "name": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"},
        "description": {"type": "string"},
        "extends": {"type": "string"},
        "parameters": _mapping(one),
        "sweep": _mapping(
            {
                "grid": _mapping(several),
                "zip": _mapping(several),
                "list": _list_of(_mapping(one)),
            }
        ),
        "derived": _mapping({name: {"type": ["string", "number"]} for name in PARAMETERS}),
        "where": {"type": "string"},
        "seeds": {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                _list_of({"type": "integer"}),
                _mapping({"first": {"type": "integer"}, "count": {"type": "integer"}}),
            ]
        },
        "run": _mapping(_described(RUN)),
        "outputs": _mapping(_described(OUTPUTS)),
        "slurm": _mapping({**_described(SLURM), "extra": {"type": "object"}}),
    }
    described = {
        key: {"description": SECTIONS[key], **schema} for key, schema in sections.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A sweep of ReSCAL-snow",
        **_mapping(described),
        "required": ["name"],
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
        if parameter.low != float("-inf"):
            schema["minimum"] = parameter.low
        if parameter.high != float("inf"):
            schema["maximum"] = parameter.high
    if parameter.default is not None:
        schema["default"] = parameter.default
    return schema
