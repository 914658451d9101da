"""What maps, films and profiles are drawn of: a sweep's snapshots on the grid of its axes."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.analysis import observables, sampling, units
from orchestrator.analysis.dunes import follow
from orchestrator.analysis.numbers import scales_of
from orchestrator.analysis.scales import scales
from orchestrator.errors import RequestError
from orchestrator.model.heights import full_from, surface_of
from orchestrator.model.pictures import How, Summary, Units
from orchestrator.plots import Panel, Rose, Stripes, window
from orchestrator.records import arrays, winds
from orchestrator.threads import in_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.analysis.scales import Scales
    from orchestrator.model import Status
    from orchestrator.model.pictures import Instant, Moment
    from orchestrator.model.snapshots import Reduced
    from orchestrator.plots.layout import Page
    from orchestrator.plots.style import Slot

    Films = Mapping[Slot, tuple[Reduced, Status]]

_AT_THE_END = Summary()
_MAPS_OFF = "outputs.height_maps is false"


def panels(grid: Grid, page: Page, time: Moment | None) -> dict[Slot, Panel]:
    """Read the height map nearest to a time of each experiment of a page; without one, the last.

    At a time in nature, of each experiment the snapshot nearest to it is taken.
    """

    def panel(status: Status) -> Panel:
        wanted = None if time is None else time.in_t0(_t0_s(grid, status, time))
        return _panel(grid, read(grid, status), status, wanted)

    by_slot = dict(zip(page.statuses, in_order(panel, page.statuses.values()), strict=True))
    if time is None or not time.in_nature:
        return _compared(grid, by_slot, None if time is None else time.value)
    # times in t0 differ, so each has to tell its own
    return {slot: dataclasses.replace(p, apart=True) for slot, p in by_slot.items()}


def relative(panel: Panel) -> Panel:
    """Return a panel with the heights above the mean of its own map."""
    if panel.height_map is None or not np.isfinite(panel.height_map).any():
        return panel
    above = panel.height_map - np.nanmean(panel.height_map)
    return dataclasses.replace(panel, height_map=above)


def in_metres(panels: Mapping[Slot, Panel]) -> dict[Slot, Panel]:
    """Return panels with heights and cells in metres.

    Raises
    ------
    RequestError
        If a map's cells have no size in nature.
    """
    converted = {}
    for slot, panel in panels.items():
        if panel.height_map is not None and not math.isfinite(panel.cell_m):
            raise RequestError(
                "--units si: an experiment has no property files that tell how large a cell is"
            )
        metres = None if panel.height_map is None else panel.height_map * panel.cell_m
        converted[slot] = dataclasses.replace(panel, height_map=metres, side=panel.cell_m)
    return converted


def outlined(
    grid: Grid, page: Page, drawn: Mapping[Slot, Panel], threshold: float | None
) -> dict[Slot, Panel]:
    """Return panels with the outlines of the dunes of their maps, and where these came from until then."""

    def panel_of(slot: Slot) -> Panel:
        status = page.statuses[slot]
        directory = grid.directory.experiment(status.experiment.number)
        followed = follow(directory, threshold, periodic=status.experiment.point.periodic)
        [shown] = np.flatnonzero(followed.times == drawn[slot].time_t0)[:1].tolist() or [None]
        if shown is None:  # no map, or one of a domain that is full
            return drawn[slot]
        labels = followed.maps[shown].labels
        paths = [
            path
            for track in followed.tracks
            if shown in track.snapshots
            for path in _pieces(track.path(until=shown), labels.shape)
        ]
        return dataclasses.replace(drawn[slot], outlines=labels, paths=tuple(paths))

    return dict(zip(drawn, in_order(panel_of, drawn), strict=True))


def _pieces(path: NDArray[np.float64], shape: tuple[int, ...]) -> list[NDArray[np.float64]]:
    """Part a path where it leaves a periodic domain, to come back at the other side."""
    size = np.array(shape[::-1])
    laps = np.floor(path / size)
    parted = np.flatnonzero((np.diff(laps, axis=0) != 0).any(axis=1)) + 1
    return [piece for piece in np.split(path - laps * size, parted) if len(piece) > 1]


def _t0_s(grid: Grid, status: Status, time: Moment) -> float:
    """Return how long a t0 of an experiment is, in s, where that has to be known."""
    return scales_of(grid, status, Units.MODEL, needed=time.in_nature).t0_s


def _compared(
    grid: Grid, by_slot: Mapping[Slot, Panel], time_t0: float | None
) -> dict[Slot, Panel]:
    """Mark the panels that are of another time than the others."""
    drawn = [panel for panel in by_slot.values() if panel.height_map is not None]
    complete = [panel.time_t0 for panel in drawn if not panel.remark]
    times = complete or [panel.time_t0 for panel in drawn]
    common = common_time(times, time_t0, grid.tolerance_t0)
    return {
        slot: dataclasses.replace(panel, apart=abs(panel.time_t0 - common) > grid.tolerance_t0)
        for slot, panel in by_slot.items()
    }


def common_time(times: Sequence[float], time_t0: float | None, tolerance_t0: float) -> float:
    """Return the time that is shown, of those at which there is something.

    That is the one that most share, of those at the wanted time if there are some; of equals the
    nearest to it, or the last.
    """
    there = [t for t in times if time_t0 is not None and abs(t - time_t0) <= tolerance_t0]

    def shared(time: float) -> tuple[int, float]:
        together = sum(abs(other - time) <= tolerance_t0 for other in times)
        return together, time if time_t0 is None else -abs(time - time_t0)

    return max(there or times, key=shared, default=0.0)


def _panel(grid: Grid, reduced: Reduced, status: Status, time_t0: float | None) -> Panel:
    missing = _missing(reduced, status)
    if len(reduced.height_maps) == 0:
        return Panel(None, 0.0, missing)
    shown = nearest(reduced, time_t0)
    time = float(reduced.times[shown])
    there = time_t0 is not None and abs(time - time_t0) <= grid.tolerance_t0
    panel = _shown(grid, reduced, shown, status, "" if there else missing)
    early = time_t0 is not None and sampling.before_all(
        reduced.times, shown, time_t0, grid.tolerance_t0
    )
    if not early:
        return panel
    return dataclasses.replace(panel, next_t0=float(reduced.times[1]))


def _shown(grid: Grid, reduced: Reduced, index: int, status: Status, remark: str) -> Panel:
    """Return the panel of one snapshot, which does not hold the others."""
    time_t0, since_t0 = float(reduced.times[index]), full_from(reduced)
    surface = surface_of(reduced.height_maps[index])
    parameters = status.experiment.point.parameters
    turning = winds.turning(grid.directory, parameters)
    blowing = winds.blowing(grid.directory, parameters) if turning else None
    rose = None if blowing is None else Rose(blowing.shares, blowing.at(time_t0))
    in_nature = scales(grid.directory.experiment(status.experiment.number))
    return Panel(
        surface,
        time_t0,
        remark,
        full_from_t0=since_t0 if time_t0 >= since_t0 else math.nan,
        turning=turning,
        rose=rose,
        t0_s=in_nature.t0_s,
        cell_m=in_nature.cell_m,
    )


def _missing(reduced: Reduced, status: Status) -> str:
    """Say why something of an experiment is missing; empty where nothing is."""
    if status.state.complete:
        return "" if len(reduced.height_maps) else "no height maps"
    state: str = status.state.value
    return state


def without_maps(grid: Grid) -> RequestError:
    """Return why nothing can be drawn of a sweep that has no height maps."""
    why = "no height maps yet" if _keeps_maps(grid) else f"{_MAPS_OFF}, so that none is kept"
    return RequestError(f"{grid.directory.name}: {why}")


def without_values(
    grid: Grid, names: Sequence[str], summary: Summary = _AT_THE_END
) -> RequestError:
    """Return why nothing can be drawn of quantities that have no value where a number is to be of them."""
    measured = {name for name in names if name in observables.QUANTITIES}
    why = ""
    if measured - observables.OF_COUNTS and not _keeps_maps(grid):
        why = f": {_MAPS_OFF}"
    elif any(status.full_t0 is not None for status in grid.cells.values()):
        why = ": domains are full, and not measured then"
    values = "no two values" if summary.how is How.RATE else "no value"
    where = "".join(f", {words}" for words in window.whole(summary))
    return RequestError(f"{grid.directory.name}: {values} of {', '.join(names)}{where}{why}")


def _keeps_maps(grid: Grid) -> bool:
    submissions = [s.submission for s in grid.cells.values() if s.submission is not None]
    return not submissions or any(each.outputs.height_maps for each in submissions)


def films(grid: Grid, page: Page) -> Films:
    """Read all snapshots of the experiments of a page."""
    statuses = page.statuses.values()
    read_ahead = in_order(functools.partial(read, grid), statuses)
    return dict(zip(page.statuses, zip(read_ahead, statuses, strict=True), strict=True))


def moments(grid: Grid, films: Films) -> list[float]:
    """Return the times at which films have snapshots, the last of them infinite: the end."""
    end = max(
        (float(reduced.times[-1]) for reduced, _ in films.values() if reduced.times.size),
        default=0.0,
    )
    return [*grid.times[grid.times <= end].tolist()[:-1], math.inf]


def moment(grid: Grid, films: Films, time_t0: float) -> dict[Slot, Panel]:
    """Return what films show at a time: the last snapshot until then, or one a little late.

    What should have gone on and did not tells why from the next time on, and at the end.
    """
    shown = {}
    for slot, (reduced, status) in films.items():
        times = reduced.times[: len(reduced.height_maps)]
        count = int(np.count_nonzero(times <= time_t0 + grid.tolerance_t0))
        over = not count or time_t0 - grid.tolerance_t0 > times[-1]
        remark = _missing(reduced, status) if over else ""
        if count:
            shown[slot] = _shown(grid, reduced, count - 1, status, remark)
        else:
            shown[slot] = Panel(None, 0.0, remark)
    return _compared(grid, shown, time_t0 if math.isfinite(time_t0) else None)


def stripes(
    grid: Grid, page: Page, y: int | None, in_units: Units = Units.MODEL
) -> dict[Slot, Stripes]:
    """Read one row of columns along the wind of each experiment of a page, the middle one."""

    def one_row(status: Status) -> Stripes:
        reduced = read(grid, status)
        maps, missing = reduced.height_maps, _missing(reduced, status)
        row = maps.shape[1] // 2 if y is None else y
        if len(maps) == 0:
            return Stripes(np.empty(0), np.empty((0, 0), np.float32), row, missing)
        heights = np.ma.masked_invalid(surface_of(maps[:, row]))
        above = (heights - heights.mean(axis=1, keepdims=True)).filled(np.nan)
        turning = winds.turning(grid.directory, status.experiment.point.parameters)
        if not in_units.metres:
            return Stripes(reduced.times, above, row, missing, turning)
        in_nature = scales_of(grid, status, in_units, needed=in_units.days)
        days, cell = units.days(in_units, in_nature), in_nature.cell_m
        return Stripes(reduced.times * days, above * cell, row, missing, turning, cell)

    rows = in_order(one_row, page.statuses.values())
    return dict(zip(page.statuses, rows, strict=True))


def read(grid: Grid, status: Status) -> Reduced:
    """Read the height maps and cell counts of an experiment."""
    return arrays.reduced(
        grid.directory.experiment(status.experiment.number), observables.sources()
    )


class Shown(NamedTuple):
    """The height map of an experiment that is shown: all of its maps, the number of this one, and when that is."""

    reduced: Reduced
    number: int
    scales: Scales
    instant: Instant


def shown(grid: Grid, status: Status, time: Moment | None, units_of: Units) -> Shown | None:
    """Return the height map nearest to a time, without one the last; None where there is no map."""
    reduced = read(grid, status)
    if len(reduced.height_maps) == 0:
        return None
    of_one = scales_of(grid, status, units_of, needed=time is not None and time.in_nature)
    index = nearest(reduced, None if time is None else time.in_t0(of_one.t0_s))
    instant = units.instant(float(reduced.times[index]), units_of, of_one)
    return Shown(reduced, index, of_one, instant)


def nearest(reduced: Reduced, time_t0: float | None) -> int:
    """Return which height map is nearest to a time; None: the last."""
    if time_t0 is None:
        return len(reduced.height_maps) - 1
    return int(sampling.nearest(reduced.times, time_t0))
