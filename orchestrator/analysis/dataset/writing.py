"""A sweep written to one file, experiment by experiment, so that memory does not grow with it."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from orchestrator.analysis.dataset import labels
from orchestrator.analysis.dataset.targets import netcdf_file, together, zarr_store
from orchestrator.analysis.dataset.variables import (
    STANDING,
    array_values,
    array_variables,
    series_values,
    series_variables,
    status_arrays,
)
from orchestrator.analysis.scales import scales, settled
from orchestrator.errors import RequestError
from orchestrator.formats.durable import draft_of
from orchestrator.model.heights import full_from
from orchestrator.model.pictures import Units
from orchestrator.records import arrays, failures
from orchestrator.threads import in_order

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.analysis.dataset.targets import Target
    from orchestrator.analysis.dataset.variables import Variable
    from orchestrator.threads import Progress

Index = tuple[int, ...]

_TARGETS = {".zarr": zarr_store, ".nc": netcdf_file}


def refuse(path: Path) -> None:
    """Refuse a path to which no dataset can be written, or where it would take a folder's place.

    Raises
    ------
    RequestError
        Where the suffix is neither ``.zarr`` nor ``.nc``, or a folder of that name is no Zarr store.
    """
    if path.suffix.lower() not in _TARGETS:
        raise RequestError(f"{path}: expected a name that ends in .zarr or .nc")
    store_there = path.suffix.lower() == ".zarr" and (path / "zarr.json").is_file()
    if path.is_dir() and not store_there:
        raise RequestError(
            f"{path}: is a folder without zarr.json, which is not replaced; "
            "expected a Zarr store or a name that is free"
        )


class Written(NamedTuple):
    """What a file has come to.

    Attributes
    ----------
    size
        In bytes.
    tolerance_t0
        By how much a snapshot was allowed to be late.
    unplaced
        How many snapshots were later.
    superseded
        Numbers of the experiments in whose place a newer one stands.
    full
        From which time in t0 on domains are full, by the number of the experiment.
    damaged
        Sentences on arrays that cannot be read or have no file, by the number of the experiment.
    in_units
        The units that it could have.
    """

    size: int
    tolerance_t0: float
    unplaced: int
    superseded: tuple[int, ...]
    full: Mapping[int, float]
    damaged: Mapping[int, str]
    in_units: Units


def write(grid: Grid, path: Path, progress: Progress, in_units: Units = Units.MODEL) -> Written:
    """Write all of a sweep to ``path``, in units that can be had; it appears whole.

    ``progress`` is called before each block of experiments, and if it raises an exception nothing is
    left behind.

    Raises
    ------
    RequestError
        Where ``path`` is to be refused, what writes it is not installed, or cells have no size.
    """
    refuse(path)
    numbers = [status.experiment.number for status in grid.cells.values()]
    in_units = settled(grid.directory, numbers, in_units)
    path.parent.mkdir(parents=True, exist_ok=True)
    damaged: dict[int, str] = {}
    full: dict[int, float] = {}
    with draft_of(path) as draft, _TARGETS[path.suffix.lower()](draft, grid) as target:
        small = _fill(target, grid, progress, _Reader(grid, in_units, damaged, full))
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    size = sum(file.stat().st_size for file in files)
    unplaced = int(np.nansum(small["unplaced"]))
    superseded, tolerance_t0 = grid.superseded, grid.tolerance_t0
    return Written(size, tolerance_t0, unplaced, superseded, full, damaged, in_units)


def _fill(
    target: Target,
    grid: Grid,
    progress: Progress,
    reader: _Reader,
) -> Mapping[str, NDArray[Any]]:
    """Write coordinates, then the variables, a block of experiments after the other.

    Returns what is small of it: all but the arrays.
    """
    dimensions = tuple(dimension.name for dimension in grid.dimensions)
    small = status_arrays(grid)
    coordinates = labels.coordinates(grid, small)
    beside = [name for name, (of, _, _) in coordinates.items() if of != (name,)]
    known = labels.attributes(grid)
    target.describe(None, known | {"coordinates": " ".join(beside)} if beside else known)
    for name, (of, values, about) in coordinates.items():
        target.array(name, of, values)
        target.describe(name, labels.in_file(about))
    parts, series = {}, series_variables(reader.in_units)
    snapshots = array_variables(grid.own, reader.in_units)
    for name, variable in {**STANDING, **series, **snapshots}.items():
        shape = (*grid.shape, *variable.shape(grid))
        parts[name] = target.variable(name, (*dimensions, *variable.more), shape, variable)
        target.describe(name, labels.in_file(variable.attributes))
    large_ones = {name: v for name, v in snapshots.items() if v.large}
    small_ones = {name: v for name, v in snapshots.items() if not v.large}
    small |= _empty(grid, {**series, **small_ones}, grid.shape)
    blocks = _blocks(grid)
    cells = itertools.chain.from_iterable(blocks.values())
    # while a block is written the next is read
    read = in_order(reader.read, cells, ahead=math.prod(together(grid)))
    done = 0
    for number, within in blocks.items():
        progress(done, len(grid.cells))
        done += len(within)
        block = _slices(grid, number)
        large = _empty(grid, large_ones, tuple(s.stop - s.start for s in block))
        for cell, values in zip(within, read, strict=False):
            at = tuple(i - s.start for i, s in zip(cell, block, strict=True))
            for name, value in values.items():
                if name in large:
                    large[name][at] = value
                else:
                    small[name][cell] = value
        for name, array in large.items():
            parts[name](block, array)
    for name, array in small.items():
        parts[name](tuple(slice(size) for size in grid.shape), array)
    return small


def _blocks(grid: Grid) -> dict[Index, list[Index]]:
    """Return the places of all experiments by the number of their block."""
    steps = together(grid)
    blocks: dict[Index, list[Index]] = {}
    for cell in sorted(grid.cells):
        number = tuple(i // step for i, step in zip(cell, steps, strict=True))
        blocks.setdefault(number, []).append(cell)
    return blocks


def _slices(grid: Grid, block: Index) -> tuple[slice, ...]:
    """Return where a block is in the grid."""
    sides = zip(block, together(grid), grid.shape, strict=True)
    return tuple(slice(i * step, min((i + 1) * step, size)) for i, step, size in sides)


def _empty(
    grid: Grid, variables: Mapping[str, Variable], shape: tuple[int, ...]
) -> dict[str, NDArray[Any]]:
    return {
        name: np.full((*shape, *v.shape(grid)), v.fill, v.dtype)
        for name, v in variables.items()
    }


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads experiments in these units; notes what is damaged, and from which t0 on domains are full.

    Both by the number of the experiment.
    """

    grid: Grid
    in_units: Units
    damaged: dict[int, str]
    full: dict[int, float]

    def read(self, cell: Index) -> dict[str, Any]:
        """Return the value of every series and array at a place."""
        status = self.grid.cells[cell]
        number = status.experiment.number
        directory = self.grid.directory.experiment(number)
        reduced = arrays.reduced(directory)
        if damage := failures.damage(reduced.damaged, status.missing):
            self.damaged[number] = damage
        if np.isfinite(full_t0 := full_from(reduced)):  # a time that needs no scales
            self.full[number] = full_t0
        in_units = self.in_units, scales(directory)
        series = series_values(self.grid, reduced, *in_units)
        return series | array_values(self.grid, reduced, None, *in_units)
