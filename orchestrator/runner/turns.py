"""Turns on this machine: of all sweeps of a person together, so many experiments run at a time.

Each turn is a file that a worker locks while its experiment runs. The kernel lets go of the locks
of a worker that has died, whatever it died of.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.formats.durable import private_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from orchestrator.runner.stop import Stop

_LOOK_S = 0.2


@contextlib.contextmanager
def turn(at_once: int | None, stop: Stop, wanted: Callable[[], bool]) -> Iterator[None]:
    """Wait until fewer than ``at_once`` experiments run on this machine, and count as one meanwhile.

    None waits for nothing; nor does a machine whose temporary files cannot be locked. A request to
    stop ends the waiting, too, and so does that the turn is no longer ``wanted``.
    """
    directory = None if at_once is None else _directory()
    if at_once is None or directory is None:
        yield
        return
    handle = None
    while handle is None and not stop.requested and wanted():
        handle = _lock(directory, at_once)
        if handle is None:
            select.select([stop], [], [], _LOOK_S)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _lock(directory: Path, at_once: int) -> int | None:
    """Lock one of the files, or return None where all are locked; what cannot be locked counts as free."""
    for number in range(at_once):
        handle = os.open(directory / str(number), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
        except OSError:  # locks are not known here
            return handle
        else:
            return handle
    return None


def _directory() -> Path | None:
    """Return where the turns of this person on this machine are."""
    for parent in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir()):
        if parent:
            own = private_directory(Path(parent) / f"rescal-sweep-{os.geteuid()}")
            if own is not None and (turns := private_directory(own / "turns")) is not None:
                return turns
    return None
