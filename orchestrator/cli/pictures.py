"""What pictures are drawn of: a sweep's snapshots, gathered on the grid of its axes."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from orchestrator import observables, replicates, store
from orchestrator.cli.layouts import label
from orchestrator.dataset.variables import series_values
from orchestrator.figures import Curve, Panel, Stripes
from orchestrator.model import State
from orchestrator.observables import QUANTITIES
from orchestrator.threads import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from orchestrator.cli.layouts import Page, Place
    from orchestrator.dataset.grid import Grid
    from orchestrator.model import Reduced, Standing

    Films = Mapping[Place, tuple[Reduced, Standing]]

_Read = TypeVar("_Read")


def panels(grid: Grid, page: Page, time_t0: float | None) -> dict[Place, Panel]:
    """Read the height map nearest to a time of each experiment of a page; None: the last."""

    def read(standing: Standing) -> Panel:
        return _panel(_read(grid, standing), standing, time_t0)

    return dict(zip(page.standings, in_order(read, page.standings.values()), strict=True))


def _panel(reduced: Reduced, standing: Standing, time_t0: float | None) -> Panel:
    if len(reduced.height_maps) == 0:
        return Panel(None, 0.0, _missing(reduced, standing))
    nearest = _nearest(reduced, time_t0)
    alone = reduced.height_maps[nearest].copy()  # lets go of the others
    return Panel(alone, float(reduced.times[nearest]), _missing(reduced, standing))


def _missing(reduced: Reduced, standing: Standing) -> str:
    """Say why something of an experiment is missing; empty where nothing is."""
    if standing.state is State.DONE:
        return "" if len(reduced.height_maps) else "no height maps"
    state: str = standing.state.value
    return state


def films(grid: Grid, page: Page) -> Films:
    """Read all snapshots of the experiments of a page."""
    standings = page.standings.values()
    read = in_order(functools.partial(_read, grid), standings)
    return dict(zip(page.standings, zip(read, standings, strict=True), strict=True))


def moments(grid: Grid, films: Films) -> list[float]:
    """Return the times at which films have snapshots, the last of them infinite: the end."""
    end = max(
        (float(one.times[-1]) for one, _ in films.values() if one.times.size), default=0.0
    )
    return [*grid.times[grid.times <= end].tolist()[:-1], math.inf]


def moment(grid: Grid, films: Films, time_t0: float) -> dict[Place, Panel]:
    """Return what films show at a time: the last snapshot until then, or one a little late.

    What should have gone on and did not tells why from the next time on, and at the end.
    """
    shown = {}
    for place, (reduced, standing) in films.items():
        times = reduced.times[: len(reduced.height_maps)]
        count = int(np.count_nonzero(times <= time_t0 + grid.tolerance_t0))
        over = not count or time_t0 - grid.tolerance_t0 > times[-1]
        remark = _missing(reduced, standing) if over else ""
        if count:
            shown[place] = Panel(
                reduced.height_maps[count - 1], float(times[count - 1]), remark
            )
        else:
            shown[place] = Panel(None, 0.0, remark)
    return shown


def stripes(grid: Grid, page: Page, y: int | None) -> dict[Place, Stripes]:
    """Read one row of columns along the wind of each experiment of a page, the middle one."""

    def read(standing: Standing) -> Stripes:
        reduced = _read(grid, standing)
        maps, missing = reduced.height_maps, _missing(reduced, standing)
        row = maps.shape[1] // 2 if y is None else y
        if len(maps) == 0:
            return Stripes(np.empty(0), np.empty((0, 0), np.float32), row, missing)
        heights = maps[:, row].astype(np.float32)
        above = heights - heights.mean(axis=1, keepdims=True)
        return Stripes(reduced.times, above, row, missing)

    found = in_order(read, page.standings.values())
    return dict(zip(page.standings, found, strict=True))


def series_curves(grid: Grid) -> list[Curve]:
    """Read the series of every point, on the times that were asked for there."""

    def read(standing: Standing) -> dict[str, NDArray[np.float64]]:
        return series_values(grid, _read(grid, standing))

    found = []
    for labels, seeds in _each_point(grid, read):
        there = np.any([np.isfinite(one["snapshot_time"]) for one in seeds], axis=0)
        values = {name: np.array([one[name][there] for one in seeds]) for name in QUANTITIES}
        found.append(_curve(labels, grid.times[there], values))
    return found


def _curve(
    labels: tuple[str, str],
    x: NDArray[np.float64],
    values: Mapping[str, NDArray[np.float64]],
) -> Curve:
    """Return what the seeds [seed, x] of a point tell."""
    told = {
        name: replicates.spread(seeds, axial=name in QUANTITIES and QUANTITIES[name].axial)
        for name, seeds in values.items()
    }
    means = {name: one.mean for name, one in told.items()}
    errors = {name: one.sem for name, one in told.items()}
    return Curve(labels, x, means, errors, max(len(seeds) for seeds in values.values()))


def power_curves(grid: Grid, time_t0: float | None) -> list[Curve]:
    """Measure the power along the wind of every point at the time nearest to ``time_t0``.

    Over wavelengths in cells, from the longest wave on; the shortest, of two cells, is left out.
    """
    wavelengths = grid.length / np.arange(1, (grid.length + 1) // 2)

    def read(standing: Standing) -> NDArray[np.float64] | None:
        one = _read(grid, standing)
        if len(one.height_maps) == 0 or one.height_maps.shape[2] != grid.length:
            return None
        return observables.power_along_wind(one.height_maps[_nearest(one, time_t0)])

    found = []
    for labels, seeds in _each_point(grid, read):
        rows = [row for row in seeds if row is not None]
        if rows:
            kept = np.array(rows)[:, 1 : (grid.length + 1) // 2]
            found.append(_curve(labels, wavelengths, {"power": kept}))
    return found


def _each_point(
    grid: Grid, read: Callable[[Standing], _Read]
) -> Iterator[tuple[tuple[str, str], list[_Read]]]:
    """Yield each point of a sweep with its labels and what is read of each of its seeds."""
    points = list(_points(grid))
    found = in_order(read, (standing for _, standings in points for standing in standings))
    for labels, standings in points:
        yield labels, [next(found) for _ in standings]


def _points(grid: Grid) -> Iterator[tuple[tuple[str, str], list[Standing]]]:
    """Yield each point of a sweep with its labels and the experiments of its seeds."""
    axes = grid.dimensions[:-1]
    # colours are easier to tell apart than styles of lines
    order = sorted(range(len(axes)), key=lambda i: -axes[i].size)
    for place in np.ndindex(*(axis.size for axis in axes)):
        labels = [label(axes[i], place[i]).replace("\n", ", ") for i in order]
        cells = (grid.cells.get((*place, seed)) for seed in range(grid.dimensions[-1].size))
        standings = [cell for cell in cells if cell is not None]
        if standings:
            yield (labels[0] if labels else "", ", ".join(labels[1:])), standings


def _read(grid: Grid, standing: Standing) -> Reduced:
    return store.reduced(grid.directory.experiment(standing.experiment.number), spectra=False)


def _nearest(reduced: Reduced, time_t0: float | None) -> int:
    if time_t0 is None:
        return len(reduced.height_maps) - 1
    return int(np.argmin(np.abs(reduced.times - time_t0)))
