"""Slurm's two answers are turned into what became of a job, and never into more than they say."""

from __future__ import annotations

import dataclasses
import pwd
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.model import State
from orchestrator.slurm import jobs
from orchestrator.slurm.client import Unknown
from orchestrator.slurm.jobs import Accounted, Exit, Queued, Step
from orchestrator.slurm.verdict import SETTLING_S, Verdict, verdict, verdict_within

if TYPE_CHECKING:
    from collections.abc import Callable

TEXTS = Path(__file__).parent / "recorded"
QUEUE = jobs.read_queue((TEXTS / "queue.txt").read_text())
ACCOUNTS = jobs.read_accounts((TEXTS / "accounts.txt").read_text())
LATER = max(a.ended for a in ACCOUNTS.values() if a.ended) + 3600.0
ROOT = pwd.getpwuid(0).pw_name

DOWN = Unknown("squeue: Unable to contact slurm controller")
NO_DATABASE = Unknown("sacct: Unable to connect to the database")
NO_ACCOUNTS = Unknown("sacct: Slurm accounting storage is disabled", lasting=True)

RUNNING = Queued("RUNNING", "None", 0.0, 60.0, 60, "n1", "winds")
LOST_NODE = Accounted(
    "NODE_FAIL", Exit(), Exit(), submitted=0.0, started=10.0, ended=100.0, time_limit_s=60,
    memory_mb=100.0, node="n3",
)  # fmt: skip

ENDED = {
    "41": (State.TIMEOUT, "reached the job's time limit of 0:01:00"),
    "42": (State.FAILED, "the job failed with exit status 3"),
    "43": (State.FAILED, "killed by SIGKILL"),
    "44": (State.FAILED, "killed by SIGSEGV"),
    "45": (State.LOST, "ended by Slurm's warning before it was ready for it"),
    "46": (State.OUT_OF_MEMORY, "used more memory than the 50M that it had"),
    "47": (State.OUT_OF_MEMORY, "used more memory than the 50M that it had"),
    "48": (State.OUT_OF_MEMORY, "used more memory than the 50M that it had"),
    "49_0": (
        State.LOST,
        "the job ended, but its worker was killed or died before it wrote a record",
    ),
    "50": (State.LOST, "its log could not be opened (0:53): was its directory moved?"),
    "54": (State.NODE_FAIL, "the node failed (n4)"),
    "56": (State.CANCELLED, f"cancelled by {ROOT}"),
    "57_2": (State.CANCELLED, "cancelled before it started"),
    "58_7": (State.CANCELLED, f"cancelled by {ROOT}"),
    "9999": (State.LOST, "Slurm knows nothing of it any more"),
}


@pytest.mark.parametrize("job", ENDED)
def test_the_accounts_explain_what_the_queue_has_forgotten(job: str) -> None:
    forgotten = {k: q for k, q in QUEUE.items() if q.state in {"PENDING", "RUNNING"}}

    assert verdict(job, forgotten, ACCOUNTS, LATER) == Verdict(*ENDED[job])
    assert verdict(job, QUEUE, ACCOUNTS, LATER) == Verdict(*ENDED[job])


@pytest.mark.parametrize("job", ["43", "44", "45", "46", "48"])
def test_steps_tell_what_the_jobs_own_row_was_too_early_for(job: str) -> None:
    steps = jobs.read_accounts((TEXTS / "steps.txt").read_text())
    early = {job: dataclasses.replace(steps[job], worst=Exit())}

    assert verdict(job, {}, early, LATER) == Verdict(*ENDED[job])


@pytest.mark.parametrize(
    "job",
    [
        "57_3",
        "63",
        "68",
        "59",
        "60",
        "61",
    ],
)  # fmt: skip
def test_a_pending_job_says_what_it_waits_for(
    job: str, check_sentences: Callable[..., None]
) -> None:
    found = verdict(job, QUEUE, ACCOUNTS, LATER)

    assert (found.state, found.start) == (State.PENDING, QUEUE[job].start)
    check_sentences([found.sentence], "")


