"""A table of a sweep: one row per experiment, its parameters and its final quantities."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, Any

from orchestrator import text
from orchestrator.analysis import observables
from orchestrator.analysis import units as unit_names
from orchestrator.analysis.dataset.grid import own_reductions
from orchestrator.analysis.measured import measured
from orchestrator.analysis.numbers import finite
from orchestrator.analysis.scales import scales, settled
from orchestrator.errors import RequestError, optional
from orchestrator.model.pictures import CHOSEN, Units
from orchestrator.records import intents, selection
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.status import coordinates, present

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import polars as pl

    from orchestrator.analysis.measured import Measured
    from orchestrator.analysis.observables import Quantity
    from orchestrator.analysis.scales import Scales
    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory

_IN_NATURE = ("cell_size_m", "t0_s", "shear_velocity_m_s", "wind_10m_m_s")
"""Columns of the scales in nature, in their order."""


_SHOWN, _WIDTH = 5, 100  # rows, and characters of each


class Table(list[dict[str, Any]]):
    """Rows of one form by the names of their columns, None where there is no value."""

    def __repr__(self) -> str:
        rows = [", ".join(map(_shortly, row.values())) for row in self[:_SHOWN]]
        if len(self) > _SHOWN:
            rows.append(f"and {len(self) - _SHOWN} more")
        lines = [", ".join(self[0]), *rows] if self else []
        counted = text.counted(len(self), "row")
        return "\n".join(
            [
                counted,
                *(line if len(line) <= _WIDTH else f"{line[:_WIDTH]}..." for line in lines),
            ]
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return a pandas.DataFrame with the same columns; None is NaN in numbers.

        A column in which nothing has a value is one of numbers, as ``pandas.read_csv`` makes it.

        Raises
        ------
        RequestError
            Where pandas is not installed.
        """
        with optional("to_pandas needs"):
            import pandas as pd  # noqa: PLC0415  # heavy, and optional
        frame = pd.DataFrame.from_records(self)
        empty = frame.columns[frame.isna().all()]
        return frame.astype(dict.fromkeys(empty, "float64"))

    def to_polars(self) -> pl.DataFrame:
        """Return a polars.DataFrame with the same columns; None is null.

        Raises
        ------
        RequestError
            Where polars is not installed.
        """
        with optional("to_polars needs"):
            import polars as pl  # noqa: PLC0415  # heavy, and optional
        return pl.DataFrame(list(self), infer_schema_length=None)


def _shortly(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def table(
    sweep: str | os.PathLike[str] | None = None,
    *,
    units: str = "model",
    data_dir: str | os.PathLike[str] | None = None,
) -> Table:
    """Return a row for each experiment of a sweep: its parameters and its final quantities.

    Parameters
    ----------
    sweep
        A sweep's name or its file (default: the only one there is).
    units
        ``model`` for cells and t0, ``si`` for metres and days.
    data_dir
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else the project's ``data_runs``).

    Returns
    -------
    Table
        A list of rows with :meth:`Table.to_pandas` and :meth:`Table.to_polars`; its columns are
        those of the command ``export``.

    Raises
    ------
    RequestError
        For an unknown sweep or unit.
    """
    if units not in CHOSEN:
        raise RequestError(f"units: expected {' or '.join(CHOSEN)}, got {units}")
    return of_sweep(selection.find_sweep(sweep, data_dir), Units(units))


def of_sweep(directory: SweepDirectory, in_units: Units = Units.MODEL) -> Table:
    """Return a row for each experiment that the sweep file has.

    Its columns are ``experiment``, the swept parameters, ``seed``, ``state``, ``attempt``, the time
    of the last snapshot (``time_t0``, or ``time_d`` in days), every quantity of
    :func:`orchestrator.analysis.observables.quantities` there, and the scales in nature
    ``cell_size_m``, ``t0_s``, ``shear_velocity_m_s`` and ``wind_10m_m_s``; None where there is no
    value. In units of nature quantities have their unit in the name, such as ``roughness_m``. Where
    a t0 has no one length in some experiment, times stay in t0 in all.
    """
    axes = intents.axes(directory)
    statuses = present(LiveStatus(directory).read())
    numbers = [status.experiment.number for status in statuses]
    in_units = settled(directory, numbers, in_units)
    read = measured(directory, numbers)
    quantities = observables.quantities(own_reductions(directory, statuses))
    return Table(
        {
            **_about(axes, status),
            **_final(of_one, quantities, in_units, _scales(directory, status)),
        }
        for status, of_one in zip(statuses, read, strict=True)
    )


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
    row[f"time_{unit_names.time_name(in_units)}"] = finite(
        last_t0 * unit_names.days(in_units, in_nature)
    )
    for name, quantity in quantities.items():
        last = float(series.of(name)[-1]) if len(series.times) else math.nan
        value = last * unit_names.factor(quantity, in_units, in_nature)
        row[_column(name, quantity, in_units)] = finite(value)
    values = map(finite, in_nature)
    return row | dict(zip(_IN_NATURE, values, strict=True))


def _scales(directory: SweepDirectory, status: Status) -> Scales:
    return scales(directory.experiment(status.experiment.number))


def _column(name: str, quantity: Quantity, in_units: Units) -> str:
    """Return the name of a column, with the unit of nature."""
    if not in_units.metres or not (quantity.length or quantity.time):
        return name
    unit = unit_names.name(quantity, in_units).replace("³", "3").replace("/", "_per_")
    return f"{name}_{unit}"
