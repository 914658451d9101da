"""What is asked of Slurm: command line, environment, sweep file, config.yaml, in this order."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from orchestrator import settings
from orchestrator.errors import FormatError, RequestError
from orchestrator.sweepfile.fields import SLURM
from orchestrator.sweepfile.problems import Place
from orchestrator.sweepfile.tree import Leaf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.model import Resources

OPTIONS = ("partition", "account", "qos", "time", "mem", "exclude", "pack")
"""Slurm's options that may be given outside of a sweep file."""


def effective(asked: Resources, placement: Mapping[str, Any]) -> Resources:
    """Return what a sweep file asks for, overridden and completed by what is said elsewhere.

    Raises
    ------
    RequestError
        For a value that the option cannot have, with where it was said.
    """
    changes: dict[str, Any] = {}
    for option in OPTIONS:
        field = "time_min" if option == "time" else option
        value, origin = placement.get(option), f"--{option}"
        if value is None:
            value, origin = settings.environment(option), f"$RESCAL_SWEEP_{option.upper()}"
        if value is None and getattr(asked, field) is None:
            value, origin = settings.preset(option), f"config.yaml: {option}"
        if value is not None:
            changes[field] = _converted(option, str(value), origin)
    return dataclasses.replace(asked, **changes)


def _converted(option: str, value: str, origin: str) -> Any:
    try:
        return SLURM[option].convert(Leaf(Place(origin), value))
    except FormatError as error:
        raise RequestError(f"{origin}: {error}") from error
