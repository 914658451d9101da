"""Windows of time and their ends, in words, and what can be drawn where none comes so far."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.model.pictures import How

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.analysis.numbers import Behind
    from orchestrator.model.pictures import Moment, Summary


def end(moment: Moment | None) -> str:
    """Return the end of a window as people read it; empty where it is that of the series."""
    if moment is None:
        return ""
    return text.short_seconds(moment.value) if moment.in_nature else f"{moment.value:g} t0"


def between(first: Moment | None, last: Moment | None) -> str:
    """Return a window in words, such as ``from 200 t0 to the end``."""
    return f"from {end(first) or 'the beginning'} to {end(last) or 'the end'}"


def whole(summary: Summary) -> list[str]:
    """Return in words the window of which a number is, if it is of more than a moment."""
    of_window = summary.how in {How.MEAN, How.RATE}
    return [between(summary.first, summary.last)] if of_window else []


def too_late(summary: Summary, behind: Sequence[Behind]) -> str:
    """Say that no experiment has come as far as a number is of, and what can be drawn instead."""
    until_t0 = min(b.last_t0 for b in behind)
    short = [b for b in behind if not b.next_t0]
    counted = text.counted(len(short), "experiment")
    wanted = (
        "before the end of the run" if summary.last is None else f"before {end(summary.last)}"
    )
    if all(b.next_t0 for b in behind):
        first_t0 = min(b.next_t0 for b in behind)
        near = f"only the bed at the start is near {end(summary.last)}"
        return f"{near}, which is no result; --time {math.ceil(first_t0)} draws the first"
    if all(b.ended for b in short):
        what = f"{counted} ended {wanted}"
    else:
        what = f"{counted} {'has' if len(short) == 1 else 'have'} not come so far"
    if others := len(behind) - len(short):
        what += f", and of {others} only the bed at the start is near"
    if until_t0 <= 0:
        return what
    first = summary.first
    if summary.how is How.AT or summary.last is None or not all(b.complete for b in behind):
        return f"{what}; --time {math.floor(until_t0)} draws what is there"
    if first is not None and not first.in_nature and first.value >= until_t0:
        return f"{what}; choose a window before t = {text.time_t0(until_t0)} t0"
    if first is not None and first.in_nature:
        since = text.short_seconds(first.value).replace(" ", "").replace("years", "y")
        return (
            f"{what}; --{summary.how.value} {since}, (with the comma) takes all that there is"
        )
    since = "0" if first is None else f"{first.value:g}"
    there = f"--{summary.how.value} {since},{math.floor(until_t0)}"
    return f"{what}; {there} takes all that there is"


def left_out(behind: Sequence[Behind]) -> str:
    """Say in a few words why some experiments have no number."""
    short = [b for b in behind if not b.next_t0]
    reasons = []
    if short:
        reasons.append("ended before" if all(b.ended for b in short) else "not so far yet")
    if len(short) < len(behind):
        reasons.append("only their start is near")
    return ", or ".join(reasons)
