"""How a sweep is shown to people and to programs: tables and JSON; prints nothing."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rich import box
from rich.table import Table
from rich.text import Text

from orchestrator.model import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from orchestrator.model import Axis, Experiment, Scalar, Standing

COLOURS = {
    State.PENDING: "dim",
    State.RUNNING: "cyan",
    State.DONE: "green",
    State.FAILED: "red",
    State.TIMEOUT: "yellow",
    State.OUT_OF_MEMORY: "red",
    State.CANCELLED: "magenta",
    State.NODE_FAIL: "yellow",
    State.LOST: "red",
}
"""One colour per state, the same wherever it is shown."""

_BLOCKS = "▁▂▃▄▅▆▇█"
_GAP = 3  # characters between two columns
_AXIS = 1  # the rank of an axis
_REMARK = 26  # characters that a remark needs at least, to be folded


def seconds(value: float | None) -> str:
    """Write a duration as people do: ``8 s``, ``4 min``, ``3 h 20 min``, ``2 d 5 h``.

    >>> seconds(8), seconds(250), seconds(12_000), seconds(190_000), seconds(None)
    ('8 s', '4 min', '3 h 20 min', '2 d 5 h', '')
    """
    if value is None:
        return ""
    if value < 100:
        return f"{value:.0f} s"
    if value < 5400:
        return f"{value / 60:.0f} min"
    if value < 48 * 3600:
        hours, minutes = divmod(round(value / 60), 60)
        return f"{hours} h {minutes} min"
    days, hours = divmod(round(value / 3600), 24)
    return f"{days} d {hours} h"


def moment(value: float, now: float) -> str:
    """Write a point in time, in seconds since the epoch, as the clock and calendar here show it.

    >>> len(moment(1e9, 1e9)), len(moment(1e9, 2e9))
    (5, 16)
    """
    there, here = time.localtime(value), time.localtime(now)
    today = there[:3] == here[:3]
    return time.strftime("%H:%M" if today else "%Y-%m-%d %H:%M", there)


def size(value: float) -> str:
    """Write a number of bytes as people do.

    >>> size(512), size(2_500_000), size(3e12)
    ('512 B', '2.5 MB', '3.0 TB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def number(value: Scalar) -> str:
    """Write a parameter's value the short way: ``0.001``, ``1e+05``, ``OPEN``.

    >>> number(0.001), number(50), number(True), number("OPEN")
    ('0.001', '50', 'yes', 'OPEN')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def counted(count: int, noun: str) -> str:
    """Count things by a noun whose plural only adds an s.

    >>> counted(1, "experiment"), counted(2, "experiment")
    ('1 experiment', '2 experiments')
    """
    return f"{count} {noun}{'s' * (count != 1)}"


def counts(standings: Iterable[Standing]) -> dict[State, int]:
    """Count experiments per state, in the order of the states, without the empty ones."""
    found = Counter(standing.state for standing in standings)
    return {state: found[state] for state in State if found[state]}


def present(standings: Iterable[Standing]) -> list[Standing]:
    """Return those that are still in the sweep file; only they count in totals."""
    return [standing for standing in standings if not standing.orphaned]


def counts_line(standings: Sequence[Standing]) -> Text:
    """Say on one line how many experiments are in which state, and how long it may take."""
    there = present(standings)
    parts = [
        Text(f"{count} {state.value}", COLOURS[state]) for state, count in counts(there).items()
    ]
    line = Text(f"{counted(len(there), 'experiment')}{': ' * bool(parts)}").append(
        Text(", ").join(parts)
    )
    if len(there) < len(standings):
        line.append(f"; {len(standings) - len(there)} orphaned", "dim")
    left = time_left_s(standings)
    return line.append(f"; about {seconds(left)} left", "bold") if left is not None else line


def time_left_s(standings: Sequence[Standing]) -> float | None:
    """Estimate how long a sweep still takes with as many at a time as run now, or None.

    What is pending is taken to need as long as those that run or have run needed per t0.
    """
    there = present(standings)
    running = [s for s in there if s.state is State.RUNNING]
    rates = [rate for s in there if (rate := s.rate_t0_per_min) is not None]
    if not running or not rates:
        return None
    mean = len(rates) / sum(1 / rate for rate in rates)
    waiting = sum(s.left_t0 for s in there if s.state is State.PENDING)
    known = [s.left_s for s in running if s.left_s is not None]
    unknown = sum(s.left_t0 for s in running if s.left_s is None)
    share = (sum(known) + 60 * (unknown + waiting) / mean) / len(running)
    return max([share, *known])


def names(numbers: Sequence[int], most: int = 8) -> str:
    """Name experiments, the first few of many.

    >>> names([0, 2]), names(range(12), 2)
    ('exp0, exp2', 'exp0, exp1 and 10 more')
    """
    shown = ", ".join(f"exp{number}" for number in numbers[:most])
    return shown + (f" and {len(numbers) - most} more" if len(numbers) > most else "")


def coordinates(experiment: Experiment, axes: Iterable[Sequence[str]]) -> dict[str, Scalar]:
    """Return an experiment's values on the axes of its sweep."""
    parameters = experiment.point.parameters
    return {name: parameters[name] for names in axes for name in names if name in parameters}


def axis_names(axes: Iterable[Axis]) -> tuple[tuple[str, ...], ...]:
    """Return the names on each axis, as a submission keeps them."""
    return tuple(axis.names for axis in axes)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the status table; those with a larger ``rank`` are left out sooner."""

    title: str
    cells: list[Text]
    rank: int = 0
    left: bool = False

    @property
    def width(self) -> int:
        """Characters that it needs, with the gap to the next one."""
        return _GAP + max(len(self.title), *(cell.cell_len for cell in self.cells), 0)


def status_table(
    standings: Sequence[Standing], axes: Sequence[Sequence[str]], width: int | None = None
) -> Table:
    """Show each experiment on a line: values, state, attempt, place, progress, last error.

    Where ``width`` characters are too few for all of it, whole columns are left out, those first
    that tell least, rather than cut.
    """
    said = _Column("remark", [Text(remark(s)) for s in standings], left=True)
    columns = [column for column in _columns(standings, axes) if any(column.cells)]
    room = _REMARK if any(said.cells) else 0
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
        table.add_column(said.title, overflow="fold")
        columns.append(said)
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*row)
    return table


def _columns(standings: Sequence[Standing], axes: Sequence[Sequence[str]]) -> Iterator[_Column]:
    """Yield all columns of the status table but the remarks."""

    def cells(text: Callable[[Standing], str]) -> list[Text]:
        return [Text(text(standing)) for standing in standings]

    yield _Column("exp", cells(lambda s: str(s.experiment.number)))
    values = [coordinates(standing.experiment, axes) for standing in standings]
    for name in (name for group in axes for name in group):
        shown = [Text(number(value[name]) if name in value else "") for value in values]
        yield _Column(name, shown, _AXIS)
    yield _Column("seed", cells(lambda s: str(s.experiment.point.seed)), rank=2)
    states = [Text(s.state.value, COLOURS[s.state]) for s in standings]
    yield _Column("state", states, left=True)
    yield _Column("try", cells(lambda s: str(s.attempt or "")), rank=4)
    yield _Column("job", cells(lambda s: s.claim.job if s.claim else ""), rank=7, left=True)
    yield _Column("t0", cells(lambda s: f"{s.time_t0:.5g}" if s.time_t0 else ""), rank=5)
    yield _Column("%", cells(lambda s: f"{100 * s.fraction:.0f}" if s.attempt else ""))
    yield _Column("t0/min", cells(lambda s: _short(s.rate_t0_per_min)), rank=8)
    yield _Column("left", cells(lambda s: seconds(s.left_s)), rank=3)
    yield _Column("roughness", cells(lambda s: sparkline(_roughness(s))), rank=6, left=True)


def axis_table(standings: Sequence[Standing], axes: Sequence[Sequence[str]]) -> Table:
    """Count experiments per state for each value on each axis."""
    there = present(standings)
    states = list(counts(there))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("axis value")
    for state in states:
        table.add_column(Text(state.value, COLOURS[state]), justify="right")
    for names in axes:
        groups: dict[str, list[Standing]] = {}
        for standing in there:
            values = coordinates(standing.experiment, [names])
            label = ", ".join(f"{name} = {number(value)}" for name, value in values.items())
            groups.setdefault(label, []).append(standing)
        for label, group in groups.items():
            found = counts(group)
            table.add_row(label, *(str(found.get(state, "")) for state in states))
    return table


def sparkline(values: Sequence[float]) -> str:
    """Draw a series as a line of blocks, from nothing to its largest value; needs two of them.

    >>> sparkline([0, 1, 2, 4, 8]), sparkline([3])
    ('▁▂▃▅█', '')
    """
    if len(values) < 2:
        return ""
    top = max(*values, 1e-9)
    return "".join(_BLOCKS[min(len(_BLOCKS) - 1, int(len(_BLOCKS) * v / top))] for v in values)


def _roughness(standing: Standing) -> tuple[float, ...]:
    return standing.progress.roughness if standing.progress is not None else ()


def _short(rate: float | None) -> str:
    if rate is None:
        return ""
    return f"{rate:.0f}" if rate >= 100 else f"{rate:.3g}"


def remark(standing: Standing) -> str:
    """Say in a few words what a person should know about an experiment."""
    orphaned = "no longer in the sweep file" * standing.orphaned
    return "; ".join(said for said in (orphaned, _story(standing)) if said)


def _story(standing: Standing) -> str:
    record = standing.record
    if record is not None:
        kept = f" ({record.snapshots} snapshots kept)" if record.snapshots else ""
        return record.reason if record.state is State.DONE else f"{record.reason}{kept}"
    if standing.note:
        return standing.note
    if standing.state is State.LOST:
        return "its process has died without a word"
    if standing.silent:
        return "no sign of life for a while; cancel ends it if it has died"
    if standing.stalled_s is not None:
        return f"stalled? no snapshot for {seconds(standing.stalled_s)}"
    never = standing.state is State.PENDING and standing.submission is None
    return "never submitted" * never


def as_json(name: str, standings: Sequence[Standing], axes: Sequence[Sequence[str]]) -> Any:
    """Return a sweep's status as plain data; fields are only ever added."""
    return {
        "sweep": name,
        "counts": {state.value: count for state, count in counts(present(standings)).items()},
        "orphaned": len(standings) - len(present(standings)),
        "time_left_s": time_left_s(standings),
        "axes": [list(names) for names in axes],
        "experiments": [_standing_json(standing, axes) for standing in standings],
    }


def _standing_json(standing: Standing, axes: Sequence[Sequence[str]]) -> dict[str, Any]:
    record, progress = standing.record, standing.progress
    return {
        "number": standing.experiment.number,
        "name": standing.experiment.name,
        "coordinates": coordinates(standing.experiment, axes),
        "seed": standing.experiment.point.seed,
        "state": standing.state.value,
        "attempt": standing.attempt,
        "job": standing.claim.job if standing.claim else None,
        "host": standing.claim.host if standing.claim else None,
        "time_t0": standing.time_t0,
        "stop_t0": standing.stop_t0,
        "fraction": round(standing.fraction, 6),
        "snapshots": standing.snapshots,
        "rate_t0_per_min": standing.rate_t0_per_min,
        "left_s": standing.left_s,
        "wall_s": standing.wall_s if record or progress else None,
        "reason": remark(standing) or None,
        "roughness": list(_roughness(standing)),
        "complete": record.complete if record else False,
        "stalled": standing.silent or standing.stalled_s is not None,
        "orphaned": standing.orphaned,
    }
