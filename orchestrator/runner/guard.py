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

HEEDED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2)
"""Signals that are a worker's to heed, and are passed on to it."""


class Ended(NamedTuple):
    """A process that has ended: its number, and how, as :mod:`subprocess` has it."""

    pid: int
    status: int


def run(work: Callable[[], None]) -> Ended:
    """Let a child of this process ``work``, wait for its end, and end what it has left.

    This process, which must be ours alone and have one thread, adopts orphans from then on.
    """
    orphans.adopt()
    others = orphans.children()
    sys.stdout.flush()
    sys.stderr.flush()
    worker = 0
    early: list[int] = []

    def send(number: int) -> None:
        if worker:
            os.kill(worker, number)
        else:
            early.append(number)

    with passing_on(send) as handlers:
        worker = os.fork()
        if worker == 0:
            _become(work, handlers)
        for number in early:
            os.kill(worker, number)
        _, status = os.waitpid(worker, 0)
    end_left(others)
    return Ended(worker, os.waitstatus_to_exitcode(status))


@contextlib.contextmanager
def passing_on(send: Callable[[int], None]) -> Iterator[dict[int, signal._HANDLER]]:
    """Pass signals on that are a worker's to heed; yield the handlers from before."""
    before: dict[int, signal._HANDLER] = {
        number: signal.signal(number, lambda heard, _frame: send(heard)) for number in HEEDED
    }
    try:
        yield before
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_left(others: AbstractSet[int]) -> None:
    """End all children of this process but ``others``; what hangs in the kernel is left."""
    with contextlib.suppress(EngineError):
        orphans.end(others)


def _become(work: Callable[[], None], handlers: dict[int, signal._HANDLER]) -> NoReturn:
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
