"""What Slurm knows of jobs: the queue, which forgets soon, and the accounts, which may not exist.

Both answer for any number of jobs in one call, keyed as ``1234_5`` for element 5 of an array and
``1234`` for a job that is none. Ask the queue first: what it no longer has, the accounts explain.
"""

from __future__ import annotations

import dataclasses
import math
import re
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.slurm.client import Unknown, ask
from orchestrator.slurm.units import indices, megabytes, moment, seconds, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

_QUEUE = "%i|%T|%S|%e|%L|%N|%r|%j"
_ACCOUNTS = (
    "JobID,State,ExitCode,DerivedExitCode,Submit,Start,End,TimelimitRaw,ReqMem,MaxRSS,NodeList,"
    "JobName"
)
_JOB = re.compile(r"(\d+)(?:_(?:(\d+)|\[([^\]]+)\]?))?")

OUT_OF_MEMORY_SIGNAL = 125
"""How Slurm writes down that a step ran out of memory."""

WAITING = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT"}
# a suspended job has begun and keeps its memory; the rest hold their nodes
STARTED = {
    "RUNNING",
    "COMPLETING",
    "SUSPENDED",
    "STOPPED",
    "RESIZING",
    "SIGNALING",
    "STAGE_OUT",
}
HALTED = {"SUSPENDED", "STOPPED"}
LIVE = WAITING | STARTED
"""States of jobs that have not ended."""

_SKEW_S = 300.0  # clocks of a login node and a controller may differ


def array_of(job: str) -> str:
    """Return the array that a job is an element of, itself where it is of none.

    >>> array_of("1234_5"), array_of("1234")
    ('1234', '1234')
    """
    return job.partition("_")[0]


def name_of(sweep: str, token: str) -> str:
    """Name the jobs of a submission so that they can be found, and told from others, by it."""
    return f"{sweep}.{token}"


