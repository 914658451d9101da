"""What a dataset of a sweep has in it: each variable's name, dimensions, unit and values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.analysis import observables, units
from orchestrator.analysis.measured import measure
from orchestrator.analysis.scales import Scales, scales
from orchestrator.model import State, reductions
from orchestrator.model.pictures import Units

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.model import Status
    from orchestrator.model.reductions import Reduction
    from orchestrator.model.snapshots import Reduced

_STATES = list(State)
_NO_SCALES = Scales()

_IN_CELLS = ("height", "spectrum")
"""Variables of reduced snapshots that are in cells, or in m."""

MISSING = -1
"""What stands in files for a whole number that is not there."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable over the dimensions of experiments and some more.

    ``fill`` stands where nothing is known.
    """

    more: tuple[str, ...]
    dtype: str
    fill: Any
    attributes: Mapping[str, Any]

    @property
    def large(self) -> bool:
        """Whether it is too large to be held for all experiments at once."""
        return len(self.more) > 2

    @property
    def masked(self) -> bool:
        """Whether its fill is to be read as "not known", as it is in whole numbers over time."""
        return bool(self.more) and np.dtype(self.dtype).kind == "i"

    def shape(self, grid: Grid) -> tuple[int, ...]:
        """Return the sizes of its further dimensions."""
        sizes = sizes_of(grid)
        return tuple(sizes[name] for name in self.more)


def sizes_of(grid: Grid) -> dict[str, int]:
    """Return the sizes of the dimensions within an experiment."""
    sizes = {"time": len(grid.times)}
    for reduction in (*reductions.REDUCTIONS, *grid.own):
        shape = reduction.shape_in(grid.depth, grid.length)
        sizes |= dict(zip(reduction.dims, shape, strict=True))
    return sizes


def array_variables(
    own: Sequence[Reduction], in_units: Units = Units.MODEL
) -> dict[str, Variable]:
    """Return the variables of the reduced snapshots themselves, and of the user's ``own``, by name.

    Heights and the spectrum may be in metres; what is the user's own stays in its unit.
    """
    variables = {}
    for r in (*(r for r in reductions.REDUCTIONS if r.dims), *own):
        dtype, fill, about = r.dtype, _fill(r), r.about()
        if in_units.metres and r.variable in _IN_CELLS:
            dtype, fill, about = "<f4", np.nan, {**about, "units": "m"}
        variables[r.variable] = Variable(("time", *r.dims), dtype, fill, about)
    return variables


def _fill(reduction: Reduction) -> float:
    return np.nan if np.dtype(reduction.dtype).kind == "f" else MISSING


def series_variables(in_units: Units = Units.MODEL) -> dict[str, Variable]:
    """Return the variables with one number per snapshot, and what is found with them."""
    series = {}
    for name, quantity in observables.quantities().items():
        unit = units.name(quantity, in_units) or quantity.units
        series[name] = _number(("time",), **{**quantity.about(), "units": unit})
    beside = dict(_BESIDE_SERIES)
    if in_units.days:
        for name in ("snapshot_time", "full_from"):
            about = {**beside[name].attributes, "units": units.time_name(in_units)}
            beside[name] = _number(beside[name].more, **about)
    return {**beside, **series}


def _number(more: tuple[str, ...], **about: str) -> Variable:
    return Variable(more, "float64", np.nan, about)


_BESIDE_SERIES: Mapping[str, Variable] = {
    "snapshot_time": _number(("time",), long_name="simulated time of the snapshot", units="t0"),
    "unplaced": _number(
        (), long_name="snapshots too late for any time that was asked for", units="1"
    ),
    "full_from": _number(
        (),
        long_name="simulated time from which the domain is full",
        units="t0",
        comment="the ceiling cuts the surface off, which is not measured then",
    ),
}

STANDING: Mapping[str, Variable] = {
    "state": Variable(
        (),
        "int8",
        -1,
        {
            "long_name": "state of the experiment",
            "flag_values": np.array([*range(len(_STATES)), -1], np.int8),
            "flag_meanings": " ".join((*(state.value for state in _STATES), "missing")),
        },
    ),
    "progress": Variable(
        (), "float64", np.nan, {"long_name": "share of the simulated time", "units": "1"}
    ),
    "wall_time": Variable(
        (), "float64", np.nan, {"long_name": "duration of the last attempt", "units": "s"}
    ),
    "cell_size": Variable(
        (), "float64", np.nan, {"long_name": "side of a cell in nature", "units": "m"}
    ),
    "time_scale": Variable(
        (), "float64", np.nan, {"long_name": "duration of a t0 in nature", "units": "s"}
    ),
    "shear_velocity": Variable(
        (), "float64", np.nan, {"long_name": "shear velocity of the wind", "units": "m s-1"}
    ),
    "wind_10m": Variable(
        (), "float64", np.nan, {"long_name": "wind 10 m above a flat bed", "units": "m s-1"}
    ),
    "experiment": Variable((), "int32", -1, {"long_name": "number of the experiment"}),
}
"""What is known of an experiment without its snapshots."""


def status_arrays(grid: Grid) -> dict[str, NDArray[Any]]:
    """Return the values of :data:`STANDING` over the grid."""
    arrays_by_name = {
        name: np.full(grid.shape, v.fill, v.dtype) for name, v in STANDING.items()
    }
    for cell, status in grid.cells.items():
        for name, value in _status_values(grid, status).items():
            arrays_by_name[name][cell] = value
    return arrays_by_name


def _status_values(grid: Grid, status: Status) -> dict[str, Any]:
    begun = status.record is not None or status.progress is not None
    in_nature = scales(grid.directory.experiment(status.experiment.number))
    return {
        "state": _STATES.index(status.state),
        "progress": status.fraction,
        "wall_time": status.wall_s if begun else np.nan,
        "cell_size": in_nature.cell_m,
        "time_scale": in_nature.t0_s,
        "shear_velocity": in_nature.shear_m_s,
        "wind_10m": in_nature.wind_m_s,
        "experiment": status.experiment.number,
    }


def series_values(
    grid: Grid, reduced: Reduced, in_units: Units = Units.MODEL, in_nature: Scales = _NO_SCALES
) -> dict[str, NDArray[Any]]:
    """Return the values of :func:`series_variables` over the grid's times."""
    of_all = measure(reduced)
    values: dict[str, NDArray[Any]] = {
        name: of_all.values[name] * units.factor(quantity, in_units, in_nature)
        for name, quantity in observables.quantities().items()
    }
    values["snapshot_time"] = of_all.times * units.days(in_units, in_nature)
    variables = series_variables()
    on_grid = {name: _on_grid(grid, variables[name], reduced, v) for name, v in values.items()}
    on_grid["unplaced"] = np.array(
        len(reduced.times) - len(grid.aligned(reduced.times)[0]), float
    )
    on_grid["full_from"] = np.array(of_all.full_from * units.days(in_units, in_nature))
    return on_grid


