"""Why attempts ended as they did, as values; ``records.failures`` makes the sentences."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """What happened."""

    # the engine or genesis
    EXITED = "exited"  # program, status
    NOT_STARTED = "not_started"  # program, detail
    NO_OUTPUT = "no_output"  # program, subject: what it did not make
    ENDED_EARLY = "ended_early"  # program
    HANGS = "hangs"  # program, limit_s
    CUT_STREAM = "cut_stream"  # detail
    BAD_STREAM = "bad_stream"  # detail
    # what it needs
    REFUSED = "refused"  # subject: the parameter; detail
    CANNOT_WRITE = "cannot_write"  # subject: the path; detail
    DAMAGED = "damaged"  # subject: the file; detail: how much is left
    OUT_OF_MEMORY = "out_of_memory"  # subject: what was killed, the engine unless it says
    # from outside
    TIME_LIMIT = "time_limit"  # limit_s
    SIGNAL = "signal"  # status: its number
    INTERRUPTED = "interrupted"  # subject: pending or silent
    CANCELLED = "cancelled"  # subject: pending or silent; else on request
    SUPERSEDED = "superseded"  # attempt
    CUT_OFF = "cut_off"  # its job was started again
    DIED = "died"  # without a record
    KILLED = "killed"  # status: of the worker
    UNREADABLE = "unreadable"  # subject: the file
    SLURM = "slurm"  # subject: Slurm's word; detail
    NEVER_STARTED = "never_started"  # subject: Slurm's word; detail
    SUPERVISOR = "supervisor"  # detail
    # of finished runs
    CONDITION = "condition"  # subject: the formula; detail: its numbers
    FEWER_SNAPSHOTS = "fewer_snapshots"  # subject: the engine's name
    OUTREACHED = "outreached"  # by an earlier attempt
    OWN_OUTPUT = "own_output"  # subject: its name; detail
    # of records that an earlier version wrote
    TEXT = "text"  # detail


@dataclass(frozen=True, slots=True)
class Cause:
    """What happened, with what belongs to it; the comments of :class:`Kind` say which fields.

    Attributes
    ----------
    program
        ``rescal`` or ``genesis``.
    status
        Exit status, or the negative number of the signal that killed it, as in ``subprocess``.
    limit_s
        The limit that was reached, in s.
    attempt
        Number of another attempt.
    last_line
        Last line of the program's output.
    memory_mb
        Memory that the job had, in MB of 1024 kB.
    """

    kind: Kind
    program: str = ""
    status: int | None = None
    limit_s: float | None = None
    attempt: int | None = None
    subject: str = ""
    detail: str = ""
    last_line: str = ""
    memory_mb: float | None = None


@dataclass(frozen=True, slots=True)
class Continuation:
    """Where an attempt resumed, or could not.

    Attributes
    ----------
    attempt
        The earlier attempt.
    time_t0
        Simulated time from which it was resumed, in t0; None where the engine refused.
    exact
        Whether the engine's whole state was saved, so that the bytes are those of an undisturbed
        run; else the cell states only.
    detail
        Why it was refused.
    """

    attempt: int
    time_t0: float | None
    exact: bool = True
    detail: str = ""
