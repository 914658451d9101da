"""How long experiments will take is told from what has been seen of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.model import EngineKind, Experiment, Point, Progress, State, Status
from orchestrator.records import pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Record

PARAMETERS: dict[str, Value] = {"H": 20, "L": 98, "D": 10, "Init_ncycl": 0}
EXPERIMENT = Experiment(0, Point("00", PARAMETERS, seed=1))


def test_work_grows_with_length_depth_and_time_and_not_with_height() -> None:
    def times(**changes: int) -> float:
        return pace.work({**PARAMETERS, **changes}, 100.0) / pace.work(PARAMETERS, 100.0)

    assert times(L=196) == 2
    assert times(D=20) == 2
    assert times(H=40) == 1
    assert pace.work(PARAMETERS, 200.0) == 2 * pace.work(PARAMETERS, 100.0)


def test_turns_cost_the_cycles_after_them_and_a_larger_box() -> None:
    still = pace.work(PARAMETERS, 100.0)
    turning: dict[str, Value] = {**PARAMETERS, "Rot_delay": 2.0, "Rot_ncycl": 50}
    winds: dict[str, Value] = {**turning, "Rot_delay": 0.0, "wind": "3 t0 at 0, 1 t0 at 90"}
    full: dict[str, Value] = {**PARAMETERS, "Rot_mode": "FULL"}

    assert pace.work(turning, 100.0) == pytest.approx(still * (1 + 0.08 * 50 / 2))
    assert pace.work(winds, 100.0) == pytest.approx(pace.work(turning, 100.0))
    assert pace.work({**winds, "wind": "3 t0 at 9, 1 t0 at 9"}, 100.0) == still
    assert pace.work(full, 100.0) == pytest.approx(still * (98**2 + 10**2) / 980, rel=0.4)


def test_tasks_are_done_once_after_each_event_at_most_and_centering_looks_at_all_cells() -> (
    None
):
    still, events = pace.work(PARAMETERS, 100.0), 0.1 * 980
    turning: dict[str, Value] = {**PARAMETERS, "Rot_delay": 1e-9, "Rot_ncycl": 50}
    centred: dict[str, Value] = {**PARAMETERS, "Centering_delay": 2.0}

    assert pace.work(turning, 100.0) == pytest.approx(still * (1 + 0.08 * 50 * events))
    assert pace.work(centred, 100.0) == pytest.approx(still * (1 + 0.005 * 20 / 2))
    assert pace.work({**centred, "Centering_delay": 1e-9}, 100.0) == pytest.approx(
        still * (1 + 0.005 * 20 * events)
    )


def test_the_gas_is_stabilised_for_twice_the_length() -> None:
    without = {name: value for name, value in PARAMETERS.items() if name != "Init_ncycl"}

    assert pace.work(without, 0.0) == 980 * 2 * (98 + 2)


def test_what_was_taken_over_from_another_attempt_has_cost_nothing(
    make_record: Callable[..., Record],
) -> None:
    """It came from 100 to 110 t0, and the flow was there."""
    reached = make_record(time_t0=110.0, wall_s=9.8, adopted=11, adopted_t0=100.0)
    parameters = {**PARAMETERS, "Init_ncycl": 1000}

    anew = make_record(time_t0=110.0, wall_s=9.8)
    for one, done in ((reached, 980 * 10), (anew, 980 * 1110)):
        learnt = pace.learnt([(parameters, one)])
        assert learnt is not None
        assert learnt.start_s == 0.3
        assert learnt.work_s == pytest.approx(9.5 / done)
    assert pace.learnt([(parameters, make_record(time_t0=0.0))]) is None


def test_what_short_runs_take_is_mostly_their_start(make_record: Callable[..., Record]) -> None:
    """Thirty runs of 10 t0 in half a second each do not make one of 1000 t0 take 50 s."""
    short = [(PARAMETERS, make_record(time_t0=10.0, wall_s=0.5))] * 30

    learnt = pace.learnt(short)

    assert learnt is not None
    assert learnt.seconds(PARAMETERS, 10.0) == pytest.approx(0.5)
    assert learnt.seconds(PARAMETERS, 1000.0) == pytest.approx(20.3)
    quicker = pace.learnt([(PARAMETERS, make_record(time_t0=10.0, wall_s=0.2))])
    assert quicker == pace.Pace(0.2, 0)


def test_finished_ones_count_before_snapshots_and_these_before_the_published_scaling(
    make_record: Callable[..., Record],
) -> None:
    running = Status(
        EXPERIMENT, State.RUNNING, 1, None, progress=Progress(50.0, 3, 49.0, snapshot_s=49.0)
    )
    done = Status(
        EXPERIMENT, State.DONE, 1, None, record=make_record(time_t0=100.0, wall_s=9.8)
    )
    failed = Status(
        EXPERIMENT,
        State.FAILED,
        1,
        None,
        record=make_record(state=State.FAILED, time_t0=1.0, wall_s=500.0),
    )

    assert pace.pace([failed], EngineKind.RESCAL) == pace.Pace(0.3, 1.6e-6)
    assert pace.pace([failed, running], EngineKind.RESCAL).work_s == pytest.approx(
        48.7 / (980 * 50)
    )
    assert pace.pace([failed, running, done], EngineKind.RESCAL).work_s == pytest.approx(
        9.5 / (980 * 100)
    )
