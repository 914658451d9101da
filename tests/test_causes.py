"""Bad ends are told by cause, with where they happened and the command that mends them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator import causes
from orchestrator.model import Claim, Experiment, Point, Resources, Standing, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Record, Submission

AXES = (("Lambda_I",), ("Tau_min",))


@pytest.fixture
def ended(
    make_submission: Callable[..., Submission], make_record: Callable[..., Record]
) -> Callable[..., list[Standing]]:
    """Make four experiments, of which the two at Lambda_I = 0.01 ended badly."""

    def make(state: State, reason: str, **asked: Any) -> list[Standing]:
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
            found.append(Standing(experiment, mine.state, 1, submission, claim, record=mine))
        return found

    return make


def test_reasons_that_differ_in_their_numbers_are_one_cause(
    ended: Callable[..., list[Standing]],
) -> None:
    reason = (
        'rescal exited with status 3 after # of 3 snapshots, at t = # t0; its last words: "#"'
    )

    found = causes.grouped("winds", ended(State.FAILED, reason), AXES)

    assert found == [
        (
            "2 failed (rescal exited with status 3), 2 of 2 at Lambda_I = 0.01: look with "
            "rescal-sweep logs winds exp2, then rescal-sweep resubmit winds --state failed"
        )
    ]


def test_each_state_has_its_remedy(ended: Callable[..., list[Standing]]) -> None:
    asked = Resources(time_min=60, mem="4G")

    def remedy(state: State) -> str:
        (said,) = causes.grouped("winds", ended(state, "", resources=asked), AXES)
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
    ended: Callable[..., list[Standing]],
) -> None:
    assert causes.grouped("winds", ended(State.DONE, ""), AXES) == []
