"""Where the wind of an experiment blows to, whatever says so: winds, a file of winds, or turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.errors import FormatError
from orchestrator.formats import winds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.formats.parameters import Value
    from orchestrator.formats.winds import Winds
    from orchestrator.records.paths import SweepDirectory


def blowing(directory: SweepDirectory, parameters: Mapping[str, Value]) -> Winds | None:
    """Return the winds of an experiment of a sweep.

    None where a file of them cannot be read, or the bed turns besides under winds that change.
    """
    angle, delay, start = (
        float(parameters.get(name, 0.0)) for name in ("Rot_angle", "Rot_delay", "Time")
    )
    turned = bool(angle and delay)
    if turned and {winds.WIND, "Wind_file"} & parameters.keys():
        return None
    if winds.WIND in parameters:
        return winds.parse(str(parameters[winds.WIND]))
    if "Wind_file" in parameters:
        try:
            return winds.read(directory.inputs / str(parameters["Wind_file"]))
        except FormatError:
            return None
    return winds.by_turns(angle, delay, start) if turned else winds.STEADY


def turning(directory: SweepDirectory, parameters: Mapping[str, Value]) -> bool:
    """Return whether the wind of an experiment ever blows elsewhere than along x."""
    rows = blowing(directory, parameters)
    return rows is None or rows.shares.keys() != winds.STEADY.shares.keys()
