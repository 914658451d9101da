"""Attempts at experiments, from the asking to the record, and where an experiment stands."""

from __future__ import annotations

import enum
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.model.causes import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from orchestrator.model.causes import Cause, Continuation
    from orchestrator.model.experiments import EngineKind, Experiment, Outputs, Resources, Run

_BEYOND_T0 = 0.5  # by which the model goes on after the time to stop at
_STALL_S = 60.0
_STALL_FACTOR = 5.0  # a snapshot that takes so many times longer than usual is overdue


class State(enum.Enum):
    """Where an experiment stands."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    INVALID = "invalid"
    FAILED = "failed"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    CANCELLED = "cancelled"
    NODE_FAIL = "node_fail"
    LOST = "lost"
    NEVER_SUBMITTED = "never_submitted"

    __hash__ = object.__hash__  # that of Enum is Python code, which ten thousand statuses feel

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen unless somebody asks for it."""
        return self not in {State.PENDING, State.RUNNING}

    @property
    def bad(self) -> bool:
        """Whether the experiment ended without all of its results, and not as it was to end."""
        well = {State.DONE, State.STOPPED, State.INVALID, State.NEVER_SUBMITTED}
        return self.ended and self not in well

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is there."""
        return self in {State.DONE, State.STOPPED}

    @property
    def meaning(self) -> str:
        """What it says of an experiment, in a sentence."""
        return _MEANINGS[self]

    @property
    def retried(self) -> bool:
        """Whether such experiments are resubmitted unless others are chosen."""
        return self.bad and self is not State.CANCELLED


_MEANINGS = {
    State.PENDING: "it was submitted, and no worker has begun it",
    State.RUNNING: "a worker runs it",
    State.DONE: "it ended with all snapshots that it was asked for",
    State.STOPPED: "`run.stop_when` held, which ended it; it has all snapshots until then",
    State.INVALID: "`run.invalid_when` held, which ended it",
    State.FAILED: "the engine or its supervisor ended with an error",
    State.TIMEOUT: "its time limit, or that of its job, ended it",
    State.OUT_OF_MEMORY: "it was ended because memory ran out",
    State.CANCELLED: "somebody stopped it",
    State.NODE_FAIL: "the machine on which it ran failed",
    State.LOST: "its process is gone and left no record",
    State.NEVER_SUBMITTED: "it has a number, but nobody has asked for it to be run",
}


class Cluster(enum.Enum):
    """Where the attempts of a submission are made."""

    SLURM = "slurm"
    LOCAL = "local"  # workers on this machine
    HERE = "here"  # the submitting process itself


@dataclass(frozen=True, slots=True)
class Claim:
    """Who took an attempt: enough to tell, later and elsewhere, whether it is still alive.

    ``started`` is the process's start time in the kernel's own ticks, ``boot`` the machine's boot
    id and ``namespace`` that of its process ids: together with ``pid`` they name a process that no
    other can be mistaken for, whatever the machine is called later.
    """

    host: str
    boot: str
    pid: int
    started: int
    token: str
    job: str
    time: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running attempt has come, after ``wall_s`` seconds.

    Attributes
    ----------
    start_t0
        Simulated time at which the experiment starts.
    adopted, adopted_t0
        Snapshots taken over from an earlier attempt, and the time of the last of them; without
        any, the start.
    snapshot_s
        Seconds that had passed when the last snapshot came; 0 where this attempt has none.
    roughness
        Standard deviation of the height, in cells, at some of the snapshots so far.
    full_t0
        Simulated time from which the ceiling cuts the surface off; None where it does not so far.
    """

    time_t0: float
    snapshots: int
    wall_s: float
    pid: int | None = None
    start_t0: float = 0.0
    adopted: int = 0
    adopted_t0: float = 0.0
    snapshot_s: float = 0.0
    roughness: tuple[float, ...] = ()
    full_t0: float | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """The final account of an attempt; written last, so that its presence means "ended".

    Attributes
    ----------
    causes
        Why it ended so, the main cause first; none for a run that finished as it should.
    snapshots, expected
        Snapshots received and those asked for; fewer mean partial data.
    start_t0, adopted, adopted_t0, full_t0
        As in :class:`Progress`.
    continuation
        Where it resumed an earlier attempt; None from the beginning.
    simulating_s, reducing_s
        Seconds waiting for the engine and seconds spent on its snapshots.
    saved_t0
        Simulated time from which the next attempt would go on; None: from the beginning.
    stuck_since
        The first of the attempts in a row that timed out at the same place; 0 for one that did not.
    enough_s
        Wall time that the next attempt needs to come further, at a guess.
    cpu_s, memory_mb
        The engine's processor time in s, and its most resident memory in MB; 0 where nobody knows.
    """

    state: State
    causes: tuple[Cause, ...]
    attempt: int
    snapshots: int
    expected: int
    time_t0: float
    started: str
    ended: str
    wall_s: float
    simulating_s: float
    reducing_s: float
    host: str
    exit_status: int | None = None
    engine: str = ""
    last_lines: tuple[str, ...] = ()
    continuation: Continuation | None = None
    start_t0: float = 0.0
    adopted: int = 0
    adopted_t0: float = 0.0
    saved_t0: float | None = None
    stuck_since: int = 0
    enough_s: float = 0.0
    cpu_s: float = 0.0
    memory_mb: float = 0.0
    full_t0: float | None = None

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is there."""
        return self.state.complete

    @property
    def cut_off(self) -> bool:
        """Whether it ended with its job, which resumes it if it is started again."""
        return self.state is State.TIMEOUT or self.terminated

    @property
    def terminated(self) -> bool:
        """Whether it was asked to end from outside, for a reason that only its scheduler knows."""
        main = self.causes[0] if self.causes else None
        if main is None or self.state not in {State.TIMEOUT, State.CANCELLED}:
            return False
        return main.kind is Kind.SIGNAL and main.status == signal.SIGTERM


@dataclass(frozen=True, slots=True)
class Submission:
    """One act of asking for attempts: which ones, where, and with what settings.

    ``attempts`` maps an experiment's number to the one attempt that this submission allows, so
    that two submissions made at the same moment cannot both run it. ``job_ids`` are Slurm's arrays
    and ``chunks`` how many tasks each of them has; ``last_job`` starts when all of them have ended,
    and retries what they could not, empty where nothing is retried. ``slurm_cluster`` is the name of
    the cluster that knows them and ``user`` who submitted them; both are empty where an earlier
    version did.
    """

    token: str
    time: str
    cluster: Cluster
    attempts: Mapping[int, int]
    run: Run
    outputs: Outputs
    resources: Resources
    root: Path | None
    job_ids: tuple[str, ...] = ()
    chunks: tuple[int, ...] = ()
    slurm_cluster: str = ""
    user: str = ""
    last_job: str = ""

    @property
    def all_jobs(self) -> tuple[str, ...]:
        """The arrays, and the last job if there is one."""
        return (*self.job_ids, self.last_job) if self.last_job else self.job_ids

    @property
    def kind(self) -> EngineKind:
        """Whose engine makes its attempts."""
        return self.run.kind(self.root)


@dataclass(frozen=True, slots=True)
class Status:
    """Where one experiment stands, as its files tell.

    ``attempt`` is the latest one that was submitted or made, 0 where it was never submitted;
    ``silent`` marks a running attempt on another machine that has shown no sign of life; ``cause``
    is what Slurm says of one without a record, and ``expected_start`` when it may start, in s since
    the epoch; an ``orphaned`` experiment is no longer in the sweep file; ``earlier`` is what an earlier
    attempt had reached that came further, whose snapshots are kept; ``missing`` are the arrays of a
    complete one whose files somebody has removed.
    """

    experiment: Experiment
    state: State
    attempt: int
    submission: Submission | None
    claim: Claim | None = None
    progress: Progress | None = None
    record: Record | None = None
    silent: bool = False
    cause: Cause | None = None
    expected_start: float | None = None
    orphaned: bool = False
    earlier: Progress | Record | None = None
    missing: tuple[str, ...] = ()

    @property
    def on_slurm(self) -> bool:
        """Whether Slurm runs it, or will."""
        return self.submission is not None and self.submission.cluster is Cluster.SLURM

    @property
    def reached(self) -> Progress | Record | None:
        """What is told last of how far it has come."""
        return self.record if self.record is not None else self.progress

    @property
    def snapshots(self) -> int:
        """How many snapshots it has."""
        return self.reached.snapshots if self.reached is not None else 0

    @property
    def kept(self) -> int:
        """How many snapshots can be read, of whichever attempt has come furthest."""
        return self.snapshots if self.earlier is None else self.earlier.snapshots

    @property
    def start_t0(self) -> float:
        """Simulated time at which it starts, in t0, as far as that is known before it has."""
        if self.reached is not None:
            return self.reached.start_t0
        return float(self.experiment.point.parameters.get("Time", 0.0))

    @property
    def time_t0(self) -> float:
        """Simulated time reached, in t0."""
        return self.reached.time_t0 if self.reached is not None else 0.0

    @property
    def full_t0(self) -> float | None:
        """Simulated time from which the ceiling cuts the surface off, in t0; None where unknown."""
        return self.reached.full_t0 if self.reached is not None else None

    @property
    def stop_t0(self) -> float:
        """Simulated time at which it is to stop, in t0; 0 where nobody has asked for it."""
        return self.start_t0 + self.submission.run.stop_t0 if self.submission else 0.0

    @property
    def simulated_t0(self) -> float:
        """Simulated time that the attempt itself has come, in t0."""
        reached = self.reached
        return max(0.0, reached.time_t0 - reached.adopted_t0) if reached is not None else 0.0

    @property
    def fraction(self) -> float:
        """Share of the simulated time that is done, 0 to 1."""
        if self.state.complete:
            return 1.0
        length_t0 = self.stop_t0 - self.start_t0
        share = (self.time_t0 - self.start_t0) / length_t0 if length_t0 > 0 else 0.0
        return min(1.0, max(0.0, share))

    @property
    def left_t0(self) -> float:
        """Simulated time that is left, in t0."""
        return max(0.0, self.stop_t0 - max(self.time_t0, self.start_t0))

    @property
    def wall_s(self) -> float:
        """Seconds that the attempt has taken so far."""
        return self.reached.wall_s if self.reached is not None else 0.0

    @property
    def rate_t0_per_min(self) -> float | None:
        """Simulated time per minute of wall time, once there is something to divide."""
        until_s = self.wall_s - self._since_snapshot_s
        if until_s <= 0 or self.simulated_t0 <= 0:
            return None
        return 60 * self.simulated_t0 / until_s

    @property
    def _since_snapshot_s(self) -> float:
        """Seconds that a running attempt has worked on the next snapshot, as far as it has told."""
        progress = self.progress
        if self.record is not None or progress is None or not progress.snapshot_s:
            return 0.0
        return progress.wall_s - progress.snapshot_s

    @property
    def roughness(self) -> tuple[float, ...]:
        """Standard deviation of the height, in cells, at some of the snapshots so far."""
        return self.progress.roughness if self.progress is not None else ()

    @property
    def stalled_s(self) -> float | None:
        """Seconds without a snapshot, where that is many times longer than they used to take."""
        progress = self.progress
        if self.state is not State.RUNNING or progress is None:
            return None
        own = progress.snapshots - progress.adopted
        intervals = own if progress.adopted else own - 1  # the first one is there at the start
        if intervals < 1:
            return None
        usual_s = progress.snapshot_s / intervals
        quiet_s = progress.wall_s - progress.snapshot_s
        return quiet_s if quiet_s > max(_STALL_S, _STALL_FACTOR * usual_s) else None

    @property
    def left_s(self) -> float | None:
        """Seconds that a running experiment still needs at its present rate."""
        rate = self.rate_t0_per_min
        if self.state is not State.RUNNING or rate is None:
            return None
        left_t0 = self.left_t0 + _BEYOND_T0
        return max(0.0, 60 * left_t0 / rate - self._since_snapshot_s)
