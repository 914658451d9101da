"""What a sweep has used, as a table; prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from orchestrator import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.submission.usage import ExperimentUsage, Usage


def usage_table(shown: Sequence[ExperimentUsage]) -> Table:
    """Show what each experiment has used on a line."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("exp", "attempts", "bad", "time", "core-hours", "computing", "memory"):
        table.add_column(title, justify="right")
    for each in shown:
        table.add_row(
            str(each.experiment.number),
            str(each.attempts),
            str(each.bad or ""),
            text.seconds(each.wall_s),
            text.hours(each.core_hours),
            "" if each.computing is None else f"{100 * each.computing:.0f} %",
            "" if each.memory_mb is None else text.size(1e6 * each.memory_mb),
        )
    return table


def largest(usage: Usage, count: int) -> list[ExperimentUsage]:
    """Return the experiments that have used most, by number; no more than so many."""
    by_cost = sorted(usage.experiments, key=lambda each: -each.wall_s)[:count]
    return sorted(by_cost, key=lambda each: each.experiment.number)