def array_values(
    grid: Grid,
    reduced: Reduced,
    names: Collection[str] | None = None,
    in_units: Units = Units.MODEL,
    in_nature: Scales = _NO_SCALES,
) -> dict[str, NDArray[Any]]:
    """Return the values of :func:`array_variables`, or of those with these names.

    A smaller domain fills the lower corner of its part.
    """
    on_grid = {}
    for name, variable in array_variables(grid.own, in_units).items():
        if names is None or name in names:
            known = (*reductions.REDUCTIONS, *grid.own)
            (reduction,) = (r for r in known if r.variable == name)
            values = reduced.arrays.get(reduction.name, np.empty(0))
            if not _fits(values, variable.shape(grid)):
                values = np.empty(0)
            if reduction.missing is not None and (values == reduction.missing).any():
                fill = np.asarray(variable.fill, variable.dtype)
                values = np.where(values == reduction.missing, fill, values)
            if in_units.metres and name in _IN_CELLS:
                values = values * in_nature.cell_m
            on_grid[name] = _on_grid(grid, variable, reduced, values)
    return on_grid


def _fits(values: NDArray[Any], shape: tuple[int, ...]) -> bool:
    """Return whether snapshots are of the form of a variable, not larger than the grid."""
    sides = zip(values.shape[1:], shape[1:], strict=False)
    return values.ndim == len(shape) and all(side <= room for side, room in sides)


def _on_grid(
    grid: Grid, variable: Variable, reduced: Reduced, values: NDArray[Any]
) -> NDArray[Any]:
    array = np.full(variable.shape(grid), variable.fill, variable.dtype)
    if len(values):
        targets, sources = grid.aligned(reduced.times)
        key: tuple[Any, ...] = (targets, *(slice(size) for size in values.shape[1:]))
        array[key] = values[sources]
    return array


def described() -> dict[str, Variable]:
    """Return the variables of every dataset but the quantities over time, by name."""
    return {**_BESIDE_SERIES, **STANDING}
