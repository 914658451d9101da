"""Workers on this machine: a bounded pool that outlives the terminal.

The pool of a sweep has numbered slots, each a file that is locked as long as a worker holds it
open. The lock is taken before the worker starts and is inherited by it, so there is no moment in
which a slot looks free while its worker is on the way, and the kernel frees it however it dies.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.records.paths import SweepDirectory


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0))


def start_workers(directory: SweepDirectory, token: str, at_most: int, slots: int) -> int:
    """Start workers in free slots, ``at_most`` new ones, and return how many were started.

    The sweep's lock must be held, so that no worker leaves at the same moment.
    """
    directory.workers.mkdir(parents=True, exist_ok=True)
    started = 0
    for slot in range(slots):
        if started == at_most:
            break
        held = _take(directory, slot)
        if held is None:  # a worker, or for an instant somebody who counts them
            time.sleep(0.02)
            held = _take(directory, slot)
        if held is None:
            continue
        with held:
            _start(directory, token, slot, held)
        started += 1
    return started


def live_workers(directory: SweepDirectory) -> int:
    """Count the workers of a sweep that live on this machine."""
    if not directory.workers.is_dir():
        return 0
    return sum(_is_locked(directory, int(p.name)) for p in directory.workers.iterdir())


def _start(directory: SweepDirectory, token: str, slot: int, held: IO[bytes]) -> None:
    """Start a worker in a session of its own; nobody waits for it."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "orchestrator.runner",
        str(directory.root.resolve()),
    ]
    command += ["--job", f"local:{slot}", "--hold", str(held.fileno())]
    os.set_inheritable(held.fileno(), True)  # noqa: FBT003  # its signature
    log = str(directory.worker_log(token, slot))
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    os.posix_spawn(
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


def _take(directory: SweepDirectory, slot: int) -> IO[bytes] | None:
    held = (directory.workers / str(slot)).open("ab")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.close()
        return None
    return held


def _is_locked(directory: SweepDirectory, slot: int) -> bool:
    held = _take(directory, slot)
    if held is None:
        return True
    held.close()
    return False
