"""A process group that the kernel kills at the moment in which this process dies.

The programs of an attempt inherit the reading end of a pipe of which only this process has the
other end. When that end is closed, because this process has died in whatever way, the kernel
sends SIGKILL to the group (``F_SETOWN`` and ``F_SETSIG``). The group exists before any program
does, so there is no moment at which a program runs and is not known; ``docs/decisions/007`` has
what lost.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
from typing import TYPE_CHECKING, Self

from orchestrator.errors import StartError

if TYPE_CHECKING:
    from types import TracebackType

_FOUNDER = ("/bin/sh", "-c", ":")  # ends at once; unwaited for, it keeps the group's number


class Group:
    """A process group for programs, which leave with the ``with`` block or with this process.

    Raises
    ------
    StartError
        If no process can be started.

    Attributes
    ----------
    number
        The group's number, for :func:`os.killpg`.
    lifeline
        A file descriptor that every program of the group has to inherit.
    """

    def __init__(self) -> None:
        try:
            self.number = os.posix_spawn(_FOUNDER[0], _FOUNDER, {}, setpgroup=0)
        except OSError as error:  # as where no more processes may be started
            raise StartError(_FOUNDER[0], error.strerror or str(error)) from error
        self.lifeline, self._own_end = os.pipe()
        with contextlib.suppress(OSError):  # emulated kernels; what is left has a mark there
            fcntl.fcntl(self.lifeline, fcntl.F_SETOWN, -self.number)
            fcntl.fcntl(self.lifeline, fcntl.F_SETSIG, signal.SIGKILL)
            flags = fcntl.fcntl(self.lifeline, fcntl.F_GETFL)
            fcntl.fcntl(self.lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every program of the group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.number, number)

    def close(self) -> None:
        """End whatever is left of the group."""
        os.close(self._own_end)  # at which the kernel kills it
        os.close(self.lifeline)
        os.waitpid(self.number, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
