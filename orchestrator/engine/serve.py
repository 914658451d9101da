"""A process that has loaded the kernels and starts the engine's programs by forking.

``serve HANDLE`` says ``{}`` on the socket of that number, of the type SOCK_SEQPACKET, as soon as
the kernels are loaded. Each message to it is a JSON object that asks for one program:

words
    The command line, as ``["rescal", "run.par", ...]``.
directory
    The working directory.
group
    The process group, which exists.
handles
    The numbers that the file descriptors beside the message have in the program, the first of which
    is its standard output and standard error. The second is the reading end of a pipe; where
    nobody has its writing end any more, nobody waits for the program, and it ends at once.

The answer is ``{"pid": N}`` or ``{"error": "why it was not started"}``. Programs are not children
of this process but of the nearest ancestor that adopts orphans (``PR_SET_CHILD_SUBREAPER``). The
process ends with the other end of its socket.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import gc
import importlib
import json
import os
import select
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from orchestrator.engine import kernels, programs
from orchestrator.engine.exit_status import Exit, ExitError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MESSAGE_BYTES = 1 << 16
_MOST_HANDLES = 8
_NEEDED = ("genesis", "rescal", "check", "qsat", "speed", "simulation", "checkpoint")
"""Modules of the programs that are asked for, and what these import when they need it."""


def main(words: Sequence[str]) -> None:
    """Serve the process at the other end of a socket until it closes that end.

    Raises
    ------
    ExitError
        If the words are no number of a socket.
    """
    try:
        (handle,) = map(int, words)
        connection = socket.socket(fileno=handle)
    except (ValueError, OSError) as error:
        raise ExitError(Exit.REFUSED, "usage: serve HANDLE") from error
    with connection:
        kernels.load()
        for name in _NEEDED:
            importlib.import_module(f"orchestrator.engine.{name}")
        gc.collect()
        gc.freeze()  # pages that no collection touches stay shared with the programs
        connection.send(b"{}")
        while True:
            message, handles, _, _ = socket.recv_fds(connection, _MESSAGE_BYTES, _MOST_HANDLES)
            if not message:
                return
            answer = _start(json.loads(message), handles)
            for received in handles:
                os.close(received)
            connection.send(json.dumps(answer).encode())


def _start(wanted: Mapping[str, Any], handles: Sequence[int]) -> dict[str, Any]:
    """Start a program as an orphan and return the answer."""
    reading, writing = os.pipe()
    signal.pthread_sigmask(signal.SIG_BLOCK, programs.ENDING)  # until the program heeds them
    try:
        between = os.fork()
        if between == 0:  # which has to end for the program to become an orphan
            _fork_again(wanted, handles, writing)
    except OSError as error:
        os.close(reading)
        os.close(writing)
        return {"error": error.strerror}
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, programs.ENDING)
    os.close(writing)
    _, status = os.waitpid(between, 0)
    with open(reading, "rb") as file:  # noqa: PTH123  # a file descriptor
        answered = file.read()
    return json.loads(answered) if status == 0 and answered else {"error": "cannot be started"}


def _fork_again(wanted: Mapping[str, Any], handles: Sequence[int], answer: int) -> NoReturn:
    """Start the program and end at once."""
    status = 1
    try:
        os.setpgid(0, wanted["group"])  # so that at no moment the program is in none
        pid = os.fork()
        if pid == 0:
            _become(wanted, handles)
        answered: dict[str, Any] = {"pid": pid}
        status = 0
    except OSError as error:
        answered, status = {"error": error.strerror}, 0
    finally:
        if status == 0:
            os.write(answer, json.dumps(answered).encode())
        os._exit(status)


def _become(wanted: Mapping[str, Any], handles: Sequence[int]) -> NoReturn:
    """Become the program that was asked for."""
    atexit._clear()  # noqa: SLF001  # what the serving process has to tidy up is its own
    try:
        _arrange(handles, wanted["handles"])
        if _deserted(wanted["handles"][1]):
            os._exit(Exit.REFUSED)
        os.chdir(wanted["directory"])
    except OSError as error:
        os.write(2, f"{wanted['directory']}: {error.strerror}\n".encode())
        os._exit(Exit.REFUSED)
    with contextlib.suppress(OSError):  # as in some containers
        Path("/proc/self/comm").write_text(wanted["words"][0], encoding="ascii")  # for top
    programs.run(wanted["words"])


def _arrange(handles: Sequence[int], numbers: Sequence[int]) -> None:
    """Give file descriptors their numbers, the first as output, and close all others."""
    above = max(numbers) + 1
    moved = [fcntl.fcntl(handle, fcntl.F_DUPFD, max(above, 3)) for handle in handles]
    os.dup2(moved[0], 1)
    os.dup2(moved[0], 2)
    for handle, number in zip(moved[1:], numbers[1:], strict=True):
        os.dup2(handle, number)
    kept = set(numbers[1:])
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  # numbers, no path objects
        if int(name) > 2 and int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _deserted(lifeline: int) -> bool:
    """Return whether nobody has the other end of a pipe any more."""
    poll = select.poll()
    poll.register(lifeline, 0)
    return bool(poll.poll(0))
