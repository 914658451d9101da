"""Where no experiment comes as far as a number is of, what can be drawn instead is told."""

from __future__ import annotations

import pytest

from orchestrator.analysis.numbers import Behind
from orchestrator.model.pictures import How, Moment, Summary
from orchestrator.plots import window

DONE = Behind(600.002, ended=True, complete=True)
CUT_OFF = Behind(390.7, ended=True, complete=False)
RUNNING = Behind(390.7, ended=False, complete=False)


@pytest.mark.parametrize(
    ("summary", "behind", "sentence"),
    [
        (
            Summary(How.MEAN, Moment(500), Moment(900)),
            [DONE] * 4,
            "4 experiments ended before 900 t0; --mean 500,600 takes all that there is",
        ),
        (
            Summary(How.RATE, None, Moment(900)),
            [DONE],
            "1 experiment ended before 900 t0; --rate 0,600 takes all that there is",
        ),
        (
            Summary(How.MEAN, Moment(3600.0, in_nature=True), Moment(2e6, in_nature=True)),
            [DONE] * 4,
            "4 experiments ended before 23 d; --mean 1h, (with the comma) takes all that there is",
        ),
        (
            Summary(How.MEAN, Moment(700), Moment(900)),
            [DONE] * 4,
            "4 experiments ended before 900 t0; choose a window before t = 600 t0",
        ),
        (
            Summary(How.MEAN, Moment(50), Moment(900)),
            [DONE, CUT_OFF],
            "2 experiments ended before 900 t0; --time 390 draws what is there",
        ),
        (
            Summary(How.AT, None, Moment(32400.0, in_nature=True)),
            [DONE, DONE._replace(next_t0=20.0), DONE._replace(next_t0=20.0)],
            (
                "1 experiment ended before 9 h, and of 2 only the bed at the start is near; "
                "--time 600 draws what is there"
            ),
        ),
        (
            Summary(How.AT),
            [CUT_OFF],
            "1 experiment ended before the end of the run; --time 390 draws what is there",
        ),
        (
            Summary(How.MEAN, Moment(500), Moment(900)),
            [DONE, RUNNING],
            "2 experiments have not come so far; --time 390 draws what is there",
        ),
        (
            Summary(How.AT, None, Moment(86400.0, in_nature=True)),
            [DONE._replace(next_t0=25.1)] * 4,
            "only the bed at the start is near 1 d, which is no result; --time 26 draws the first",
        ),
        (
            Summary(How.AT),
            [Behind(0.0, ended=False, complete=False)],
            "1 experiment has not come so far",
        ),
    ],
)
def test_what_ended_before_is_told_from_what_is_still_to_come(
    summary: Summary, behind: list[Behind], sentence: str
) -> None:
    assert window.too_late(summary, behind) == sentence


@pytest.mark.parametrize(
    ("behind", "words"),
    [
        ([DONE, CUT_OFF], "ended before"),
        ([DONE, RUNNING], "not so far yet"),
        ([DONE._replace(next_t0=25.1)], "only their start is near"),
        ([DONE, DONE._replace(next_t0=25.1)], "ended before, or only their start is near"),
    ],
)
def test_the_small_print_tells_why_experiments_have_no_number(
    behind: list[Behind], words: str
) -> None:
    assert window.left_out(behind) == words
