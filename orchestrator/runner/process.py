"""A child program in a process group of its own, which never outlives its ``with`` block."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from orchestrator.errors import EngineError, StartError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

_GRACES_S = ((signal.SIGINT, 1.0), (signal.SIGTERM, 2.0))
_DYING_S = 10.0  # from being killed to being gone
_LAST_BYTES = 8192
_PAUSE_S = 0.02  # between looks at a child where the kernel cannot tell of its end

# remembers the last line that it reads, and acts on it when the pipe ends
_GUARD = """trap "" HUP INT TERM
while read -r group; do last=$group; done
[ -z "$last" ] || kill -9 "-$last"
"""


class Child:
    """A running program that leads its own session and process group.

    Attributes
    ----------
    ended_handle
        A file descriptor that becomes readable when the program ends; None before Linux 5.3.
    """

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen = popen
        self.pid = popen.pid
        self.ended_handle = _ended_handle(popen.pid)

    def ended(self) -> bool:
        """Tell whether the program itself has ended, its children aside."""
        if self._popen.returncode is not None:
            return True
        # the zombie stays, so that the group's number cannot pass to somebody else
        look = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, look) is not None

    def wait(self, timeout_s: float, wake: int | None = None) -> bool:
        """Wait until the program has ended and tell whether it has.

        At most ``timeout_s``, or until the file descriptor ``wake`` is readable.
        """
        deadline = time.monotonic() + timeout_s
        handles = [handle for handle in (self.ended_handle, wake) if handle is not None]
        while not self.ended():
            left_s = deadline - time.monotonic()
            if self.ended_handle is None:
                left_s = min(left_s, _PAUSE_S)
            if left_s <= 0 or wake in select.select(handles, [], [], left_s)[0]:
                return self.ended()
        return True

    def settle(self, timeout_s: float) -> None:
        """Wait, at most ``timeout_s``, for what the program has left running in the background."""
        deadline = time.monotonic() + timeout_s
        while any(pid != self.pid for pid, _ in _session(self.pid)):
            if time.monotonic() >= deadline:
                break
            time.sleep(_PAUSE_S)

    def ask(self, number: signal.Signals) -> None:
        """Send a signal to the program itself, which may have ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if not self.ended():
                os.kill(self.pid, number)

    def stop(self) -> None:
        """Interrupt the program, then terminate it; :meth:`status` kills what is left."""
        for number, grace_s in _GRACES_S:
            if self.ended():
                break
            self._signal(number)
            self.wait(grace_s)

    def status(self) -> int:
        """Kill what is left of the group and return how the program ended.

        As :mod:`subprocess` has it: the exit status, or the negative number of the signal.
        """
        if self._popen.returncode is None:
            self._signal(signal.SIGKILL)
            self.wait(_DYING_S)
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._popen.wait(_PAUSE_S)
            raise EngineError(f"process {self.pid} cannot be killed; it hangs in the kernel")
        return self._popen.returncode

    def ticks(self) -> int:
        """Return the processor time of the program and its session so far, in kernel ticks."""
        return sum(ticks for _, ticks in _session(self.pid))

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def close(self) -> None:
        """Make sure that nothing of the group lives, and let go of it."""
        try:
            self.stop()
            self.status()
        finally:
            if self.ended_handle is not None:
                os.close(self.ended_handle)
                self.ended_handle = None


class Guard:
    """Kills the process group that it was told of last, should this process die.

    The kernel would do so too, but only for a child that asks for it between fork and exec; and to
    fork a process that has loaded NumPy takes ten times as long as to start a program without.
    """

    def __init__(self) -> None:
        command = ["/bin/sh", "-c", _GUARD]
        self._shell = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)

    def watch_over(self, group: int | None) -> None:
        """Name the group to kill; None for nobody."""
        assert self._shell.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # somebody has killed the guard
            self._shell.stdin.write(b"\n" if group is None else b"%d\n" % group)
            self._shell.stdin.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.watch_over(None)
        with contextlib.suppress(BrokenPipeError):
            self._shell.__exit__(kind, error, trace)


@contextlib.contextmanager
def running(
    command: Sequence[str],
    directory: Path,
    log: Path,
    guard: Guard,
    handles: Sequence[int] = (),
) -> Iterator[Child]:
    """Run ``command`` in ``directory`` with its output appended to ``log``.

    ``handles`` are inherited.
    """
    with log.open("ab") as output:
        try:
            with _heeding_interrupts():
                popen = subprocess.Popen(
                    command,
                    cwd=directory,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=handles,
                    start_new_session=True,
                )
        except (OSError, subprocess.SubprocessError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise StartError(command[0], str(why)) from error
    guard.watch_over(popen.pid)
    child = Child(popen)
    try:
        yield child
    finally:
        child.close()
        guard.watch_over(None)


@contextlib.contextmanager
def _heeding_interrupts() -> Iterator[None]:
    """Let programs that are started be interrupted, which a shell's background jobs ignore."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if not ignored or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, lambda _number, _frame: None)  # exec makes it the default
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def last_lines(log: Path, count: int = 20) -> tuple[str, ...]:
    """Return the last lines of a program's output that are not empty."""
    try:
        with log.open("rb") as file:
            file.seek(-min(_LAST_BYTES, file.seek(0, os.SEEK_END)), os.SEEK_END)
            text = file.read().decode(errors="replace")
    except OSError:
        return ()
    lines = [
        "".join(c for c in line if c.isprintable() or c == "\t") for line in text.splitlines()
    ]
    return tuple(line.rstrip() for line in lines if line.strip())[-count:]


def out_of_memory_kills() -> int:
    """Return how often the kernel has killed for want of memory in this control group."""
    try:
        groups = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    for group in groups:
        _, controllers, path = group.split(":", 2)
        if controllers == "":
            events = Path(f"/sys/fs/cgroup{path}/memory.events")
        elif "memory" in controllers.split(","):
            events = Path(f"/sys/fs/cgroup/memory{path}/memory.oom_control")
        else:
            continue
        with contextlib.suppress(OSError, ValueError):
            lines = (line.split() for line in events.read_text(encoding="utf-8").splitlines())
            return int(dict(line for line in lines if len(line) == 2).get("oom_kill", "0"))
    return 0


def _ended_handle(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _session(leader: int) -> list[tuple[int, int]]:
    """Return each process of a session with its processor time in kernel ticks."""
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208  # thousands of names, no path objects
        if not name.isdigit():
            continue
        try:
            stat = Path(f"/proc/{name}/stat").read_bytes()
        except OSError:  # it has ended
            continue
        fields = stat.rpartition(b")")[2].split()
        if len(fields) > 14 and int(fields[3]) == leader:
            found.append((int(name), sum(int(field) for field in fields[11:15])))
    return found
