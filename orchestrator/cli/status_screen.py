"""What `status` shows of a sweep, and of all sweeps of a data directory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.live import Live
from rich.text import Text

from orchestrator.cli import screen, status_table
from orchestrator.errors import OrchestratorError
from orchestrator.model import State
from orchestrator.records import failures, ledger
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.status import present, read_statuses
from orchestrator.submission.status import status_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console, RenderableType

    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory

_MANY = 60
_REFRESH_S = 2.0


def show(console: Console, directory: SweepDirectory, *, everything: bool) -> None:
    """Print the status of a sweep, with a line for each experiment if ``everything`` is wanted."""
    statuses = LiveStatus(directory).read()
    width = screen.width(console)
    console.print(_status(directory, statuses, width, everything=everything))


def show_until_ended(console: Console, directory: SweepDirectory, *, everything: bool) -> None:
    """Show the status of a sweep again and again until all has ended."""
    live_status = LiveStatus(directory)
    with Live(console=console, auto_refresh=False, screen=console.is_interactive) as live:
        while True:
            statuses = live_status.read()
            width = screen.width(console)
            shown = _status(directory, statuses, width, everything=everything)
            live.update(shown, refresh=True)
            if all(s.state.ended for s in present(statuses)):
                break
            time.sleep(_REFRESH_S)
    if console.is_interactive:  # whose screen is as it was before
        console.print(shown)


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
    groups = failures.grouped(directory.name, present(statuses), axes)
    parts += [Text(line) for line in groups]
    return Group(*parts)


def overview(console: Console, data: Path, known: Sequence[SweepDirectory]) -> None:
    """Print a line for each sweep of a data directory."""
    if not known:
        wish = "submit one with: rescal-sweep submit SWEEP.yaml"
        screen.say(console, f"{data}: no sweeps yet; {wish}")
    for directory in known:
        try:
            line = status_table.counts_line(read_statuses(directory))
        except (OrchestratorError, OSError) as error:  # one sweep; the others can be read
            line = Text(f"unreadable: {error}", "red")
        console.print(Text(f"{directory.name} ", "bold").append(line), highlight=False)


def summary(directory: SweepDirectory) -> dict[str, Any]:
    """Return a sweep in the overview for programs, or why it cannot be read."""
    try:
        return status_of(directory, ask_slurm=False).summary()
    except (OrchestratorError, OSError) as error:
        return {"sweep": directory.name, "unreadable": str(error)}
