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


EXAMPLES = (
    "sweeps/quickstart.yaml",
    "sweeps/quickstart.yaml --set run.stop=100 --all",
    "sweeps/quickstart.yaml -p pdebug -t 30min",
    'sweeps/quickstart.yaml --extend-seeds "ci(wavelength) > 0.1"',
)
"""What may stand behind the verb."""


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
    console = screen.console(options)
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
    for line in (*_summary(comparison), *sentences.cost_lines(planned.cost)):
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


def _bytes_each(sweep: Sweep, point: Point) -> float:
    """Estimate what one experiment leaves; height maps deflate to about a fifth."""
    length, depth = (float(point.parameters[name]) for name in ("L", "D"))
    reduced = length * depth * 2 * 0.2 * sweep.outputs.height_maps
    reduced += length * depth / 144 * 4 * sweep.outputs.ffts
    return 2 * len(sweep.run.multiples()) * reduced + 50_000  # published files and the journal


def _summary(comparison: Comparison) -> list[str]:
    sweep, reconciliation = comparison.sweep, comparison.reconciliation
    total = sum(_bytes_each(sweep, point) for point in comparison.wanted)
    counted = f"{len(reconciliation.new)} new, {len(reconciliation.kept)} kept, {len(reconciliation.orphaned)} orphaned"
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
