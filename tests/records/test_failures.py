"""Bad ends are told by cause, with where they happened and the command that mends them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.model import (
    Cause,
    Claim,
    Continuation,
    Experiment,
    Kind,
    Point,
    Resources,
    State,
    Status,
)
from orchestrator.records import failures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from orchestrator.model import Record, Submission

AXES = (("Lambda_I",), ("Tau_min",))
KILLED = Cause(Kind.EXITED, program="rescal", status=-2)
BOX = {"H": 20, "L": 100, "D": 50}


@pytest.fixture
def ended(
    make_submission: Callable[..., Submission], make_record: Callable[..., Record]
) -> Callable[..., list[Status]]:
    """Make four experiments, of which the two at Lambda_I = 0.01 ended badly."""

    def make(
        state: State,
        cause: Cause | None = None,
        box: Mapping[str, int] = BOX,
        **asked: Any,
    ) -> list[Status]:
        submission = dataclasses.replace(make_submission("a", {}), **asked)
        claim = Claim("n7", "", 1, 1, "t", "12_0", "")
        found = []
        for i, (rate, tau) in enumerate(
            [(0.001, 0.0), (0.001, 100.0), (0.01, 0.0), (0.01, 100.0)]
        ):
            point = Point(str(i), {"Lambda_I": rate, "Tau_min": tau, **box}, seed=1)
            record = make_record()
            if rate > 0.005:
                causes = () if cause is None else (_numbered(cause, i), KILLED)
                record = make_record(state=state, causes=causes)
            experiment = Experiment(i, point)
            found.append(Status(experiment, record.state, 1, submission, claim, record=record))
        return found

    return make


def _numbered(cause: Cause, number: int) -> Cause:
    """Put an experiment's number in the place of each # of what differs between experiments."""
    texts = {
        name: getattr(cause, name).replace("#", str(number))
        for name in ("subject", "detail", "last_line")
    }
    return dataclasses.replace(cause, **texts)


def test_causes_that_differ_in_what_was_printed_are_one(
    ended: Callable[..., list[Status]],
) -> None:
    last = "/runs/exp#/run.par:#: no more than #e-05 cells"
    cause = Cause(Kind.EXITED, program="rescal", status=3, last_line=last)

    ((found, _),) = failures.grouped("winds", ended(State.FAILED, cause), AXES)

    assert found == (
        '2 failed (rescal exited with status 3; last output: "/runs/exp2/run.par:2: no more '
        'than 2e-05 cells", or alike), 2 of 2 at Lambda_I = 0.01: look with '
        "rescal-sweep logs winds exp2, then rescal-sweep resubmit winds --state failed"
    )


@pytest.mark.parametrize(
    ("cause", "other"),
    [
        (Cause(Kind.EXITED, "rescal", 12), Cause(Kind.EXITED, "rescal", 13)),
        (Cause(Kind.EXITED, "rescal", -11), Cause(Kind.EXITED, "rescal", -6)),
        (Cause(Kind.EXITED, "rescal", 3), Cause(Kind.EXITED, "genesis", 3)),
        (
            Cause(Kind.EXITED, "rescal", 3, last_line="no memory"),
            Cause(Kind.EXITED, "rescal", 3, last_line="no wind"),
        ),
        (
            Cause(Kind.REFUSED, subject="Qsat_file", detail="none"),
            Cause(Kind.REFUSED, subject="Phys_prop_file", detail="none"),
        ),
    ],
)
def test_other_programs_statuses_and_words_are_other_causes(
    ended: Callable[..., list[Status]], cause: Cause, other: Cause
) -> None:
    statuses = ended(State.FAILED, cause)[:3] + ended(State.FAILED, other)[3:]

    found = [t.sentence for t in failures.grouped("winds", statuses, AXES)]

    assert [line.partition(" (")[0] for line in found] == ["1 failed", "1 failed"]