def token_in(name: str) -> str:
    """Return the submission's token in a job's name; ids alone may be another cluster's.

    The sweep's directory may have another name by now.

    >>> token_in("winds-2.0.260131-ab")
    '260131-ab'
    """
    return name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Queued:
    """A job as the queue has it; ended ones too, for as long as the controller remembers.

    ``state`` is Slurm's own word. ``start`` and ``end``, in seconds since the epoch, are what is
    expected as long as they have not come, and None where nobody has worked them out.
    """

    state: str
    reason: str
    start: float | None
    end: float | None
    left_s: int | None
    node: str
    name: str


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended in Slurm's eyes: exit status and signal, one of them 0."""

    status: int = 0
    signal: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job: ``batch`` is the script, ``0`` the first srun in it."""

    name: str
    state: str
    exit: Exit
    max_rss_mb: float | None


@dataclass(frozen=True, slots=True)
class Accounted:
    """A job as the accounts have it; the last attempt of one that was requeued.

    ``worst`` is the worst exit of its steps, as the job's own row has it: nothing, where a step's
    end was heard of after the job's. ``canceller`` is the id of the user who cancelled it.
    """

    state: str
    exit: Exit
    worst: Exit
    submitted: float | None
    started: float | None
    ended: float | None
    time_limit_s: int | None
    memory_mb: float | None
    node: str
    canceller: str = ""
    name: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def signals(self) -> tuple[int, ...]:
        """The signals that ended parts of it, its own first."""
        numbers = [self.exit.signal, self.worst.signal, *(s.exit.signal for s in self.steps)]
        return tuple(number for number in numbers if number)

    @property
    def out_of_memory(self) -> bool:
        """Whether any part of it was killed for memory, which its own state need not say.

        A site may let Slurm itself kill what uses too much (``OverMemoryKill``): SIGKILL to it.
        """
        states = {self.state, *(step.state for step in self.steps)}
        if "OUT_OF_MEMORY" in states or OUT_OF_MEMORY_SIGNAL in self.signals:
            return True
        most_mb = self.memory_mb or math.inf
        killed = (s for s in self.steps if s.exit.signal == signal.SIGKILL)
        return any((s.max_rss_mb or 0.0) > most_mb for s in killed)

    @property
    def script_killed(self) -> bool:
        """Whether its script was killed, after which Slurm ends all that the script had started."""
        return any(s.name == "batch" and s.exit.signal == signal.SIGKILL for s in self.steps)

    @property
    def worker_ended(self) -> bool:
        """Whether what its script started has ended, though the script may go on."""
        started = [step for step in self.steps if step.name not in {"batch", "extern"}]
        return bool(started) and all(step.state not in LIVE for step in started)

    @property
    def max_rss_mb(self) -> float | None:
        """The most memory any of its steps was seen to use."""
        return max((s.max_rss_mb for s in self.steps if s.max_rss_mb is not None), default=None)


def queue(job_ids: Sequence[str] | None = None) -> dict[str, Queued] | Unknown:
    """Ask for the jobs of these ids, arrays with all their elements; None asks for all of mine."""
    if job_ids is not None and not job_ids:
        return {}
    which = "--me" if job_ids is None else f"--jobs={','.join(job_ids)}"
    answer = ask("squeue", "--noheader", "--array", "--states=all", f"--format={_QUEUE}", which)
    if isinstance(answer, Unknown):
        # the answer to a single id that the controller has forgotten
        return {} if answer.reason.endswith("Invalid job id specified") else answer
    return read_queue(answer)


def arrays_named(name: str) -> list[str] | Unknown:
    """Ask for the arrays and single jobs of this name that have not ended, the latest last."""
    answer = ask("squeue", "--noheader", "--me", f"--name={name}", "--format=%F")
    return answer if isinstance(answer, Unknown) else sorted({*answer.split()}, key=int)


def accounting(job_ids: Sequence[str], since: float = 0.0) -> dict[str, Accounted] | Unknown:
    """Ask the accounts for the jobs of these ids: elements, or arrays with all of theirs.

    Their steps have the memory used and, often alone, the cause of a death.

    Parameters
    ----------
    since
        Seconds since the epoch; jobs submitted before are others that had the same ids.
    """
    if not job_ids:
        return {}
    words = ["sacct", "--noheader", "--parsable2", f"--format={_ACCOUNTS}"]
    words += start_option(since)
    answer = ask(*words, f"--jobs={','.join(job_ids)}")
    if isinstance(answer, Unknown):
        return answer
    accounts = read_accounts(answer)
    return {
        k: a
        for k, a in accounts.items()
        if a.submitted is None or a.submitted >= since - _SKEW_S
    }


def start_option(since: float) -> list[str]:
    """Return what limits sacct to jobs since then, as a site may want it (MaxQueryTimeRange)."""
    if since <= _SKEW_S:
        return []
    start = time.localtime(since - _SKEW_S)
    return [f"--starttime={time.strftime('%Y-%m-%dT%H:%M:%S', start)}"]


def read_queue(text: str) -> dict[str, Queued]:
    """Read the answer of squeue."""
    entries = {}
    for line in text.splitlines():
        row = line.split("|", 7)
        if len(row) != 8:
            continue
        job, state, start, end, left, node, reason, name = row
        entry = Queued(state, reason, moment(start), moment(end), seconds(left), node, name)
        entries.update(dict.fromkeys(_jobs(job), entry))
    return entries


def read_accounts(text: str) -> dict[str, Accounted]:
    """Read the answer of sacct, with or without the rows of steps."""
    jobs: dict[str, Accounted] = {}
    steps: dict[str, list[Step]] = {}
    for line in text.splitlines():
        row = line.split("|", 11)
        if len(row) < 11:
            continue
        job, _, step = row[0].partition(".")
        if step:
            state = row[1].partition(" ")[0]
            row_of_step = Step(step, state, _exit(row[2]), megabytes(row[9]))
            steps.setdefault(job, []).append(row_of_step)
        else:
            jobs.update(dict.fromkeys(_jobs(job), _accounted(row)))
    for job, steps_of_job in steps.items():
        if job in jobs:
            jobs[job] = dataclasses.replace(jobs[job], steps=tuple(steps_of_job))
    return jobs


def _accounted(row: Sequence[str]) -> Accounted:
    _, state, status, worst, submitted, started, ended, limit_min, memory, _, node, *name = row
    word, _, canceller = state.partition(" by ")
    return Accounted(
        state=word,
        exit=_exit(status),
        worst=_exit(worst),
        submitted=moment(submitted),
        started=moment(started),
        ended=moment(ended),
        time_limit_s=seconds(limit_min),
        memory_mb=megabytes(memory),
        node="" if node == "None assigned" else node,
        canceller=canceller,
        name=name[0] if name else "",
    )


def _exit(text: str) -> Exit:
    status, _, signal = text.partition(":")
    return Exit(whole(status) or 0, whole(signal) or 0)


def _jobs(text: str) -> list[str]:
    """Name every job of one row: ``12``, ``12_3``, or the pending rest ``12_[4-9%2]``."""
    match = _JOB.fullmatch(text)
    if match is None:
        return []
    if match[3] is None:
        return [text]
    return [f"{match[1]}_{index}" for index in indices(match[3])]
