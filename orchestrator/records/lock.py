"""The lock of a sweep, which keeps every other submitter and every leaving worker out.

It is the kernel's own (``flock``) where the file system has that. Where it has not, as on NFS
without a lock daemon or Lustre without ``-o flock``, a directory takes its place: making it is
atomic everywhere, and it says who holds it, so that one whose holder has died is taken away.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import threading
import time
from typing import TYPE_CHECKING

from orchestrator.errors import RequestError
from orchestrator.records import attempts
from orchestrator.records.paths import AttemptDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.model import Claim
    from orchestrator.records.paths import SweepDirectory

_UNSUPPORTED = {
    errno.ENOSYS,
    errno.ENOLCK,
    errno.EOPNOTSUPP,
    errno.ENOTSUP,
    errno.EINVAL,
}
_ANSWER_S = 20.0  # in which a file system must answer
_PAUSE_S = 0.05


@contextlib.contextmanager
def locked(directory: SweepDirectory) -> Iterator[None]:
    """Hold the lock of a sweep.

    Raises
    ------
    RequestError
        Where the file system does not answer, or another machine's holder seems to have died.
    """
    directory.root.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(directory.lock, flags, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RequestError(f"{directory.lock}: is a link, which is not followed") from error
        raise
    try:
        if kernel_lock(handle, directory.lock):
            yield
        else:
            with _directory_lock(directory.lock.with_name(".lock.held")):
                yield
    finally:
        os.close(handle)


def is_held(directory: SweepDirectory) -> bool:
    """Return whether somebody holds the lock of a sweep, or may hold it; nobody is waited for."""
    if directory.lock.with_name(".lock.held").exists():
        return True
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        handle = os.open(directory.lock, flags)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        answer = _ask_in_time(handle, directory.lock, fcntl.LOCK_SH)
    except RequestError:
        return True
    finally:
        os.close(handle)
    return answer not in {0, *_UNSUPPORTED}


def kernel_lock(handle: int, path: Path) -> bool:
    """Wait for the kernel's lock on an open file; return False where there is no such lock."""
    while True:
        answer = _ask_in_time(handle, path)
        if answer == 0:
            return True
        if answer in _UNSUPPORTED:
            return False
        if answer not in {errno.EWOULDBLOCK, errno.EACCES, errno.EINTR}:
            raise OSError(answer, os.strerror(answer), str(path))
        time.sleep(_PAUSE_S)


def _ask_in_time(handle: int, path: Path, kind: int = fcntl.LOCK_EX) -> int:
    """Ask once for the lock; return 0 or the number of the error.

    In a thread, since a file system whose lock daemon is gone may never answer.
    """
    answers: list[int] = []

    def ask() -> None:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            answers.append(0)
        except OSError as error:
            answers.append(error.errno or errno.EIO)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_ANSWER_S)
    if not answers:
        raise RequestError(
            f"{path}: the file system does not answer a request for a lock within "
            f"{_ANSWER_S:g} s; choose a data directory on another one with --data-dir, or have "
            "this one mounted with locks (Lustre: -o flock; NFS: a running lock daemon)"
        )
    return answers[0]


@contextlib.contextmanager
def _directory_lock(path: Path) -> Iterator[None]:
    """Hold a lock that is a directory, which says who holds it."""
    held, claimant = AttemptDirectory(path), attempts.myself("", job="lock")
    draft = AttemptDirectory(path.with_name(f"{path.name}.draft-{secrets.token_hex(4)}"))
    while not attempts.take(held, draft, claimant):
        if attempts.alive(held) is False:
            _take_away(held, attempts.read_claim(held))
        elif attempts.alive(held) is None:
            holder = attempts.read_claim(held)
            where = f"process {holder.pid} on {holder.host}" if holder else "somebody"
            raise RequestError(
                f"{path}: held by {where}, of which nothing was heard for minutes; "
                "remove that directory if it has died"
            )
        time.sleep(_PAUSE_S)
    try:
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _take_away(held: AttemptDirectory, dead: Claim | None) -> None:
    """Remove the lock of a dead holder, and no other that somebody has taken meanwhile."""
    aside = AttemptDirectory(
        held.root.with_name(f"{held.root.name}.draft-{secrets.token_hex(4)}")
    )
    with contextlib.suppress(OSError):
        held.root.rename(aside.root)
        if attempts.read_claim(aside) != dead:
            aside.root.rename(held.root)
        shutil.rmtree(aside.root, ignore_errors=True)
