"""What a sweep has used, as a table and sentences; prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from orchestrator import text
from orchestrator.slurm.client import Unknown
from orchestrator.submission.usage import most

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.submission.usage import ExperimentUsage, JobsUsage, Usage


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
            _hours(each.core_hours),
            "" if each.computing is None else f"{100 * each.computing:.0f} %",
            "" if each.memory_mb is None else text.size(1e6 * each.memory_mb),
        )
    return table


def largest(usage: Usage, count: int) -> list[ExperimentUsage]:
    """Return the experiments that have used most, by number; no more than so many."""
    by_cost = sorted(usage.experiments, key=lambda each: -each.wall_s)[:count]
    return sorted(by_cost, key=lambda each: each.experiment.number)


def sentences(usage: Usage) -> Iterator[str]:
    """Yield what the sweep has used in all, and what Slurm has counted."""
    each = usage.experiments
    if not each:
        yield "nothing used yet: no attempt has ended"
        return
    made, bad = sum(e.attempts for e in each), sum(e.bad for e in each)
    core_hours = sum(e.core_hours for e in each)
    counted = f"{text.counted(len(each), 'experiment')} in {text.counted(made, 'attempt')}"
    parts = [f"{counted}: {_hours(core_hours)} core-hours"]
    if measured_s := sum(e.measured_s for e in each):
        parts.append(f"{100 * sum(e.cpu_s for e in each) / measured_s:.0f} % of it computing")
    if (memory := most(e.memory_mb for e in each)) is not None:
        parts.append(f"at most {text.size(1e6 * memory)} of memory for an engine")
    yield ", ".join(parts)
    if bad:
        lost = sum(e.bad_wall_s for e in each) / 3600
        yield f"of these {_hours(lost)} core-hours in {text.counted(bad, 'attempt')} that ended badly"
    if isinstance(usage.jobs, Unknown):
        yield f"what its jobs have used cannot be told: {usage.jobs.reason}"
    elif usage.jobs is not None and usage.jobs.starts:
        yield _of_jobs(usage.jobs, core_hours)


def _of_jobs(jobs: JobsUsage, core_hours: float) -> str:
    counted = f"Slurm's accounts: {text.counted(jobs.starts, 'job')}"
    parts = [f"{counted}, {_hours(jobs.core_hours)} core-hours allocated"]
    if jobs.core_hours:
        share = min(1.0, core_hours / jobs.core_hours)
        parts.append(f"{100 * share:.0f} % of them taken by experiments")
    if jobs.memory_mb is not None:
        wanted = (
            "" if jobs.requested_mb is None else f" of {text.size(1e6 * jobs.requested_mb)}"
        )
        parts.append(f"at most {text.size(1e6 * jobs.memory_mb)}{wanted} of memory in a job")
    return ", ".join(parts)


def _hours(hours: float) -> str:
    """Write hours to two or three digits.

    >>> _hours(0.0123), _hours(1.234), _hours(1234.5)
    ('0.012', '1.2', '1234')
    """
    return f"{hours:.0f}" if hours >= 10 else f"{hours:.2g}"
