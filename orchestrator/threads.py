"""Work on all cores that this process may use."""

from __future__ import annotations

import functools
import os
import resource
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

Progress = Callable[[int, int], None]
"""Called with how many steps are done, and of how many."""

_AHEAD = 4
_PROCESS_BYTES, _THREAD_BYTES = 1 << 31, 1 << 29  # of addresses

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_REUSED_BYTES = 1 << 25  # at most in a block, the most that mallopt takes


def unnoticed(_done: int, _total: int) -> None:
    """Take note of no progress."""


def in_order(
    function: Callable[[_Item], _Result], items: Iterable[_Item], ahead: int = _AHEAD
) -> Iterator[_Result]:
    """Yield ``function(item)`` for each item, in their order.

    At most ``ahead`` results wait to be taken, besides one per core. Whoever stops taking them
    waits for those that are being made and for no others.

    >>> list(in_order(abs, [-3, 2, -1]))
    [3, 2, 1]
    """
    _reuse_memory()
    cores = len(os.sched_getaffinity(0))
    if _is_narrow(cores):
        yield from map(function, items)
        return
    waiting: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > ahead + cores:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@functools.cache
def _reuse_memory() -> None:
    """Keep freed memory in the process.

    By default glibc returns large arrays to the kernel, and a quarter of the time of measuring goes
    into getting them back page by page, under a lock that all threads share.
    """
    import ctypes  # noqa: PLC0415  # not needed by most commands

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _REUSED_BYTES)
        mallopt(_M_TRIM_THRESHOLD, 4 * _REUSED_BYTES)


def _is_narrow(threads: int) -> bool:
    """Return whether a limit on addresses (``ulimit -v``) may keep threads from starting.

    One that fails to start for want of memory is waited for without end.
    """
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    return most != resource.RLIM_INFINITY and most < _PROCESS_BYTES + threads * _THREAD_BYTES
