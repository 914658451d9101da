"""The files that a dataset is written to, Zarr and NetCDF-4: what both can do, each in its way."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from orchestrator.analysis.dataset.variables import array_variables
from orchestrator.errors import optional

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.analysis.dataset.variables import Variable

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


@contextlib.contextmanager
def zarr_store(path: Path, grid: Grid) -> Iterator[Target]:
    """Make a Zarr store."""
    with optional("a .zarr needs"):
        import zarr  # noqa: PLC0415  # heavy, and optional
    with zarr.config.set({"threading.max_workers": 2, "async.concurrency": 4}):
        yield _ZarrTarget(zarr.create_group(store=path, zarr_format=3), grid)
        with warnings.catch_warnings():  # not in the standard yet, and xarray misses it
            warnings.simplefilter("ignore")
            zarr.consolidate_metadata(path)


@contextlib.contextmanager
def netcdf_file(path: Path, grid: Grid) -> Iterator[Target]:
    """Make a NetCDF-4 file."""
    with optional("a .nc needs"):
        import h5netcdf  # noqa: PLC0415  # heavy, and optional
    with h5netcdf.File(path, "w") as file:
        yield _NetcdfTarget(file, grid)


def block_shape(shape: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Return the shape of blocks of at most ``count`` places, whole along the last dimensions.

    >>> block_shape((10, 4, 3), 12), block_shape((10, 4, 3), 7), block_shape((10, 4, 3), 500)
    ((1, 4, 3), (1, 2, 3), (10, 4, 3))
    """
    sizes = []
    for size in reversed(shape):
        sizes.append(max(1, min(size, count)))
        count //= sizes[-1]
    return tuple(reversed(sizes))


def together(grid: Grid) -> tuple[int, ...]:
    """Return the shape of the blocks of experiments that are read and written at once."""
    sizes = (
        math.prod(v.shape(grid)) * np.dtype(v.dtype).itemsize
        for v in array_variables(grid.own).values()
    )
    return block_shape(grid.shape, max(1, _SHARD_BYTES // max(1, *sizes)))


def _chunks(
    shape: tuple[int, ...], variable: Variable, grid: Grid
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shapes of a chunk and of a shard.

    A chunk is some snapshots of one experiment and a shard a block of experiments; of what is
    small, both are all of it, or as much as is read at once.
    """
    itemsize = np.dtype(variable.dtype).itemsize
    if not variable.large:
        whole = block_shape(shape, _CHUNK_BYTES // itemsize)
        return whole, whole
    outer = len(shape) - len(variable.more)
    times, *inner = (max(1, size) for size in shape[outer:])
    pieces = math.ceil(times * math.prod(inner) * itemsize / _CHUNK_BYTES)
    first = math.ceil(times / pieces)
    return (1,) * outer + (first, *inner), (*together(grid), first * pieces, *inner)


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
        if variable.masked:
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

    def __init__(self, file: Any, grid: Grid) -> None:
        self._file = file
        self._grid = grid

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
        large = variable.large
        chunks = _chunks(shape, variable, self._grid)[0] if large and 0 not in shape else None
        packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
        made = self._file.create_variable(
            name,
            dimensions,
            dtype=variable.dtype,
            # flags and numbers are to be read as they are
            fillvalue=variable.fill if variable.more else None,
            chunks=chunks,
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
