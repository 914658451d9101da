"""What cancelling does to attempts whose process cannot be seen from here."""

from __future__ import annotations

import dataclasses
import os
import time
from typing import TYPE_CHECKING

import pytest

from orchestrator.model import Cause, Cluster, Kind, State
from orchestrator.records import attempts, intents, ledger
from orchestrator.records.status import read_statuses
from orchestrator.runner import worker
from orchestrator.runner.queue import Post, offers
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
    intents.intend(sweep_directory, made)
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


@pytest.fixture
def asked(
    sweep_directory: SweepDirectory,
    make_points: Callable[[int], list[Point]],
    make_submission: Callable[..., Submission],
) -> SweepDirectory:
    """Five experiments that wait."""
    ledger.enlist(sweep_directory, make_points(5))
    intents.intend(sweep_directory, make_submission("a", dict.fromkeys(range(5), 1)))
    return sweep_directory


def test_what_waits_is_withdrawn_by_one_line_for_all(asked: SweepDirectory) -> None:
    before = sorted(asked.root.rglob("*"))
    waiting = read_statuses(asked, {0, 1, 2, 4})

    changed = cancel_these(asked, waiting, Cause(Kind.INTERRUPTED))

    cause = Cause(Kind.INTERRUPTED, subject="pending")
    found = [(s.state, s.attempt, s.cause) for s in read_statuses(asked)]
    ended = (State.CANCELLED, 1, cause)
    assert changed == 4
    assert found == [ended, ended, ended, (State.PENDING, 1, None), ended]
    assert {*asked.root.rglob("*")} - {*before} == {asked.lock, asked.log}
    assert {offer.experiment.number for offer in offers(asked, Post("local:0"))} == {3}
    assert asked.log.read_text().count("attempt 1 interrupted while pending\n") == 4


def test_a_worker_that_has_read_of_it_before_claims_it_only_to_end_it(
    asked: SweepDirectory,
) -> None:
    reading = offers(asked, Post("local:0"))
    first = next(reading)
    cancel_these(asked, read_statuses(asked), Cause(Kind.CANCELLED))

    taken = worker.take(asked, first, "local:0")

    status = read_statuses(asked)[0]
    assert (taken, [*reading]) == (None, [])
    assert status.record is not None
    assert (status.state, status.record.causes) == (
        State.CANCELLED,
        (Cause(Kind.CANCELLED, subject="pending"),),
    )


def test_one_that_was_claimed_meanwhile_is_asked_to_stop(asked: SweepDirectory) -> None:
    waiting = read_statuses(asked)
    attempt = attempts.claim(asked.experiment(0), 1, attempts.myself("a", "local:0"))
    assert attempt is not None

    changed = cancel_these(asked, waiting, Cause(Kind.CANCELLED))

    assert changed == 5
    assert attempt.cancel_request.exists()
    assert [s.state for s in read_statuses(asked)] == [State.RUNNING, *[State.CANCELLED] * 4]


def test_a_further_attempt_may_be_asked_for_after_one_was_withdrawn(
    asked: SweepDirectory, make_submission: Callable[..., Submission]
) -> None:
    cancel_these(asked, read_statuses(asked), Cause(Kind.CANCELLED))
    intents.intend(asked, make_submission("b", {2: 2}))

    found = [(s.state, s.attempt) for s in read_statuses(asked)]

    assert found[1:4] == [(State.CANCELLED, 1), (State.PENDING, 2), (State.CANCELLED, 1)]
    assert {o.attempt for o in offers(asked, Post("local:0"))} == {2}
