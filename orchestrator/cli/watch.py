"""Staying with a sweep until it ends: live progress, and Ctrl-C that asks before it stops."""

from __future__ import annotations

import enum
import sys
import threading
import time
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from orchestrator import text
from orchestrator.cli import screen, status_screen, status_table
from orchestrator.model import State
from orchestrator.records import intents, selection
from orchestrator.records.status import coordinates, read_statuses
from orchestrator.runner import orphans
from orchestrator.runner.stop import Stop
from orchestrator.submission.cancel import INTERRUPTED, cancel_these
from orchestrator.submission.next_steps import full_disk
from orchestrator.submission.watch import watch_these

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rich.console import Console

    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.submission.foreground import Claimed

_GRACE_S = 10.0
_REFRESH_S = 0.25


def until_ended(
    console: Console,
    directory: SweepDirectory,
    numbers: Collection[int],
    *,
    ask: bool,
    before: Collection[int] = (),
) -> int:
    """Show progress until every one of ``numbers`` has ended; return the exit code.

    ``before`` are those that had ended before, of which there is no news.
    """
    axes = intents.axes(directory)
    while True:
        try:
            ended = _watch(console, directory, numbers, (axes, before))
            break
        except KeyboardInterrupt:
            answer = _asked(console) if ask else _Answer.STOP
            if answer is _Answer.WAIT:
                continue
            if answer is _Answer.STOP:
                _stop(console, directory, numbers)
            else:
                sweep = selection.word(directory)
                screen.say(console, f"they run on; look with: rescal-sweep status {sweep}")
                screen.say(console, f"stop them with: rescal-sweep cancel {sweep}")
            return 130
    console.print(status_screen.of_sweep(console, directory, ended, everything=False))
    return 1 if any(s.state.bad for s in ended) else 0


def _watch(
    console: Console,
    directory: SweepDirectory,
    numbers: Collection[int],
    known: tuple[Sequence[Sequence[str]], Collection[int]],
) -> list[Status]:
    """Refresh until all have ended or nobody is left to run the rest.

    ``known`` are the names on the axes, and the experiments whose end is no news.
    """
    axes, before = known
    shown = set(before)
    full = ""
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for statuses in watch_these(directory, numbers):
            if not full and (full := full_disk(directory, statuses)):
                screen.warn(console, full)
            if console.is_interactive:
                live.update(display(statuses, axes, console.height), refresh=True)
            else:
                _tell(console, statuses, shown)
    return statuses


def _tell(console: Console, statuses: Sequence[Status], shown: set[int]) -> None:
    """Print one line for each experiment that has ended since the last look."""
    for status in statuses:
        if status.state.ended and status.experiment.number not in shown:
            shown.add(status.experiment.number)
            screen.say(console, status_table.line(status))


def supervised(console: Console, claimed: Claimed) -> None:
    """Make the attempt while a thread draws its progress."""
    axes = intents.axes(claimed.directory)
    finished = threading.Event()

    def draw() -> None:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            while not finished.wait(_REFRESH_S):
                now = read_statuses(claimed.directory, [claimed.number])
                live.update(display(now, axes, console.height), refresh=True)

    drawing = threading.Thread(target=draw, daemon=True)
    if console.is_interactive:
        drawing.start()
    orphans.adopt()
    try:
        with Stop.on_signals() as stop:
            claimed.make(stop)
    finally:
        finished.set()
        if drawing.is_alive():
            drawing.join()


def display(statuses: Sequence[Status], axes: Sequence[Sequence[str]], height: int) -> Group:
    """Draw the counts and a bar for each experiment that runs, within ``height`` lines."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_column()
    for _ in range(2):
        table.add_column(no_wrap=True)
    running = [s for s in statuses if s.state is State.RUNNING]
    for status in running[: max(1, height - 4)]:
        values = coordinates(status.experiment, axes)
        named = " ".join(f"{name}={text.number(value)}" for name, value in values.items())
        table.add_row(
            status.experiment.name,
            Text(f"{named} seed={status.experiment.point.seed}"),
            ProgressBar(total=1.0, completed=status.fraction, width=24),
            f"{status.time_t0:.0f}/{status.stop_t0:g} t0",
            status_table.left(status),
        )
    return Group(status_table.counts_line(statuses), table)


class _Answer(enum.Enum):
    """What a person who presses Ctrl-C may want."""

    STOP = "s"
    LEAVE = "l"
    WAIT = "w"


def _asked(console: Console) -> _Answer:
    """Ask what Ctrl-C is to do; only a word stops experiments, and nobody to ask is none."""
    if not sys.stdin.isatty():
        return _Answer.LEAVE
    console.print("\nThey go on without this terminal.")
    question = "(s)top them, (l)eave them running, or (w)ait on? [w] "
    while True:
        try:
            word = screen.answer(console, question)
        except KeyboardInterrupt:
            word = None
        if word is None:
            console.print()
            return _Answer.LEAVE
        for answer in _Answer:
            if word.lower() in {answer.value, answer.name.lower()}:
                return answer
        if not word:
            return _Answer.WAIT


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
