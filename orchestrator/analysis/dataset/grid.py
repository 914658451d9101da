"""Where each experiment of a sweep stands in an array: on its axes, by its seed, in time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.analysis import observables
from orchestrator.errors import RequestError
from orchestrator.formats.content_names import original
from orchestrator.records import intents
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.provenance import own_of
from orchestrator.records.status import read_statuses, times_asked_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.analysis.observables import Quantity
    from orchestrator.formats.parameters import Value
    from orchestrator.model import Status
    from orchestrator.model.reductions import Reduction
    from orchestrator.records.intents import SweptAxis
    from orchestrator.records.paths import SweepDirectory

_TOLERANCE = 0.25  # of the interval between snapshots, by which one may be late
_LEAST_TOLERANCE_T0 = 0.5  # an event may be so far from the next, and the engine stops so late
_ROUNDING_T0 = 1e-6


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension of experiments and what stands along it.

    ``name`` is the parameter whose values are the dimension's own, or ``point`` where the points
    were given one by one or no parameter of the axis tells them apart; ``values`` has all parameters
    of the axis by name. Of the parameters ``logarithmic`` the values are even in the logarithm.
    """

    name: str
    values: Mapping[str, Sequence[Value | None]]
    logarithmic: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many points there are along it."""
        return len(next(iter(self.values.values())))

    def numeric(self, name: str) -> bool:
        """Return whether all values of a parameter are numbers."""
        values = self.values[name]
        return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


@dataclass(frozen=True, slots=True)
class Grid:
    """The array in which a sweep is laid out.

    Attributes
    ----------
    dimensions
        Those of the swept axes, in their order, and the seeds.
    cells
        The experiment at each place that has one; the newest, where there are several.
    superseded
        The numbers of those that are older.
    orphaned
        The numbers of those that are no longer in the sweep file.
    times
        float64 [time], all times that were asked for in any experiment, in t0.
    tolerance_t0
        By which a snapshot may be later than the time that was asked for.
    depth, length
        Of the largest domain; smaller ones are filled up.
    own
        The user's own reductions.
    """

    directory: SweepDirectory
    dimensions: tuple[Dimension, ...]
    cells: Mapping[tuple[int, ...], Status]
    superseded: tuple[int, ...]
    orphaned: tuple[int, ...]
    times: NDArray[np.float64]
    tolerance_t0: float
    depth: int
    length: int
    own: tuple[Reduction, ...] = ()

    @property
    def quantities(self) -> dict[str, Quantity]:
        """All series of the sweep by name, the user's own numbers among them."""
        return observables.quantities(self.own)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the dimensions of experiments."""
        return tuple(dimension.size for dimension in self.dimensions)

    def aligned(self, times: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return which snapshots belong at which times: indices [n] on the grid and into ``times``.

        An engine makes a snapshot at the first event at or after a time that was asked for; it
        belongs at the last such time before, if it is not too late for that.
        """
        if len(self.times) == 0:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        targets = np.searchsorted(self.times, times + _ROUNDING_T0, side="right") - 1
        late = times - self.times[np.maximum(targets, 0)]
        sources = np.flatnonzero((targets >= 0) & (late <= self.tolerance_t0))
        indices, first = np.unique(targets[sources], return_index=True)
        return indices, sources[first]


def lay_out(
    directory: SweepDirectory, tolerance_t0: float | None = None, *, ask_slurm: bool = True
) -> Grid:
    """Find the place of every experiment of a sweep.

    With ``ask_slurm``, its status is that of its files and of Slurm together.

    Raises
    ------
    RequestError
        Where nothing of it has been submitted.
    """
    known = LiveStatus(directory).read() if ask_slurm else read_statuses(directory)
    statuses = [status for status in known if not status.orphaned]
    if not any(status.submission for status in known):
        raise RequestError(f"{directory.name}: nothing was submitted yet")
    if not statuses:
        raise RequestError(f"{directory.name}: the sweep file has none of its experiments")
    axes = intents.swept_axes(directory)
    dimensions = (*_swept(axes, statuses), _seeds(statuses))
    cells: dict[tuple[int, ...], Status] = {}
    superseded = []
    for status in statuses:  # by number, so that newer ones come later
        index = _index(status, axes, dimensions)
        if index in cells:
            superseded.append(cells[index].experiment.number)
        cells[index] = status
    parameters = [s.experiment.point.parameters for s in cells.values()]
    every_t0 = min(
        (s.submission.run.every_t0 for s in cells.values() if s.submission), default=0
    )
    return Grid(
        directory=directory,
        dimensions=dimensions,
        cells=cells,
        superseded=tuple(superseded),
        orphaned=tuple(s.experiment.number for s in known if s.orphaned),
        times=np.array(times_asked_for(cells.values())),
        tolerance_t0=(
            max(_TOLERANCE * every_t0, _LEAST_TOLERANCE_T0)
            if tolerance_t0 is None
            else tolerance_t0
        ),
        depth=max(int(p["D"]) for p in parameters),
        length=max(int(p["L"]) for p in parameters),
        own=own_reductions(directory, cells.values()),
    )


