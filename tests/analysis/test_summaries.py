"""What a series comes to, as one number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from orchestrator.analysis.summaries import summarize
from orchestrator.model.pictures import How, Summary

TIMES = np.array([0.0, 10.0, 20.0, 30.0, 40.0])
LINE = 3.0 + 0.5 * TIMES


@pytest.mark.parametrize(
    ("how", "window", "number"),
    [
        (How.AT, (20.0, 20.0), 13.0),
        (How.MEAN, (10.0, 30.0), 13.0),
        (How.MEAN, (0.0, math.inf), 13.0),
        (How.RATE, (0.0, 40.0), 0.5),
        (How.RATE, (30.0, 35.0), math.nan),  # of one snapshot
        (How.MEAN, (41.0, 50.0), math.nan),
    ],
)
def test_a_straight_line_has_the_mean_and_the_slope_that_it_has(
    how: How, window: tuple[float, float], number: float
) -> None:
    found = summarize(Summary(how), TIMES, LINE, window)

    assert found == pytest.approx(number, nan_ok=True)


@pytest.mark.parametrize(
    ("level", "time"), [(5.0, 4.0), (3.0, 0.0), (23.0, 40.0), (23.1, math.nan), (2.0, math.nan)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_line_comes_to_a_level_when_it_does_upwards_or_downwards(
    level: float, time: float, sign: int
) -> None:
    summary = Summary(How.CROSSING, level=sign * level)

    found = summarize(summary, TIMES, sign * LINE, (0.0, math.inf))

    assert found == pytest.approx(time, nan_ok=True)


def test_a_crossing_is_the_first_and_goes_over_what_has_no_value() -> None:
    values = np.array([0.0, np.nan, 4.0, 0.0, 4.0])

    found = summarize(Summary(How.CROSSING, level=1.0), TIMES, values, (0.0, math.inf))

    assert found == 5.0


def test_directions_are_averaged_on_the_circle_and_turn_on_beyond_its_end() -> None:
    turning = np.array([70.0, 80.0, 90.0, -80.0, -70.0])  # by 1 degree a t0

    mean = summarize(Summary(How.MEAN), TIMES, turning, (0.0, 40.0), axial=True)
    rate = summarize(Summary(How.RATE), TIMES, turning, (0.0, 40.0), axial=True)

    assert abs(mean) == pytest.approx(90.0)
    assert rate == pytest.approx(1.0)
