"""A plan as people read it: its table, what it would leave on disk, and what it would use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from orchestrator import text
from orchestrator.cli import screen, sentences
from orchestrator.errors import RequestError
from orchestrator.formats.content_names import original
from orchestrator.model import EngineKind, State

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.model import Point, Sweep
    from orchestrator.submission.comparison import Comparison
    from orchestrator.submission.plan import Plan

_SHOWN = 30
_DIRECTORIES_AND_LOGS = 20
_LOGS_BYTES = 50_000
_STATE_BYTES = 1.3  # per cell, of a state that is kept


def show(console: Console, planned: Plan, *, everything: bool) -> None:
    """Print a plan, with a line for each experiment if ``everything`` is wanted.

    Raises
    ------
    RequestError
        With what would be refused, once the rest is printed.
    """
    comparison = planned.comparison
    show_experiments(console, comparison, everything=everything)
    for line in (
        *_summary(planned),
        *sentences.cost_lines(planned.cost, comparison.sweep.run.time_limit_s),
    ):
        screen.say(console, line)
    if planned.problems:
        raise RequestError(*planned.problems)
    for script in planned.scripts():
        console.print()
        screen.say(console, script)


def show_experiments(console: Console, comparison: Comparison, *, everything: bool) -> None:
    """Print the table of a plan alone, as where nobody knows where its experiments would run."""
    for warning in comparison.sweep.warnings:
        screen.warn(console, f"warning: {warning}")
    console.print(_table(comparison, None if everything else _SHOWN))
    if len(comparison.points) > _SHOWN and not everything:
        screen.say(
            console, f"... {len(comparison.points) - _SHOWN} more; all of them with --all"
        )


def _table(comparison: Comparison, limit: int | None) -> Table:
    names = [name for axis in comparison.sweep.axes for name in axis.names]
    kept = {e.point.key for e in comparison.reconciliation.kept}
    otherwise = set(comparison.otherwise)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("exp", *names, "seed"):
        table.add_column(title, justify="right")
    table.add_column("plan")
    for point, number in comparison.numbered[:limit]:
        state = comparison.statuses[number].state.value if point.key in kept else ""
        stale = ", with other run or outputs" if number in otherwise else ""
        table.add_row(
            str(number),
            *(Text(text.number(point.parameters[name])) for name in names),
            str(point.seed),
            f"kept, {state.replace('_', ' ')}{stale}" if state else "new",
            style="dim" if state else "",
        )
    return table


def _bytes_each(sweep: Sweep, point: Point, *, final: bool) -> float:
    """Estimate what one experiment leaves: arrays, logs and, where it is ``final``, its state.

    Height maps deflate to about a fifth, fractions hardly at all.
    """
    depth, length = (int(point.parameters[name]) for name in ("D", "L"))
    height = int(point.parameters.get("H", 1))
    each = depth * length * 2 * 0.2 * sweep.outputs.height_maps
    each += depth * length / 144 * 4 * sweep.outputs.ffts
    each += sum(own.bytes_in(depth, length) for own in sweep.reductions)
    state = _STATE_BYTES * height * length * depth * final
    return len(sweep.run.multiples()) * each + state + _LOGS_BYTES


def _summary(shown: Plan) -> list[str]:
    comparison = shown.comparison
    sweep, reconciliation = comparison.sweep, comparison.reconciliation
    final = sweep.outputs.keep_final and shown.request.kind is EngineKind.BUILTIN
    total = sum(_bytes_each(sweep, point, final=final) for point in comparison.wanted)
    counted = f"{len(reconciliation.new)} new, {len(reconciliation.kept)} kept, {len(reconciliation.orphaned)} orphaned"
    every = f"{len(sweep.run.multiples())} snapshots, one every {sweep.run.every_t0:g} t0"
    lines = [
        f"{text.counted(len(comparison.points), 'experiment')} in {comparison.directory.root}: {counted}",
        f"each: {sweep.run.stop_t0:g} t0, {every}",
    ]
    lines += [
        f"{state.value} when {formula}"
        for state, formula in (
            (State.STOPPED, sweep.run.stop_when),
            (State.INVALID, sweep.run.invalid_when),
        )
        if formula
    ]
    if own := sweep.outputs.own:
        by_name = ", ".join(f"{name} ({original(own[name])})" for name in own)
        lines.append(f"outputs of your own: {by_name}")
    if comparison.wanted:
        files = (_DIRECTORIES_AND_LOGS + len(sweep.reductions)) * len(comparison.wanted)
        lines.append(f"expected: about {files} files, {text.size(total)}")
    if comparison.idle:
        lines.append(
            f"{len(comparison.idle)} kept experiments were never submitted and will be"
        )
    if comparison.replacement:
        lines.append(f"submit would refuse: {comparison.replacement}")
    return [*lines, *sentences.kept_otherwise(comparison), *sentences.kept_bad(comparison)]
