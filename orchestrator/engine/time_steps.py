"""Times that are reached by adding an interval again and again, each sum rounded."""

from __future__ import annotations

from orchestrator.engine.jit import kernel


@kernel
def beyond(due: float, interval: float, time: float, reaching: bool) -> float:
    """Add ``interval`` to ``due`` until it lies beyond ``time``, or, if ``reaching``, at it.

    An interval too small to change ``due`` leads there at once.
    """
    while due < time or (due == time and not reaching):
        after = due + interval
        if after == due:
            return time
        due = after
    return due
