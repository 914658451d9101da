"""Proposing more seeds where the replicates of a point still differ too much."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rich import box
from rich.table import Table

from orchestrator import text
from orchestrator.analysis import replicates
from orchestrator.analysis.dataset.grid import lay_out
from orchestrator.analysis.dataset.variables import series_values
from orchestrator.analysis.observables import QUANTITIES
from orchestrator.errors import RequestError
from orchestrator.model import State
from orchestrator.records import arrays
from orchestrator.records.status import axis_names, coordinates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.analysis.replicates import Criterion, Spread
    from orchestrator.formats.parameters import Value
    from orchestrator.model import Experiment, Sweep
    from orchestrator.submission.plan import Plan


_NAMED = 3  # points of which nothing can be said


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


def proposals(planned: Plan, criterion: Criterion) -> list[Proposal]:
    """Return what is proposed for each point of the file that has finished experiments."""
    axes = axis_names(planned.sweep.axes)
    points: dict[tuple[tuple[str, Value], ...], list[Experiment]] = {}
    for experiment in planned.reconciliation.kept:
        if planned.statuses[experiment.number].state is State.DONE:
            where = tuple(coordinates(experiment, axes).items())
            points.setdefault(where, []).append(experiment)
    if not points:
        finished = sum(s.state is State.DONE for s in planned.statuses.values())
        others = f"; {finished} finished ones are no longer in it" if finished else ""
        raise RequestError(
            f"{planned.sweep.path}: no experiment of it has finished yet{others}"
        )
    grid, found = lay_out(planned.directory), []
    for where, experiments in points.items():
        (time_t0, spreads), made = _spreads(grid, experiments, criterion), len(experiments)
        unmet = criterion.unmet(spreads)
        wanted = replicates.seeds_wanted(criterion, spreads, made) if unmet else made
        found.append(Proposal(dict(where), made, time_t0, spreads, wanted))
    return found


def propose(console: Console, planned: Plan, criterion_text: str) -> None:
    """Print what the seeds of each point tell, and how many would meet the criterion."""
    criterion = _criterion(criterion_text)
    found = proposals(planned, criterion)
    names = [name for axis in planned.sweep.axes for name in axis.names]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in (*names, "seeds", "t", *criterion.quantities, "wanted"):
        table.add_column(title, justify="right")
    for one in found:
        table.add_row(
            *(text.number(one.where[name]) for name in names),
            str(one.seeds),
            "none" if one.time_t0 is None else text.number(one.time_t0),
            *(_shown(one.spreads[name]) for name in criterion.quantities),
            "enough" if one.wanted == one.seeds else str(one.wanted or "unknown"),
        )
    console.print(table)
    for said in _advice(planned.sweep, criterion, found):
        console.print(said, highlight=False, soft_wrap=True)


def as_json(planned: Plan, text: str) -> dict[str, Any]:
    """Return the same for programs."""
    criterion = _criterion(text)
    points = [
        {
            "parameters": dict(one.where),
            "seeds": one.seeds,
            "t": one.time_t0,
            "wanted": one.wanted,
            **{name: _numbers(one.spreads[name]) for name in criterion.quantities},
        }
        for one in proposals(planned, criterion)
    ]
    return {"sweep": planned.sweep.name, "criterion": criterion.text, "points": points}


def _criterion(text: str) -> Criterion:
    return replicates.criterion(text, {name: q.axial for name, q in QUANTITIES.items()})


def _numbers(spread: Spread) -> dict[str, float | None]:
    found = {"mean": float(spread.mean), "half_width": float(spread.half_width)}
    return {name: value if math.isfinite(value) else None for name, value in found.items()}


def _spreads(
    grid: Grid, experiments: Sequence[Experiment], criterion: Criterion
) -> tuple[float | None, Mapping[str, Spread]]:
    """Return what the seeds of a point tell at the last time that all of them have reached.

    Nothing, and no time, where that is the start: they then share no time of what has happened.
    """
    measured = [
        series_values(grid, arrays.reduced(grid.directory.experiment(e.number), spectra=False))
        for e in experiments
    ]
    reached = np.array([np.isfinite(one["snapshot_time"]) for one in measured])
    shared, start = np.flatnonzero(reached.all(axis=0)), int(reached.any(axis=0).argmax())
    last = shared[shared > start][-1:]
    spreads = {
        name: replicates.spread(
            np.array([one[name][last[0]] if last.size else np.nan for one in measured]),
            axial=QUANTITIES[name].axial,
        )
        for name in criterion.quantities
    }
    return float(grid.times[last[0]]) if last.size else None, spreads


def _shown(spread: Spread) -> str:
    if spread.count < 2:
        return f"{spread.mean:.4g}" if spread.count else "no value"
    return f"{spread.mean:.4g} +- {spread.half_width:.2g}"


def _advice(sweep: Sweep, criterion: Criterion, found: Sequence[Proposal]) -> Iterator[str]:
    """Say what to write into the sweep file, and of which points nothing can be said."""
    told = [one.wanted for one in found if one.wanted is not None]
    which = "all points" if len(told) == len(found) else "the other points"
    if exceptions := [one for one in found if one.wanted is None]:
        few = "fewer than two seeds have a value"
        named = "; ".join(map(_named, exceptions[:_NAMED]))
        more = len(exceptions) - _NAMED
        others = f" and {more} more" if more > 0 else ""
        yield f"{named}{others}: {few}, or {criterion.text} holds even with two hundred"
    if any(one.time_t0 is None for one in found):
        yield "t = none: their seeds share no time but the start; was run.every changed?"
    if told and max(told) <= len(sweep.seeds):
        yield f"{criterion.text} is untrue for {which}, once the seeds of the file are done"
    elif told:
        wish = f"the last column makes {criterion.text} untrue"
        yield f"{wish}; for {which} write: {_written(sweep.seeds, max(told))}"


def _named(one: Proposal) -> str:
    return ", ".join(f"{name} = {text.number(value)}" for name, value in one.where.items())


def _written(seeds: Sequence[int], count: int) -> str:
    """Return the line of a sweep file that has these seeds and more of them.

    >>> _written((1, 2, 3), 5), _written((7,), 2), _written((4, 2), 3)
    ('seeds: 5', 'seeds: {first: 7, count: 2}', 'seeds: [4, 2, 5]')
    """
    first = seeds[0]
    if list(seeds) != list(range(first, first + len(seeds))):
        new = range(max(seeds) + 1, max(seeds) + 1 + count - len(seeds))
        return f"seeds: [{', '.join(str(seed) for seed in (*seeds, *new))}]"
    return f"seeds: {count}" if first == 1 else f"seeds: {{first: {first}, count: {count}}}"
