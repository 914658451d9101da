"""Programs that have outlived whoever supervised them, found by a mark in their environment."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Collection

    from orchestrator.model import Claim

VARIABLE = "RESCAL_SWEEP_SUPERVISOR"
"""Names, in the environment of each program of an attempt, the process that supervises it."""

_DYING_S = 10.0  # from being killed to being gone
_PAUSE_S = 0.01


def mark(supervisor: Claim) -> str:
    """Return what marks the programs of a supervisor, and those of no other."""
    return f"{supervisor.boot}:{supervisor.pid}:{supervisor.started}"


def end(supervisors: Collection[Claim]) -> int:
    """Kill every program on this machine that one of these has started; return how many.

    Raises
    ------
    EngineError
        For one that cannot be killed.
    """
    marks = {f"{VARIABLE}={mark(supervisor)}".encode() for supervisor in supervisors}
    killed: set[int] = set()
    deadline = time.monotonic() + _DYING_S
    while marks and (left := [pid for pid in _processes() if marks & _environment(pid)]):
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed.update(left)
        if time.monotonic() > deadline:
            raise EngineError(
                f"process {min(left)} of an attempt that was cut off cannot be killed; "
                "it hangs in the kernel"
            )
        time.sleep(_PAUSE_S)
    return len(killed)


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208  # thousands


def _environment(pid: int) -> set[bytes]:
    """Return the variables of a process; none of one that has ended or is somebody else's."""
    try:
        return set(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    except OSError:
        return set()
