"""Bad ends are told by cause, with where they happened and the command that mends them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator import text
from orchestrator.model import Claim, Experiment, Point, Resources, State, Status
from orchestrator.records import failures

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Record, Submission

AXES = (("Lambda_I",), ("Tau_min",))


@pytest.fixture
def ended(
    make_submission: Callable[..., Submission], make_record: Callable[..., Record]
) -> Callable[..., list[Status]]:
    """Make four experiments, of which the two at Lambda_I = 0.01 ended badly."""

    def make(state: State, reason: str, **asked: Any) -> list[Status]:
        submission = dataclasses.replace(make_submission("a", {}), **asked)
        claim = Claim("n7", "", 1, 1, "t", "12_0", "")
        found = []
        for i, (rate, tau) in enumerate(
            [(0.001, 0.0), (0.001, 100.0), (0.01, 0.0), (0.01, 100.0)]
        ):
            point = Point(str(i), {"Lambda_I": rate, "Tau_min": tau}, seed=1)
            bad = rate > 0.005
            said = reason.replace("#", str(i))
            mine = make_record(state=state, reason=said) if bad else make_record()
            experiment = Experiment(i, point)
            found.append(Status(experiment, mine.state, 1, submission, claim, record=mine))
        return found

    return make


def test_reasons_that_differ_in_their_numbers_are_one_cause(
    ended: Callable[..., list[Status]],
) -> None:
    reason = (
        "rescal exited with status 3 after # of 3 snapshots, at t = # t0; "
        'its last words: "/runs/exp#/run.par:#: no more than #e-05 cells"'
    )

    (found,) = failures.grouped("winds", ended(State.FAILED, reason), AXES, text.number)

    assert found == (
        '2 failed (rescal exited with status 3; its last words: "/runs/exp2/run.par:2: no more '
        'than 2e-05 cells", or alike), 2 of 2 at Lambda_I = 0.01: look with '
        "rescal-sweep logs winds exp2, then rescal-sweep resubmit winds --state failed"
    )


@pytest.mark.parametrize(
    "reason",
    [
        "rescal exited with status 1# after 1 of 3 snapshots, at t = 1 t0",
        "rescal was killed by signal 1# after 1 of 3 snapshots, at t = 1 t0",
        'rescal exited with status 3; its last words: "{}"',
        'rescal exited with status 3; its last words: "exp1/{}.par: none"',
    ],
)
def test_what_an_engine_says_otherwise_is_another_cause(
    ended: Callable[..., list[Status]], reason: str
) -> None:
    statuses = ended(State.FAILED, reason.replace("{}", "no memory"))
    other = ended(State.FAILED, reason.replace("{}", "no wind"))

    found = failures.grouped("winds", statuses[:3] + other[3:], AXES, text.number)

    assert [one.partition(" (")[0] for one in found] == ["1 failed", "1 failed"]


def test_reasons_that_differ_in_their_folders_are_one_cause(
    ended: Callable[..., list[Status]],
) -> None:
    here, there = (
        ended(State.FAILED, f"cannot write {folder}/ffts.npz: no space")
        for folder in ("/p/here", "there/too")
    )

    (found,) = failures.grouped("winds", here[:3] + there[3:], AXES, text.number)

    assert found.startswith("2 failed (cannot write /p/here/ffts.npz: no space, or alike), ")


def test_of_one_that_was_stopped_only_by_what_is_told(
    ended: Callable[..., list[Status]],
) -> None:
    reason = 'stopped by SIGTERM; rescal exited with status #; its last words: "step #"'

    (found,) = failures.grouped("winds", ended(State.TIMEOUT, reason), AXES, text.number)

    assert found.startswith("2 timeout (stopped by SIGTERM), 2 of 2")


def test_each_state_has_its_remedy(ended: Callable[..., list[Status]]) -> None:
    asked = Resources(time_min=60, mem="4G")

    def remedy(state: State) -> str:
        (said,) = failures.grouped(
            "winds", ended(state, "", resources=asked), AXES, text.number
        )
        return said.partition(": ")[2]

    assert remedy(State.TIMEOUT) == "rescal-sweep resubmit winds --state timeout -t 90"
    assert remedy(State.OUT_OF_MEMORY) == (
        "rescal-sweep resubmit winds --state out_of_memory --mem 6G"
    )
    assert (
        remedy(State.NODE_FAIL) == "rescal-sweep resubmit winds --state node_fail --exclude n7"
    )
    assert remedy(State.LOST) == "rescal-sweep resubmit winds --state lost"


def test_where_all_is_well_there_is_nothing_to_say(
    ended: Callable[..., list[Status]],
) -> None:
    assert failures.grouped("winds", ended(State.DONE, ""), AXES, text.number) == []
