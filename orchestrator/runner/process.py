"""A child program, of which nothing outlives its ``with`` block."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import EngineError, FormatError, StartError
from orchestrator.formats.durable import open_regular
from orchestrator.records import attempts, survivors
from orchestrator.runner import orphans
from orchestrator.runner.output import Output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from orchestrator.runner.group import Group

_GRACES_S = ((signal.SIGINT, 1.0), (signal.SIGTERM, 2.0))
_DYING_S = 10.0  # from being killed to being gone
_LAST_BYTES = 8192
_KIB = 1024
_PAUSE_S = 0.02  # between looks at a child where the kernel cannot tell of its end


@dataclass(frozen=True, slots=True)
class Program:
    """A program to start: its command line, its working directory, its group.

    Attributes
    ----------
    handles
        File descriptors that it inherits, besides those of every program.
    """

    words: Sequence[str]
    directory: Path
    group: Group
    handles: tuple[int, ...] = ()


Launch = Callable[[Program, int], int]
"""Starts a program whose output goes to a file descriptor, as a child of this process, and returns
its number; raises OSError where it cannot.
"""


class Child:
    """A running program of a process group.

    Attributes
    ----------
    ended_handle
        A file descriptor that becomes readable when the program ends; None before Linux 5.3.
    cpu_s, memory_mb
        Processor time and the most resident memory, of the program and what it has waited for, in
        s and MB; 0 before :meth:`status` was asked for.
    """

    def __init__(self, pid: int, group: Group, others: AbstractSet[int]) -> None:
        self._status: int | None = None
        self._group = group
        self._others = others  # children of this process that are not the program's
        self.pid = pid
        self.cpu_s = self.memory_mb = 0.0
        self.ended_handle = _ended_handle(pid)

    def ended(self) -> bool:
        """Tell whether the program itself has ended, its children aside."""
        if self._status is not None:
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
        while any(pid != self.pid for pid, _ in self._family()):
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
            self._group.signal(number)
            self.wait(grace_s)

    def status(self) -> int:
        """Kill what is left of the group and return how the program ended.

        As :mod:`subprocess` has it: the exit status, or the negative number of the signal.
        """
        if self._status is None:
            self._group.signal(signal.SIGKILL)
            self.wait(_DYING_S)
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
            if not pid:
                raise EngineError(
                    f"process {self.pid} cannot be killed; it hangs in the kernel"
                )
            self._status = os.waitstatus_to_exitcode(status)
            self.cpu_s = used.ru_utime + used.ru_stime
            self.memory_mb = used.ru_maxrss * _KIB / 1e6
        return self._status

    def ticks(self) -> int:
        """Return the processor time of the program and its children so far, in kernel ticks."""
        return sum(ticks for _, ticks in self._family())

    def _family(self) -> list[tuple[int, int]]:
        """Return each process that comes from the program, with its processor time in ticks."""
        running = _processes()
        family = {
            pid for pid, process in running.items() if process.group == self._group.number
        }
        new = {self.pid, *family, *(orphans.children() - self._others)} & running.keys()
        while new:
            family |= new
            new = {pid for pid, process in running.items() if process.parent in new} - family
        return [(pid, running[pid].ticks) for pid in family]

    def close(self) -> None:
        """Make sure that nothing that came from the program lives, and let go of it."""
        try:
            self.stop()
            self.status()
            orphans.end(self._others)
        finally:
            if self.ended_handle is not None:
                os.close(self.ended_handle)
                self.ended_handle = None


@contextlib.contextmanager
def running(program: Program, log: Path, launch: Launch | None = None) -> Iterator[Child]:
    """Run a program with its output appended to ``log``."""
    with Output(log) as output:
        others = orphans.children()
        try:
            pid = (launch or spawn)(program, output.handle)
        except (OSError, subprocess.SubprocessError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise StartError(program.words[0], str(why)) from error
        output.let_go()
        child = Child(pid, program.group, others)
        try:
            yield child
        finally:
            child.close()


def spawn(program: Program, output: int) -> int:
    """Start a program and return its number; the caller waits for it."""
    supervisor = survivors.mark(attempts.myself("", ""))
    with _heeding_interrupts():
        popen = subprocess.Popen(
            program.words,
            cwd=program.directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(*program.handles, program.group.lifeline),
            process_group=program.group.number,
            env={**os.environ, survivors.VARIABLE: supervisor},
        )
    popen.returncode = 0  # so that it is not waited for twice
    return popen.pid


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
        with open_regular(log) as file:
            file.seek(-min(_LAST_BYTES, file.seek(0, os.SEEK_END)), os.SEEK_END)
            text = file.read().decode(errors="replace")
    except (OSError, FormatError):
        return ()
    lines = map(_printable, text.splitlines())
    return tuple(line.rstrip() for line in lines if line.strip())[-count:]


def _printable(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(c for c in line if c.isprintable() or c == "\t")


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


@dataclass(frozen=True, slots=True)
class _Process:
    """A process as the kernel lists it, with its processor time in ticks."""

    parent: int
    group: int
    ticks: int


def _processes() -> dict[int, _Process]:
    """Return each process of this machine that has not ended."""
    processes = {}
    for name in os.listdir("/proc"):  # noqa: PTH208  # thousands of names, no path objects
        if not name.isdigit():
            continue
        try:
            stat = Path(f"/proc/{name}/stat").read_bytes()
        except OSError:  # it has ended
            continue
        fields = stat.rpartition(b")")[2].split()
        if len(fields) > 14 and fields[0] not in b"ZX":
            ticks = sum(int(field) for field in fields[11:15])
            processes[int(name)] = _Process(int(fields[1]), int(fields[2]), ticks)
    return processes
