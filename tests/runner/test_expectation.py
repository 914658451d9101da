"""What is believed of snapshots: a time that nobody asked for, by who says it."""

from __future__ import annotations

import pytest

from orchestrator.errors import StreamError
from orchestrator.formats.cellspace import Header
from orchestrator.model import EngineKind, Experiment, Outputs, Point, Run, Task
from orchestrator.runner.expectation import expectation

TASK = Task(
    Experiment(0, Point("00", {"H": 4, "L": 6, "D": 5}, 1)), 1, Run(4.0, 1.0), Outputs()
)


def _at(time: float) -> Header:
    return Header("SNO", 4, 6, 5, time=time, borders=True)


def test_the_first_event_of_a_still_bed_may_come_long_after_the_end_with_the_built_in_engine() -> (
    None
):
    own = expectation(TASK, 100.0, EngineKind.BUILTIN, given_cells=False)
    other = expectation(TASK, 100.0, EngineKind.RESCAL, given_cells=False)

    own.check(_at(343.953), 100.0)
    other.check(_at(128.0), 100.0)
    for expected, time, most in ((own, 1e300, "2.14748e+09"), (other, 343.953, "128")):
        with pytest.raises(StreamError, match="expected 100 to ") as caught:
            expected.check(_at(time), 100.0)
        assert str(caught.value).endswith(f"expected 100 to {most}")