def test_causes_that_differ_in_their_folders_are_one(
    ended: Callable[..., list[Status]],
) -> None:
    here, there = (
        ended(State.FAILED, Cause(Kind.CANNOT_WRITE, subject=path, detail="no space"))
        for path in ("/p/here/ffts.npz", "there/too/ffts.npz")
    )

    ((found, _),) = failures.grouped("winds", here[:3] + there[3:], AXES)

    assert found.startswith("2 failed (cannot write /p/here/ffts.npz: no space, or alike), ")


def test_the_output_of_a_killed_worker_is_to_be_looked_at(
    ended: Callable[..., list[Status]],
) -> None:
    killed = ended(State.LOST, Cause(Kind.KILLED, status=-11))

    ((line, commands),) = failures.grouped("winds", killed, AXES)

    assert line.startswith("2 lost (its worker was killed by signal 11 (SIGSEGV)), 2 of 2")
    assert commands == (
        "rescal-sweep logs winds exp2",
        "rescal-sweep resubmit winds --state lost",
    )
    assert line.endswith(": look with {}, then {}".format(*commands))


def test_of_one_that_was_stopped_only_by_what_is_told(
    ended: Callable[..., list[Status]],
) -> None:
    stopped = ended(State.TIMEOUT, Cause(Kind.SIGNAL, status=15))

    ((found, _),) = failures.grouped("winds", stopped, AXES)

    assert found.startswith("2 timeout (stopped by SIGTERM), 2 of 2")


def test_every_cause_has_its_sentence(
    make_record: Callable[..., Record], check_sentences: Callable[..., None]
) -> None:
    causes = {
        Kind.EXITED: [
            Cause(Kind.EXITED, "rescal", 3, last_line="tau 13"),
            Cause(Kind.EXITED, "rescal", -9, last_line="step 1"),
            Cause(Kind.EXITED, "genesis", -65),
        ],
        Kind.INTERRUPTED: [Cause(Kind.INTERRUPTED), Cause(Kind.INTERRUPTED, subject="pending")],
        Kind.CANCELLED: [
            Cause(Kind.CANCELLED, subject=subject) for subject in ("", "pending", "silent")
        ],
        Kind.FEWER_SNAPSHOTS: [
            Cause(Kind.FEWER_SNAPSHOTS, subject=name) for name in ("builtin", "rescal")
        ],
        Kind.OUT_OF_MEMORY: [
            Cause(Kind.OUT_OF_MEMORY),
            Cause(Kind.OUT_OF_MEMORY, subject="worker", memory_mb=200.0),
        ],
        Kind.SIGNAL: [Cause(Kind.SIGNAL, status=10)],
        Kind.KILLED: [Cause(Kind.KILLED, status=-11)],
    }
    lines, kinds = [], []
    for kind in Kind:
        some = Cause(kind, "rescal", 3, 60.0, 2, "SUBJECT", "DETAIL", "LAST LINE")
        for cause in causes.get(kind, [some]):
            record = make_record(causes=(cause,), snapshots=2, expected=5, time_t0=20.01319)
            lines.append(f"{kind.value}: {failures.reason(record)}")
            kinds.append(kind.value)

    check_sentences(lines, *kinds)


def test_a_resumed_attempt_says_where_and_how() -> None:
    exact, cells = (Continuation(2, 300.0, exact=exact) for exact in (True, False))

    assert failures.continued(None) == ""
    assert failures.continued(exact) == "resumed attempt 2 at t = 300 t0, exactly"
    assert failures.continued(cells) == (
        "resumed attempt 2 at t = 300 t0 from cell states only (new gas, new random stream); "
        "results will differ"
    )
    refused = Continuation(2, None, detail=': "no checkpoint"')
    assert failures.continued(refused) == 'could not resume attempt 2: "no checkpoint"'


def test_each_state_has_its_remedy(ended: Callable[..., list[Status]]) -> None:
    asked = Resources(time_min=60, mem="4G")

    def remedy(state: State) -> str:
        ((line, _),) = failures.grouped("winds", ended(state, resources=asked), AXES)
        return line.partition(": ")[2]

    assert remedy(State.TIMEOUT) == "rescal-sweep resubmit winds --state timeout -t 90min"
    assert remedy(State.OUT_OF_MEMORY) == (
        "rescal-sweep resubmit winds --state out_of_memory --mem 6G"
    )
    assert (
        remedy(State.NODE_FAIL) == "rescal-sweep resubmit winds --state node_fail --exclude n7"
    )
    assert remedy(State.LOST) == "rescal-sweep resubmit winds --state lost"


