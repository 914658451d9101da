"""A sweep written to one file, experiment by experiment, so that memory does not grow with it."""

from __future__ import annotations

import itertools
import math
import os
import shutil
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from orchestrator import store
from orchestrator.dataset import labels
from orchestrator.dataset.variables import (
    ARRAYS,
    SERIES,
    STANDING,
    array_values,
    series_values,
    standing_values,
)
from orchestrator.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from orchestrator.dataset.grid import Grid
    from orchestrator.dataset.variables import Variable

_CHUNK_BYTES = 1 << 20
_SHARD_BYTES = 1 << 26  # of one variable, as much as is held at a time


Part = Callable[[tuple[slice, ...], "NDArray[Any]"], None]
"""Fills a part of a variable."""


class Target(Protocol):
    """A file that takes arrays, and then values for parts of them."""

    def array(self, name: str, dimensions: tuple[str, ...], values: NDArray[Any]) -> None:
        """Write a small array whole."""

    def variable(
        self, name: str, dimensions: tuple[str, ...], shape: tuple[int, ...], variable: Variable
    ) -> Part:
        """Make a variable and return what fills a part of it."""

    def describe(self, name: str | None, attributes: dict[str, Any]) -> None:
        """Set the attributes of a variable, or of all."""


def write(grid: Grid, path: Path) -> int:
    """Write all of a sweep to ``path`` and return its bytes; it appears whole.

    Raises
    ------
    RequestError
        Where the suffix is neither ``.zarr`` nor ``.nc``, or what writes it is not installed.
    """
    opened = {".zarr": _zarr, ".nc": _netcdf}.get(path.suffix)
    if opened is None:
        raise RequestError(f"{path}: expected a name that ends in .zarr or .nc")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        opened(draft, grid)
        _replace(draft, path)
    finally:
        _remove(draft)
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(file.stat().st_size for file in files)


