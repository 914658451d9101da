"""Show where the experiments of a sweep stand; without a name, every sweep on a line."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.live import Live
from rich.text import Text

from orchestrator import causes, collection, ledger, report, workspace
from orchestrator.cli import screen, selection, settings
from orchestrator.cli.look import Look
from orchestrator.model import State

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.console import Console, RenderableType

    from orchestrator.model import Standing
    from orchestrator.workspace import SweepDirectory

_MANY = 60


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    selection.add_sweep(parser, required=False, several=", or a line for each")
    parser.add_argument("--watch", action="store_true", help="refresh in place until all ended")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--all", action="store_true", help="a line for every experiment")


def perform(request: argparse.Namespace) -> int:
    """Show the status once, or again and again."""
    console = screen.console()
    known = list(workspace.sweeps(settings.data_directory(request)))
    if request.sweep is None and len(known) != 1:
        if request.json:
            print(json.dumps({"sweeps": [_summary(one) for one in known]}, indent=1))
        else:
            _overview(console, known, request)
        return 0
    directory = selection.find_sweep(request)
    look = Look(directory)
    if request.json:
        document = report.as_json(directory.name, look(), ledger.axes(directory))
        print(json.dumps(document, indent=1))
        return 0
    if not request.watch:
        console.print(_status(directory, look(), screen.width(console), everything=request.all))
        return 0
    with Live(console=console, auto_refresh=False, screen=console.is_terminal) as live:
        while True:
            standings = look()
            shown = _status(directory, standings, screen.width(console), everything=request.all)
            live.update(shown, refresh=True)
            if all(s.state.ended for s in report.present(standings)):
                break
            time.sleep(2)
    if console.is_terminal:  # whose screen is as it was before
        console.print(shown)
    return 0


def _status(
    directory: SweepDirectory,
    standings: Sequence[Standing],
    width: int | None,
    *,
    everything: bool,
) -> RenderableType:
    axes = ledger.axes(directory)
    shown = standings
    if len(standings) > _MANY and not everything:
        shown = [s for s in standings if s.state not in {State.DONE, State.PENDING}][:_MANY]
    parts: list[RenderableType] = []
    if len(standings) > _MANY:
        parts.append(report.axis_table(standings, axes))
    if shown:
        parts.append(report.status_table(shown, axes, width))
    parts.append(report.counts_line(standings))
    told = causes.grouped(directory.name, report.present(standings), axes, report.number)
    parts += [Text(said) for said in told]
    return Group(*parts)


def _summary(directory: SweepDirectory) -> dict[str, Any]:
    """Return what is told of a sweep among others: all but its experiments."""
    whole = report.as_json(
        directory.name, collection.standings(directory), ledger.axes(directory)
    )
    return {key: value for key, value in whole.items() if key != "experiments"}


def _overview(
    console: Console, known: list[SweepDirectory], request: argparse.Namespace
) -> None:
    if not known:
        where = settings.data_directory(request)
        console.print(
            f"{where}: no sweeps yet; submit one with: rescal-sweep submit SWEEP.yaml"
        )
    for directory in known:
        line = report.counts_line(collection.standings(directory))
        console.print(f"[bold]{directory.name}[/bold] ", line, sep="", highlight=False)
