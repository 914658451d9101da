"""Proposing more seeds where the replicates of a point still differ too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from orchestrator import observables, replicates, report, store
from orchestrator.model import State

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from rich.console import Console

    from orchestrator.cli.dispatch import Plan
    from orchestrator.model import Experiment, Scalar
    from orchestrator.replicates import Spread, Wish


def propose(console: Console, planned: Plan, text: str) -> None:
    """Print what the seeds of each point tell, and how many would meet the wish."""
    wished = replicates.wish(text, observables.QUANTITIES)
    axes = report.axis_names(planned.sweep.axes)
    points: dict[tuple[tuple[str, Scalar], ...], list[Experiment]] = {}
    for experiment in planned.reconciliation.kept:
        if planned.standings[experiment.number].state is State.DONE:
            where = tuple(report.coordinates(experiment, axes).items())
            points.setdefault(where, []).append(experiment)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    names = [name for group in axes for name in group]
    for title in (*names, "seeds", *wished.quantities, "wanted"):
        table.add_column(title, justify="right")
    wanted: list[int | None] = []
    for where, experiments in points.items():
        spreads = _spreads(planned, experiments, wished)
        unmet = wished.unmet(spreads)
        wanted.append(replicates.seeds_wanted(wished, spreads) if unmet else len(experiments))
        values = dict(where)
        table.add_row(
            *(report.number(values[name]) for name in names),
            str(len(experiments)),
            *(_shown(spreads[name]) for name in wished.quantities),
            "enough" if not unmet else str(wanted[-1] or "unknown"),
        )
    console.print(table)
    console.print(_advice(wished, points, wanted), highlight=False, soft_wrap=True)


def _spreads(
    planned: Plan, experiments: Sequence[Experiment], wished: Wish
) -> Mapping[str, Spread]:
    """Return what the seeds of a point tell at the last time that all of them have reached."""
    read = [
        store.reduced(planned.directory.experiment(e.number), spectra=False)
        for e in experiments
    ]
    measured = [observables.series(one) for one in read]
    last = min(len(one.height_maps) for one in read) - 1
    return {
        name: replicates.spread([m[name][last] for m in measured] if last >= 0 else [])
        for name in wished.quantities
    }


def _shown(spread: Spread) -> str:
    if spread.count < 2:
        return f"{spread.mean:.4g}" if spread.count else ""
    return f"{spread.mean:.4g} +- {spread.half_width:.2g}"


def _advice(wished: Wish, points: Collection[object], wanted: Sequence[int | None]) -> str:
    if not points:
        return "no point has finished experiments yet"
    if None in wanted:
        return f"some points have fewer than two seeds, or {wished.text} holds even with two hundred"
    most = max(count for count in wanted if count is not None)
    return f"the last column makes {wished.text} untrue; for all of them write: seeds: {most}"
