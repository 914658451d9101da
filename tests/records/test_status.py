"""Where an experiment stands follows from its files alone."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from orchestrator.model import Cause, Kind, Progress, Run, State
from orchestrator.records import attempts, intents, ledger
from orchestrator.records.failures import reason
from orchestrator.records.status import read_statuses, times_asked_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Claim, Point, Status, Submission
    from orchestrator.records.paths import SweepDirectory


@pytest.fixture
def claimant() -> Claim:
    return attempts.myself("a", "local:0")


@pytest.fixture
def submitted(
    sweep_directory: SweepDirectory,
    make_points: Callable[[int], list[Point]],
    make_submission: Callable[..., Submission],
) -> SweepDirectory:
    """Three experiments, of which the first two were asked for once."""
    ledger.enlist(sweep_directory, make_points(3))
    intents.intend(sweep_directory, make_submission("a", {0: 1, 1: 1}))
    return sweep_directory


def _states(directory: SweepDirectory) -> list[State]:
    return [status.state for status in read_statuses(directory)]


def test_nothing_claimed_is_pending_and_who_was_never_asked_for_has_no_attempt(
    submitted: SweepDirectory,
) -> None:
    found = read_statuses(submitted)

    assert [s.left_t0 for s in found] == [100.0, 100.0, 0.0]
    assert [(s.state, s.attempt) for s in found] == [
        (State.PENDING, 1),
        (State.PENDING, 1),
        (State.NEVER_SUBMITTED, 0),
    ]


def test_of_two_that_asked_for_an_attempt_the_one_counts_that_claimed_it(
    submitted: SweepDirectory, claimant: Claim, make_submission: Callable[..., Submission]
) -> None:
    longer = dataclasses.replace(make_submission("b", {0: 1, 1: 1}), run=Run(900.0, 50.0))
    intents.intend(submitted, longer)
    second = dataclasses.replace(claimant, token="b")  # a submission's name
    assert attempts.claim(submitted.experiment(0), 1, second) is not None

    found = read_statuses(submitted, [0, 1])

    assert [s.submission.token for s in found if s.submission] == ["b", "a"]
    assert [s.left_t0 for s in found] == [900.0, 100.0]


def test_a_live_claim_runs_and_its_progress_gives_rate_and_time_left(
    submitted: SweepDirectory, claimant: Claim
) -> None:
    attempt = attempts.claim(submitted.experiment(0), 1, claimant)
    assert attempt is not None
    attempts.write_progress(attempt, Progress(time_t0=25.0, snapshots=1, wall_s=30.0))

    status: Status = read_statuses(submitted)[0]

    assert status.state is State.RUNNING
    assert status.fraction == 0.25
    assert status.rate_t0_per_min == 50.0
    assert status.left_s == 90.6  # the model goes on for half a t0


def test_the_time_left_counts_down_between_snapshots_and_ends_with_the_run(
    submitted: SweepDirectory, claimant: Claim
) -> None:
    """Two minutes a snapshot of 25 t0; asked for are 100 t0."""
    attempt = attempts.claim(submitted.experiment(0), 1, claimant)
    assert attempt is not None
    lefts, rates = [], set()
    for time_t0, wall_s, snapshot_s in [
        (25.0, 120.0, 120.0),
        (25.0, 200.0, 120.0),
        (100.0, 480.0, 480.0),
        (100.0, 481.0, 480.0),
        (100.0, 490.0, 480.0),
    ]:
        progress = Progress(time_t0, 2, wall_s, snapshot_s=snapshot_s)
        attempts.write_progress(attempt, progress)
        status: Status = read_statuses(submitted)[0]
        lefts.append(status.left_s)
        rates.add(status.rate_t0_per_min)

    assert rates == {12.5}
    assert lefts == pytest.approx([362.4, 282.4, 2.4, 1.4, 0.0])


def test_what_an_attempt_took_over_from_another_counts_as_done_but_not_for_its_rate(
    submitted: SweepDirectory, claimant: Claim
) -> None:
    """Asked for are 100 t0, from 1000 on; another attempt had come to 1080."""
    attempt = attempts.claim(submitted.experiment(0), 1, claimant)
    assert attempt is not None
    progress = Progress(
        1090.0, 10, 90.0, start_t0=1000.0, adopted=9, adopted_t0=1080.0, snapshot_s=60.0
    )
    attempts.write_progress(attempt, progress)

    status: Status = read_statuses(submitted)[0]
    overdue = dataclasses.replace(progress, wall_s=60.0 + 5 * 60.0 + 1)
    stalled = dataclasses.replace(status, progress=overdue)
    fresh = dataclasses.replace(progress, time_t0=1080.0, snapshots=9, snapshot_s=0.0)

    assert status.stop_t0 == 1100.0
    assert status.fraction == 0.9
    assert status.rate_t0_per_min == 10.0  # of its own, until its snapshot came
    assert status.left_t0 == 10.0
    assert status.left_s == pytest.approx(33.0)  # half a minute of it has passed
    assert status.stalled_s is None
    assert stalled.stalled_s == 301.0
    assert dataclasses.replace(status, progress=fresh).rate_t0_per_min is None
    attempts.end(attempt, State.TIMEOUT, Cause(Kind.TIME_LIMIT, limit_s=5.0))
    ended = read_statuses(submitted)[0]
    assert ended.fraction == 0.9
    assert ended.rate_t0_per_min == pytest.approx(10.0 / 1.5)


def test_times_asked_for_are_those_of_all_together(
    submitted: SweepDirectory, make_submission: Callable[..., Submission]
) -> None:
    for token, number, run in [("b", 1, Run(0.2, 0.1)), ("c", 2, Run(40.0, 20.0))]:
        intents.intend(
            submitted, dataclasses.replace(make_submission(token, {number: 2}), run=run)
        )

    found = times_asked_for(read_statuses(submitted)[1:])

    assert found == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 20.0, 40.0]


def test_a_dead_claim_without_a_record_is_lost(
    submitted: SweepDirectory, claimant: Claim
) -> None:
    attempts.claim(submitted.experiment(0), 1, dataclasses.replace(claimant, boot="x"))

    assert _states(submitted)[0] is State.LOST


def test_a_silent_claim_elsewhere_is_not_called_dead(
    submitted: SweepDirectory, claimant: Claim
) -> None:
    elsewhere = dataclasses.replace(claimant, host="another-node")
    attempts.claim(submitted.experiment(0), 1, elsewhere)

    assert _states(submitted)[0] is State.RUNNING


def test_the_record_decides_until_another_attempt_is_asked_for(
    submitted: SweepDirectory, claimant: Claim, make_submission: Callable[..., Submission]
) -> None:
    attempt = attempts.claim(submitted.experiment(0), 1, claimant)
    assert attempt is not None
    attempts.end(attempt, State.FAILED, Cause(Kind.TEXT, detail="it broke"))

    ended = read_statuses(submitted)[0]
    intents.intend(submitted, make_submission("b", {0: 2}))
    asked_again = read_statuses(submitted)[0]

    assert (ended.state, ended.attempt) == (State.FAILED, 1)
    assert ended.record is not None
    assert reason(ended.record) == "it broke"
    assert (asked_again.state, asked_again.attempt) == (State.PENDING, 2)


def test_a_record_whose_numbers_mean_nothing_hides_no_other_experiment(
    submitted: SweepDirectory, claimant: Claim
) -> None:
    for number in (0, 1):
        attempt = attempts.claim(submitted.experiment(number), 1, claimant)
        assert attempt is not None
        attempts.end(attempt, State.FAILED, None)
    record = submitted.experiment(0).attempt(1).record
    record.write_text(record.read_text().replace('"snapshots": 0', '"snapshots": -3'))

    first, second, _ = read_statuses(submitted)

    assert (first.state, second.state) == (State.LOST, State.FAILED)
    assert first.cause is not None
    assert first.cause.kind is Kind.UNREADABLE
    assert first.cause.detail == (
        "snapshots: expected a whole number from 0 on, got -3; resubmit makes another attempt"
    )
