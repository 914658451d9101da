"""One number for each experiment of a sweep: what the series of a quantity comes to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.analysis import sampling, units
from orchestrator.analysis.measured import measured
from orchestrator.analysis.scales import scales
from orchestrator.analysis.summaries import summarize
from orchestrator.errors import RequestError
from orchestrator.model.pictures import How

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.analysis.measured import Measured
    from orchestrator.analysis.observables import Quantity
    from orchestrator.analysis.scales import Scales
    from orchestrator.model import Status
    from orchestrator.model.pictures import Instant, Moment, Summary, Units


class Behind(NamedTuple):
    """An experiment that has not come as far as a number is of.

    Attributes
    ----------
    last_t0
        The time of its last snapshot, in t0; 0 without any.
    ended
        Whether it will come no further.
    complete
        Whether that is as far as it was asked to come.
    next_t0
        The time of its first result, in t0, where only the bed at the start is near to the wanted time;
        else 0.
    """

    last_t0: float
    ended: bool
    complete: bool
    next_t0: float = 0.0


@dataclass(slots=True)
class _Tally:
    times: list[Instant] = field(default_factory=list)
    behind: list[Behind] = field(default_factory=list)
    full: int = 0
    short: int = 0


@dataclass(frozen=True, slots=True)
class Numbers:
    """A number for each experiment.

    Attributes
    ----------
    values
        float64 over the grid, the seeds last, by quantity; not a number where there is none.
    times
        Of the snapshots that are shown, where each number is of one.
    behind
        The experiments that have not come so far.
    full
        How many domains were full by then, and not measured.
    short
        How many experiments have not come to the value of which the time was asked for.
    """

    values: Mapping[str, NDArray[np.float64]]
    times: Sequence[Instant]
    behind: Sequence[Behind]
    full: int
    short: int = 0


def numbers(grid: Grid, names: Sequence[str], summary: Summary, in_units: Units) -> Numbers:
    """Return the number that stands for each quantity of each experiment.

    Raises
    ------
    RequestError
        Where units of nature are wanted of an experiment without property files.
    """
    values = {name: np.full(grid.shape, np.nan) for name in names}
    tally = _Tally()
    cells = grid.cells.items()
    read = measured(grid.directory, [status.experiment.number for _, status in cells])
    quantities = grid.quantities
    timed = summary.how in {How.RATE, How.CROSSING} or any(
        quantities[name].time for name in names
    )
    needed = summary.in_nature or (in_units.days and timed)
    for (cell, status), series in zip(cells, read, strict=True):
        in_nature = scales_of(grid, status, in_units, needed=needed)
        window = _window(grid, status, series, summary, in_nature)
        if window is None:
            tally.behind.append(_behind(status, series, summary, in_nature))
            continue
        if summary.how is How.AT:
            tally.times.append(units.instant(window[0], in_units, in_nature))
        tally.full += bool(series.full_from <= window[1])
        for name in names:
            values[name][cell] = _number(
                quantities[name],
                series.of(name),
                (series.times, window),
                summary,
                (in_units, in_nature),
            )
        if summary.how is How.CROSSING and not series.full_from <= window[1]:
            tally.short += all(np.isnan(of[cell]) for of in values.values())
    return Numbers(values, tally.times, tally.behind, tally.full, tally.short)


def scales_of(grid: Grid, status: Status, in_units: Units, *, needed: bool = False) -> Scales:
    """Return the scales of an experiment; with units of nature, a cell must have one once it has begun.

    Raises
    ------
    RequestError
        Where it has none. ``needed`` is whether a t0 must have one, too.
    """
    directory = grid.directory.experiment(status.experiment.number)
    in_nature, name = scales(directory), status.experiment.name
    if not directory.parfile.exists():
        return in_nature
    if in_units.metres and not np.isfinite(in_nature.cell_m):
        raise RequestError(
            f"--units si: {name} has no property files that tell how large a cell is"
        )
    if needed and not np.isfinite(in_nature.t0_s):
        raise RequestError(
            f"--time in nature: {name} has no one length of a t0: no property files, or winds of "
            "several strengths"
        )
    return in_nature


def _behind(status: Status, series: Measured, summary: Summary, in_nature: Scales) -> Behind:
    """Return how far an experiment has come that has no number."""
    last_t0 = float(series.times[-1]) if len(series.times) else 0.0
    wanted = _end(summary.last, in_nature, np.inf)
    early = summary.how is How.AT and last_t0 > wanted
    next_t0 = float(series.times[series.times > wanted][0]) if early else 0.0
    return Behind(last_t0, status.state.ended, status.state.complete, next_t0)


def _window(
    grid: Grid, status: Status, series: Measured, summary: Summary, in_nature: Scales
) -> tuple[float, float] | None:
    """Return the first and last time that count, in t0; None where the experiment ended before."""
    times = series.times
    if not len(times):
        return None
    if summary.how is How.AT and summary.first is not None:
        wanted = summary.first.in_t0(in_nature.t0_s)
        index = sampling.near(times, wanted, grid.tolerance_t0)
        return None if index is None else (float(times[index]), float(times[index]))
    end = _end(summary.last, in_nature, status.stop_t0)
    if times[-1] < end - grid.tolerance_t0 and summary.how is not How.CROSSING:
        return None
    if summary.how is How.AT:
        return float(times[-1]), float(times[-1])
    first = _end(summary.first, in_nature, float(times[0]))
    late = grid.tolerance_t0 if summary.last is not None else np.inf
    return first, end + late


def _end(moment: Moment | None, in_nature: Scales, otherwise: float) -> float:
    return otherwise if moment is None else moment.in_t0(in_nature.t0_s)


def _number(
    quantity: Quantity,
    values: NDArray[np.float64],
    along: tuple[NDArray[np.float64], tuple[float, float]],
    summary: Summary,
    in_units: tuple[Units, Scales],
) -> float:
    """Return what a series over times comes to in a window."""
    times, window = along
    t0, unit = units.days(*in_units), units.factor(quantity, *in_units)
    if summary.how is How.AT or (summary.how is How.MEAN and np.isnan(t0)):
        t0 = 1.0  # the unit of time plays no part
    ends = window[0] * t0, window[1] * t0
    return summarize(summary, times * t0, values * unit, ends, axial=quantity.axial)


def finite(value: float) -> float | None:
    """Return a number as tables and JSON have it: None where it is not known."""
    return value if math.isfinite(value) else None
