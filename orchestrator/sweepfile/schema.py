"""JSON Schema of a sweep file, made from the fields that the reader uses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from orchestrator.formats.parameters import PARAMETERS, Kind
from orchestrator.formats.winds import WIND
from orchestrator.sweepfile.fields import (
    NAME,
    NESTED,
    OUTPUTS,
    OWN,
    RUN,
    SECTIONS,
    SEEDS,
    SLURM,
)
from orchestrator.sweepfile.own_names import PATTERN
from orchestrator.sweepfile.parameters import OWNED
from orchestrator.sweepfile.ranges import SPACINGS, STEPS
from orchestrator.sweepfile.samples import RANGE, SAMPLE
from orchestrator.sweepfile.scalars import CALL
from orchestrator.sweepfile.winds import ROW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.formats.parameters import Parameter
    from orchestrator.sweepfile.fields import Field

_NUMBER = {"type": "number"}
_FORMULA = {"type": ["string", "number"]}
_SEEDS = {"type": "string", "pattern": "^[0-9]+ ?- ?[0-9]+$"}
_NAME = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"}


def json_schema() -> dict[str, Any]:
    """Return the schema, draft 2020-12."""
    names = [name for name in PARAMETERS if name not in OWNED]
    value = {name: {"$ref": f"#/$defs/{name}"} for name in (*names, WIND)}
    ranged = {**_mapping(_described(RANGE)), "required": ["low", "high"]}
    numbers = [n for n in names if PARAMETERS[n].kind not in {Kind.TEXT, Kind.BOOLEAN}]
    values = {name: _list_of(reference) for name, reference in value.items()}
    spaced = {"$ref": "#/$defs/spaced"}
    values |= {n: {"anyOf": [values[n], spaced]} for n in numbers}
    axis = {"anyOf": [_list_of(_NUMBER), spaced]}
    drawn = {"$ref": "#/$defs/range"}
    space = {**_mapping(dict.fromkeys(numbers, drawn), own=drawn), "minProperties": 1}
    blocks = {
        "grid": {"description": "every combination", **_mapping(values, own=axis)},
        "zip": {
            "description": "lists of one length, varied together",
            **_mapping(values, own=axis),
        },
        "list": {"description": "explicit points", **_list_of(_mapping(value, own=_NUMBER))},
        "sample": {
            "description": "points spread over ranges",
            **_mapping({**_described(SAMPLE), "space": space}),
            "required": ["n", "space"],
        },
    }
    seed = {"anyOf": [SEEDS["first"].schema, _SEEDS]}
    counted = {**_mapping(_described(SEEDS)), "required": list(SEEDS)}
    sections: dict[str, dict[str, Any]] = {
        "name": _NAME,
        "description": {"type": "string"},
        "extends": _NAME,
        "parameters": _mapping(value, own=_NUMBER),
        "sweep": {**_mapping(blocks), "minProperties": 1},
        "derived": _mapping(dict.fromkeys(names, _FORMULA), own=_FORMULA),
        "where": {"type": "string"},
        "seeds": {"anyOf": [SEEDS["count"].schema, _SEEDS, _list_of(seed), counted]},
        "run": _mapping(_described(RUN)),
        "outputs": _mapping({**_described(OUTPUTS), OWN: _OWN}),
        "slurm": _mapping({**_described(SLURM), "extra": _EXTRA}),
    }
    described = {key: {"description": SECTIONS[key], **sections[key]} for key in SECTIONS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A sweep of ReSCAL-snow",
        **_mapping(described),
        "required": ["name"],
        "$defs": {
            "range": ranged,
            "spaced": _spaced(),
            WIND: {"description": "winds that blow one after the other", **_list_of(_wind())},
            **{name: _parameter(PARAMETERS[name]) for name in names},
        },
    }


_EXTRA = {
    "description": NESTED["slurm.extra"],
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean"]},
}


_OWN = {
    "description": NESTED["outputs.own"],
    "type": "object",
    "patternProperties": {f"^{NAME}$": {"type": "string", "pattern": f"^{CALL}$"}},
    "additionalProperties": False,
}


def _spaced() -> dict[str, Any]:
    """Return the schema of evenly spaced values, in one of their notations."""
    end, count = {"type": "number"}, {"type": "integer", "minimum": 2}
    row = {"type": "array", "prefixItems": [end, end, count], "minItems": 3, "maxItems": 3}
    notations: list[dict[str, Any]] = [
        {key: {"description": meaning, **row}} for key, meaning in SPACINGS.items()
    ]
    notations.append(_described(STEPS))
    return {"oneOf": [{**_mapping(each), "required": list(each)} for each in notations]}


def _wind() -> dict[str, Any]:
    return {**_mapping(_described(ROW)), "required": ["duration", "angle"]}


def _mapping(
    properties: Mapping[str, Any], own: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the schema of a mapping; ``own`` is that of names of the file's own."""
    patterns = {} if own is None else {"patternProperties": {f"^(?!{WIND}$){PATTERN}$": own}}
    return {
        "type": "object",
        "properties": dict(properties),
        **patterns,
        "additionalProperties": False,
    }


def _list_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": dict(schema)}


def _described(known: Mapping[str, Field]) -> dict[str, Any]:
    return {
        key: {
            "description": field.meaning,
            **({"anyOf": [field.schema, {"type": "null"}]} if field.nullable else field.schema),
            **({} if field.default is None else {"default": field.default}),
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
