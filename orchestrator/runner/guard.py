"""A process that outlives its worker for as long as it takes to end what that has left.

What a program leaves behind becomes a child of its nearest ancestor that adopts orphans. As long as
the worker lives that is the worker; once it has been killed it is this process, whatever group and
session the orphans are in and whatever they have done to their environment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from orchestrator.errors import EngineError
from orchestrator.runner import orphans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

    Handlers = dict[int, signal._HANDLER]  # noqa: SLF001  # typeshed has no other name

HEEDED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2)
"""Signals that are a worker's to heed, and are passed on to it."""


class Ended(NamedTuple):
    """A process that has ended: its number, and how, as :mod:`subprocess` has it."""

    pid: int
    status: int


def run(work: Callable[[], None]) -> Ended:
    """Let a child of this process ``work``, wait for its end, and end what it has left."""

    def start(handlers: Handlers) -> set[int]:
        sys.stdout.flush()
        sys.stderr.flush()
        return {os.fork() or _become(work, handlers)}

    (ended,) = ends(start)
    return ended


def ends(start: Callable[[Handlers], set[int]]) -> Iterator[Ended]:
    """Start workers, pass signals on to them, and yield each when it and what it has left have ended.

    This process, which must be ours alone and have one thread, adopts orphans from then on.

    Parameters
    ----------
    start
        Starts children of this process and returns their numbers; it gets the handlers of the
        signals that are passed on, from before.
    """
    orphans.adopt()
    others = orphans.children()
    left: set[int] = set()
    early: list[int] = []

    def send(number: int) -> None:
        if not left:
            early.append(number)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    with _passing_on(send) as handlers:
        left |= (workers := start(handlers))
        for number in early:
            send(number)
        while left:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            assert ended is not None
            left.discard(ended.si_pid)  # before its number can be another's
            _, status = os.waitpid(ended.si_pid, 0)
            if ended.si_pid in workers:
                _end_left(others | left)
                yield Ended(ended.si_pid, os.waitstatus_to_exitcode(status))


@contextlib.contextmanager
def _passing_on(send: Callable[[int], None]) -> Iterator[Handlers]:
    """Pass signals on that are a worker's to heed; yield the handlers from before."""
    before: Handlers = {
        number: signal.signal(number, lambda heard, _frame: send(heard)) for number in HEEDED
    }
    try:
        yield before
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_left(others: AbstractSet[int]) -> None:
    """End all children of this process but ``others``; what hangs in the kernel is left."""
    with contextlib.suppress(EngineError):
        orphans.end(others)


def _become(work: Callable[[], None], handlers: Handlers) -> NoReturn:
    """Work in a process that was just forked, and end with it."""
    status = 1
    try:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        work()
        status = 0
    except BaseException:  # noqa: BLE001  # nobody above may go on in this process
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
