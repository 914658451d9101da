"""Which experiments of a sweep resemble a surface in nature."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator import text
from orchestrator.analysis import sampling
from orchestrator.analysis.dataset.grid import lay_out
from orchestrator.analysis.field import shape, tiles
from orchestrator.analysis.field.matches import Match, Ranking
from orchestrator.analysis.scales import scales
from orchestrator.errors import RequestError
from orchestrator.model.heights import is_full, surface_of
from orchestrator.records import arrays, intents
from orchestrator.records.status import coordinates
from orchestrator.threads import in_order, unnoticed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.analysis.field.elevation import Elevation
    from orchestrator.analysis.field.shape import Shape
    from orchestrator.analysis.field.tiles import Tiles
    from orchestrator.analysis.scales import Scales
    from orchestrator.model import Status
    from orchestrator.model.pictures import Moment
    from orchestrator.model.snapshots import Reduced
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.threads import Progress

_SHOWN = 8  # names of experiments in a sentence
_SEVERAL = 4  # pieces of a map, from which it is told how much they differ


class _Field:
    """A surface in nature, cut and measured once for each size of cells and domains."""

    def __init__(self, elevation: Elevation, wind_from: float) -> None:
        self._elevation = elevation
        self._wind_from = wind_from
        self._known: dict[tuple[float, int, int], tuple[Tiles, Shape]] = {}
        self._lock = threading.Lock()

    def cut(self, cell_m: float, depth: int, length: int) -> tuple[Tiles, Shape]:
        """Return pieces as large as a domain at most, and what they look like."""
        key = cell_m, depth, length
        with self._lock:  # the first waits for nobody, the others for it
            if key not in self._known:
                cut = tiles.of_field(self._elevation, (depth, length), cell_m, self._wind_from)
                self._known[key] = cut, shape.shape(cut)
            return self._known[key]


def rank(  # noqa: PLR0913  # what a person chooses
    directory: SweepDirectory,
    elevation: Elevation,
    *,
    time: Moment | None = None,
    wind_from: float = 270.0,
    inlet: int = 0,
    parts: Sequence[str] = shape.PARTS,
    progress: Progress = unnoticed,
) -> Ranking:
    """Compare a snapshot of every experiment with a surface in nature.

    Parameters
    ----------
    time
        Of the snapshots, of each experiment the nearest (default: the last of those that are done).
    wind_from
        Where the wind over the surface comes from, in degrees clockwise from north.
    inlet
        Cells along the wind from the inlet of each domain on that do not count.
    parts
        Those that count for the distance.
    progress
        Called for each experiment that is compared.

    Raises
    ------
    RequestError
        Where no experiment can be compared.
    """
    grid = lay_out(directory)
    field = _Field(elevation, wind_from)
    axes = intents.axes(directory)
    statuses = list(grid.cells.values())
    matches: list[Match] = []
    left_out: dict[str, str] = {}

    def of_one(status: Status) -> Match | str:
        return _match(grid, status, _Wish(axes, field, time, inlet, tuple(parts)))

    for status, match in zip(statuses, in_order(of_one, statuses), strict=True):
        progress(len(matches) + len(left_out) + 1, len(statuses))
        if isinstance(match, Match):
            matches.append(match)
        else:
            left_out[status.experiment.name] = match
    if not matches:
        raise RequestError(*_nothing(directory.name, left_out))
    matches.sort(key=lambda match: (match.distance, match.number))
    scatter = _scatter(matches[0], parts)
    return Ranking(
        directory.name, elevation, wind_from, tuple(parts), tuple(matches), left_out, scatter
    )


def _nothing(sweep: str, left_out: Mapping[str, str]) -> Iterator[str]:
    """Yield why no experiment can be compared, each reason once."""
    for reason in dict.fromkeys(left_out.values()):
        names = [name for name, of_name in left_out.items() if of_name == reason]
        yield f"{sweep}: nothing to compare: {text.listed(names, _SHOWN)}: {reason}"


@dataclass(frozen=True, slots=True)
class _Wish:
    """What every experiment is compared with, and how."""

    axes: Sequence[Sequence[str]]
    field: _Field
    time: Moment | None
    inlet: int
    parts: tuple[str, ...]


class _Bed(NamedTuple):
    """A snapshot of an experiment: float32 [D, L] in cells, and its time in t0."""

    heights: NDArray[np.float32]
    time_t0: float
    scales: Scales
    full: bool


def _match(grid: Grid, status: Status, wish: _Wish) -> Match | str:
    """Compare an experiment, or say why that cannot be."""
    bed = _bed(grid, status, wish)
    if isinstance(bed, str):
        return bed
    field_tiles, of_field = wish.field.cut(bed.scales.cell_m, *bed.heights.shape)
    cut = tiles.of_domain(bed.heights, field_tiles)
    if cut is None:
        return f"the {'domain is full' if bed.full else 'surface is flat'} at t = {text.time_t0(bed.time_t0)} t0"
    of_experiment = shape.shape(cut)
    apart = shape.distances(of_field, of_experiment)
    experiment = status.experiment
    return Match(
        number=experiment.number,
        coordinates=coordinates(experiment, wish.axes),
        seed=experiment.point.seed,
        time_t0=bed.time_t0,
        time_s=bed.time_t0 * bed.scales.t0_s,
        distance=shape.total(apart, wish.parts),
        parts=apart,
        shape=of_experiment,
        tiles=cut,
        field=of_field,
        field_tiles=field_tiles,
    )


def _bed(grid: Grid, status: Status, wish: _Wish) -> _Bed | str:
    """Return the bed of an experiment that is meant, or say why there is none."""
    directory = grid.directory.experiment(status.experiment.number)
    in_nature = scales(directory)
    if not math.isfinite(in_nature.cell_m):
        if not directory.parfile.exists():
            return f"not begun ({status.state.value})"
        return "no property files that tell how large a cell is"
    if wish.time is not None and wish.time.in_nature and not math.isfinite(in_nature.t0_s):
        return "no one length of a t0: no property files, or several winds"
    reduced = arrays.reduced(directory, ["height_maps"])
    wanted_t0 = None if wish.time is None else wish.time.in_t0(in_nature.t0_s)
    index = _snapshot(grid, status, reduced, wanted_t0)
    if isinstance(index, str):
        return index
    heights = surface_of(reduced.height_maps[index])[:, wish.inlet :]
    if heights.shape[1] < tiles.SMALLEST:
        return f"fewer than {tiles.SMALLEST} cells of the domain are beyond the inlet"
    full = is_full(reduced.height_maps[index], reduced.height_maps[0])
    return _Bed(heights, float(reduced.times[index]), in_nature, full=full)


def _snapshot(grid: Grid, status: Status, reduced: Reduced, time_t0: float | None) -> int | str:
    """Return which snapshot is meant, or say why there is none."""
    times = reduced.times[: len(reduced.height_maps)]
    if not len(times):
        return f"no height maps ({status.state.value})"
    if time_t0 is None:
        return len(times) - 1 if status.state.complete else f"not done ({status.state.value})"
    index = sampling.near(times, time_t0, grid.tolerance_t0)
    return _none_near(times, time_t0, status) if index is None else index


def _none_near(times: NDArray[np.float64], time_t0: float, status: Status) -> str:
    """Say why an experiment has no snapshot near a time."""
    wanted = text.time_t0(time_t0)
    if time_t0 > times[-1]:
        until = "ended before" if status.state.ended else "is not yet at"
        last = f"its last snapshot is of t = {times[-1]:.3g} t0"
        return f"{until} t = {wanted} t0 ({status.state.value}); {last}"
    later = times[times > time_t0][0]
    return (
        f"t = {wanted} t0 is nearest to the bed at the start, which is no result; "
        f"the next snapshot is of t = {later:.3g} t0"
    )


def _scatter(match: Match, parts: Sequence[str]) -> float:
    """Return how far single pieces of the surface in nature are from all of it."""
    cut = match.field_tiles
    if len(cut.heights) < _SEVERAL:
        return math.nan
    each = (
        shape.shape(tiles.Tiles(cut.heights[i : i + 1], cut.cell_m, cut.shortest_m))
        for i in range(len(cut.heights))
    )
    apart = [shape.total(shape.distances(match.field, of_one), parts) for of_one in each]
    return float(np.mean(apart))
