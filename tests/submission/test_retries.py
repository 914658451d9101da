"""What a job asks for that submits again what its time or memory was too little for."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import RequestError
from orchestrator.model import (
    Cause,
    Cluster,
    Experiment,
    Kind,
    Point,
    Resources,
    State,
    Status,
)
from orchestrator.records import intents, ledger
from orchestrator.submission import retries
from orchestrator.submission.packing import Site
from orchestrator.submission.retries import Want
from tests.submission.test_packing import PARTITION, SITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.model import Record, Submission
    from orchestrator.records.paths import SweepDirectory

BOUNDED = Site(
    dataclasses.replace(SITE.limits, memory_per_cpu_mb=300.0),
    (dataclasses.replace(PARTITION, default_time_s=1800, max_time_s=7200),),
)


@pytest.mark.parametrize(
    ("asked", "want", "wanted"),
    [
        (Resources(retries=2, time_min=30), Want.MORE_TIME, Resources(retries=1, time_min=60)),
        (
            Resources(retries=1),
            Want.MORE_TIME,
            Resources(time_min=60),
        ),  # the partition's default
        (
            Resources(retries=1, time_min=90),
            Want.MORE_TIME,
            Resources(time_min=120),
        ),  # its most
        (Resources(retries=1, mem="500M"), Want.MORE_MEMORY, Resources(mem="1000M")),
        (Resources(retries=1, pack=2), Want.MORE_MEMORY, Resources(pack=2, mem="1200M")),
        (Resources(retries=1, mem="1500M"), Want.MORE_MEMORY, Resources(mem="2000M")),
        (
            Resources(retries=1, extra={"mem-per-cpu": "200M", "comment": "a"}),
            Want.MORE_MEMORY,
            Resources(mem="400M", extra={"comment": "a"}),
        ),
    ],
)
def test_twice_as_much_up_to_what_the_partition_gives(
    asked: Resources, want: Want, wanted: Resources
) -> None:
    assert retries.more(asked, want, BOUNDED) == wanted


@pytest.mark.parametrize(("needed_mb", "mem"), [(900.0, "1000M"), (1300.0, "1300M")])
def test_more_memory_is_no_less_than_what_is_expected_to_be_needed(
    needed_mb: float, mem: str
) -> None:
    asked = Resources(retries=1, mem="500M")

    assert retries.more(asked, Want.MORE_MEMORY, BOUNDED, needed_mb) == Resources(mem=mem)


@pytest.mark.parametrize("asked", [Resources(retries=1, mem="2000M"), Resources(retries=1)])
def test_all_the_memory_of_a_node_is_not_asked_for_again(asked: Resources) -> None:
    site = SITE if asked.mem is None else BOUNDED  # where nobody limits it, it was all

    with pytest.raises(RequestError, match="had all the memory that there is"):
        retries.more(asked, Want.MORE_MEMORY, site)


SLURMS = Cause(Kind.SLURM, subject="timeout", detail="reached the job's time limit")
UNREACHED = Cause(
    Kind.NEVER_STARTED, subject="lost", detail="its job's time ended before its turn"
)


@pytest.mark.parametrize(
    ("state", "causes", "token", "want"),
    [
        (State.TIMEOUT, (), "mine", None),  # of an earlier version, which did not say
        (State.TIMEOUT, (Cause(Kind.SIGNAL, status=12),), "mine", Want.MORE_TIME),
        (State.TIMEOUT, (Cause(Kind.TIME_LIMIT, limit_s=5.0),), "mine", None),
        (State.OUT_OF_MEMORY, (Cause(Kind.OUT_OF_MEMORY),), "mine", Want.MORE_MEMORY),
        (State.NODE_FAIL, (SLURMS,), "mine", Want.AS_MUCH),
        (State.FAILED, (Cause(Kind.EXITED, status=1),), "mine", None),
        (State.CANCELLED, (Cause(Kind.CANCELLED),), "mine", None),
        (State.TIMEOUT, (Cause(Kind.SIGNAL, status=12),), "of somebody faster", None),
    ],
)
def test_only_what_ended_with_its_job_is_retried(  # noqa: PLR0913, PLR0917  # a table, and two makers
    state: State,
    causes: tuple[Cause, ...],
    token: str,
    want: Want | None,
    make_submission: Callable[..., Submission],
    make_record: Callable[..., Record],
) -> None:
    mine = make_submission("mine", {0: 1}, Cluster.SLURM)
    last = dataclasses.replace(mine, token=token)
    record = make_record(state=state, causes=causes)
    status = Status(Experiment(0, Point("0", {}, 1)), state, 1, last, record=record)

    assert retries._want(status, mine) is want


@pytest.mark.parametrize(
    ("state", "cause", "want"),
    [
        (State.TIMEOUT, SLURMS, Want.MORE_TIME),
        (State.OUT_OF_MEMORY, SLURMS, Want.MORE_MEMORY),
        (State.NODE_FAIL, SLURMS, Want.AS_MUCH),
        (State.LOST, UNREACHED, Want.AS_MUCH),
        (State.TIMEOUT, UNREACHED, Want.AS_MUCH),  # its job ran into its limit, not it
        (State.CANCELLED, UNREACHED, None),  # a person has taken its job away
        (State.FAILED, UNREACHED, None),  # its job's worker failed, and would again
        (State.LOST, SLURMS, None),
    ],
)
def test_what_left_no_record_is_retried_by_what_slurm_tells(
    state: State,
    cause: Cause,
    want: Want | None,
    make_submission: Callable[..., Submission],
) -> None:
    mine = make_submission("mine", {0: 1}, Cluster.SLURM)
    status = Status(Experiment(0, Point("0", {}, 1)), state, 1, mine, cause=cause)

    assert retries._want(status, mine) is want


@pytest.mark.parametrize(
    ("by", "want", "resources", "sentence"),
    [
        (
            "their job",
            Want.MORE_TIME,
            Resources(time_min=4),
            "exp0 submitted again by their job; time limit 4 min; 0 retries left",
        ),
        (
            "the last job",
            Want.AS_MUCH,
            Resources(retries=1),
            "exp0 submitted again by the last job; as much as before; 1 retry left",
        ),
    ],
)
def test_the_log_says_which_job_has_submitted_what_again(
    by: str, want: Want, resources: Resources, sentence: str
) -> None:
    assert "; ".join(retries._sentence("exp0", by, want, resources)) == sentence


@pytest.mark.parametrize(
    ("squeue", "states", "log"),
    [
        (
            "echo '17|TIMEOUT|N/A|2026-01-31T12:30:00|0:00|n1|TimeLimit|winds.mine'",
            {1: State.TIMEOUT, 2: State.TIMEOUT},
            "",
        ),
        (
            "exit 1",
            {},
            "exp1, exp2: Slurm does not tell how their jobs ended, and they are not retried",
        ),
    ],
)
def test_the_last_job_judges_what_nobody_has_submitted_again(  # noqa: PLR0913, PLR0917  # a table, and makers
    squeue: str,
    states: dict[int, State],
    log: str,
    sweep_directory: SweepDirectory,
    make_points: Callable[[int], list[Point]],
    make_submission: Callable[..., Submission],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    ledger.enlist(sweep_directory, make_points(3))
    mine = make_submission("mine", dict.fromkeys(range(3), 1), Cluster.SLURM)
    for submission, array in (
        (mine, "17"),
        (make_submission("new", {0: 2}, Cluster.SLURM), "18"),
    ):
        intents.intend(sweep_directory, submission)
        note = {"job_ids": [array], "chunks": [1]}
        intents.note(sweep_directory, "submitted", submission.token, **note)
    for name, answer in {"squeue": squeue, "sacct": "exit 1"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{answer}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    left = retries._left_by_jobs(sweep_directory, mine, patience_s=0.0)

    assert {status.experiment.number: status.state for status in left} == states
    logged = sweep_directory.log.read_text() if sweep_directory.log.exists() else ""
    assert logged.rstrip().endswith(log)
    assert bool(logged) is bool(log)