def _replace(draft: Path, path: Path) -> None:
    """Put the draft in the place of what may be there."""
    if path.is_dir():
        old = draft.with_name(f"{draft.name}.old")
        path.rename(old)
        draft.rename(path)
        shutil.rmtree(old)
    else:
        draft.replace(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _zarr(path: Path, grid: Grid) -> None:
    try:
        import zarr  # noqa: PLC0415  # heavy, and optional
    except ImportError as error:
        raise RequestError(
            "a .zarr needs zarr; install it with: pip install 'rescal-sweep[analysis]'"
        ) from error
    with zarr.config.set({"threading.max_workers": 2, "async.concurrency": 4}):
        _fill(_ZarrTarget(zarr.create_group(store=path, zarr_format=3), grid), grid)
        with warnings.catch_warnings():  # not in the standard yet, and xarray misses it
            warnings.simplefilter("ignore")
            zarr.consolidate_metadata(path)


def _netcdf(path: Path, grid: Grid) -> None:
    try:
        import h5netcdf  # noqa: PLC0415  # heavy, and optional
    except ImportError as error:
        raise RequestError(
            "a .nc needs h5netcdf; install it with: pip install 'rescal-sweep[analysis]'"
        ) from error
    with h5netcdf.File(path, "w") as file:
        _fill(_NetcdfTarget(file), grid)


def _fill(target: Target, grid: Grid) -> None:
    """Write coordinates, then the variables, a block of experiments after the other."""
    dimensions = tuple(dimension.name for dimension in grid.dimensions)
    coordinates = labels.coordinates(grid)
    beside = [name for name, (dimension, _, _) in coordinates.items() if name != dimension]
    known = labels.attributes(grid)
    target.describe(None, known | {"coordinates": " ".join(beside)} if beside else known)
    for name, (dimension, values, about) in coordinates.items():
        target.array(name, (dimension,), values)
        target.describe(name, about)
    parts = {}
    for name, variable in {**STANDING, **SERIES, **ARRAYS}.items():
        shape = (*grid.shape, *variable.shape(grid))
        parts[name] = target.variable(name, (*dimensions, *variable.more), shape, variable)
        target.describe(name, dict(variable.attributes))
    small = _empty(grid, {**STANDING, **SERIES}, grid.shape)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for block in _blocks(grid.shape, _together(grid)):
            large = _empty(grid, ARRAYS, tuple(s.stop - s.start for s in block))
            places = [p for p in grid.cells if all(map(_within, p, block))]
            for place, values in zip(
                places, pool.map(partial(_read, grid), places), strict=True
            ):
                at = tuple(i - s.start for i, s in zip(place, block, strict=True))
                for name, value in values.items():
                    if name in large:
                        large[name][at] = value
                    else:
                        small[name][place] = value
            for name, array in large.items():
                parts[name](block, array)
    for name, array in small.items():
        parts[name](tuple(slice(size) for size in grid.shape), array)


def _empty(
    grid: Grid, variables: Mapping[str, Variable], shape: tuple[int, ...]
) -> dict[str, NDArray[Any]]:
    return {
        name: np.full((*shape, *v.shape(grid)), v.fill, v.dtype)
        for name, v in variables.items()
    }


def _within(index: int, part: slice) -> bool:
    return bool(part.start <= index < part.stop)


def _read(grid: Grid, place: tuple[int, ...]) -> dict[str, Any]:
    """Return the value of every variable at a place."""
    standing = grid.cells[place]
    reduced = store.reduced(grid.directory.experiment(standing.experiment.number))
    known = standing_values(grid, standing)
    return known | series_values(grid, reduced) | array_values(grid, reduced)


def block_shape(shape: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Return the shape of blocks of at most ``count`` places, whole along the last dimensions.

    >>> block_shape((10, 4, 3), 12), block_shape((10, 4, 3), 7), block_shape((10, 4, 3), 500)
    ((1, 4, 3), (1, 2, 3), (10, 4, 3))
    """
    found = []
    for size in reversed(shape):
        found.append(max(1, min(size, count)))
        count //= found[-1]
    return tuple(reversed(found))


def _together(grid: Grid) -> tuple[int, ...]:
    """Return the shape of the blocks of experiments that are read and written at once."""
    sizes = (math.prod(v.shape(grid)) * np.dtype(v.dtype).itemsize for v in ARRAYS.values())
    return block_shape(grid.shape, max(1, _SHARD_BYTES // max(1, *sizes)))


def _blocks(shape: tuple[int, ...], block: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    along = (
        [slice(i, min(i + step, size)) for i in range(0, size, step)]
        for size, step in zip(shape, block, strict=True)
    )
    yield from itertools.product(*along)


def _chunks(
    shape: tuple[int, ...], variable: Variable, grid: Grid
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shapes of a chunk and of a shard.

    A chunk is some snapshots of one experiment and a shard a block of experiments; of what is
    small, both are all of it, or as much as is read at once.
    """
    itemsize = np.dtype(variable.dtype).itemsize
    if len(variable.more) < 2:
        whole = block_shape(shape, _CHUNK_BYTES // itemsize)
        return whole, whole
    outer = len(shape) - len(variable.more)
    times, *inner = (max(1, size) for size in shape[outer:])
    pieces = math.ceil(times * math.prod(inner) * itemsize / _CHUNK_BYTES)
    first = math.ceil(times / pieces)
    return (1,) * outer + (first, *inner), (*_together(grid), first * pieces, *inner)


class _ZarrTarget:
    """A Zarr group of format 3, in which the experiments of a block share a file."""

    def __init__(self, group: Any, grid: Grid) -> None:
        self._group = group
        self._grid = grid

    def array(self, name: str, dimensions: tuple[str, ...], values: NDArray[Any]) -> None:
        words = values.dtype.kind == "U"  # of a length that format 3 has no word for
        made = self._group.create_array(
            name,
            shape=values.shape,
            dtype="string" if words else values.dtype,
            dimension_names=dimensions,
        )
        made[...] = values.astype(object) if words else values

    def variable(
        self, name: str, dimensions: tuple[str, ...], shape: tuple[int, ...], variable: Variable
    ) -> Part:
        chunks, shards = _chunks(shape, variable, self._grid)
        made = self._group.create_array(
            name,
            shape=shape,
            dtype=variable.dtype,
            chunks=chunks,
            shards=None if shards == chunks else shards,
            fill_value=variable.fill,
            dimension_names=dimensions,
        )
        if variable.dtype == "int16":
            made.attrs["_FillValue"] = variable.fill

        def fill(block: tuple[slice, ...], values: NDArray[Any]) -> None:
            made[block] = values

        return fill

    def describe(self, name: str | None, attributes: dict[str, Any]) -> None:
        plain = {
            key: value.tolist() if isinstance(value, np.ndarray) else value
            for key, value in attributes.items()
        }
        (self._group if name is None else self._group[name]).attrs.update(plain)


class _NetcdfTarget:
    """A NetCDF-4 file."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def array(self, name: str, dimensions: tuple[str, ...], values: NDArray[Any]) -> None:
        self._size(dimensions, values.shape)
        if values.dtype.kind == "U":
            from h5py import string_dtype  # noqa: PLC0415  # heavy, and optional

            words = self._file.create_variable(name, dimensions, dtype=string_dtype())
            words[...] = values.astype(object)
            return
        self._file.create_variable(name, dimensions, data=values, dtype=values.dtype)

    def variable(
        self, name: str, dimensions: tuple[str, ...], shape: tuple[int, ...], variable: Variable
    ) -> Part:
        self._size(dimensions, shape)
        inner = shape[len(shape) - len(variable.more) :]
        chunks = (*(1,) * (len(shape) - len(inner)), *inner) if len(inner) > 1 else None
        packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
        made = self._file.create_variable(
            name,
            dimensions,
            dtype=variable.dtype,
            # flags and numbers are to be read as they are
            fillvalue=variable.fill if variable.more else None,
            chunks=chunks if 0 not in shape else None,
            **(packed if chunks else {}),
        )

        def fill(block: tuple[slice, ...], values: NDArray[Any]) -> None:
            made[(*block, ...)] = values

        return fill

    def describe(self, name: str | None, attributes: dict[str, Any]) -> None:
        (self._file if name is None else self._file.variables[name]).attrs.update(attributes)

    def _size(self, dimensions: tuple[str, ...], shape: tuple[int, ...]) -> None:
        for dimension, size in zip(dimensions, shape, strict=True):
            if dimension not in self._file.dimensions:
                self._file.dimensions[dimension] = size
