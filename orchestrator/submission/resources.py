"""What is asked of Slurm: command line, environment, sweep file, config.yaml, in this order."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from orchestrator import settings
from orchestrator.errors import FormatError, RequestError
from orchestrator.sweepfile.fields import SLURM
from orchestrator.sweepfile.problems import Position
from orchestrator.sweepfile.tree import Leaf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.model import Resources

_SBATCH = {"partition": "SBATCH_PARTITION", "account": "SBATCH_ACCOUNT", "qos": "SBATCH_QOS"}
# in which people tell sbatch where they may run; the last that are looked at


def effective(resources: Resources, placement: Mapping[str, Any]) -> Resources:
    """Return what a sweep file asks for, overridden and completed by what is said elsewhere.

    Raises
    ------
    RequestError
        For a value that the option cannot have, with where it was said.
    """
    changes: dict[str, Any] = {}
    for option in settings.SLURM_OPTIONS:
        field = "time_min" if option == "time" else option
        value, origin = _value_elsewhere(option, resources, placement)
        if value is not None:
            changes[field] = _converted(option, value, origin)
    return dataclasses.replace(resources, **changes)


def inherited(resources: Resources, placement: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each option that only sbatch's own variables give."""
    options = ((option, *_value_elsewhere(option, resources, placement)) for option in _SBATCH)
    return [
        f"{option}: {value}, from {origin}"
        for option, value, origin in options
        if value is not None and origin == f"${_SBATCH[option]}"
    ]


def _value_elsewhere(
    option: str, resources: Resources, placement: Mapping[str, Any]
) -> tuple[str | None, str]:
    """Return what is said of an option elsewhere than in the sweep file, and where."""
    if (value := placement.get(option)) is not None:
        return str(value), f"--{option}"
    if (text := settings.environment(option)) is not None:
        return text, f"$RESCAL_SWEEP_{option.upper()}"
    if getattr(resources, "time_min" if option == "time" else option) is not None:
        return None, ""
    if (text := settings.preset(option)) is not None:
        return text, f"config.yaml: {option}"
    if option in _SBATCH:
        return settings.sbatch_option(option), f"${_SBATCH[option]}"
    return None, ""


def _converted(option: str, value: str, origin: str) -> Any:
    try:
        return SLURM[option].convert(Leaf(Position(origin), value))
    except FormatError as error:
        raise RequestError(f"{origin}: {error}") from error
