"""Limits of the shell (``ulimit``) that libraries would not look at."""

from __future__ import annotations

import contextlib
import mmap
import os
import resource
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_STACK_BYTES = 1 << 20
_FEW_PROCESSES = 4096
_ARENA_MAX = -8  # of mallopt
_HEAVY_BYTES = {"numpy": 84 << 20, "scipy": 92 << 20}
"""What loading these takes of addresses; with a little less, their OpenBLAS tries without end."""


def heed() -> None:
    """Let libraries live within limits of the shell."""
    if _is_limited(resource.RLIMIT_FSIZE):
        sys.dont_write_bytecode = True  # Python would keep modules that were cut off
    processes, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if processes != resource.RLIM_INFINITY and processes < _FEW_PROCESSES:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # else it interrupts us
    if _is_limited(resource.RLIMIT_AS):
        import ctypes  # noqa: PLC0415  # for this alone

        # each thread would take 72 MB of addresses, and wait without end where it gets none
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        threading.stack_size(_STACK_BYTES)
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)
        sys.meta_path.insert(0, _EnoughMemory())


class _EnoughMemory:
    """Refuses to import a heavy library where the limit on addresses leaves too few for it."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: object = None) -> None:
        """Raise MemoryError, or leave it to the usual finders."""
        del path, target
        needed = _HEAVY_BYTES.get(name)
        if needed is None:
            return
        try:
            mmap.mmap(-1, needed).close()
        except OSError as error:
            raise MemoryError(f"no room for {name}") from error


def _is_limited(kind: int) -> bool:
    return resource.getrlimit(kind)[0] != resource.RLIM_INFINITY
