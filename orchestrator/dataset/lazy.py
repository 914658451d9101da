"""A labelled dataset over the files of a sweep, read where it is looked at."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator import store
from orchestrator.dataset import labels
from orchestrator.dataset.variables import (
    ARRAYS,
    SERIES,
    STANDING,
    array_values,
    series_values,
    standing_arrays,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from xarray import Dataset
    from xarray import Variable as Labelled

    from orchestrator.dataset.grid import Grid
    from orchestrator.dataset.variables import Variable
    from orchestrator.model import Reduced


def opened(grid: Grid) -> Dataset:
    """Return the dataset of a grid; see :func:`orchestrator.open_sweep`."""
    xr = labels.xarray()
    dimensions = tuple(dimension.name for dimension in grid.dimensions)
    standing = standing_arrays(grid)
    variables = {
        name: xr.Variable(dimensions, values, STANDING[name].attributes)
        for name, values in standing.items()
    }
    variables["state"] = _in_words(xr, variables["state"])
    files = _Files(grid)
    for name, variable in {**SERIES, **ARRAYS}.items():
        lazy = xr.core.indexing.LazilyIndexedArray(_reading(xr, files, name, variable))
        variables[name] = xr.Variable((*dimensions, *variable.more), lazy, variable.attributes)
    found: Dataset = xr.Dataset(
        variables, labels.coordinates(grid, standing), labels.attributes(grid)
    )
    return found


class _Files:
    """The values of each experiment, read from its files; series are kept, for they are small."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._series: dict[tuple[int, ...], dict[str, NDArray[Any]]] = {}

    def values(self, place: tuple[int, ...], name: str) -> NDArray[Any] | None:
        """Return the values of a variable at a place, or None where no experiment stands."""
        if place not in self.grid.cells:
            return None
        if name in ARRAYS:
            return array_values(self.grid, self._reduced(place, spectra=name == "spectrum"))[
                name
            ]
        if place not in self._series:
            self._series[place] = series_values(self.grid, self._reduced(place, spectra=False))
        return self._series[place][name]

    def _reduced(self, place: tuple[int, ...], *, spectra: bool) -> Reduced:
        number = self.grid.cells[place].experiment.number
        directory = self.grid.directory.experiment(number)
        return store.reduced(directory, maps=not spectra, spectra=spectra)


def _in_words(xr: Any, state: Labelled) -> Labelled:
    words = np.array([*str(state.attrs["flag_meanings"]).split(), "missing"])
    about = {"long_name": state.attrs["long_name"]}
    found: Labelled = xr.Variable(state.dims, words[state.values], about)
    return found


def _reading(xr: Any, files: _Files, name: str, variable: Variable) -> Any:
    """Return the array of a variable, of which each experiment is read when it is asked for."""
    grid = files.grid

    class Reading(xr.backends.BackendArray):  # type: ignore[misc]  # xarray is loaded late
        """Values in files; not a number where there are none."""

        shape = (*grid.shape, *variable.shape(grid))
        dtype = np.dtype(np.float32 if name in ARRAYS else variable.dtype)

        def __getitem__(self, key: Any) -> Any:
            support = xr.core.indexing.IndexingSupport.OUTER
            return xr.core.indexing.explicit_indexing_adapter(
                key, self.shape, support, self._read
            )

        def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
            count = len(grid.shape)
            chosen = [np.arange(n)[k] for n, k in zip(grid.shape, key[:count], strict=True)]
            inner = key[count:]
            part = _indexed(np.empty(self.shape[count:], np.bool_), inner).shape
            found = np.full((*(np.size(c) for c in chosen), *part), np.nan, self.dtype)
            places = itertools.product(*(np.atleast_1d(c).tolist() for c in chosen))
            for at, place in zip(np.ndindex(*found.shape[:count]), places, strict=True):
                values = files.values(place, name)
                if values is not None:
                    found[at] = _indexed(_floating(values, variable.fill), inner)
            return found[tuple(0 if np.ndim(c) == 0 else slice(None) for c in chosen)]

    return Reading()


def _floating(values: NDArray[Any], fill: float) -> NDArray[Any]:
    if values.dtype.kind == "f":
        return values
    floating = values.astype(np.float32)
    floating[values == fill] = np.nan
    return floating


def _indexed(array: NDArray[Any], key: tuple[Any, ...]) -> NDArray[Any]:
    """Index each dimension by itself: with a number, a slice or an array of numbers."""
    for axis in reversed(range(len(key))):
        array = array[(slice(None),) * axis + (key[axis],)]
    return array
