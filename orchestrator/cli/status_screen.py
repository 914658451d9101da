"""What `status` shows of a sweep, and of all sweeps of a data directory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.live import Live
from rich.text import Text

from orchestrator.cli import screen, status_table, usage_table
from orchestrator.errors import OrchestratorError
from orchestrator.model import State
from orchestrator.records import failures, intents, selection
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.status import present, read_statuses
from orchestrator.submission.next_steps import next_steps
from orchestrator.submission.status import status_of
from orchestrator.submission.usage import sentences, usage_of
from orchestrator.submission.watch import watch_these

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.console import Console, RenderableType

    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory

_MOST_ROWS = 60
"""Experiments with a line each in a file or a pipe."""

_REFRESH_S = 2.0
_TABLE_LINES = 4  # a title, the rules and the empty lines around a table
_FEW_ROWS = 3  # that a table has at least, where there is hardly any room


def show(console: Console, directory: SweepDirectory, *, everything: bool) -> None:
    """Print the status of a sweep, with a line for each experiment if ``everything`` is wanted."""
    console.print(
        of_sweep(console, directory, LiveStatus(directory).read(), everything=everything)
    )


def show_usage(
    console: Console, directory: SweepDirectory, *, everything: bool, as_json: bool
) -> None:
    """Print what a sweep has used, with a line for each experiment if ``everything`` is wanted."""
    usage = usage_of(directory)
    if as_json:
        print(json.dumps(usage.as_json(), indent=1))
        return
    count = len(usage.experiments)
    room = _MOST_ROWS if not console.is_interactive else max(_FEW_ROWS, console.height - 10)
    shown = usage_table.largest(usage, count if everything else min(count, room))
    if shown:
        console.print(usage_table.usage_table(shown))
    if len(shown) < count:
        screen.say(console, f"the {len(shown)} that used most; all {count} with --all")
    for sentence in sentences(usage):
        screen.say(console, sentence)


def show_until_ended(console: Console, directory: SweepDirectory, *, everything: bool) -> None:
    """Show the status of a sweep until all has ended or nobody is left to run the rest.

    On a terminal in place; elsewhere a line for each change.
    """
    if not console.is_interactive:
        _tell_changes(console, directory)
        show(console, directory, everything=everything)
        return
    shown: RenderableType = ""
    with Live(console=console, auto_refresh=False, screen=True) as live:
        for statuses in watch_these(directory, None, _REFRESH_S):
            shown = of_sweep(console, directory, statuses, everything=everything)
            live.update(shown, refresh=True)
    console.print(shown)  # on the screen as it was before


def _tell_changes(console: Console, directory: SweepDirectory) -> None:
    before: dict[int, State] = {}
    for statuses in watch_these(directory, None, _REFRESH_S):
        for status in present(statuses):
            number = status.experiment.number
            if before.get(number, State.PENDING) is not status.state:
                screen.say(console, status_table.line(status))
            before[number] = status.state


def of_sweep(
    console: Console,
    directory: SweepDirectory,
    statuses: Sequence[Status],
    *,
    everything: bool,
) -> RenderableType:
    """Arrange what fits on the screen: rows, counts by axis, the counts, and what to do next."""
    axes = intents.axes(directory)
    ending: list[Text] = [status_table.counts_line(statuses)]
    sweep = selection.word(directory)
    causes = [Text(t.sentence) for t in failures.grouped(sweep, present(statuses), axes)]
    ending += causes if everything else _fitting(console, causes)
    ending += map(Text, next_steps(directory, statuses))
    if all(s.state is State.CANCELLED for s in present(statuses)) and not everything:
        return Group(*ending)
    lines = None
    if console.is_interactive:
        lines = max(console.height - 1 - _height(console, ending), _TABLE_LINES + _FEW_ROWS)
    rows = statuses if everything else _rows(statuses, lines)
    parts: list[RenderableType] = []
    width = screen.width(console)
    if len(rows) < len(statuses):
        room = None if lines is None else lines - len(rows) - _TABLE_LINES * bool(rows)
        parts += _by_axis(statuses, axes, room)
    if rows:
        parts.append(
            status_table.status_table(
                rows,
                axes,
                width,
                ascii_only=screen.is_ascii(console),
                one_line=lines is not None and not everything,
            )
        )
    return Group(*parts, *ending)


def _fitting(console: Console, causes: Sequence[Text]) -> Sequence[Text]:
    """Leave of the causes what fits on half of a screen, and say how many there are beside."""
    if not console.is_interactive:
        return causes
    shown = list(causes)
    while len(shown) > 1 and 2 * _height(console, shown) > console.height:
        shown.pop()
    more = len(causes) - len(shown)
    return shown + [Text(f"... {more} more causes; all of them with --all")] * (more > 0)


def _height(console: Console, lines: Sequence[Text]) -> int:
    return sum(len(line.wrap(console, console.width)) for line in lines)


def _rows(statuses: Sequence[Status], lines: int | None) -> Sequence[Status]:
    """Choose the experiments that have a row: all, or those that run or ended badly."""
    room = _MOST_ROWS if lines is None else lines - _TABLE_LINES
    if len(statuses) <= room:
        return statuses
    running = [s for s in statuses if s.state is State.RUNNING]
    bad = [s for s in statuses if s.state.bad and s.state is not State.CANCELLED]
    share = room if lines is None else max(_FEW_ROWS, room // 2)
    return (running + bad)[:share]


def _by_axis(
    statuses: Sequence[Status], axes: Sequence[Sequence[str]], room: int | None
) -> Iterator[RenderableType]:
    """Yield the counts of each value on each axis, as far as there is room."""
    most = None if room is None else room - _TABLE_LINES
    if most is None or most > 0:
        yield status_table.axis_table(statuses, axes, most)


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
