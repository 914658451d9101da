"""Proposing more seeds where the replicates of a point still differ too much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.analysis import replicates
from orchestrator.analysis.dataset.grid import lay_out
from orchestrator.analysis.dataset.variables import series_values
from orchestrator.analysis.observables import quantities, sources
from orchestrator.errors import RequestError
from orchestrator.records import arrays
from orchestrator.records.status import axis_names, coordinates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.analysis.replicates import Criterion, Spread
    from orchestrator.formats.parameters import Value
    from orchestrator.model import Experiment
    from orchestrator.submission.comparison import Comparison


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the finished seeds of a point tell, and how many would do.

    Attributes
    ----------
    where
        The point, by the swept parameters' names.
    time_t0
        When they are compared: at the last time that all of them have reached; None where they
        share none but the start.
    wanted
        How many seeds meet the criterion; None where that cannot be told, or more than are ever meant.
    """

    where: Mapping[str, Value]
    seeds: int
    time_t0: float | None
    spreads: Mapping[str, Spread]
    wanted: int | None


def proposals(comparison: Comparison, criterion: Criterion) -> list[Proposal]:
    """Return what is proposed for each point of the file that has finished experiments."""
    axes = axis_names(comparison.sweep.axes)
    points: dict[tuple[tuple[str, Value], ...], list[Experiment]] = {}
    for experiment in comparison.reconciliation.kept:
        if comparison.statuses[experiment.number].state.complete:
            where = tuple(coordinates(experiment, axes).items())
            points.setdefault(where, []).append(experiment)
    if not points:
        finished = sum(s.state.complete for s in comparison.statuses.values())
        others = f"; {finished} finished ones are no longer in it" if finished else ""
        raise RequestError(
            f"{comparison.sweep.path}: no experiment of it has finished yet{others}"
        )
    grid, proposed = lay_out(comparison.directory), []
    for where, experiments in points.items():
        (time_t0, spreads), made = _spreads(grid, experiments, criterion), len(experiments)
        unmet = criterion.unmet(spreads)
        wanted = replicates.seeds_wanted(criterion, spreads, made) if unmet else made
        proposed.append(Proposal(dict(where), made, time_t0, spreads, wanted))
    return proposed


def _spreads(
    grid: Grid, experiments: Sequence[Experiment], criterion: Criterion
) -> tuple[float | None, Mapping[str, Spread]]:
    """Return what the seeds of a point tell at the last time that all of them have reached.

    Nothing, and no time, where that is the start: they then share no time of what has happened.
    """
    measured = [
        series_values(grid, arrays.reduced(grid.directory.experiment(e.number), sources()))
        for e in experiments
    ]
    reached = np.array([np.isfinite(run["snapshot_time"]) for run in measured])
    shared, start = np.flatnonzero(reached.all(axis=0)), int(reached.any(axis=0).argmax())
    last = shared[shared > start][-1:]
    spreads = {
        name: replicates.spread(
            np.array([run[name][last[0]] if last.size else np.nan for run in measured]),
            axial=quantities()[name].axial,
        )
        for name in criterion.quantities
    }
    return float(grid.times[last[0]]) if last.size else None, spreads


def read_criterion(text: str) -> Criterion:
    """Read a criterion over the observables, such as ``ci(wavelength) > 0.1``."""
    return replicates.criterion(text, {name: q.axial for name, q in quantities().items()})