def own_reductions(
    directory: SweepDirectory, statuses: Iterable[Status]
) -> tuple[Reduction, ...]:
    """Return the user's own reductions of all experiments; of one name, those of the first form."""
    own: dict[str, Reduction] = {}
    sizes: dict[str, int] = {}
    for status in statuses:
        if status.submission is not None and status.submission.outputs.own:
            for reduction in own_of(directory.experiment(status.experiment.number)):
                if all(sizes.get(dim, size) == size for dim, size in reduction.sizes.items()):
                    sizes |= reduction.sizes
                    own.setdefault(reduction.name, reduction)
    return tuple(own.values())


def _swept(axes: Sequence[SweptAxis], statuses: Sequence[Status]) -> Iterator[Dimension]:
    """Name each axis by a parameter that tells its points apart, and sort its values.

    Where several parameters are given point by point, none of them names the axis, and the points
    keep the order of their experiments.
    """
    taken = {"seed", "time", "y", "x", "ky", "kx"}
    for axis in axes:
        names = axis.names
        points = list(dict.fromkeys(_values(s, names) for s in statuses))
        if axis.sorted:
            points.sort(key=lambda point, axis=axis: _order(axis, point))  # type: ignore[misc]
        values = {name: [point[i] for point in points] for i, name in enumerate(names)}
        free = [name for name in names if name not in taken] if axis.sorted else []
        telling = [name for name in free if len(set(values[name])) == len(points)]
        name = telling[0] if telling else _free("point", taken)
        taken.add(name)
        along = values if telling else {name: range(len(points)), **values}
        yield Dimension(name, along, axis.logarithmic)


def _free(name: str, taken: set[str]) -> str:
    return name if name not in taken else _free(f"{name}_", taken)


def _seeds(statuses: Sequence[Status]) -> Dimension:
    return Dimension("seed", {"seed": sorted({s.experiment.point.seed for s in statuses})})


def _values(status: Status, names: Sequence[str]) -> tuple[Value | None, ...]:
    parameters = status.experiment.point.parameters
    return tuple(parameters.get(name) for name in names)


def _order(axis: SweptAxis, point: tuple[Value | None, ...]) -> tuple[tuple[int, Any], ...]:
    """Sort numbers, then texts as the sweep file has them, then others, and what has no value last."""
    return tuple(
        _rank(value, axis.texts.get(name, ()))
        for name, value in zip(axis.names, point, strict=True)
    )


def _rank(value: Value | None, texts: Sequence[str]) -> tuple[int, Any]:
    if value is None:
        return 3, ""
    if not isinstance(value, str):
        return 0, value
    path = original(value)
    matching = [i for i, text in enumerate(texts) if text == value or _same_file(text, path)]
    return (1, (matching[0], value)) if matching else (2, value)


def _same_file(written: str, kept: str) -> bool:
    """Return whether a text of the sweep file is the one that became a name without folders."""
    before, bracket, file = written.rpartition("(")
    return f"{before}{bracket}{PurePath(file).name}" == kept


def _index(
    status: Status, axes: Sequence[SweptAxis], dimensions: Sequence[Dimension]
) -> tuple[int, ...]:
    index = []
    for axis, dimension in zip(axes, dimensions, strict=False):
        points = list(zip(*(dimension.values[name] for name in axis.names), strict=True))
        index.append(points.index(_values(status, axis.names)))
    return (*index, list(dimensions[-1].values["seed"]).index(status.experiment.point.seed))
