"""Evenly spaced values of a parameter: linspace, logspace, or start, stop and step."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError
from orchestrator.formats.parameter_values import checked
from orchestrator.formats.parameters import Kind
from orchestrator.sweepfile import scalars
from orchestrator.sweepfile.consistency import MOST_EXPERIMENTS
from orchestrator.sweepfile.fields import Field
from orchestrator.sweepfile.sections import converted, mapping
from orchestrator.sweepfile.tree import Items

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from orchestrator.formats.parameters import Parameter, Value
    from orchestrator.sweepfile.problems import Problems
    from orchestrator.sweepfile.tree import Branch, Leaf, Node

_DIGITS = 12


def _number(leaf: Leaf) -> Decimal:
    """Read a number exactly as it is written, so that 3 steps of 0.1 are 0.3."""
    return Decimal(repr(scalars.number(leaf)))


SPACINGS: Mapping[str, str] = {
    "linspace": "[first, last, count]: count values at equal distances, both ends included",
    "logspace": "[first, last, count]: count values at equal ratios, both ends included",
}
"""The keys of a range by its ends."""

STEPS: Mapping[str, Field] = {
    "start": Field(_number, {"type": "number"}, "the first value", absent="required"),
    "stop": Field(
        _number,
        {"type": "number"},
        "the end, included if a step falls on it",
        absent="required",
    ),
    "step": Field(
        _number,
        {"type": "number"},
        "the distance between two values; may be negative",
        absent="required",
    ),
}
"""The fields of a range by its step."""


def read(key: str, node: Branch, parameter: Parameter, problems: Problems) -> Sequence[Value]:
    """Read a range in the place of a list of values.

    Parameters
    ----------
    key
        The dotted key of the parameter, for sentences.

    Returns
    -------
    sequence
        At most 100,000 values in the parameter's own type, rounded to 12 significant digits;
        empty where something is wrong with them.
    """
    if parameter.kind in {Kind.TEXT, Kind.BOOLEAN}:
        problems.add(node.position, key, "has no range; write its values as a list")
        return ()
    spacing = next((name for name in SPACINGS if name in node.nodes), None)
    if spacing and len(node.nodes) > 1:
        problems.add(
            node.position, key, f"expected {spacing} alone, got {', '.join(node.nodes)}"
        )
        return ()
    try:
        if spacing is None:
            return _in(parameter, _stepped(key, node, problems))
        return _in(
            parameter, _spaced(f"{key}.{spacing}", spacing, node.nodes[spacing], problems)
        )
    except FormatError as error:
        problems.add(node.position, key, str(error))
        return ()


def _in(parameter: Parameter, values: Iterable[Decimal | float]) -> Sequence[Value]:
    return [checked(parameter, float(f"{value:.{_DIGITS}g}")) for value in values]


def _spaced(
    key: str, spacing: str, node: Node, problems: Problems
) -> Iterable[Decimal | float]:
    if not isinstance(node, Items) or len(node.nodes) != 3:
        got = f"{len(node.nodes)} values" if isinstance(node, Items) else scalars.shown(node)
        raise FormatError(f"expected {spacing}: [first, last, count], got {got}")
    *ends, leaf = node.nodes
    first, last = (converted(key, end, _number, problems) for end in ends)
    count = converted(key, leaf, scalars.count, problems)
    if first is None or last is None or count is None:
        return ()
    _check_count(count)
    if count < 2:
        raise FormatError(f"expected a count of 2 or more, got {count}")
    if first == last:
        raise FormatError(f"expected two different ends, got {first} twice")
    return (_linear if spacing == "linspace" else _logarithmic)(first, last, count)


def _linear(first: Decimal, last: Decimal, count: int) -> Iterable[Decimal]:
    return [first + (last - first) * i / (count - 1) for i in range(count)]


def _logarithmic(first: Decimal, last: Decimal, count: int) -> Iterable[Decimal | float]:
    if first <= 0 or last <= 0:
        raise FormatError("expected two ends above 0, since the ratios are equal")
    low, high = math.log(first), math.log(last)
    inner = (math.exp(low + (high - low) * i / (count - 1)) for i in range(1, count - 1))
    return [first, *inner, last]


def _stepped(key: str, node: Branch, problems: Problems) -> Iterable[Decimal]:
    before = len(problems)
    section = mapping(node, key, STEPS, problems)
    if len(problems) > before:
        return ()
    missing = [name for name in STEPS if name not in section.values]
    if missing:
        wish = "expected a list, linspace, logspace, or start, stop and step"
        raise FormatError(f"{wish}; {', '.join(missing)} missing")
    start, stop, step = (section.values[name] for name in STEPS)
    if step == 0 or (stop - start) / step < 0:
        raise FormatError(f"no step of {step} leads from {start} to {stop}")
    count = int((stop - start) / step) + 1
    _check_count(count)
    return [start + i * step for i in range(count)]


def _check_count(count: int) -> None:
    if count > MOST_EXPERIMENTS:
        shown = f"{Decimal(count):.{_DIGITS}g}"
        raise FormatError(f"{shown} values; a sweep has at most {MOST_EXPERIMENTS} experiments")
