"""A request to stop, made by a signal or by a caller, that wakes whoever waits."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING, Self

from orchestrator.model import Cause, Kind, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

_STATES = {
    signal.SIGTERM: State.TIMEOUT,
    signal.SIGUSR2: State.TIMEOUT,
    signal.SIGINT: State.CANCELLED,
}

_EARLY_S = 60.0  # a scheduler ends a job up to a minute before its limit


class Stop:
    """Whether to stop, with the state and the cause for the record.

    Attributes
    ----------
    requested
        Whether somebody has asked.
    """

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)
        self.requested = False
        self.state = State.CANCELLED
        self.cause = Cause(Kind.CANCELLED)

    def request(self, state: State, cause: Cause) -> None:
        """Ask for a stop; only the first request counts."""
        if not self.requested:
            self.state, self.cause, self.requested = state, cause, True
        with contextlib.suppress(OSError):  # full, which is as good, or closed
            os.write(self._writing, b"\0")

    def fileno(self) -> int:
        """Return a file descriptor that is readable after a request or a signal."""
        return self._reading

    def acknowledge(self) -> None:
        """Make the file descriptor wait for the next request."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._reading, 4096)

    def close(self) -> None:
        """Let go of the file descriptors; a later request wakes nobody."""
        reading, writing = self._reading, self._writing
        self._reading = self._writing = -1
        os.close(reading)
        os.close(writing)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @classmethod
    @contextlib.contextmanager
    def on_signals(cls, until: float | None = None) -> Iterator[Stop]:
        """Yield a stop that SIGTERM, SIGUSR2 and Ctrl-C request, in the main thread.

        SIGTERM is what a scheduler sends when time is up, SIGUSR2 its warning before. Well before
        ``until``, in seconds since the epoch, somebody else sends SIGTERM.
        """
        with cls() as stop:

            def request(number: int, _frame: FrameType | None) -> None:
                cause = Cause(Kind.SIGNAL, status=number)
                if number == signal.SIGINT:
                    cause = Cause(Kind.INTERRUPTED)
                state = _STATES[signal.Signals(number)]
                if number == signal.SIGTERM and until and time.time() < until - _EARLY_S:
                    state = State.CANCELLED
                stop.request(state, cause)

            # written to at once, even where another thread receives the signal
            woken = signal.set_wakeup_fd(stop._writing, warn_on_full_buffer=False)
            before = {number: signal.signal(number, request) for number in _STATES}
            try:
                yield stop
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)
                signal.set_wakeup_fd(woken)
