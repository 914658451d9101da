"""The files that a dataset is written to, Zarr and NetCDF-4: what both can do, each in its way."""

from __future__ import annotations

import contextlib
import io
import math
import os
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
    with path.open("wb+", buffering=0) as raw:
        medium = _Medium(raw)
        try:
            with h5netcdf.File(medium, "w") as file:
                yield _NetcdfTarget(file, grid, medium)
        finally:
            medium.check()


class _Medium(io.RawIOBase):
    """A file that HDF5 never hears of an error from, for it does not survive a full disk.

    What cannot be written is dropped, like all that comes after it, and :meth:`check` tells.
    """

    def __init__(self, raw: io.FileIO) -> None:
        super().__init__()
        self._raw = raw
        self._error: OSError | None = None
        self._at = 0

    def check(self) -> None:
        """Raise the first error, if there was any."""
        if self._error is not None:
            raise OSError(self._error.errno, self._error.strerror)

    def write(self, data: Any) -> int:
        left = memoryview(data).cast("B")
        size = len(left)
        try:
            self._raw.seek(self._at)
            while left and self._error is None:
                left = left[self._raw.write(left) :]
        except OSError as error:
            self._error = error
        self._at += size
        return size

    def readinto(self, buffer: Any) -> int:
        self._raw.seek(self._at)
        count = self._raw.readinto(buffer)
        self._at += count
        return count

    def truncate(self, size: int | None = None) -> int:
        size = self._at if size is None else size
        try:
            if self._error is None:
                self._raw.truncate(size)
        except OSError as error:
            self._error = error
        return size

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}
        start = starts[whence] if whence in starts else self._raw.seek(0, os.SEEK_END)
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at


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

    def __init__(self, file: Any, grid: Grid, medium: _Medium) -> None:
        self._file = file
        self._grid = grid
        self._medium = medium

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
            self._medium.check()

        return fill

    def describe(self, name: str | None, attributes: dict[str, Any]) -> None:
        (self._file if name is None else self._file.variables[name]).attrs.update(attributes)

    def _size(self, dimensions: tuple[str, ...], shape: tuple[int, ...]) -> None:
        for dimension, size in zip(dimensions, shape, strict=True):
            if dimension not in self._file.dimensions:
                self._file.dimensions[dimension] = size
