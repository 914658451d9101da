"""Workers on this machine: a bounded pool that outlives the terminal.

The pool of a sweep has numbered slots, each a file that names the worker that has it. A worker
gives its slot back when it leaves, with the sweep's lock held; the kernel tells of one that died.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from orchestrator.records import attempts

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.records.paths import SweepDirectory


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0))


def start_workers(directory: SweepDirectory, token: str, at_most: int, slots: int) -> int:
    """Start workers in free slots, ``at_most`` new ones, and return how many were started.

    The sweep's lock must be held, so that no worker leaves at the same moment.
    """
    directory.workers.mkdir(parents=True, exist_ok=True)
    free = [slot for slot in range(slots) if not _lives(directory.worker_slot(slot))]
    for slot in free[:at_most]:
        pid = _start(directory, token, slot, slots)
        worker = attempts.identity(pid, token, job=f"local:{slot}")
        with contextlib.suppress(OSError):  # it runs all the same
            attempts.write_identity(directory.worker_slot(slot), worker)
    return len(free[:at_most])


def live_workers(directory: SweepDirectory) -> int:
    """Count the workers of a sweep that live on this machine."""
    try:
        slots = [path for path in directory.workers.iterdir() if path.name.isdecimal()]
    except OSError:
        return 0
    return sum(map(_lives, slots))


def _lives(slot: Path) -> bool:
    """Return whether the worker in a slot lives on this machine."""
    worker = attempts.read_identity(slot)
    return worker is not None and attempts.lives_here(worker) is True


def _start(directory: SweepDirectory, token: str, slot: int, at_once: int) -> int:
    """Start a worker in a session of its own, for which nobody waits; return its process id."""
    command = [sys.executable, "-P", "-m", "orchestrator.runner", str(directory.root.resolve())]
    command += ["--job", f"local:{slot}", "--slot", str(slot)]
    command += ["--at-once", str(at_once)]
    log = str(directory.worker_log(token, slot))
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawn(
        sys.executable,
        command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, append, 0o666),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
