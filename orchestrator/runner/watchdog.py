"""What ends an attempt from outside, and the sign of life that it gives meanwhile."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from orchestrator.model import State
from orchestrator.records import attempts

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Task
    from orchestrator.records.paths import AttemptDirectory, ExperimentDirectory
    from orchestrator.runner.process import Child
    from orchestrator.runner.stop import Stop

_LOOK_S = 2.0
_BEAT_S = attempts.HEARTBEAT_S / 2
_GRACE_S = 10.0  # for a snapshot that is arriving when a stop is asked for
_STALL_S = 1.0  # without a byte, it is no longer arriving
_SLACK_S = 0.1  # by which a call may be late


class Halt(Exception):  # noqa: N818  # not an error
    """The attempt must end now, in this state and for this reason."""

    def __init__(self, state: State, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


class Watch:
    """Looks, when called, for anything that must end the attempt, and raises :class:`Halt` then.

    Parameters
    ----------
    beat
        Called from time to time to give a sign of life.
    """

    def __init__(
        self,
        task: Task,
        directory: ExperimentDirectory,
        stop: Stop,
        beat: Callable[[], None],
    ) -> None:
        now = time.monotonic()
        self._task = task
        self._directory = directory
        self._attempt: AttemptDirectory = directory.attempt(task.attempt)
        self._stop = stop
        self._beat = beat
        self._beaten = now
        self._looked = 0.0
        limit_s = task.run.time_limit_s
        self._end = None if limit_s is None else now + limit_s
        self._halt: Halt | None = None
        self._halted = 0.0
        self._name = ""
        self._child: Child | None = None
        self._arriving: Callable[[], bool] = bool
        self._received: Callable[[], int] = int
        self._bytes = 0
        self._came = now  # when bytes came last
        self._ticks = 0
        self._called = now
        self._promised_s = 0.0
        self._quiet_s = 0.0  # for which the child has done nothing
        self._probed_s = 0.0  # of these, at the last look at its processor time

    def follow(
        self,
        name: str,
        child: Child,
        received: Callable[[], int] = int,
        arriving: Callable[[], bool] = bool,
    ) -> None:
        """Watch over ``child`` from now on.

        ``received`` tells how many bytes have come from it, ``arriving`` whether a snapshot is
        half here.
        """
        self._name, self._child = name, child
        self._received, self._arriving = received, arriving
        self._bytes, self._ticks = 0, 0
        self._came = self._called = time.monotonic()
        self._quiet_s = self._probed_s = self._promised_s = 0.0

    def __call__(self) -> float:
        """Look; return after how many seconds to look again."""
        now = time.monotonic()
        self._stop.acknowledge()
        self._look_at_child(now)
        if now - self._looked >= _LOOK_S or self._stop.requested:
            self._looked = now
            self._look_at_files()
        if now - self._beaten >= _BEAT_S:
            self._beaten = now
            self._beat()
        self._halt_if_asked(now)
        waits = [_LOOK_S, self._task.run.silence_s / 4]
        if self._end is not None:
            waits.append(max(0.0, self._end - now))
        if self._halt is not None:
            waits.append(_STALL_S / 4)
        self._promised_s = min(waits)
        return self._promised_s

    def superseded(self) -> str:
        """Return why this attempt no longer counts, or an empty text."""
        latest = self._directory.attempts()[-1:]
        if latest and latest[0].number > self._task.attempt:
            return f"attempt {latest[0].number} was started meanwhile"
        return ""

    def _look_at_files(self) -> None:
        if why := self.superseded():
            raise Halt(State.LOST, why)
        if self._halt is None and self._attempt.cancel_request.exists():
            self._ask(State.CANCELLED, "cancelled on request")

    def _halt_if_asked(self, now: float) -> None:
        """Ask for the end where it is due, and end once no snapshot is arriving any more."""
        if self._stop.requested:
            self._ask(self._stop.state, self._stop.reason)
        if self._end is not None and now >= self._end:
            limit_s = self._task.run.time_limit_s
            self._ask(State.TIMEOUT, f"reached its time limit of {limit_s:g} s")
        if self._halt is None:
            return
        late = now - self._halted >= _GRACE_S or now - self._came >= _STALL_S
        if late or not self._arriving():
            raise self._halt

    def _ask(self, state: State, reason: str) -> None:
        if self._halt is None:
            self._halt = Halt(state, reason)
            self._halted = time.monotonic()

    def _look_at_child(self, now: float) -> None:
        """Raise if the child neither writes nor computes for too long."""
        if self._child is None:
            return
        silence_s = self._task.run.silence_s
        # time in which this process was busy itself is not held against the child
        self._quiet_s += min(now - self._called, self._promised_s + _SLACK_S)
        self._called = now
        if (received := self._received()) != self._bytes:
            self._bytes = received
            self._came = now
            self._quiet_s = self._probed_s = 0.0
        elif self._quiet_s - self._probed_s >= silence_s / 4:
            self._probed_s = self._quiet_s
            if (ticks := self._child.ticks()) != self._ticks:
                self._ticks = ticks
                self._quiet_s = self._probed_s = 0.0
        if self._quiet_s >= silence_s:
            did = "neither wrote nor used a processor"
            raise Halt(State.FAILED, f"{self._name} hangs: it {did} for {silence_s:g} s")
