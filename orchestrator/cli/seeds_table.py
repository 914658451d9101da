"""The table of ``plan --extend-seeds``: what replicates tell, and how many seeds would do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from orchestrator import text
from orchestrator.analysis.numbers import finite
from orchestrator.cli import screen
from orchestrator.submission.seeds import proposals, read_criterion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from orchestrator.analysis.replicates import Criterion, Spread
    from orchestrator.model import Sweep
    from orchestrator.submission.comparison import Comparison
    from orchestrator.submission.seeds import Proposal

_NAMED = 3  # points of which nothing can be said


def show(
    console: Console, comparison: Comparison, criterion_text: str, *, as_json: bool
) -> None:
    """Print what the seeds of each point tell, and how many would meet the criterion."""
    criterion = read_criterion(criterion_text)
    proposed = proposals(comparison, criterion)
    if as_json:
        print(json.dumps(_as_json(comparison, criterion, proposed), indent=1))
    else:
        _show(console, comparison, criterion, proposed)


def _show(
    console: Console, comparison: Comparison, criterion: Criterion, proposed: Sequence[Proposal]
) -> None:
    names = [name for axis in comparison.sweep.axes for name in axis.names]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in (*names, "seeds", "t", *criterion.quantities, "wanted"):
        table.add_column(title, justify="right")
    for proposal in proposed:
        table.add_row(
            *(Text(text.number(proposal.where[name])) for name in names),
            str(proposal.seeds),
            "none" if proposal.time_t0 is None else text.number(proposal.time_t0),
            *(_shown(proposal.spreads[name]) for name in criterion.quantities),
            "enough"
            if proposal.wanted == proposal.seeds
            else str(proposal.wanted or "unknown"),
        )
    console.print(table)
    for line in _advice(comparison.sweep, criterion, proposed):
        screen.say(console, line)


def _as_json(
    comparison: Comparison, criterion: Criterion, proposed: Sequence[Proposal]
) -> dict[str, Any]:
    points = [
        {
            "parameters": dict(proposal.where),
            "seeds": proposal.seeds,
            "t": proposal.time_t0,
            "wanted": proposal.wanted,
            **{name: _numbers(proposal.spreads[name]) for name in criterion.quantities},
        }
        for proposal in proposed
    ]
    return {"sweep": comparison.sweep.name, "criterion": criterion.text, "points": points}


def _shown(spread: Spread) -> str:
    if spread.count < 2:
        return f"{spread.mean:.4g}" if spread.count else "no value"
    return f"{spread.mean:.4g} +- {spread.half_width:.2g}"


def _numbers(spread: Spread) -> dict[str, float | None]:
    mean, half_width = finite(float(spread.mean)), finite(float(spread.half_width))
    return {"mean": mean, "half_width": half_width}


def _advice(sweep: Sweep, criterion: Criterion, proposed: Sequence[Proposal]) -> Iterator[str]:
    """Say what to write into the sweep file, and of which points nothing can be said."""
    wanted = [proposal.wanted for proposal in proposed if proposal.wanted is not None]
    which = "all points" if len(wanted) == len(proposed) else "the other points"
    if exceptions := [proposal for proposal in proposed if proposal.wanted is None]:
        few = "fewer than two seeds have a value"
        named = "; ".join(map(_named, exceptions[:_NAMED]))
        more = len(exceptions) - _NAMED
        others = f" and {more} more" if more > 0 else ""
        yield f"{named}{others}: {few}, or {criterion.text} holds even with two hundred"
    if any(proposal.time_t0 is None for proposal in proposed):
        yield "t = none: their seeds share no time but the start; was run.every changed?"
    if wanted and max(wanted) <= len(sweep.seeds):
        yield f"{criterion.text} is untrue for {which}, once the seeds of the file are done"
    elif wanted:
        wish = f"the last column makes {criterion.text} untrue"
        yield f"{wish}; for {which} write: {_written(sweep.seeds, max(wanted))}"


def _named(proposal: Proposal) -> str:
    return ", ".join(f"{name} = {text.number(value)}" for name, value in proposal.where.items())


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