def test_the_queue_beats_the_accounts_while_it_has_the_job() -> None:
    requeued = Queued(
        "PENDING", "ReqNodeNotAvail, UnavailableNodes:n3", None, None, 60, "", "w"
    )

    assert verdict("12", {"12": requeued}, {"12": LOST_NODE}, LATER) == Verdict(
        State.PENDING,
        "waits: the nodes that it needs are not available (ReqNodeNotAvail, UnavailableNodes:n3)",
    )
    assert verdict("12", {"12": RUNNING}, {"12": LOST_NODE}, LATER).state is State.RUNNING


@pytest.mark.parametrize("state", ["COMPLETING", "SUSPENDED", "RESIZING", "SIGNALING"])
def test_what_has_begun_and_not_ended_runs(state: str) -> None:
    entry = dataclasses.replace(RUNNING, state=state)

    found = verdict("12", {"12": entry}, NO_ACCOUNTS, LATER)

    assert found == Verdict(State.RUNNING, f"{state.lower()} on n1", start=0.0)


@pytest.mark.parametrize("state", ["NODE_FAIL", "PREEMPTED"])
def test_a_job_that_lost_its_node_may_come_back_for_a_while(state: str) -> None:
    row = dataclasses.replace(LOST_NODE, state=state)

    soon = verdict("12", {}, {"12": row}, now=100.0 + SETTLING_S / 2)
    later = verdict("12", {}, {"12": row}, now=100.0 + 2 * SETTLING_S)

    assert soon.state is None
    assert soon.sentence.endswith("; Slurm may start it again")
    assert later.state is (State.NODE_FAIL if state == "NODE_FAIL" else State.LOST)


def test_a_controller_that_is_down_ends_nothing() -> None:
    assert verdict("57_1", DOWN, ACCOUNTS, LATER) == Verdict(None, DOWN.reason)
    assert verdict("57_1", DOWN, NO_DATABASE, LATER) == Verdict(None, DOWN.reason)
    assert verdict("54", DOWN, ACCOUNTS, LATER).state is None
    assert verdict("9999", DOWN, ACCOUNTS, LATER) == Verdict(None, DOWN.reason)


def test_what_has_ended_for_good_is_known_without_the_controller() -> None:
    assert verdict("42", DOWN, ACCOUNTS, LATER).state is State.FAILED
    assert verdict("41", DOWN, ACCOUNTS, LATER).state is State.TIMEOUT


def test_a_database_that_is_down_leaves_the_cause_open() -> None:
    assert verdict("46", QUEUE, NO_DATABASE, LATER).state is None
    assert verdict("9999", QUEUE, NO_DATABASE, LATER) == Verdict(
        None,
        f"it has left the queue, and how it ended cannot be told: {NO_DATABASE.reason}",
    )


def test_the_queue_alone_tells_what_leaves_no_doubt() -> None:
    assert verdict("41", QUEUE, NO_DATABASE, LATER).state is State.TIMEOUT
    assert verdict("47", QUEUE, NO_DATABASE, LATER).state is State.OUT_OF_MEMORY
    assert verdict("58_0", QUEUE, NO_DATABASE, LATER).state is State.CANCELLED


def test_accounts_that_are_late_are_waited_for() -> None:
    assert verdict("42", QUEUE, {}, LATER) == Verdict(
        None, "the job failed (n1); the accounts will say why"
    )


def test_without_accounts_the_queue_has_the_last_word() -> None:
    assert verdict("42", QUEUE, NO_ACCOUNTS, LATER) == Verdict(
        State.FAILED, "the job failed (n1)"
    )
    assert verdict("54", QUEUE, NO_ACCOUNTS, LATER).state is State.NODE_FAIL
    assert verdict("9999", QUEUE, NO_ACCOUNTS, LATER).state is State.LOST


def test_without_accounts_too_a_job_that_lost_its_node_may_come_back() -> None:
    ended = QUEUE["54"].end
    assert ended is not None

    assert verdict("54", QUEUE, NO_ACCOUNTS, ended + 1.0).state is None


