"""What a page shows of a sweep follows its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestrator import attempts, collection, exhibits, ledger, store
from orchestrator.model import Progress, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Point, Submission
    from orchestrator.workspace import SweepDirectory


def test_a_page_is_packed_again_with_the_first_snapshot_though_no_time_has_passed(
    sweep_directory: SweepDirectory,
    make_points: Callable[[int], list[Point]],
    make_submission: Callable[..., Submission],
) -> None:
    ledger.enlist(sweep_directory, make_points(1))
    ledger.intend(sweep_directory, make_submission("a", {0: 1}))
    attempt = attempts.claim(sweep_directory.experiment(0), 1, attempts.myself("a", "local:0"))
    assert attempt is not None
    collected = exhibits.Collected(sweep_directory, ["H"])
    attempts.write_progress(attempt, Progress(time_t0=0.0, snapshots=0, wall_s=0.1))
    begun = collected.update(collection.standings(sweep_directory))

    heights = np.zeros((5, 6), np.int16)
    journal = store.Journal(attempt.journal)
    journal.append(Snapshot(0.0, heights, None, np.zeros(3, np.int64)))
    journal.close()
    attempts.write_progress(attempt, Progress(time_t0=0.0, snapshots=1, wall_s=0.2))

    assert begun
    assert collected.update(collection.standings(sweep_directory))
    assert [packed.entry["snapshots"] for packed in collected.packed] == [1]
    assert not collected.update(collection.standings(sweep_directory))
