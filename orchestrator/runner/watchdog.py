"""What ends an attempt from outside, and the sign of life that it gives meanwhile."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from orchestrator.model import Cause, Kind, State
from orchestrator.records import attempts
from orchestrator.runner.attempt import Halt

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.records.paths import ExperimentDirectory
    from orchestrator.runner.attempt import Assignment, Verdict
    from orchestrator.runner.process import Child

_LOOK_S = 2.0
_BEAT_S = attempts.HEARTBEAT_S / 2
_GRACE_S = 10.0  # for a snapshot that is arriving when a stop is asked for
_STALL_S = 1.0  # without a byte, it is no longer arriving
_SLACK_S = 0.1  # by which a call may be late
_SAVING_S = 20.0  # for an engine to save its state and end
_SAVE = signal.SIGUSR1  # at which the built-in engine does so


def superseded_by(directory: ExperimentDirectory, attempt: int) -> int | None:
    """Return the number of a newer attempt at the same experiment, or None."""
    latest = directory.attempts()[-1:]
    return latest[0].number if latest and latest[0].number > attempt else None


class Watchdog:
    """Looks for anything that must end the attempt, and raises :class:`Halt` then.

    Parameters
    ----------
    beat
        Called from time to time to give a sign of life.
    """

    def __init__(self, assignment: Assignment, beat: Callable[[], None]) -> None:
        now = time.monotonic()
        self._assignment = assignment
        self._beat = beat
        self._beaten = now
        self._looked = 0.0
        limit_s = assignment.task.run.time_limit_s
        self._end = None if limit_s is None else now + limit_s
        self._halt: Halt | None = None
        self._halted = 0.0
        self._saves = self._saving = False
        self._child: _Followed | None = None

    def follow(
        self,
        name: str,
        child: Child,
        received: Callable[[], int] = int,
        arriving: Callable[[], bool] = bool,
        *,
        saves: bool = False,
    ) -> None:
        """Watch over ``child`` from now on.

        ``received`` tells how many bytes have come from it, ``arriving`` whether a snapshot is
        half here, and ``saves`` whether it saves its state when it is asked to stop.
        """
        silence_s = self._assignment.task.run.silence_s
        self._child = _Followed(name, child, received, arriving, silence_s)
        self._saves = saves

    def let_go(self) -> None:
        """Stop watching over the child, whose pipe and buffers would else wait for the collector."""
        self._child = None

    @property
    def halted(self) -> Verdict | None:
        """How the attempt is to end that somebody has stopped; None where nobody has."""
        return None if self._halt is None else self._halt.verdict

    def end(self, verdict: Verdict) -> None:
        """Let the attempt end so, with its engine's state saved where it can."""
        self._ask(verdict.state, verdict.causes[0])

    def look(self) -> float:
        """Look; return after how many seconds to look again."""
        now, stop = time.monotonic(), self._assignment.stop
        stop.acknowledge()
        if self._child is not None:
            self._child.look(now)
        if now - self._looked >= _LOOK_S or stop.requested:
            self._looked = now
            self._look_at_files()
        if now - self._beaten >= _BEAT_S:
            self._beaten = now
            self._beat()
        self._halt_if_asked(now)
        waits = [_LOOK_S, self._assignment.task.run.silence_s / 4]
        if self._end is not None:
            waits.append(max(0.0, self._end - now))
        if self._halt is not None:
            waits.append(_STALL_S / 4)
        wait_s = min(waits)
        if self._child is not None:
            self._child.promised_s = wait_s
        return wait_s

    def _look_at_files(self) -> None:
        task, directory = self._assignment.task, self._assignment.directory
        if newer := superseded_by(directory, task.attempt):
            raise Halt(State.LOST, Cause(Kind.SUPERSEDED, attempt=newer))
        if not self._assignment.files.root.is_dir():
            raise Halt(State.FAILED, attempts.removed(self._assignment.files))
        if self._halt is None and self._assignment.files.cancel_request.exists():
            self._ask(State.CANCELLED, Cause(Kind.CANCELLED))

    def _halt_if_asked(self, now: float) -> None:
        """Ask for the end where it is due, and end once no snapshot is arriving any more."""
        stop = self._assignment.stop
        if stop.requested:
            self._ask(stop.state, stop.cause)
        if self._end is not None and now >= self._end:
            limit_s = self._assignment.task.run.time_limit_s
            self._ask(State.TIMEOUT, Cause(Kind.TIME_LIMIT, limit_s=limit_s))
        if self._halt is None:
            return
        if self._saving and now - self._halted < _SAVING_S:
            return  # what it sends meanwhile is kept, and then it ends by itself
        late = now - self._halted >= _GRACE_S
        if late or self._child is None or not self._child.is_sending(now):
            raise self._halt

    def _ask(self, state: State, cause: Cause) -> None:
        if self._halt is None:
            self._halt = Halt(state, cause)
            self._halted = time.monotonic()
            self._let_save()

    def _let_save(self) -> None:
        """Ask an engine that can to save its state and end."""
        if self._child is not None and self._saves:
            self._child.ask(_SAVE)
            self._saving = True


class _Followed:
    """A child that is watched over: how long it has neither written nor computed."""

    def __init__(
        self,
        name: str,
        child: Child,
        received: Callable[[], int],
        arriving: Callable[[], bool],
        silence_s: float,
    ) -> None:
        self._name, self._child = name, child
        self._received, self._arriving = received, arriving
        self._silence_s = silence_s
        self._bytes, self._ticks = 0, 0
        self._came = self._called = time.monotonic()
        self._quiet_s = 0.0  # for which it has done nothing
        self._probed_s = 0.0  # of these, at the last look at its processor time
        self.promised_s = 0.0  # until the next look

    def ask(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._child.ask(number)

    def is_sending(self, now: float) -> bool:
        """Return whether a snapshot is arriving, and still does."""
        return self._arriving() and now - self._came < _STALL_S

    def look(self, now: float) -> None:
        """Raise if the child neither writes nor computes for too long."""
        # time in which this process was busy itself is not held against the child
        self._quiet_s += min(now - self._called, self.promised_s + _SLACK_S)
        self._called = now
        if (received := self._received()) != self._bytes:
            self._bytes = received
            self._came = now
            self._quiet_s = self._probed_s = 0.0
        elif self._quiet_s - self._probed_s >= self._silence_s / 4:
            self._probed_s = self._quiet_s
            if (ticks := self._child.ticks()) != self._ticks:
                self._ticks = ticks
                self._quiet_s = self._probed_s = 0.0
        if self._quiet_s >= self._silence_s:
            cause = Cause(Kind.HANGS, program=self._name, limit_s=self._silence_s)
            raise Halt(State.FAILED, cause)
