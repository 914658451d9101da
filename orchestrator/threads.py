"""Work on all cores that this process may use."""

from __future__ import annotations

import os
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
