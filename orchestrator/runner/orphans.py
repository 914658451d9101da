"""Children of programs that leave their group, as with ``setsid``: found and ended all the same.

A process that adopts orphans becomes the parent of whatever its programs leave behind, in
whichever session that is (``PR_SET_CHILD_SUBREAPER``).
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

_SET_SUBREAPER, _GET_SUBREAPER = 36, 37  # of prctl
_DYING_S = 10.0  # from being killed to being gone
_PAUSE_S = 0.002


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def adopt() -> None:
    """Let this process, which must be ours alone, adopt what its programs leave behind."""
    _libc().prctl(_SET_SUBREAPER, 1, 0, 0, 0)


def adopting() -> bool:
    """Return whether this process adopts orphans."""
    answer = ctypes.c_int(0)
    _libc().prctl(_GET_SUBREAPER, ctypes.byref(answer), 0, 0, 0)
    return answer.value == 1


def traceable() -> bool:
    """Return whether this process adopts orphans and the kernel lists them."""
    return adopting() and _list().exists()


def children() -> frozenset[int]:
    """Return the children of this process, adopted ones too; none where it adopts no orphans."""
    if not adopting():
        return frozenset()
    try:
        listed = _list().read_text(encoding="ascii")
    except OSError:  # a kernel without that list
        return frozenset()
    return frozenset(map(int, listed.split()))


def _list() -> Path:
    return Path(f"/proc/self/task/{os.getpid()}/children")


def end(known: AbstractSet[int]) -> None:
    """Kill all children of this process but those that are ``known``, and theirs.

    Raises
    ------
    EngineError
        For one that cannot be killed.
    """
    deadline = time.monotonic() + _DYING_S
    while left := children() - known:
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        ended = [pid for pid in left if _reap(pid)]
        if time.monotonic() > deadline:
            raise EngineError(f"process {min(left)} cannot be killed; it hangs in the kernel")
        if not ended:
            time.sleep(_PAUSE_S)


def _reap(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG) is not None
    except ChildProcessError:
        return True