def test_an_element_that_only_the_accounts_still_have_as_pending_was_cancelled() -> None:
    assert verdict("57_3", {}, ACCOUNTS, LATER).state is State.CANCELLED


def test_a_job_that_only_the_accounts_still_have_as_running_is_lost() -> None:
    assert verdict("57_1", {}, ACCOUNTS, LATER) == Verdict(
        State.LOST, "it has left the queue; the accounts have it as RUNNING"
    )


def test_a_state_that_nobody_has_heard_of_is_passed_on() -> None:
    row = dataclasses.replace(LOST_NODE, state="LAUNCH_FAILED")

    assert verdict("12", {}, {"12": row}, LATER) == Verdict(
        State.LOST, "the job ended as LAUNCH_FAILED (n3)"
    )


@pytest.mark.parametrize(
    "reason",
    [
        "QOSMaxJobsPerUserLimit",
        "QOSMaxCpuPerUserLimit",
        "AssocGrpMemLimit",
        "AssocMaxJobsLimit",
        "AssocGrpCPURunMinutesLimit",
        "Dependency",
        "MaxCpuPerAccount",
        "Licenses",
    ],
)  # fmt: skip
def test_a_limit_is_told_in_words_behind_which_slurms_own_stands(
    reason: str, check_sentences: Callable[..., None]
) -> None:
    waiting = Queued("PENDING", reason, None, None, 60, "", "w")

    check_sentences([verdict("12", {"12": waiting}, {}, LATER).sentence], "waits")


@pytest.mark.parametrize(
    "reason",
    [
        "AssocMaxNodePerJobLimit",
        "QOSMaxCpuPerNode",
        "QOSMinCpuNotSatisfied",
        "ReservationDeleted",
        "PartitionNodeLimit",
        "JobHoldMaxRequeue",
        "job requeued in held state",
    ],
)
def test_what_waiting_does_not_help_is_told_as_such(
    reason: str, check_sentences: Callable[..., None]
) -> None:
    waiting = Queued("PENDING", reason, None, None, 60, "", "w")

    found = verdict("12", {"12": waiting}, {}, LATER)

    check_sentences([found.sentence], "cannot start")


def _in_its_script(*steps: str) -> Accounted:
    """Return a job whose script goes on, with the states of the steps that it has started."""
    batch = Step("batch", "RUNNING", Exit(), None)
    started = [Step(f"{i}", state, Exit(), None) for i, state in enumerate(steps)]
    return dataclasses.replace(
        ACCOUNTS["46"], state="RUNNING", exit=Exit(), worst=Exit(), steps=(batch, *started)
    )


@pytest.mark.parametrize(
    ("steps", "ended"),
    [
        ((), False),
        (("RUNNING",), False),
        (("COMPLETED", "COMPLETING"), False),
        (("OUT_OF_MEMORY",), True),
        (("COMPLETED", "FAILED"), True),
    ],
)
def test_a_worker_has_ended_when_all_that_its_script_started_has(
    steps: tuple[str, ...], *, ended: bool
) -> None:
    assert _in_its_script(*steps).worker_ended is ended


def test_what_slurm_itself_kills_for_memory_ran_out_of_it() -> None:
    rows = jobs.read_accounts((TEXTS / "over_memory_kill.txt").read_text())

    states = {job: verdict(job, {}, rows, LATER) for job in rows}

    assert states == {
        "3_0": Verdict(State.OUT_OF_MEMORY, "used more memory than the 100M that it had"),
        "7_0": Verdict(State.OUT_OF_MEMORY, "used more memory than the 300M that it had"),
        "7_1": Verdict(*ENDED["49_0"]),
    }


def test_a_script_hears_only_of_a_worker_that_was_killed_for_memory() -> None:
    killed = verdict_within(_in_its_script("OUT_OF_MEMORY"))

    assert killed is not None
    assert (killed.state, killed.sentence, killed.memory_mb) == (
        State.OUT_OF_MEMORY,
        "used more memory than the 50M that it had",
        50.0,
    )
    assert verdict_within(_in_its_script("FAILED")) is None
