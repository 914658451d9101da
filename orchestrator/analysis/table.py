"""A table of a sweep: one row per experiment, its parameters and its final quantities."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, Any

from orchestrator.analysis import observables, units
from orchestrator.analysis.dataset.grid import own_reductions
from orchestrator.analysis.measured import measured
from orchestrator.analysis.scales import scales
from orchestrator.model.pictures import Units
from orchestrator.records import intents
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.status import coordinates, present

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.analysis.measured import Measured
    from orchestrator.analysis.observables import Quantity
    from orchestrator.analysis.scales import Scales
    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory

_IN_NATURE = ("cell_size_m", "t0_s", "shear_velocity_m_s", "wind_10m_m_s")
"""Columns of the scales in nature, in their order."""


def table(directory: SweepDirectory, in_units: Units = Units.MODEL) -> list[dict[str, Any]]:
    """Return a row for each experiment that the sweep file has.

    Its columns are ``experiment``, the swept parameters, ``seed``, ``state``, ``attempt``, the time
    of the last snapshot (``time_t0``, or ``time_d`` in days), every quantity of
    :func:`orchestrator.analysis.observables.quantities` there, and the scales in nature
    ``cell_size_m``, ``t0_s``, ``shear_velocity_m_s`` and ``wind_10m_m_s``; None where there is no
    value. In units of nature quantities have their unit in the name, such as ``roughness_m``.
    """
    axes = intents.axes(directory)
    statuses = present(LiveStatus(directory).read())
    read = measured(directory, [status.experiment.number for status in statuses])
    quantities = observables.quantities(own_reductions(directory, statuses))
    return [
        {
            **_about(axes, status),
            **_final(of_one, quantities, in_units, _scales(directory, status)),
        }
        for status, of_one in zip(statuses, read, strict=True)
    ]


def write(rows: Sequence[dict[str, Any]]) -> str:
    """Return a table as comma-separated values (RFC 4180), with a line of names."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0] if rows else (), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _about(axes: Sequence[Sequence[str]], status: Status) -> dict[str, Any]:
    """Return the first columns: which experiment it is, and how it stands."""
    experiment = status.experiment
    return {
        "experiment": experiment.name,
        **coordinates(experiment, axes),
        "seed": experiment.point.seed,
        "state": status.state.value,
        "attempt": status.attempt,
    }


def _final(
    series: Measured,
    quantities: Mapping[str, Quantity],
    in_units: Units,
    in_nature: Scales,
) -> dict[str, Any]:
    """Return the other columns: the last time, the quantities there, the scales in nature."""
    row: dict[str, Any] = {}
    last_t0 = float(series.times[-1]) if len(series.times) else math.nan
    row[f"time_{units.time_name(in_units)}"] = _known(last_t0 * units.days(in_units, in_nature))
    for name, quantity in quantities.items():
        last = float(series.of(name)[-1]) if len(series.times) else math.nan
        value = last * units.factor(quantity, in_units, in_nature)
        row[_column(name, quantity, in_units)] = _known(value)
    values = map(_known, in_nature)
    return row | dict(zip(_IN_NATURE, values, strict=True))


def _scales(directory: SweepDirectory, status: Status) -> Scales:
    return scales(directory.experiment(status.experiment.number))


def _column(name: str, quantity: Quantity, in_units: Units) -> str:
    """Return the name of a column, with the unit of nature."""
    if in_units is Units.MODEL or not (quantity.length or quantity.time):
        return name
    unit = units.name(quantity, in_units).replace("³", "3").replace("/", "_per_")
    return f"{name}_{unit}"


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
