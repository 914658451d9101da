"""Bad ends are told by cause, with where they happened and the command that mends them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from orchestrator import causes
from orchestrator.model import Claim, Experiment, Point, Record, Resources, Standing, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Submission

AXES = (("Lambda_I",), ("Tau_min",))


def _standings(submission: Submission, state: State, reason: str) -> list[Standing]:
    """Four experiments, of which the two at Lambda_I = 0.01 ended badly."""
    record = Record(
        state=State.DONE,
        reason="",
        attempt=1,
        snapshots=3,
        expected=3,
        time_t0=100.0,
        started="",
        ended="",
        wall_s=1.0,
        simulating_s=1.0,
        reducing_s=0.0,
        host="n1",
    )
    claim = Claim("n7", "", 1, 1, "t", "12_0", "")
    found = []
    for i, (rate, tau) in enumerate([(0.001, 0.0), (0.001, 100.0), (0.01, 0.0), (0.01, 100.0)]):
        point = Point(str(i), {"Lambda_I": rate, "Tau_min": tau}, seed=1)
        bad = rate > 0.005
        said = reason.replace("#", str(i))
        mine = dataclasses.replace(record, state=state, reason=said) if bad else record
        experiment = Experiment(i, point)
        found.append(Standing(experiment, mine.state, 1, submission, claim, record=mine))
    return found


def test_reasons_that_differ_in_their_numbers_are_one_cause(
    make_submission: Callable[..., Submission],
) -> None:
    reason = (
        'rescal exited with status 3 after # of 3 snapshots, at t = # t0; its last words: "#"'
    )

    found = causes.grouped(
        "winds", _standings(make_submission("a", {}), State.FAILED, reason), AXES
    )

    assert found == [
        (
            "2 failed (rescal exited with status 3), 2 of 2 at Lambda_I = 0.01: look with "
            "rescal-sweep logs winds exp2, then rescal-sweep resubmit winds --state failed"
        )
    ]


def test_each_state_has_its_remedy(make_submission: Callable[..., Submission]) -> None:
    submission = dataclasses.replace(
        make_submission("a", {}), resources=Resources(time_min=60, mem="4G")
    )

    def remedy(state: State) -> str:
        (said,) = causes.grouped("winds", _standings(submission, state, ""), AXES)
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
    make_submission: Callable[..., Submission],
) -> None:
    assert (
        causes.grouped("winds", _standings(make_submission("a", {}), State.DONE, ""), AXES)
        == []
    )
