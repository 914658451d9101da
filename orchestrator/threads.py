"""Work on all cores that this process may use."""

from __future__ import annotations

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
_BYTES, _BYTES_EACH = (
    1 << 31,
    1 << 29,
)  # of addresses that a process takes, and each of its threads


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


def _is_narrow(threads: int) -> bool:
    """Return whether a limit on addresses (``ulimit -v``) may keep threads from starting.

    One that fails to start for want of memory is waited for without end.
    """
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    return most != resource.RLIM_INFINITY and most < _BYTES + threads * _BYTES_EACH
