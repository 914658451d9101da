"""Show what submitting a sweep file would do; change nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from orchestrator import sweepfile, text
from orchestrator.cli import arguments, screen, submit
from orchestrator.submission import cost, packing, plan, seeds, settings

if TYPE_CHECKING:
    import argparse

    from orchestrator.model import Point, Sweep
    from orchestrator.submission.cost import Usage
    from orchestrator.submission.plan import Plan
    from orchestrator.submission.request import Wish

_SHOWN = 30
_DIRECTORIES_AND_LOGS = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep_file(parser)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--all", action="store_true", help="a line for every experiment")
    parser.add_argument(
        "--extend-seeds",
        metavar="CRITERION",
        help="propose seeds where this holds, as 'ci(wavelength) > 0.1' of the mean",
    )
    submit.add_resources(parser)


def perform(options: argparse.Namespace) -> int:
    """Compare the file with what is on disk and print the difference."""
    sweep = sweepfile.load(options.sweep, options.set)
    planned = plan.compare(sweep, settings.data_directory(options))
    if options.extend_seeds is not None:
        if options.json:
            print(json.dumps(seeds.as_json(planned, options.extend_seeds), indent=1))
        else:
            seeds.propose(screen.console(), planned, options.extend_seeds)
        return 0
    wish = submit.wished(options, sweep)
    used = _usage(planned, wish, submit.workers(options))
    if options.json:
        print(json.dumps(_as_json(planned, used), indent=1))
        return 0
    console = screen.console()
    for warning in sweep.warnings:
        screen.warn(console, f"warning: {warning}")
    console.print(_table(planned, None if options.all else _SHOWN))
    if len(planned.points) > _SHOWN and not options.all:
        console.print(f"... {len(planned.points) - _SHOWN} more; all of them with --all")
    for line in (*_summary(planned), *cost.lines(used)):
        console.print(line, highlight=False, soft_wrap=True)
    if wish.cluster == "slurm":
        packing.refuse_impossible(wish, len(planned.wanted))
        for text in packing.scripts(planned, wish):
            console.print()
            console.print(text, markup=False, highlight=False, soft_wrap=True)
    return 0


def _usage(planned: Plan, wish: Wish, workers: int) -> Usage:
    shape = packing.shape(wish, len(planned.wanted), workers)
    seen, builtin = planned.statuses.values(), wish.root is None
    return cost.usage(shape, planned.wanted, wish.run, seen, builtin=builtin)


def _table(planned: Plan, limit: int | None) -> Table:
    names = [name for axis in planned.sweep.axes for name in axis.names]
    kept = {e.point.key: e.number for e in planned.reconciliation.kept}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("exp", *names, "seed"):
        table.add_column(title, justify="right")
    table.add_column("plan")
    for point, number in planned.numbered[:limit]:
        state = planned.statuses[number].state.value if point.key in kept else ""
        table.add_row(
            str(number),
            *(text.number(point.parameters[name]) for name in names),
            str(point.seed),
            f"kept, {state}" if state else "new",
            style="dim" if state else "",
        )
    return table


def _bytes_each(sweep: Sweep, point: Point) -> float:
    """Estimate what one experiment leaves; height maps deflate to about a fifth."""
    length, depth = (float(point.parameters[name]) for name in ("L", "D"))
    reduced = length * depth * 2 * 0.2 * sweep.outputs.height_maps
    reduced += (length // 12) * (depth // 12) * 4 * sweep.outputs.ffts
    return 2 * len(sweep.run.multiples()) * reduced + 50_000  # published files and the journal


def _summary(planned: Plan) -> list[str]:
    sweep, found = planned.sweep, planned.reconciliation
    total = sum(_bytes_each(sweep, point) for point in planned.wanted)
    counted = f"{len(found.new)} new, {len(found.kept)} kept, {len(found.orphaned)} orphaned"
    every = f"{len(sweep.run.multiples())} snapshots, one every {sweep.run.every_t0:g} t0"
    lines = [
        f"{text.counted(len(planned.points), 'experiment')} in {planned.directory.root}: {counted}",
        f"each: {sweep.run.stop_t0:g} t0, {every}",
    ]
    if planned.wanted:
        files = _DIRECTORIES_AND_LOGS * len(planned.wanted)
        lines.append(f"expected: about {files} files, {text.size(total)}")
    if planned.idle:
        lines.append(f"{len(planned.idle)} kept experiments were never started and will be")
    return lines + plan.told_otherwise(planned)


def _as_json(planned: Plan, used: Usage) -> dict[str, Any]:
    kept = {e.point.key for e in planned.reconciliation.kept}
    return {
        "sweep": planned.sweep.name,
        "directory": str(planned.directory.root),
        "new": len(planned.reconciliation.new),
        "kept": len(planned.reconciliation.kept),
        "orphaned": [e.number for e in planned.reconciliation.orphaned],
        "otherwise": list(planned.otherwise),
        "never_started": list(planned.idle),
        "usage": cost.as_json(used),
        "experiments": [
            {
                "number": number,
                "key": point.key,
                "seed": point.seed,
                "plan": "kept" if point.key in kept else "new",
                "parameters": dict(point.parameters),
            }
            for point, number in planned.numbered
        ],
    }
