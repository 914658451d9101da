"""How long a sweep's experiments are waited for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from orchestrator.model import Cluster, Experiment, Resources, State, Status
from orchestrator.slurm.client import Unknown
from orchestrator.slurm.jobs import Queued
from orchestrator.submission.watch import Abandonment, Completion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from orchestrator.model import Point, Record, Submission
    from orchestrator.records.paths import SweepDirectory

    Answer = Mapping[str, Queued] | Unknown


def test_what_is_lost_for_no_known_cause_is_waited_for_a_while_after_all_others(
    make_points: Callable[[int], list[Point]],
    make_submission: Callable[..., Submission],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its job may submit it again, but Slurm may never tell what has become of it."""
    clock = [0.0]
    monkeypatch.setattr("orchestrator.submission.watch.time.monotonic", lambda: clock[0])
    sent = make_submission("t", {0: 1}, Cluster.SLURM)
    again = dataclasses.replace(sent, resources=Resources(retries=1))
    point = make_points(1)[0]
    lost = Status(Experiment(0, point), State.LOST, 1, again)
    lives, done = (dataclasses.replace(lost, state=s) for s in (State.RUNNING, State.DONE))
    completion = Completion()
    looks = [
        (0, [lost, lives], False),
        (500, [lost, lives], False),
        (501, [lost, done], False),
        (560, [lost, done], False),
        (562, [lost, done], True),
        (563, [lives, done], False),
        (700, [lost, done], False),
        (701, [done, done], True),
    ]

    for at_s, statuses, ended in looks:
        clock[0] = at_s
        assert completion.seen_in(statuses) is ended


def test_nobody_is_left_only_if_nobody_was_at_two_looks(
    sweep_directory: SweepDirectory, make_points: Callable[[int], list[Point]]
) -> None:
    lives = Status(Experiment(0, make_points(1)[0]), State.RUNNING, 1, None)
    silent = dataclasses.replace(lives, silent=True)
    done = dataclasses.replace(lives, state=State.DONE)
    abandonment = Abandonment(sweep_directory)

    looks = [[lives], [silent], [lives], [silent, done], [silent, done], [done], [silent]]

    assert [abandonment.seen_in(statuses) for statuses in looks] == [False] * 4 + [
        True,
        False,
        False,
    ]


@pytest.fixture
def cut(
    make_points: Callable[[int], list[Point]], make_submission: Callable[..., Submission]
) -> Status:
    """An experiment that ended with its job, which the last job, 18, may submit again."""
    sent = make_submission("t", {0: 1}, Cluster.SLURM)
    retried = dataclasses.replace(sent, resources=Resources(retries=1), last_job="18")
    return Status(Experiment(0, make_points(1)[0]), State.TIMEOUT, 1, retried)


LAST = Queued("PENDING", "Dependency", None, None, None, "", "winds.t")
ENDED = dataclasses.replace(LAST, state="COMPLETED")


@pytest.mark.parametrize("recorded", [False, True])
def test_what_ended_too_soon_is_waited_for_while_the_last_job_is_in_the_queue(
    cut: Status,
    make_record: Callable[..., Record],
    monkeypatch: pytest.MonkeyPatch,
    *,
    recorded: bool,
) -> None:
    clock = [0.0]
    monkeypatch.setattr("orchestrator.submission.watch.time.monotonic", lambda: clock[0])
    record = make_record(state=State.TIMEOUT) if recorded else None
    status = dataclasses.replace(cut, record=record)
    answers: dict[float, Answer] = {
        0: {"18": LAST},
        500: {"18": dataclasses.replace(LAST, state="RUNNING")},
        600: {"18": ENDED},  # what it has submitted may not be in what was read before
    }
    completion = Completion(lambda _: answers[clock[0]])

    for at_s, complete in [(0, False), (9, False), (500, False), (600, False), (601, True)]:
        clock[0] = at_s
        assert completion.seen_in([status]) is complete


@pytest.mark.parametrize(
    ("answer", "complete_s"),
    [
        ({}, [1, 2, 62]),  # the controller has forgotten it
        ({"18": dataclasses.replace(LAST, name="winds.u")}, [1, 2, 62]),  # another cluster's
        (Unknown("squeue gave no answer within 30 s"), [62]),
    ],
)
def test_a_last_job_that_slurm_does_not_have_is_not_waited_for(
    cut: Status, monkeypatch: pytest.MonkeyPatch, answer: Answer, complete_s: list[int]
) -> None:
    clock = [0.0]
    monkeypatch.setattr("orchestrator.submission.watch.time.monotonic", lambda: clock[0])
    completion = Completion(lambda _: answer)

    complete = []
    for at_s in (0, 1, 2, 62):
        clock[0] = at_s
        complete += [at_s] * completion.seen_in([cut])

    assert complete == complete_s
