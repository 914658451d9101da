"""Show what submitting a sweep file would do; change nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from orchestrator import text
from orchestrator.cli import arguments, screen, sentences
from orchestrator.errors import RequestError
from orchestrator.submission.plan import compare_file, plan

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

    from orchestrator.model import Point, Sweep
    from orchestrator.submission.comparison import Comparison
    from orchestrator.submission.plan import Plan

_SHOWN = 30
_DIRECTORIES_AND_LOGS = 20
_STATE_BYTES = 1.3  # per cell, of a state that is kept


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep_file(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--all", action="store_true", help="a line for every experiment")
    parser.add_argument(
        "--extend-seeds",
        metavar="CRITERION",
        help="propose seeds where this holds, e.g. 'ci(wavelength) > 0.1' of the mean",
    )
    arguments.add_placement(parser)


def perform(options: argparse.Namespace) -> int:
    """Compare the file with what is on disk and print the difference."""
    console = screen.console()
    if options.extend_seeds is not None:
        from orchestrator.cli import seeds_table  # noqa: PLC0415  # NumPy, for this alone

        comparison = compare_file(options.sweep, options.set, options.data_dir)
        seeds_table.show(console, comparison, options.extend_seeds, as_json=options.json)
        return 0
    planned = plan(
        options.sweep,
        overrides=options.set,
        data_dir=options.data_dir,
        **arguments.placement(options),
    )
    if options.json:
        print(json.dumps(planned.as_json(), indent=1))
    else:
        _show(console, planned, everything=options.all)
    return 0


def _show(console: Console, planned: Plan, *, everything: bool) -> None:
    comparison = planned.comparison
    for warning in comparison.sweep.warnings:
        screen.warn(console, f"warning: {warning}")
    console.print(_table(comparison, None if everything else _SHOWN))
    if len(comparison.points) > _SHOWN and not everything:
        screen.say(
            console, f"... {len(comparison.points) - _SHOWN} more; all of them with --all"
        )
    for line in (*_summary(planned), *sentences.cost_lines(planned.cost)):
        screen.say(console, line)
    if planned.problems:
        raise RequestError(*planned.problems)
    for script in planned.scripts():
        console.print()
        screen.say(console, script)


def _table(comparison: Comparison, limit: int | None) -> Table:
    names = [name for axis in comparison.sweep.axes for name in axis.names]
    kept = {e.point.key for e in comparison.reconciliation.kept}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("exp", *names, "seed"):
        table.add_column(title, justify="right")
    table.add_column("plan")
    for point, number in comparison.numbered[:limit]:
        state = comparison.statuses[number].state.value if point.key in kept else ""
        table.add_row(
            str(number),
            *(Text(text.number(point.parameters[name])) for name in names),
            str(point.seed),
            f"kept, {state.replace('_', ' ')}" if state else "new",
            style="dim" if state else "",
        )
    return table


def _bytes_each(sweep: Sweep, point: Point, *, final: bool) -> float:
    """Estimate what one experiment leaves; height maps deflate to about a fifth.

    ``final`` tells whether its state at the end is kept.
    """
    height, length, depth = (float(point.parameters[name]) for name in ("H", "L", "D"))
    reduced = length * depth * 2 * 0.2 * sweep.outputs.height_maps
    reduced += length * depth / 144 * 4 * sweep.outputs.ffts
    state = _STATE_BYTES * height * length * depth * final
    return (
        2 * len(sweep.run.multiples()) * reduced + state + 50_000
    )  # published, and the journal


def _summary(shown: Plan) -> list[str]:
    comparison = shown.comparison
    sweep, found = comparison.sweep, comparison.reconciliation
    final = sweep.outputs.keep_final and shown.request.root is None
    total = sum(_bytes_each(sweep, point, final=final) for point in comparison.wanted)
    counted = f"{len(found.new)} new, {len(found.kept)} kept, {len(found.orphaned)} orphaned"
    every = f"{len(sweep.run.multiples())} snapshots, one every {sweep.run.every_t0:g} t0"
    lines = [
        f"{text.counted(len(comparison.points), 'experiment')} in {comparison.directory.root}: {counted}",
        f"each: {sweep.run.stop_t0:g} t0, {every}",
    ]
    if comparison.wanted:
        files = _DIRECTORIES_AND_LOGS * len(comparison.wanted)
        lines.append(f"expected: about {files} files, {text.size(total)}")
    if comparison.idle:
        lines.append(
            f"{len(comparison.idle)} kept experiments were never submitted and will be"
        )
    return lines + sentences.kept_otherwise(comparison)
