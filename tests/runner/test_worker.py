"""Workers: who takes which experiment, and what a job that is started again goes on with."""

from __future__ import annotations

import dataclasses
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.model import Cause, Cluster, Experiment, Kind, Point, Run, State
from orchestrator.records import attempts, intents, ledger
from orchestrator.records.failures import reason
from orchestrator.runner import worker
from orchestrator.runner.queue import Offer, Post
from orchestrator.runner.stop import Stop
from orchestrator.runner.time_left import Hours
from orchestrator.runner.turns import turn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Record, Submission
    from orchestrator.records.paths import AttemptDirectory, SweepDirectory
    from tests.conftest import FakeRoot

EARLIER = "2020-01-01T00:00:00Z"
NOW = "2021-01-01T00:00:00Z"
COUNT = 8


@pytest.fixture
def sweep(
    sweep_directory: SweepDirectory,
    fake_root: FakeRoot,
    make_submission: Callable[..., Submission],
    frame: Callable[..., bytes],
) -> SweepDirectory:
    """Eight experiments, asked for by one submission ``t`` on Slurm."""
    states = np.full((5, 4, 6), 3, np.uint8)
    fake_root.rescal("send(stream)", frame(states, 0.0) + frame(states, 10.0))
    parameters: dict[str, Value] = {"H": 4, "L": 6, "D": 5, "Time": 0.0}
    points = [Point(f"{i:02}", {**parameters, "Tau_min": float(i)}, 1) for i in range(COUNT)]
    ledger.enlist(sweep_directory, points)
    asked = dataclasses.replace(
        make_submission("t", dict.fromkeys(range(COUNT), 1), Cluster.SLURM),
        run=Run(stop_t0=10.0, every_t0=10.0),
        root=fake_root.root,
    )
    intents.intend(sweep_directory, asked)
    return sweep_directory


def _work(sweep: SweepDirectory, post: Post) -> None:
    with Stop() as stop:
        worker.work(sweep, post, stop)


def _order(sweep: SweepDirectory) -> list[int]:
    """Return the numbers of the experiments in the order in which they were started."""
    lines = sweep.log.read_text().splitlines()
    return [int(line.split()[1].removeprefix("exp")) for line in lines if "started by" in line]


def _ends(sweep: SweepDirectory, number: int) -> list[tuple[State, str]]:
    """Return how each attempt at an experiment has ended, and in which job."""
    found = []
    for attempt in sweep.experiment(number).attempts():
        record, claim = attempts.read_record(attempt), attempts.read_claim(attempt)
        assert record is not None
        assert claim is not None
        found.append((record.state, claim.job))
    return found


def _interrupt(sweep: SweepDirectory, number: int, job: str, state: State | None) -> None:
    """Leave behind what a job leaves that is cut off: a claim, and a record if it had the time."""
    claim = dataclasses.replace(attempts.myself("t", job), boot="another", time=EARLIER)
    attempt = attempts.claim(sweep.experiment(number), 1, claim)
    assert attempt is not None
    if state is not None:
        attempts.end(attempt, state, Cause(Kind.SIGNAL, status=15))


def test_a_worker_begins_with_its_own_share_and_then_helps_with_the_rest(
    sweep: SweepDirectory,
) -> None:
    _work(sweep, Post("1_0", "t", first=1, stride=4))

    assert _order(sweep) == [1, 5, 0, 2, 3, 4, 6, 7]
    assert all(_ends(sweep, n) == [(State.DONE, "1_0")] for n in range(COUNT))


def test_what_cannot_be_supervised_keeps_no_other_experiment_waiting(
    sweep: SweepDirectory, fake_root: FakeRoot
) -> None:
    (fake_root.root / "build" / "rescal").unlink()

    _work(sweep, Post("17_0", "t"))

    assert [_ends(sweep, number) for number in range(COUNT)] == [
        [(State.FAILED, "17_0")]
    ] * COUNT
    record = attempts.read_record(sweep.experiment(0).attempt(1))
    assert record is not None
    assert "the supervisor failed: " in reason(record)
    assert "expected an executable build/rescal, found none" in reason(record)


def test_what_is_no_longer_in_the_ledger_is_passed_over(sweep: SweepDirectory) -> None:
    lines = sweep.ledger.read_text().splitlines(keepends=True)
    sweep.ledger.write_text("".join(lines[:3] + lines[4:]))

    _work(sweep, Post("17_0", "t"))

    assert _order(sweep) == [0, 1, 2, 4, 5, 6, 7]


