"""A table of a sweep: one row per experiment, its parameters and its final quantities."""

from __future__ import annotations

import csv
import functools
import io
import math
from typing import TYPE_CHECKING, Any

from orchestrator.analysis import observables
from orchestrator.records import arrays, intents
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.status import coordinates, present
from orchestrator.threads import in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory


def table(directory: SweepDirectory) -> list[dict[str, Any]]:
    """Return a row for each experiment that the sweep file has.

    Its columns are ``experiment``, the swept parameters, ``seed``, ``state``, ``attempt``,
    ``time_t0`` of the last snapshot, and every quantity of
    :func:`orchestrator.analysis.observables.quantities` there; None where there is no value.
    """
    axes = intents.axes(directory)
    statuses = present(LiveStatus(directory).read())
    return list(in_order(functools.partial(_row, directory, axes), statuses))


def write(rows: Sequence[dict[str, Any]]) -> str:
    """Return a table as comma-separated values (RFC 4180), with a line of names."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0] if rows else (), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _row(
    directory: SweepDirectory, axes: Sequence[Sequence[str]], status: Status
) -> dict[str, Any]:
    experiment = status.experiment
    known = arrays.reduced(directory.experiment(experiment.number), observables.sources())
    row: dict[str, Any] = {"experiment": experiment.name}
    row |= coordinates(experiment, axes)
    row |= {
        "seed": experiment.point.seed,
        "state": status.state.value,
        "attempt": status.attempt,
    }
    row["time_t0"] = float(known.times[-1]) if len(known.times) else None
    measured = observables.series(known) if len(known.times) else {}
    for name in observables.quantities():
        last = float(measured[name][-1]) if name in measured else math.nan
        row[name] = last if math.isfinite(last) else None
    return row