def test_more_memory_is_as_much_as_the_experiments_of_a_job_are_expected_to_need(
    ended: Callable[..., list[Status]],
) -> None:
    def remedy(size: int, pack: int) -> str:
        given = Resources(mem="4G", pack=pack)
        box = {"H": 100, "L": size, "D": 1000}
        statuses = ended(State.OUT_OF_MEMORY, box=box, resources=given)
        ((line, _),) = failures.grouped("winds", statuses, AXES)
        return line.partition(" --mem ")[2]

    assert remedy(1000, 1) == "6G"
    assert remedy(8000, 1) == "9375M"  # 12 bytes a cell and 230 MB
    assert remedy(8000, 2) == "18750M"


@pytest.mark.parametrize(
    ("state", "cause", "command"),
    [
        (
            State.OUT_OF_MEMORY,
            Cause(Kind.SLURM, memory_mb=2000.0),
            "rescal-sweep resubmit winds --state out_of_memory --mem 3000M",
        ),
        (
            State.TIMEOUT,
            Cause(Kind.SLURM, limit_s=180),
            "rescal-sweep resubmit winds --state timeout -t 5min",
        ),
        (
            State.TIMEOUT,
            Cause(Kind.TIME_LIMIT, limit_s=60.0),
            "raise run.time_limit in the sweep file to 80s, and resubmit that file",
        ),
    ],
)
def test_where_nothing_was_asked_the_remedy_is_by_what_the_job_had(
    ended: Callable[..., list[Status]], state: State, cause: Cause, command: str
) -> None:
    ((line, _),) = failures.grouped("winds", ended(state, cause), AXES)

    assert line.endswith(f": {command}")


@pytest.mark.parametrize(
    ("reached", "remedy"),
    [  # of 100 t0; 20 t0 in 60 s are 300 s for all of it, 375 s with what is to spare
        ({"time_t0": 20.0}, "raise run.time_limit in the sweep file to 7min"),
        ({"time_t0": 20.0, "saved_t0": 20.0}, "raise run.time_limit in the sweep file to 5min"),
        (
            {"time_t0": 60.0, "adopted": 4, "adopted_t0": 40.0, "saved_t0": 60.0},
            "raise run.time_limit in the sweep file to 150s",
        ),
        ({"time_t0": 70.0, "saved_t0": 70.0}, "rescal-sweep resubmit winds --state timeout"),
        ({"time_t0": 0.0}, "raise run.time_limit in the sweep file to 90s"),
    ],
)
def test_a_time_limit_is_raised_once_to_what_the_rest_needs(
    ended: Callable[..., list[Status]], reached: dict[str, Any], remedy: str
) -> None:
    statuses = ended(State.TIMEOUT, Cause(Kind.TIME_LIMIT, limit_s=60.0))
    cut_off = [
        dataclasses.replace(s, record=dataclasses.replace(s.record, **reached))
        for s in statuses
        if s.record is not None
    ]

    ((line, _),) = failures.grouped("winds", cut_off, AXES)

    assert line.partition(": ")[2].partition(", and")[0] == remedy


def test_a_job_gets_the_time_that_the_longest_rest_needs(
    ended: Callable[..., list[Status]],
) -> None:
    statuses = ended(State.TIMEOUT, Cause(Kind.SLURM, limit_s=60.0))
    cut_off = [
        dataclasses.replace(s, record=dataclasses.replace(s.record, time_t0=time_t0))
        for s, time_t0 in zip(statuses, (1.0, 1.0, 10.0, 5.0), strict=True)
        if s.record is not None
    ]

    ((line, _),) = failures.grouped("winds", cut_off, AXES)

    assert line.endswith(" --state timeout -t 25min")


def test_where_all_is_well_there_is_nothing_to_say(
    ended: Callable[..., list[Status]],
) -> None:
    assert failures.grouped("winds", ended(State.DONE), AXES) == []
