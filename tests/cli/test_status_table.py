"""What people and programs are shown of a sweep."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from orchestrator.cli import status_table
from orchestrator.model import Cause, Experiment, Kind, Point, Progress, State, Status
from orchestrator.records import failures
from orchestrator.records.paths import SweepDirectory
from orchestrator.records.status import time_left_s
from orchestrator.submission.status import SweepStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import RenderableType

    from orchestrator.model import Record, Submission

AXES = (("Lambda_I",), ("Tau_min",))


@pytest.fixture
def statuses(
    make_submission: Callable[..., Submission], make_record: Callable[..., Record]
) -> list[Status]:
    """One done, one half way, one failed and one that waits."""
    submission = make_submission("a", {})
    points = [
        Point(str(i), {"Lambda_I": rate, "Tau_min": tau, "L": 40}, seed=7)
        for i, (rate, tau) in enumerate(
            [(0.001, 0.0), (0.001, 100.0), (0.01, 0.0), (0.01, 100.0)]
        )
    ]
    one, two, three, four = (Experiment(i, point) for i, point in enumerate(points))
    failed = make_record(
        state=State.FAILED,
        causes=(Cause(Kind.TEXT, detail="bad luck"),),
        snapshots=2,
    )
    return [
        Status(one, State.DONE, 1, submission, record=make_record()),
        Status(
            two,
            State.RUNNING,
            1,
            submission,
            progress=Progress(50.0, 2, 60.0, roughness=(0.0, 1.5, 3.0)),
        ),
        Status(three, State.FAILED, 2, submission, record=failed),
        Status(four, State.PENDING, 1, submission),
    ]


def _text(shown: RenderableType, width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width, no_color=True)
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def _document(statuses: Sequence[Status]) -> dict[str, Any]:
    return SweepStatus(SweepDirectory(Path("winds")), AXES, tuple(statuses)).as_json()


def test_the_status_table_has_a_line_for_each_experiment(
    statuses: list[Status],
) -> None:
    shown = _text(status_table.status_table(statuses, AXES))

    lines = [line.split() for line in shown.splitlines() if line.strip()][-4:]
    assert lines[0] == ["0", "0.001", "0", "7", "done", "1", "100.5", "100", "100"]
    assert lines[1] == [
        "1",
        "0.001",
        "100",
        "7",
        "running",
        "1",
        "50",
        "50",
        "50",
        "61",
        "s",
        "▁▅█",
    ]
    assert " ".join(lines[2]).endswith("bad luck (2 snapshots kept)")
    assert lines[3] == ["3", "0.01", "100", "7", "pending", "1", "0"]


def test_columns_are_left_out_whole_where_a_line_has_no_room_for_all(
    statuses: list[Status],
) -> None:
    def titles(width: int | None) -> list[str]:
        shown = _text(
            status_table.status_table(statuses, AXES, width), width or 160
        ).splitlines()
        assert [line.split()[0] for line in shown if "pending" in line] == ["3"]
        return shown[1].split()

    whole = ["exp", "Lambda_I", "Tau_min", "seed", "state", "try", "t0", "%", "t0/min", "left"]
    assert titles(None) == [*whole, "roughness", "remark"]
    assert titles(80) == ["exp", "Lambda_I", "Tau_min", "seed", "state", "%", "remark"]
    assert titles(60) == ["exp", "Lambda_I", "state", "%", "remark"]
    assert "not all axes have room here" in _text(
        status_table.status_table(statuses, AXES, 60), 60
    )


def test_the_counts_tell_how_long_it_may_still_take(
    statuses: list[Status],
) -> None:
    # 50 t0 left at 50 t0 a minute, then 100 t0 at 75.2 t0 a minute, the mean of the three
    assert round(time_left_s(statuses) or 0) == 140
    assert _text(status_table.counts_line(statuses)) == (
        "4 experiments: 1 pending, 1 running, 1 done, 1 failed; about 2 min left"
    )
    assert time_left_s(statuses[2:]) is None


def test_one_that_is_at_its_end_is_not_charged_a_whole_run(
    statuses: list[Status],
) -> None:
    there = dataclasses.replace(statuses[1], progress=Progress(100.0, 3, 120.0))

    assert time_left_s([statuses[0], there]) == 0.6


def test_what_the_sweep_file_no_longer_has_is_in_no_total(statuses: list[Status]) -> None:
    orphaned = [
        dataclasses.replace(statuses[1], progress=Progress(1.0, 1, 60.0), orphaned=True),
        *(dataclasses.replace(status, orphaned=True) for status in statuses[2:] * 3),
    ]
    every = [*statuses, *orphaned]

    document = _document(every)

    assert time_left_s(every[:2] + orphaned) == 60.6
    assert time_left_s([statuses[0], *orphaned]) is None
    assert document["counts"] == {"pending": 1, "running": 1, "done": 1, "failed": 1}
    assert document["orphaned"] == 7
    assert len(document["experiments"]) == 11
    assert _text(status_table.axis_table(every, AXES)) == _text(
        status_table.axis_table(statuses, AXES)
    )


def test_states_are_counted_for_each_value_on_each_axis(
    statuses: list[Status],
) -> None:
    shown = _text(status_table.axis_table(statuses, AXES))

    lines = [" ".join(line.split()) for line in shown.splitlines() if "=" in line]
    assert lines == [
        "Lambda_I = 0.001 1 1",
        "Lambda_I = 0.01 1 1",
        "Tau_min = 0 1 1",
        "Tau_min = 100 1 1",
    ]


def test_programs_get_every_field_as_plain_data(
    statuses: list[Status],
) -> None:
    document = _document(statuses)

    assert document["sweep"] == "winds"
    assert document["counts"] == {"pending": 1, "running": 1, "done": 1, "failed": 1}
    assert document["experiments"][1] == {
        "number": 1,
        "name": "exp1",
        "coordinates": {"Lambda_I": 0.001, "Tau_min": 100.0},
        "seed": 7,
        "state": "running",
        "attempt": 1,
        "job": None,
        "host": None,
        "cluster": None,
        "partition": None,
        "submitter": None,
        "time_t0": 50.0,
        "stop_t0": 100.0,
        "fraction": 0.5,
        "snapshots": 2,
        "kept": 2,
        "missing": [],
        "rate_t0_per_min": 50.0,
        "left_s": 60.6,
        "wall_s": 60.0,
        "reason": None,
        "roughness": [0.0, 1.5, 3.0],
        "complete": False,
        "stalled": False,
        "orphaned": False,
    }


@pytest.mark.parametrize(
    ("quiet_s", "said"),
    [(290.0, ""), (310.0, "stalled? no snapshot for 5 min")],
)
def test_one_whose_snapshots_stay_away_is_marked_as_stalled(
    statuses: list[Status], quiet_s: float, said: str
) -> None:
    """Here four intervals took 240 s, so that the next is overdue after 300 s."""
    progress = Progress(50.0, 5, 240.0 + quiet_s, snapshot_s=240.0)
    status = dataclasses.replace(statuses[1], progress=progress)

    assert failures.remark(status) == said
    assert _document([status])["experiments"][0]["stalled"] is bool(said)