def test_a_job_that_is_started_again_goes_on_with_what_it_had_begun(
    sweep: SweepDirectory,
) -> None:
    _interrupt(sweep, 0, "1_0", None)
    _interrupt(sweep, 1, "1_0", State.TIMEOUT)
    _interrupt(sweep, 2, "1_0", State.FAILED)
    _interrupt(sweep, 3, "1_7", State.TIMEOUT)
    _interrupt(sweep, 4, "1_0", State.TIMEOUT)
    attempts.request_cancel(sweep.experiment(4).attempt(1))

    _work(sweep, Post("1_0", "t", again=NOW))

    assert _ends(sweep, 0) == [(State.LOST, "1_0"), (State.DONE, "1_0")]
    assert _ends(sweep, 1) == [(State.TIMEOUT, "1_0"), (State.DONE, "1_0")]
    assert _ends(sweep, 2) == [(State.FAILED, "1_0")]
    assert _ends(sweep, 3) == [(State.TIMEOUT, "1_7")]
    assert _ends(sweep, 4) == [(State.TIMEOUT, "1_0")]


def test_what_still_lives_on_a_node_that_was_given_up_is_not_run_twice(
    sweep: SweepDirectory,
) -> None:
    claim = dataclasses.replace(attempts.myself("t", "1_0"), time=EARLIER)  # this very process
    attempt = attempts.claim(sweep.experiment(0), 1, claim)
    assert attempt is not None

    def end_when_the_others_have() -> None:
        while sweep.experiment(COUNT - 1).attempt(1).record.exists() is False:
            time.sleep(0.01)
        attempts.end(attempt, State.DONE, None)

    with ThreadPoolExecutor() as pool:
        pool.submit(end_when_the_others_have)
        _work(sweep, Post("1_0", "t", again=NOW))

    assert [_ends(sweep, n) for n in range(COUNT)] == [[(State.DONE, "1_0")]] * COUNT


def test_two_workers_of_a_job_never_go_on_with_the_same_experiment(
    sweep: SweepDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker takes the next attempt while this one looks whether the last has ended."""
    _interrupt(sweep, 0, "1_0", None)
    place, look = sweep.experiment(0), attempts.alive

    def look_slowly(attempt: AttemptDirectory) -> bool | None:
        ended = look(attempt)
        attempts.claim(place, 2, attempts.myself("t", "1_0"))
        return ended

    monkeypatch.setattr(attempts, "alive", look_slowly)
    _work(sweep, Post("1_0", "t", again=NOW))

    assert [attempt.number for attempt in place.attempts()] == [1, 2]


def test_a_job_that_runs_for_the_first_time_leaves_alone_what_was_begun(
    sweep: SweepDirectory,
) -> None:
    _interrupt(sweep, 0, "1_0", State.TIMEOUT)

    _work(sweep, Post("1_0", "t"))

    assert _ends(sweep, 0) == [(State.TIMEOUT, "1_0")]


def test_a_sweep_that_somebody_removes_is_left(
    sweep: SweepDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def remove(directory: SweepDirectory, offer: Offer, *_: object) -> None:
        made.append(offer.experiment.number)
        shutil.rmtree(directory.root)

    monkeypatch.setattr(worker, "make", remove)
    _work(sweep, Post("1_0", "t"))

    assert made == [0]
    assert not sweep.root.exists()  # nor is any of it made again


def test_nobody_waits_for_a_turn_that_is_no_longer_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    looks = iter([True, True, False])

    # the first takes the only turn there is
    with Stop() as stop, turn(1, stop, lambda: True), turn(1, stop, lambda: next(looks)):
        assert list(looks) == []


def test_an_experiment_that_does_not_fit_what_is_left_of_the_job_is_left_to_others(
    sweep: SweepDirectory,
) -> None:
    _work(sweep, Post("1_0", "t", until=time.time() + 59))  # a minute is kept to write down

    assert _order(sweep) == [0]


def test_what_one_worker_has_seen_take_long_it_does_not_start_too_late(
    sweep: SweepDirectory, make_record: Callable[..., Record]
) -> None:
    (submission,) = intents.submissions(sweep)
    offer = Offer(Experiment(0, ledger.experiments(sweep)[0].point), 1, submission)
    hours = Hours(sweep, Post("1_0", "t", until=time.time() + 600))

    before = hours.enough_for(offer)
    hours.learn(offer, None)
    nothing = hours.enough_for(offer)
    hours.learn(offer, make_record(time_t0=10.0, wall_s=700.0))
    long = hours.enough_for(offer)
    for _ in range(2):
        hours.learn(offer, make_record(time_t0=10.0, wall_s=300.0))
    median = hours.enough_for(offer)

    assert (before, nothing, long, median) == (True, True, False, True)
