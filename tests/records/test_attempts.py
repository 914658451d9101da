"""One attempt, one process: claims exclude each other, and the dead are told from the living."""

from __future__ import annotations

import dataclasses
import errno
import json
import math
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

from orchestrator.model import Cause, Kind, Progress, State
from orchestrator.records import attempts
from orchestrator.records.failures import reason
from orchestrator.records.paths import ExperimentDirectory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.model import Record

CLAIM = """
import sys, pathlib
from orchestrator.records import attempts
from orchestrator.records.paths import ExperimentDirectory
for exp in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    if attempts.claim(ExperimentDirectory(exp), 1, attempts.myself("t", sys.argv[2])):
        print(exp.name)
print("end", flush=True)
sys.stdin.read()
"""


def test_of_many_processes_exactly_one_gets_each_attempt(tmp_path: Path) -> None:
    for i in range(50):
        (tmp_path / f"exp{i:02}").mkdir()

    claimants = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM, str(tmp_path), str(i)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(4)
    ]
    taken = [claimant.communicate("")[0].split()[:-1] for claimant in claimants]

    assert sorted(name for names in taken for name in names) == [
        f"exp{i:02}" for i in range(50)
    ]


def test_a_claimant_that_dies_before_it_has_said_who_it_is_has_taken_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ExperimentDirectory(tmp_path)
    full = OSError(errno.ENOSPC, "No space left on device")
    with monkeypatch.context() as patch:
        patch.setattr("orchestrator.records.attempts.write_json", Mock(side_effect=full))
        with pytest.raises(OSError, match="No space left"):
            attempts.claim(place, 1, attempts.myself("t", "j"))
    assert list(place.attempts_root.iterdir()) == []
    place.attempt_draft("left-by-one-that-was-killed").root.mkdir()

    assert place.attempts() == []
    assert attempts.claim(place, 1, attempts.myself("t", "j")) is not None
    assert attempts.claim(place, 1, attempts.myself("t", "k")) is None
    assert [attempt.number for attempt in place.attempts()] == [1]


def test_an_attempt_that_nobody_claims_is_dead_after_a_while(tmp_path: Path) -> None:
    attempt = ExperimentDirectory(tmp_path).attempt(1)
    attempt.root.mkdir(parents=True)
    fresh = attempts.alive(attempt)
    long_ago = time.time() - 2 * attempts.PATIENCE_S
    os.utime(attempt.root, (long_ago, long_ago))

    assert fresh is True
    assert attempts.alive(attempt) is False


def test_a_killed_claimant_is_dead_and_this_process_is_alive(tmp_path: Path) -> None:
    (tmp_path / "exp0").mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(tmp_path), "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as claimant:
        assert claimant.stdout is not None
        assert [claimant.stdout.readline() for _ in range(2)] == ["exp0\n", "end\n"]
        theirs = ExperimentDirectory(tmp_path / "exp0").attempt(1)
        assert attempts.alive(theirs) is True
        os.kill(claimant.pid, signal.SIGKILL)

    mine = attempts.claim(ExperimentDirectory(tmp_path / "exp1"), 1, attempts.myself("t", "j"))

    assert mine is not None
    assert attempts.alive(theirs) is False
    assert attempts.alive(mine) is True


def test_a_process_with_the_same_id_after_a_reboot_is_another(tmp_path: Path) -> None:
    claimant = dataclasses.replace(attempts.myself("t", "j"), boot="another")

    attempt = attempts.claim(ExperimentDirectory(tmp_path), 1, claimant)

    assert attempt is not None
    assert attempts.alive(attempt) is False


def test_elsewhere_only_a_sign_of_life_tells(tmp_path: Path) -> None:
    claimant = dataclasses.replace(
        attempts.myself("t", "j"), host="another-node", boot="another"
    )
    attempt = attempts.claim(ExperimentDirectory(tmp_path), 1, claimant)
    assert attempt is not None

    attempts.write_progress(attempt, Progress(time_t0=1.0, snapshots=1, wall_s=2.0))
    fresh = attempts.alive(attempt)
    long_ago = time.time() - 2 * attempts.PATIENCE_S
    os.utime(attempt.progress, (long_ago, long_ago))

    assert fresh is True
    assert attempts.alive(attempt) is None


