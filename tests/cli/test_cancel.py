"""What cancelling does to attempts whose process cannot be seen from here."""

from __future__ import annotations

import dataclasses
import os
import time
from typing import TYPE_CHECKING

import pytest

from orchestrator.model import Cause, Cluster, Kind, State
from orchestrator.records import attempts, ledger
from orchestrator.records.status import read_statuses
from orchestrator.submission.cancel import cancel_these

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Point, Submission
    from orchestrator.records.paths import SweepDirectory


@pytest.mark.parametrize(
    ("cluster", "silent_s", "state"),
    [
        (Cluster.LOCAL, 2 * attempts.PATIENCE_S, State.CANCELLED),
        (Cluster.LOCAL, 0.0, State.RUNNING),
        (Cluster.SLURM, 2 * attempts.PATIENCE_S, State.RUNNING),
    ],
)
def test_an_attempt_that_was_taken_under_another_host_name_can_be_cancelled(  # noqa: PLR0913, PLR0917
    sweep_directory: SweepDirectory,
    make_points: Callable[[int], list[Point]],
    make_submission: Callable[..., Submission],
    cluster: Cluster,
    silent_s: float,
    state: State,
) -> None:
    ledger.enlist(sweep_directory, make_points(1))
    made = dataclasses.replace(make_submission("a", {0: 1}), cluster=cluster)
    ledger.intend(sweep_directory, made)
    claimant = dataclasses.replace(
        attempts.myself("a", "0"), host="another-node", boot="another"
    )
    attempt = attempts.claim(sweep_directory.experiment(0), 1, claimant)
    assert attempt is not None
    then = time.time() - silent_s
    os.utime(attempt.claim, (then, then))

    changed = cancel_these(
        sweep_directory, read_statuses(sweep_directory), Cause(Kind.CANCELLED)
    )

    (status,) = read_statuses(sweep_directory)
    assert changed == 1
    assert status.state is state
    assert attempt.cancel_request.exists()
