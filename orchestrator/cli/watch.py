"""Staying with a sweep until it ends: live progress, and Ctrl-C that asks before it stops."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from orchestrator import text
from orchestrator.cli import screen, sentences, status_table
from orchestrator.model import State
from orchestrator.records import failures, ledger
from orchestrator.records.status import coordinates, read_statuses
from orchestrator.submission.cancel import INTERRUPTED, cancel_these
from orchestrator.submission.watch import watch_these

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rich.console import Console

    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory

_GRACE_S = 10.0


def until_ended(
    console: Console, directory: SweepDirectory, numbers: Collection[int], *, ask: bool
) -> int:
    """Show progress until every one of ``numbers`` has ended; return the exit code."""
    axes = ledger.axes(directory)
    while True:
        try:
            ended = _watch(console, directory, numbers, axes)
            break
        except KeyboardInterrupt:
            if ask and sys.stdin.isatty() and not _wants_to_stop(console):
                continue
            _stop(console, directory, numbers)
            return 130
    console.print(status_table.status_table(ended, axes, screen.width(console)))
    console.print(status_table.counts_line(ended))
    return 1 if any(s.state is not State.DONE for s in ended) else 0


def _watch(
    console: Console,
    directory: SweepDirectory,
    numbers: Collection[int],
    axes: Sequence[Sequence[str]],
) -> list[Status]:
    """Refresh until all have ended or nobody is left to run the rest."""
    told: set[int] = set()
    full = ""
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for statuses in watch_these(directory, numbers):
            if not full and (full := sentences.full_disk(directory, statuses)):
                screen.warn(console, full)
            if console.is_terminal:
                live.update(display(statuses, axes, console.height), refresh=True)
            else:
                _tell(console, statuses, told)
    return statuses


def _tell(console: Console, statuses: Sequence[Status], told: set[int]) -> None:
    """Print one line for each experiment that has ended since the last look."""
    for status in statuses:
        if status.state.ended and status.experiment.number not in told:
            told.add(status.experiment.number)
            what = f"{status.experiment.name} {status.state.value}"
            remark = failures.remark(status)
            screen.say(console, f"{what}: {remark}" if remark else what)


def display(statuses: Sequence[Status], axes: Sequence[Sequence[str]], height: int) -> Group:
    """Draw the counts and a bar for each experiment that runs, within ``height`` lines."""
    table = Table(box=None, pad_edge=False, show_header=False)
    running = [s for s in statuses if s.state is State.RUNNING]
    for status in running[: max(1, height - 4)]:
        values = coordinates(status.experiment, axes)
        named = " ".join(f"{name}={text.number(value)}" for name, value in values.items())
        table.add_row(
            status.experiment.name,
            Text(f"{named} seed={status.experiment.point.seed}"),
            ProgressBar(total=1.0, completed=status.fraction, width=24),
            f"{status.time_t0:.0f}/{status.stop_t0:g} t0",
            text.seconds(status.left_s),
        )
    return Group(status_table.counts_line(statuses), table)


def _wants_to_stop(console: Console) -> bool:
    console.print("\nThe experiments run on without this window.")
    try:
        answer = console.input("Stop them? y for yes, anything else to go on waiting: ")
    except (KeyboardInterrupt, EOFError):
        return True
    return answer.strip().lower().startswith("y")


def _stop(console: Console, directory: SweepDirectory, numbers: Collection[int]) -> None:
    """Cancel what has not ended and wait a little for it."""
    console.print("stopping; what was computed is kept", style="yellow")
    cancel_these(directory, read_statuses(directory, numbers), INTERRUPTED)
    deadline = time.monotonic() + _GRACE_S
    while time.monotonic() < deadline:
        now = read_statuses(directory, numbers)
        if all(s.state is not State.RUNNING for s in now):
            break
        time.sleep(0.2)
    console.print(status_table.counts_line(read_statuses(directory, numbers)))
