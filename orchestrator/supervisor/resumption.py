"""Going on where an earlier attempt was cut off, so that what it computed is not computed again.

The engine saves its state after some snapshots, as ``checkpoint.3`` after the one with index 3. A
checkpoint counts only if every snapshot up to it is in the journal; from there a continuation
makes the same bytes as a run that was never cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator import store
from orchestrator.formats.durable import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.model import Engine, Run
    from orchestrator.workspace import AttemptDirectory, ExperimentDirectory


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where to go on: the earlier attempt, its checkpoint and the snapshots up to it."""

    attempt: AttemptDirectory
    checkpoint: Path
    snapshots: int


def find(
    directory: ExperimentDirectory, attempt: int, engine: Engine, run: Run
) -> Resumption | None:
    """Return where attempt ``attempt`` can go on, or None where it must start anew.

    Only the built-in engine saves its state, and only the same version of it, asked for the same
    times, makes the same run of it.
    """
    if engine.root is not None or run.on_timeout != "continue":
        return None
    before = read_json(directory.meta_data) or {}
    made = before.get("engine_digest"), before.get("stop_t0"), before.get("every_t0")
    if made != (engine.digest, run.stop_t0, run.every_t0):
        return None
    for earlier in reversed(directory.attempts()):
        if earlier.number >= attempt:
            continue
        kept = sum(1 for _ in store.read_journal(earlier.journal))
        usable = [(index, path) for index, path in _checkpoints(earlier) if index < kept]
        if usable:
            index, path = max(usable)
            return Resumption(earlier, path, index + 1)
    return None


def drop_outdated(attempt: AttemptDirectory, snapshots: int) -> None:
    """Remove all checkpoints but the latest one that ``snapshots`` journalled snapshots reach."""
    reached = [found for found in _checkpoints(attempt) if found[0] < snapshots]
    for _, path in sorted(reached)[:-1]:
        path.unlink(missing_ok=True)


def drop_all(directory: ExperimentDirectory) -> None:
    """Remove the checkpoints of every attempt, once the data are complete."""
    for attempt in directory.attempts():
        for _, path in _checkpoints(attempt):
            path.unlink(missing_ok=True)


def _checkpoints(attempt: AttemptDirectory) -> Iterator[tuple[int, Path]]:
    """Yield the checkpoints of an attempt with the index of the snapshot each was saved after."""
    for path in attempt.root.glob(f"{attempt.checkpoint.name}.*"):
        index = path.suffix[1:]
        if index.isdecimal():
            yield int(index), path
