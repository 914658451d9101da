"""The small print of maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestrator import text
from orchestrator.plots import style

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from orchestrator.model.pictures import Units
    from orchestrator.plots.map_panels import Frame, Panel
    from orchestrator.plots.style import Slot

_ALIKE = 0.01  # by which scales of time differ that are told as one


def small_print(panels: Mapping[Slot, Panel], frame: Frame, *, holes: bool) -> str:
    """Return what is to be known of maps: when and of what size they are, and what is drawn on them.

    ``holes`` is whether a place has no experiment.
    """
    drawn = [panel for panel in panels.values() if panel.height_map is not None]
    parts = [*_times(drawn, frame.look.units), style.wind([p.turning for p in drawn])]
    if any(panel.rose is not None for panel in drawn):
        parts.append("arrows: where winds blow to, as long as they last")
    parts += _dunes(drawn)
    if any(panel.remark for panel in panels.values()):
        parts.append("hatched: incomplete, for the reason in the panel")
    if any(not np.isfinite(p.height_map).all() for p in drawn if p.height_map is not None):
        parts.append("white: columns without air")
    if holes:
        parts.append("plain grey: not in the sweep")
    several = "panels" if len(panels) > 1 else "panel"
    depth, length = (f"{side:.3g}" for side in frame.shape)
    parts.append(f"{several} of {length} x {depth} {frame.unit}")
    return "; ".join(parts)


def _dunes(drawn: Sequence[Panel]) -> Iterator[str]:
    """Say what is drawn of dunes, in maps in which they were looked for."""
    outlines = [panel.outlines for panel in drawn if panel.outlines is not None]
    if not outlines:
        return
    if not any(of_map.any() for of_map in outlines):
        yield "no dunes above the threshold"
    elif any(panel.paths for panel in drawn):
        yield "outlines of dunes, and the paths on which they came"
    else:
        yield "outlines of dunes"


def _times(drawn: Sequence[Panel], units: Units) -> Iterator[str]:
    """Say of when panels are; those that are incomplete or of another time tell it themselves."""
    alike = [p for p in drawn if not p.remark and not p.apart] or drawn
    scales = [p.t0_s for p in alike]
    yield style.when([p.instant(p.time_t0, units) for p in alike])
    if not units.days or not np.isfinite(scales).all():
        yield from _in_nature(drawn)


def _in_nature(drawn: Sequence[Panel]) -> Iterator[str]:
    """Say how long a time in t0 is in nature, where that is known of all panels."""
    scales = [panel.t0_s for panel in drawn]
    if not scales or not np.isfinite(scales).all():
        return
    least, most = min(scales), max(scales)
    if most - least <= _ALIKE * least:
        yield f"1 t0 is {text.short_seconds(least)}"
        return
    times_s = [panel.time_t0 * panel.t0_s for panel in drawn]
    first, last = map(text.short_seconds, (min(times_s), max(times_s)))
    spread = (
        f"1 t0 is {text.short_seconds(least)} to {text.short_seconds(most)} in these panels"
    )
    yield f"{spread}, that is {f'{first} to {last}' if first != last else first}"
