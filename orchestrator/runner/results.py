"""What an attempt has to show so far: its journal, its progress and the published arrays."""

from __future__ import annotations

import contextlib
import itertools
import time
from typing import TYPE_CHECKING

from orchestrator.errors import DamagedError
from orchestrator.model import Progress, reductions
from orchestrator.model.heights import is_full
from orchestrator.records import arrays, attempts, journal, provenance
from orchestrator.runner.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from orchestrator.model import Outputs
    from orchestrator.model.snapshots import Snapshot
    from orchestrator.records.paths import AttemptDirectory, ExperimentDirectory

_SHOWN = 16  # values of a series that the progress tells
_FIRST_COST_S = 0.02  # guessed, before it has been measured


class Results:
    """Keeps the reduced snapshots of one attempt.

    Attributes
    ----------
    first
        The first of the experiment's snapshots, once there is one.
    snapshots
        How many were kept.
    time_t0
        Simulated time of the last one, in t0.
    start_t0
        Simulated time at which the experiment starts.
    adopted, adopted_t0
        Snapshots taken over from an earlier attempt, and the time of the last; else the start.
    pid
        The engine's process, once it runs.
    full_t0
        Simulated time from which the ceiling cuts the surface off, in t0; None so far.
    """

    def __init__(
        self, attempt: AttemptDirectory, directory: ExperimentDirectory, outputs: Outputs
    ) -> None:
        self._attempt = attempt
        self._directory = directory
        self._journal = journal.Journal(
            attempt.journal,
            [*(r.name for r in reductions.REDUCTIONS if outputs.keeps(r)), *outputs.own],
        )
        self._started = time.monotonic()
        self._publishing = Throttle(first_cost_s=_FIRST_COST_S)
        self._snapshot_s = 0.0
        self._roughness: list[float] = []
        self._first_map: NDArray[np.int16] | None = None
        self.first: Snapshot | None = None
        self.snapshots = 0
        self.time_t0 = 0.0
        self.start_t0 = 0.0
        self.adopted = 0
        self.adopted_t0 = 0.0
        self.pid: int | None = None
        self.full_t0: float | None = None

    @property
    def wall_s(self) -> float:
        """Seconds since the attempt began."""
        return time.monotonic() - self._started

    def start(self, start_t0: float) -> None:
        """Take note of the simulated time at which the experiment starts."""
        self.time_t0 = self.start_t0 = self.adopted_t0 = start_t0

    def adopt(
        self,
        earlier: AttemptDirectory,
        snapshots: int,
        ends: Callable[[Snapshot], bool] = lambda _snapshot: False,
    ) -> None:
        """Take over the first snapshots of an earlier attempt, which may be published alone.

        None after one with which the run ``ends``.
        """
        kept = journal.read_journal(earlier.journal)
        if not earlier.journal.exists():
            kept = arrays.snapshots(self._directory)
        for snapshot in itertools.islice(kept, snapshots):
            self._journal.append(snapshot)
            self.first = self.first or snapshot
            self._note(snapshot)
            self.snapshots += 1
            self.time_t0 = snapshot.time_t0
            if ends(snapshot):
                break
        self.adopted, self.adopted_t0 = self.snapshots, self.time_t0
        progress = attempts.read_progress(earlier)
        if progress is not None and not self._roughness:  # it kept no height maps
            self._roughness = _resampled(progress.roughness, progress.snapshots)[
                : self.snapshots
            ]
        self.beat()

    def keep(self, snapshot: Snapshot) -> None:
        """Make a snapshot durable, tell of the progress, and publish where that costs little."""
        self._journal.append(snapshot)
        self.first = self.first or snapshot
        self.snapshots += 1
        self.time_t0 = snapshot.time_t0
        self._snapshot_s = self.wall_s
        self._note(snapshot)
        self.beat()
        if self._publishing.due:
            before = time.monotonic()
            _publish(self._attempt, self._directory)
            self._publishing.done(time.monotonic() - before)

    def beat(self) -> None:
        """Rewrite the progress file, a sign of life; failing to is not the end."""
        progress = Progress(
            self.time_t0,
            self.snapshots,
            self.wall_s,
            self.pid,
            self.start_t0,
            self.adopted,
            self.adopted_t0,
            self._snapshot_s,
            tuple(_resampled(self._roughness, min(len(self._roughness), _SHOWN))),
            self.full_t0,
        )
        with contextlib.suppress(OSError):
            attempts.write_progress(self._attempt, progress)

    def _note(self, snapshot: Snapshot) -> None:
        """Take note of what the status tells of the bed."""
        name = reductions.HEIGHT_MAPS.name
        height_map = snapshot.arrays.get(name)
        if height_map is None:  # earlier snapshots may have been adopted without theirs
            return
        self._roughness.append(round(float(height_map.std()), 4))
        if self._first_map is None:
            self._first_map = height_map
        if self.full_t0 is None and is_full(height_map, self._first_map):
            self.full_t0 = snapshot.time_t0

    def finish(self, *, complete: bool) -> bool:
        """Publish all that was kept; return whether what is published is now this attempt's.

        Raises
        ------
        DamagedError
            Where the journal no longer has what was kept; what it has is published.
        """
        extent = arrays.publish(
            self._attempt.journal,
            self._directory,
            complete=complete,
            appended=self.snapshots,
        )
        return extent is not None

    def drop_journal(self) -> None:
        """Remove the journal, which nobody needs whose data are complete and published."""
        self._attempt.journal.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()


def _publish(attempt: AttemptDirectory, directory: ExperimentDirectory) -> None:
    """Publish what an attempt has in its journal so far, and tell that it was this one."""
    extent = arrays.publish(attempt.journal, directory)
    if extent is not None:
        provenance.credit(directory, attempt, *extent)


def _resampled(values: Sequence[float], count: int) -> list[float]:
    """Return ``count`` of the values, evenly chosen, from the first to the last; some again."""
    if not values:
        return []
    return [values[i * (len(values) - 1) // max(1, count - 1)] for i in range(count)]


def publish_earlier(directory: ExperimentDirectory, attempt: int) -> None:
    """Publish what earlier attempts that were killed left in their journals."""
    for earlier in directory.attempts():
        if earlier.number < attempt and earlier.journal.exists():
            with contextlib.suppress(DamagedError):  # what is published stays as it was
                _publish(earlier, directory)
