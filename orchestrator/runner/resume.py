"""Going on where an earlier attempt was cut off, so that what it computed is not computed again.

The engine saves its state after some snapshots, as ``checkpoint.3`` after the one with index 3. A
checkpoint counts only if every snapshot up to it is in the journal; from there a continuation
makes the same bytes as a run that was never cut off.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.formats.cellspace import header_bytes
from orchestrator.formats.durable import read_json, replacing
from orchestrator.model import OnTimeout
from orchestrator.records import journal, provenance
from orchestrator.runner.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from orchestrator.formats.cellspace import Header

    Planes = NDArray[np.generic]

    from orchestrator.model import Engine, Task
    from orchestrator.records.paths import AttemptDirectory, ExperimentDirectory


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


def find(directory: ExperimentDirectory, task: Task, engine: Engine) -> Resumption | None:
    """Return where an attempt can go on, or None where it must start anew.

    The built-in engine saves its whole state, and the same version of it, asked for the same
    times and outputs, makes the same run of it. ReSCAL-snow can start from the cells of the last snapshot,
    with new gas and new chances; that is done only where it is asked for.
    """
    exact, on_timeout = engine.resumes_exactly, task.run.on_timeout
    if on_timeout is OnTimeout.RERUN or (not exact and on_timeout is OnTimeout.AUTO):
        return None
    wanted = provenance.made_alike(task, engine)
    for earlier in reversed(directory.attempts()):
        account = read_json(earlier.account) or {}
        if earlier.number >= task.attempt or not account.items() >= wanted.items():
            continue
        kept = sum(1 for _ in journal.read_journal(earlier.journal))
        usable = [(index, path) for index, path in _checkpoints(earlier) if index < kept]
        if usable:
            index, path = max(usable)
            return Resumption(earlier, path, index + 1, exact)
    return None


def drop_outdated(attempt: AttemptDirectory, snapshots: int) -> None:
    """Remove all checkpoints but the latest one that ``snapshots`` journalled snapshots reach."""
    reached = [found for found in _checkpoints(attempt) if found[0] < snapshots]
    for _, path in sorted(reached)[:-1]:
        path.unlink(missing_ok=True)


def drop_refused(resumption: Resumption) -> None:
    """Remove a checkpoint from which the engine cannot go on, so that it is not found again."""
    resumption.checkpoint.unlink(missing_ok=True)


def drop_all(directory: ExperimentDirectory) -> None:
    """Remove the checkpoints of every attempt, once the data are complete."""
    for attempt in directory.attempts():
        for _, path in _checkpoints(attempt):
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