def test_a_sign_of_life_from_the_future_tells_nothing(tmp_path: Path) -> None:
    """The clock of the other machine, or of the file server, was wrong."""
    claimant = dataclasses.replace(
        attempts.myself("t", "j"), host="another-node", boot="another"
    )
    attempt = attempts.claim(ExperimentDirectory(tmp_path), 1, claimant)
    assert attempt is not None
    soon, late = (time.time() + share * attempts.PATIENCE_S for share in (0.5, 2))

    os.utime(attempt.claim, (soon, soon))
    a_little_ahead = attempts.alive(attempt)
    os.utime(attempt.claim, (late, late))

    assert a_little_ahead is True
    assert attempts.alive(attempt) is None


@pytest.mark.parametrize("text", ["", "[]", '{"colour": "red"}', '{"state": "sunny"}'])
def test_what_is_damaged_counts_as_not_there(tmp_path: Path, text: str) -> None:
    attempt = attempts.claim(ExperimentDirectory(tmp_path), 1, attempts.myself("t", "j"))
    assert attempt is not None
    for path in (attempt.claim, attempt.progress, attempt.record):
        path.write_text(text)

    assert attempts.read_claim(attempt) is None
    assert attempts.read_progress(attempt) is None
    assert attempts.read_record(attempt) is None


MEANINGLESS = [
    ("snapshots", -3, "snapshots: expected a whole number from 0 on, got -3"),
    ("snapshots", 29, "snapshots: expected at most 28 of a run with 3, got 29"),
    ("expected", -1, "expected: expected a whole number from 0 on, got -1"),
    ("wall_s", math.nan, "wall_s: expected a time in s, from 0 on, got NaN"),
    ("wall_s", math.inf, "wall_s: expected a time in s, from 0 on, got Infinity"),
    ("reducing_s", -1.0, "reducing_s: expected a time in s, from 0 on, got -1.0"),
    ("time_t0", 1e300, "time_t0: expected a simulated time in t0, got 1e+300"),
    ("memory_mb", -1, "memory_mb: expected an amount in MB, from 0 on, got -1"),
    ("saved_t0", math.nan, "saved_t0: expected a simulated time in t0, or null, got NaN"),
    ("adopted", 4, "adopted: expected at most 3, the snapshots, got 4"),
    ("attempt", 7, "attempt: expected 1, got 7"),
    ("state", "sunny", "'sunny' is not a valid State"),
    (
        "ended",
        "1969-12-31T23:59:59Z",
        'ended: expected a time such as 2026-01-31T12:00:00Z, got "1969-12-31T23:59:59Z"',
    ),
    (
        "causes",
        [{"kind": "time_limit", "limit_s": "long"}],
        'causes: limit_s: expected a time in s, from 0 on, got "long"',
    ),
    (
        "continuation",
        {"attempt": -1, "time_t0": 1.0},
        "continuation: attempt: expected a whole number from 0 on, got -1",
    ),
]


@pytest.mark.parametrize(("field", "value", "told"), MEANINGLESS)
def test_a_record_whose_numbers_mean_nothing_is_unreadable_with_the_reason(
    tmp_path: Path, make_record: Callable[..., Record], field: str, value: object, told: str
) -> None:
    attempt = attempts.claim(ExperimentDirectory(tmp_path), 1, attempts.myself("t", "j"))
    assert attempt is not None
    attempts.write_record(attempt, make_record())
    whole = json.loads(attempt.record.read_text())

    attempt.record.write_text(json.dumps({**whole, field: value}))

    assert attempts.read_record(attempt) is None
    assert attempts.damage(attempt) == told


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("snapshots", -1),
        ("adopted", 3),
        ("wall_s", -1.0),
        ("snapshot_s", math.inf),
        ("pid", 0),
        ("roughness", [math.nan]),
    ],
)
def test_progress_whose_numbers_mean_nothing_is_none(
    tmp_path: Path, field: str, value: object
) -> None:
    attempt = attempts.claim(ExperimentDirectory(tmp_path), 1, attempts.myself("t", "j"))
    assert attempt is not None
    attempts.write_progress(attempt, Progress(time_t0=1.5, snapshots=2, wall_s=3.0, pid=7))
    whole = json.loads(attempt.progress.read_text())

    attempt.progress.write_text(json.dumps({**whole, field: value}))

    assert attempts.read_progress(attempt) is None


