"""Workers on this machine: a bounded pool that outlives the terminal.

The pool of a sweep has numbered slots, each a file that is locked as long as a worker holds it
open. The lock is taken before the worker starts and is inherited by it, so there is no moment in
which a slot looks free while its worker is on the way, and the kernel frees it however it dies.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from orchestrator.errors import RequestError
from orchestrator.formats.durable import private_directory

if TYPE_CHECKING:
    from orchestrator.records.paths import SweepDirectory


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0))


def start_workers(directory: SweepDirectory, token: str, at_most: int, slots: int) -> int:
    """Start workers in free slots, ``at_most`` new ones, and return how many were started.

    The sweep's lock must be held, so that no worker leaves at the same moment.
    """
    pool = _pool(directory)
    started = 0
    for slot in range(slots):
        if started == at_most:
            break
        held = _take(pool, slot)
        if held is None:  # a worker, or for an instant somebody who counts them
            time.sleep(0.02)
            held = _take(pool, slot)
        if held is None:
            continue
        with held:
            _start(directory, token, slot, held)
        started += 1
    return started


def live_workers(directory: SweepDirectory) -> int:
    """Count the workers of a sweep that live on this machine."""
    return sum(
        _is_locked(pool, int(path.name))
        for pool in _pools(directory)
        if pool.is_dir()
        for path in pool.iterdir()
        if path.name.isdecimal()
    )


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


def _pools(directory: SweepDirectory) -> tuple[Path, Path]:
    """Return where the slots of a sweep may be: with the sweep, or on this machine.

    The second is for data on a file system without locks.
    """
    name = hashlib.sha256(os.fsencode(directory.root.resolve())).hexdigest()[:16]
    here = Path(tempfile.gettempdir()) / f"rescal-sweep-{os.geteuid()}"
    return directory.workers, here / name


def _pool(directory: SweepDirectory) -> Path:
    """Return where the slots of a sweep are, made if need be."""
    beside, here = _pools(directory)
    beside.mkdir(parents=True, exist_ok=True)
    try:
        with (beside / ".probe").open("ab") as probe:
            fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        if private_directory(here.parent) is None:
            raise RequestError(f"{here.parent}: is not a directory of yours alone") from None
        here.mkdir(exist_ok=True)
        return here
    return beside


def _take(pool: Path, slot: int) -> IO[bytes] | None:
    held = (pool / str(slot)).open("ab")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.close()
        return None
    return held


def _is_locked(pool: Path, slot: int) -> bool:
    try:
        held = _take(pool, slot)
    except OSError:  # a file system without locks holds none
        return False
    if held is None:
        return True
    held.close()
    return False
