"""A process that has loaded the engine's kernels and starts its programs, one for a worker.

Starting the built-in engine takes two thirds of a second, nearly all of it for modules and kernels;
forking a process that has loaded them takes some milliseconds. What was forked is a process as any
other, of the attempt's group and adopted by this one; without the serving process, or while it is
not ready, programs are started one by one. ``docs/decisions/009`` has why.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.runner import orphans, process
from orchestrator.runner.group import Group

if TYPE_CHECKING:
    from orchestrator.model import Engine
    from orchestrator.runner.process import Launch, Program
    from orchestrator.runner.stop import Stop

_READY_S = 5.0  # for which the first program waits: three times what loading takes
_ANSWER_S = 5.0
_MESSAGE_BYTES = 1 << 16


class WarmEngine:
    """Starts programs by a serving process where the engine has one, else one by one.

    Parameters
    ----------
    stop
        Whoever waits for the serving process stops waiting at its request.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._engine: Engine | None = None
        self._server: _Server | None = None

    def prepare(self, engine: Engine) -> Launch:
        """Return how an engine's programs are started; call it while none runs."""
        if self._server is not None and (engine != self._engine or self._server.lost):
            self._server.close()
            self._server = None
        if self._server is None and engine.serve and orphans.traceable():
            with contextlib.suppress(OSError):  # programs are started one by one
                self._server = _Server(engine)
        self._engine = engine
        return self._launch

    def _launch(self, program: Program, output: int) -> int:
        """Start a program whose output goes to a file descriptor."""
        server = self._server
        if server is None or not server.serves(program) or not server.ready(self._stop):
            return process.spawn(program, output)
        return server.start(program, output) or process.spawn(program, output)

    def close(self) -> None:
        """End the serving process."""
        if self._server is not None:
            self._server.close()


class _Server:
    """The serving process of an engine.

    Attributes
    ----------
    lost
        Whether it is of no use any more.
    """

    def __init__(self, engine: Engine) -> None:
        self._prefix = engine.serve[:-1]
        self._ready = False
        self.lost = False
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._group = Group()
        words = (*engine.serve, str(other.fileno()))
        program = process.Program(words, Path(os.sep), self._group, (other.fileno(),))
        try:
            self._pid = process.spawn(program, 2)
        except BaseException:
            self._socket.close()
            self._group.close()
            raise
        finally:
            other.close()

    def serves(self, program: Program) -> bool:
        """Return whether a program is one that it can start."""
        return tuple(program.words[: len(self._prefix)]) == self._prefix

    def ready(self, stop: Stop) -> bool:
        """Return whether it has loaded the kernels, after waiting for a while."""
        if not self._ready and not self.lost:
            answering, _, _ = select.select(
                [self._socket.fileno(), stop.fileno()], [], [], _READY_S
            )
            if self._socket.fileno() in answering:
                self._ready = self._answer() is not None
        return self._ready and not self.lost

    def start(self, program: Program, output: int) -> int | None:
        """Start a program; return None where the serving process has ended.

        Raises
        ------
        OSError
            If it cannot be started.
        """
        handles = (output, program.group.lifeline, *program.handles)
        message = {
            "words": program.words[len(self._prefix) :],
            "directory": str(program.directory.absolute()),
            "group": program.group.number,
            "handles": handles,
        }
        others = orphans.children()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self._socket, [json.dumps(message).encode()], handles)
        answer = self._answer()
        if answer is None:
            self._wait()
            orphans.end(others)  # it may have started the program and not said so
            return None
        if "error" in answer:
            raise OSError(0, answer["error"])
        return int(answer["pid"])

    def _answer(self) -> dict[str, Any] | None:
        """Return what it says; None if it has ended or is silent, and is ended."""
        try:
            self._socket.settimeout(_ANSWER_S)
            answer = self._socket.recv(_MESSAGE_BYTES)
        except OSError:
            answer = b""
        self.lost = not answer
        if self.lost:
            self._group.signal(signal.SIGKILL)
        return json.loads(answer) if answer else None

    def close(self) -> None:
        """End the serving process; programs that it has started go on."""
        self._socket.close()
        self._group.close()
        self._wait()

    def _wait(self) -> None:
        with contextlib.suppress(ChildProcessError):  # it was waited for
            os.waitpid(self._pid, 0)
