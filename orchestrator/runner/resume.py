"""Going on where an earlier attempt was cut off, so that what it computed is not computed again.

The engine saves its state after some snapshots, as ``checkpoint.3`` after the one with index 3. A
checkpoint counts only if every snapshot up to it is in the journal; from there a continuation
makes the same bytes as a run that was never cut off.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.errors import FormatError
from orchestrator.formats.cellspace import HEADER_BYTES, header_bytes, parse_header
from orchestrator.formats.durable import open_regular, read_json, replacing
from orchestrator.model import OnTimeout, State
from orchestrator.records import arrays, attempts, journal, provenance
from orchestrator.runner.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from orchestrator.formats.cellspace import Header

    Planes = NDArray[np.generic]

    from orchestrator.model import Engine, Run, Task
    from orchestrator.records.paths import AttemptDirectory, ExperimentDirectory


_SLACK_T0 = 0.1  # by which a run may start after the time of its first snapshot
_BEFORE_ANY = "start"  # in the name of a state that was saved before the first snapshot


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where to go on: the earlier attempt, its checkpoint and the snapshots up to it.

    ``exact`` tells whether the checkpoint is the engine's whole state, or its cells alone.
    """

    attempt: AttemptDirectory
    checkpoint: Path
    snapshots: int
    exact: bool

    @property
    def time_t0(self) -> float | None:
        """The simulated time of the state; of cells, that of their snapshot."""
        if self.exact:
            return saved_t0(self.checkpoint)
        with contextlib.suppress(OSError, FormatError), open_regular(self.checkpoint) as file:
            return parse_header(file.read(HEADER_BYTES)).time
        return None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a run cannot go on from the state of an earlier attempt, though there is one."""

    attempt: AttemptDirectory
    reason: str


def find(
    directory: ExperimentDirectory, task: Task, engine: Engine
) -> Resumption | Obstacle | None:
    """Return where an attempt can go on, or why it cannot; None where there is nothing to go on from.

    The built-in engine saves its whole state, and the same version of it, asked for the same outputs,
    makes the same run of it, to the same stop or to another. ReSCAL-snow can start from the cells of
    the last snapshot, with new gas and new chances; that is done only where it is asked for.
    """
    exact, on_timeout = engine.resumes_exactly, task.run.on_timeout
    if on_timeout is OnTimeout.RERUN or (not exact and on_timeout is OnTimeout.AUTO):
        return None
    obstacle = None
    for earlier in reversed(directory.attempts()):
        if earlier.number >= task.attempt:
            continue
        kept = _kept(directory, earlier, task)
        usable = [(index, path) for index, path in _checkpoints(earlier) if index < kept]
        if not usable:
            continue
        index, path = max(usable)
        reason = _reason_against(earlier, path, index + 1, task, engine)
        if reason is None:
            return Resumption(earlier, path, index + 1, exact)
        if reason and obstacle is None:
            obstacle = Obstacle(earlier, reason)
    return obstacle


def _reason_against(
    earlier: AttemptDirectory, path: Path, snapshots: int, task: Task, engine: Engine
) -> str | None:
    """Return why a task cannot go on from a state, empty where nobody would expect it; else None."""
    account, run = read_json(earlier.account) or {}, task.run
    wanted = provenance.made_alike(task, engine)
    made = {name: account.get(name) for name in wanted}
    stop_t0, every_t0, record = made["stop_t0"], made["every_t0"], attempts.read_record(earlier)
    if not isinstance(stop_t0, int | float) or not isinstance(every_t0, int | float):
        return ""
    if record is not None and record.state.ended and not record.state.bad:
        conditions = {
            name: account[name] for name in ("stop_when", "invalid_when") if name in account
        }
        same_end = record.state is State.DONE or conditions == provenance.ends_when(run)
        if same_end and run.stop_t0 <= stop_t0 and run.every_t0 == every_t0:
            return ""  # it is to be made again
    if made == wanted:
        return None
    if not provenance.same_kind(task, engine).items() <= made.items():
        same = made["engine_digest"] == wanted["engine_digest"]
        return "it kept other outputs" if same else "the engine was another version"
    time_t0 = saved_t0(path) if engine.resumes_exactly else None
    return (
        ""
        if time_t0 is None
        else _in_time(run, every_t0, _start_t0(earlier), (time_t0, snapshots))
    )


def _in_time(
    run: Run, every_t0: float, start_t0: float, reached: tuple[float, int]
) -> str | None:
    """Return why a run cannot go on from a state of another run with a snapshot every ``every_t0``.

    ``reached`` is its time and the number of snapshots before it.
    """
    time_t0, snapshots = reached
    of = f"its state is of t = {time_t0:g} t0"
    if every_t0 != run.every_t0 and not _same_so_far(run, every_t0, start_t0, time_t0):
        return f"{of}, and snapshots before it were taken every {every_t0:g} t0"
    if time_t0 > start_t0 + run.stop_t0 or snapshots > len(run.multiples(start_t0)):
        return f"{of}, after run.stop"
    return None


def _same_so_far(run: Run, every_t0: float, start_t0: float, time_t0: float) -> bool:
    """Return whether another interval asks for no other snapshots until a time than the first one."""

    def later(interval: float) -> float:
        first = math.ceil((start_t0 - _SLACK_T0) / interval) * interval
        return first if first > start_t0 else first + interval

    return min(later(run.every_t0), later(every_t0)) > time_t0


def _start_t0(earlier: AttemptDirectory) -> float:
    reached = attempts.read_record(earlier) or attempts.read_progress(earlier)
    return 0.0 if reached is None else reached.start_t0


def _kept(directory: ExperimentDirectory, earlier: AttemptDirectory, task: Task) -> int:
    """Return how many snapshots of an attempt are there: in its journal, or published if complete.

    None where arrays that are to be kept have lost their files.
    """
    if earlier.journal.exists():
        return sum(1 for _ in journal.read_journal(earlier.journal))
    record, account = attempts.read_record(earlier), read_json(directory.meta_data) or {}
    if record is None or not record.complete or account.get("attempt") != earlier.number:
        return 0
    names = (*task.outputs.shipped(), *task.outputs.own)
    if not all(directory.array_file(name).exists() for name in names):
        return 0
    return arrays.count(directory)


def saved_t0(path: Path) -> float | None:
    """Return the simulated time of a saved state, None where it does not say."""
    with (
        contextlib.suppress(
            OSError, FormatError, ValueError, KeyError, EOFError, zipfile.BadZipFile
        ),
        open_regular(path) as file,
        np.load(file, allow_pickle=False) as archive,
    ):
        return float(archive["time_t0"])
    return None


def drop_outdated(attempt: AttemptDirectory, snapshots: int) -> None:
    """Remove all checkpoints but the latest one that ``snapshots`` journalled snapshots reach."""
    reached = [indexed for indexed in _checkpoints(attempt) if indexed[0] < snapshots]
    for _, path in sorted(reached)[:-1]:
        path.unlink(missing_ok=True)


def drop_later(attempt: AttemptDirectory, snapshots: int) -> None:
    """Remove checkpoints of later than the last of ``snapshots``, with which they are of no use."""
    for index, path in _checkpoints(attempt):
        if index >= snapshots:
            path.unlink(missing_ok=True)


def drop_refused(resumption: Resumption) -> None:
    """Remove a checkpoint from which the engine cannot go on, so that it is not found again."""
    resumption.checkpoint.unlink(missing_ok=True)


def drop_own(attempt: AttemptDirectory) -> None:
    """Remove the checkpoints of an attempt."""
    for _, path in _checkpoints(attempt):
        path.unlink(missing_ok=True)


def drop_all(directory: ExperimentDirectory, final: AttemptDirectory | None) -> None:
    """Remove the checkpoints of every attempt, once the data are complete, but the last of ``final``."""
    for attempt in directory.attempts():
        paths = [path for _, path in sorted(_checkpoints(attempt))]
        kept = paths[-1:] if final is not None and attempt.number == final.number else []
        for path in paths:
            if path not in kept:
                path.unlink(missing_ok=True)


class CellKeeper:
    """Keeps the cells of the latest snapshot of an engine that cannot save its state.

    As seldom as it takes to cost less than a hundredth of the time, or as ``every_s`` says.
    """

    def __init__(self, attempt: AttemptDirectory, every_s: float) -> None:
        self._attempt = attempt
        self._throttle = Throttle(every_s)

    @contextlib.contextmanager
    def keeping(self, header: Header, index: int) -> Iterator[Callable[[Planes], None]]:
        """Yield what takes the planes of snapshot ``index``; the file appears at the end."""
        if index == 0 or not self._throttle.due:
            yield lambda _planes: None
            return
        spent_s = 0.0
        inner = dataclasses.replace(header, borders=False)
        path = self._attempt.checkpoint.with_name(f"{self._attempt.checkpoint.name}.{index}")
        with replacing(path, durable=False) as file:
            file.write(header_bytes(inner))

            def take(planes: Planes) -> None:
                nonlocal spent_s
                before = time.monotonic()
                file.write(planes.tobytes())
                spent_s += time.monotonic() - before

            yield take
        self._throttle.done(spent_s)


def _checkpoints(attempt: AttemptDirectory) -> Iterator[tuple[int, Path]]:
    """Yield the saved states of an attempt with the index of the last snapshot before each.

    It is -1 for one from before the first snapshot.
    """
    for path in attempt.root.glob(f"{attempt.checkpoint.name}.*"):
        index = path.suffix[1:]
        if index.isdecimal():
            yield int(index), path
        elif index == _BEFORE_ANY:
            yield -1, path
