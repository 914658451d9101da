"""How a sweep is shown to people and to programs: tables and JSON; prints nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rich import box
from rich.table import Table
from rich.text import Text

from orchestrator import text
from orchestrator.model import State
from orchestrator.records import failures
from orchestrator.records.status import coordinates, counts, present, time_left_s

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Status

COLOURS = {
    State.PENDING: "dim",
    State.RUNNING: "cyan",
    State.DONE: "green",
    State.STOPPED: "green",
    State.INVALID: "magenta",
    State.FAILED: "red",
    State.TIMEOUT: "yellow",
    State.OUT_OF_MEMORY: "red",
    State.CANCELLED: "magenta",
    State.NODE_FAIL: "yellow",
    State.LOST: "red",
    State.NEVER_SUBMITTED: "dim",
}
"""One colour per state, the same wherever it is shown."""

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII = "_.-=+*%#"
_GAP = 3  # characters between two columns
_AXIS = 1  # the rank of an axis
_REMARK = 26  # characters that a remark needs at least, to be folded


def counts_line(statuses: Sequence[Status]) -> Text:
    """Say on one line how many experiments are in which state, and how long it may take."""
    there = present(statuses)
    parts = [
        Text(f"{count} {state.value}", COLOURS[state]) for state, count in counts(there).items()
    ]
    line = Text(f"{text.counted(len(there), 'experiment')}{': ' * bool(parts)}").append(
        Text(", ").join(parts)
    )
    if len(there) < len(statuses):
        line.append(f"; {len(statuses) - len(there)} orphaned", "dim")
    left = text.time_left(time_left_s(statuses))
    return line.append(f"; {left}", "bold") if left else line


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the status table; those with a larger ``rank`` are left out sooner."""

    title: str
    cells: list[Text]
    rank: int = 0
    left: bool = False
    least: int = 0  # characters, so that it stays where it is while values change

    @property
    def width(self) -> int:
        """Characters that it needs, with the gap to the next one."""
        longest = max((cell.cell_len for cell in self.cells), default=0)
        return _GAP + max(len(self.title), self.least, longest)


def line(status: Status) -> str:
    """Say in a line how an experiment stands."""
    remark = failures.remark(status)
    return f"{status.experiment.name} {status.state.value}{f': {remark}' if remark else ''}"


def left(status: Status) -> str:
    """Write how long an experiment still takes, as short as a cell of a table."""
    is_soon = status.left_s is not None and status.left_s < 1
    return "soon" if is_soon else text.seconds(status.left_s)


def status_table(
    statuses: Sequence[Status],
    axes: Sequence[Sequence[str]],
    width: int | None = None,
    *,
    ascii_only: bool = False,
    one_line: bool = False,
) -> Table:
    """Show each experiment on a line: values, state, attempt, place, progress, last error.

    Where ``width`` characters are too few for all of it, whole columns are left out, those first
    that tell least, rather than cut. With ``ascii_only`` there are no letters but those.
    With ``one_line`` remarks are cut where a line ends, else they are folded.
    """
    remark = _Column("remark", [Text(failures.remark(s)) for s in statuses], left=True)
    columns = [
        column
        for column in _columns(statuses, axes, ascii_only=ascii_only)
        if any(column.cells)
    ]
    room = _REMARK if any(remark.cells) else 0
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left")
    while width is not None and sum(column.width for column in columns) + room > width:
        least = max(reversed(columns), key=lambda column: column.rank)
        if least.rank == 0:
            break
        if least.rank == _AXIS:
            table.caption = "not all axes have room here; --json has them"
        columns.remove(least)
    for column in columns:
        side: Literal["left", "right"] = "left" if column.left else "right"
        table.add_column(
            column.title, justify=side, no_wrap=True, min_width=column.width - _GAP
        )
    if room:
        overflow: Literal["ellipsis", "fold"] = "ellipsis" if one_line else "fold"
        taken = sum(column.width for column in columns)
        table.add_column(
            remark.title,
            overflow=overflow,
            no_wrap=one_line,
            max_width=None if width is None else max(_REMARK, width - taken),
        )
        columns.append(remark)
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*row)
    return table


def _columns(
    statuses: Sequence[Status], axes: Sequence[Sequence[str]], *, ascii_only: bool
) -> Iterator[_Column]:
    """Yield all columns of the status table but the remarks."""

    def cells(text: Callable[[Status], str]) -> list[Text]:
        return [Text(text(status)) for status in statuses]

    def roughness(status: Status) -> str:
        return sparkline(status.roughness, _ASCII if ascii_only else _BLOCKS)

    yield _Column("exp", cells(lambda s: str(s.experiment.number)))
    values = [coordinates(status.experiment, axes) for status in statuses]
    for name in (name for group in axes for name in group):
        shown = [Text(text.number(value[name]) if name in value else "") for value in values]
        yield _Column(name, shown, _AXIS)
    yield _Column("seed", cells(lambda s: str(s.experiment.point.seed)), rank=2)
    states = [Text(s.state.value, COLOURS[s.state]) for s in statuses]
    yield _Column("state", states, left=True, least=7)
    yield _Column("try", cells(lambda s: str(s.attempt or "")), rank=4)
    yield _Column("job", cells(lambda s: s.claim.job if s.claim else ""), rank=7, left=True)
    yield _Column(
        "t0", cells(lambda s: f"{s.time_t0:.5g}" if s.time_t0 else ""), rank=5, least=6
    )
    yield _Column("%", cells(lambda s: f"{100 * s.fraction:.0f}" if s.attempt else ""), least=3)
    yield _Column("t0/min", cells(lambda s: _short(s.rate_t0_per_min)), rank=8, least=6)
    yield _Column("left", cells(left), rank=3, least=6)
    yield _Column("roughness", cells(roughness), rank=6, left=True)


def axis_table(
    statuses: Sequence[Status], axes: Sequence[Sequence[str]], most: int | None = None
) -> Table:
    """Count experiments per state for each value on each axis, on at most so many lines."""
    there = present(statuses)
    states = list(counts(there))
    rows: list[tuple[str, ...]] = []
    for names in axes:
        groups: dict[tuple[tuple[str, Value], ...], list[Status]] = {}
        for status in there:
            values = tuple(coordinates(status.experiment, [names]).items())
            groups.setdefault(values, []).append(status)
        for values, group in groups.items():
            numbers = counts(group)
            label = ", ".join(f"{name} = {text.number(value)}" for name, value in values)
            rows.append((label, *(str(numbers.get(state, "")) for state in states)))
    if most is not None and len(rows) > most:
        rows[most - 1 :] = [(f"... {len(rows) - most + 1} more",)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("axis value")
    for state in states:
        table.add_column(Text(state.value, COLOURS[state]), justify="right")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def sparkline(values: Sequence[float], levels: str = _BLOCKS) -> str:
    """Draw a series as a line of blocks, from nothing to its largest value; needs two of them.

    >>> sparkline([0, 1, 2, 4, 8]), sparkline([0, 4, 8], _ASCII), sparkline([3])
    ('▁▂▃▅█', '_+#', '')
    """
    if len(values) < 2:
        return ""
    top = max(*values, 1e-9)
    return "".join(levels[min(len(levels) - 1, int(len(levels) * v / top))] for v in values)


def _short(rate: float | None) -> str:
    if rate is None:
        return ""
    return f"{rate:.0f}" if rate >= 100 else f"{rate:.3g}"
