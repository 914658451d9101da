"""Show where the experiments of a sweep stand; without a name, every sweep on a line."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.live import Live
from rich.text import Text

from orchestrator import settings
from orchestrator.cli import arguments, screen, sentences, status_table
from orchestrator.errors import OrchestratorError
from orchestrator.model import State
from orchestrator.records import failures, ledger, paths, selection
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.status import present, read_statuses
from orchestrator.submission.status import status_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.console import Console, RenderableType

    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory

_MANY = 60


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep(parser, required=False, several=", or a line for each")
    parser.add_argument("--watch", action="store_true", help="refresh in place until all ended")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--all", action="store_true", help="a line for every experiment")


def perform(options: argparse.Namespace) -> int:
    """Show the status once, or again and again."""
    console = screen.console()
    known = list(paths.sweeps(settings.data_directory(options.data_dir)))
    if options.sweep is None and len(known) != 1:
        if options.json:
            print(json.dumps({"sweeps": [*map(_summary, known)]}, indent=1))
        else:
            _overview(console, known, options)
        return 0
    directory = selection.find_sweep(options.sweep, options.data_dir)
    live = LiveStatus(directory)
    if options.json:
        print(json.dumps(status_of(directory, ask_slurm=True).as_json(), indent=1))
        return 0
    if not options.watch:
        console.print(
            _status(directory, live.read(), screen.width(console), everything=options.all)
        )
        return 0
    with Live(console=console, auto_refresh=False, screen=console.is_terminal) as screen_:
        while True:
            statuses = live.read()
            shown = _status(directory, statuses, screen.width(console), everything=options.all)
            screen_.update(shown, refresh=True)
            if all(s.state.ended for s in present(statuses)):
                break
            time.sleep(2)
    if console.is_terminal:  # whose screen is as it was before
        console.print(shown)
    return 0


def _status(
    directory: SweepDirectory,
    statuses: Sequence[Status],
    width: int | None,
    *,
    everything: bool,
) -> RenderableType:
    axes = ledger.axes(directory)
    shown = statuses
    if len(statuses) > _MANY and not everything:
        shown = [s for s in statuses if s.state not in {State.DONE, State.PENDING}][:_MANY]
    parts: list[RenderableType] = []
    if len(statuses) > _MANY:
        parts.append(status_table.axis_table(statuses, axes))
    if shown:
        parts.append(status_table.status_table(shown, axes, width))
    parts.append(status_table.counts_line(statuses))
    told = failures.grouped(directory.name, present(statuses), axes)
    parts += [Text(said) for said in told]
    if full := sentences.full_disk(directory, statuses):
        parts.append(Text(full))
    return Group(*parts)


def _overview(
    console: Console, known: list[SweepDirectory], options: argparse.Namespace
) -> None:
    if not known:
        where = settings.data_directory(options.data_dir)
        screen.say(
            console, f"{where}: no sweeps yet; submit one with: rescal-sweep submit SWEEP.yaml"
        )
    for directory in known:
        try:
            line = status_table.counts_line(read_statuses(directory))
        except (OrchestratorError, OSError) as error:  # one sweep; the others can be read
            line = Text(f"unreadable: {error}", "red")
        console.print(Text(f"{directory.name} ", "bold").append(line), highlight=False)


def _summary(directory: SweepDirectory) -> dict[str, Any]:
    """Return a sweep in the overview for programs, or why it cannot be read."""
    try:
        return status_of(directory, ask_slurm=False).summary()
    except (OrchestratorError, OSError) as error:
        return {"sweep": directory.name, "unreadable": str(error)}