@pytest.mark.parametrize(
    ("field", "value"), [("pid", 0), ("pid", -1), ("started", -1), ("time", "yesterday")]
)
def test_a_claim_whose_numbers_name_no_process_is_none(
    tmp_path: Path, field: str, value: object
) -> None:
    """A signal to process 0 or -1 would reach others."""
    attempt = attempts.claim(ExperimentDirectory(tmp_path), 1, attempts.myself("t", "j"))
    assert attempt is not None
    whole = json.loads(attempt.claim.read_text())

    attempt.claim.write_text(json.dumps({**whole, field: value}))

    assert attempts.read_claim(attempt) is None


def test_records_and_progress_are_read_as_written(
    tmp_path: Path, make_record: Callable[..., Record]
) -> None:
    record = make_record(attempt=3, exit_status=0, last_lines=("x", "y"))
    attempt = attempts.claim(ExperimentDirectory(tmp_path), 3, attempts.myself("t", "j"))
    assert attempt is not None
    assert attempts.read_record(attempt) is None
    assert attempts.read_progress(attempt) is None

    attempts.write_progress(attempt, Progress(time_t0=1.5, snapshots=2, wall_s=3.0, pid=7))
    attempts.write_record(attempt, record)

    assert attempts.read_progress(attempt) == Progress(1.5, 2, 3.0, 7)
    assert attempts.read_record(attempt) == record
    assert record.complete


def test_an_attempt_that_waits_can_be_ended_once(tmp_path: Path) -> None:
    place = ExperimentDirectory(tmp_path)
    claimant = attempts.myself("t", "cancel")
    pending = Cause(Kind.CANCELLED, subject="pending")

    first = attempts.claim_ended(place, 1, claimant, State.CANCELLED, pending)
    second = attempts.claim_ended(place, 1, claimant, State.CANCELLED, pending)

    assert (first, second) == (True, False)
    record = attempts.read_record(place.attempt(1))
    assert record is not None
    assert (record.state, reason(record)) == (State.CANCELLED, "cancelled while pending")


def test_a_machine_that_was_renamed_since_still_knows_its_processes(tmp_path: Path) -> None:
    myself = attempts.myself("t", "j")
    places = [ExperimentDirectory(tmp_path / name) for name in ("lives", "died", "restarted")]
    renamed = dataclasses.replace(myself, host="the-old-name")
    claimants = [
        renamed,
        dataclasses.replace(renamed, started=1),
        dataclasses.replace(myself, boot="before"),
    ]
    claimed = [attempts.claim(p, 1, c) for p, c in zip(places, claimants, strict=True)]

    assert [attempts.alive(a) for a in claimed if a is not None] == [True, False, False]


def test_a_container_with_process_ids_of_its_own_is_another_machine(tmp_path: Path) -> None:
    elsewhere = dataclasses.replace(attempts.myself("t", "j"), namespace="pid:[1]")
    attempt = attempts.claim(ExperimentDirectory(tmp_path), 1, elsewhere)
    assert attempt is not None
    long_ago = time.time() - 2 * attempts.PATIENCE_S
    os.utime(attempt.claim, (long_ago, long_ago))

    assert attempts.alive(attempt) is None


def test_only_numbers_as_they_are_written_name_attempts(tmp_path: Path) -> None:
    experiment = ExperimentDirectory(tmp_path / "exp0")
    for name in ("1", "2", "10", "007", "0", "\N{ARABIC-INDIC DIGIT THREE}", 24 * "9", "x"):
        (experiment.attempts_root / name).mkdir(parents=True)
    damaged = ExperimentDirectory(tmp_path / "exp1")
    damaged.root.mkdir()
    damaged.attempts_root.write_text("no directory")

    assert [attempt.number for attempt in experiment.attempts()] == [1, 2, 10]
    assert damaged.attempts() == []
