"""Variables whose values are read from a sweep's files when they are looked at.

This module needs xarray, and is loaded when a dataset is opened.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from orchestrator.analysis.dataset.variables import ARRAYS, array_values, series_values
from orchestrator.records import arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.analysis.dataset.variables import Variable
    from orchestrator.model import Reduced


class Files:
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
        return arrays.reduced(directory, maps=not spectra, spectra=spectra)


class Reading(BackendArray):
    """The array of a variable; not a number where there are no files."""

    def __init__(self, files: Files, name: str, variable: Variable) -> None:
        self._files, self._name, self._fill = files, name, variable.fill
        self._grid = files.grid.shape
        self.shape = (*self._grid, *variable.shape(files.grid))
        self.dtype = np.dtype(np.float32 if name in ARRAYS else variable.dtype)

    def __getitem__(self, key: Any) -> Any:
        support = indexing.IndexingSupport.OUTER
        return indexing.explicit_indexing_adapter(key, self.shape, support, self._read)

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        count = len(self._grid)
        chosen = [np.arange(n)[k] for n, k in zip(self._grid, key[:count], strict=True)]
        inner = key[count:]
        part = _indexed(np.empty(self.shape[count:], np.bool_), inner).shape
        found = np.full((*(np.size(c) for c in chosen), *part), np.nan, self.dtype)
        places = itertools.product(*(np.atleast_1d(c).tolist() for c in chosen))
        for at, place in zip(np.ndindex(*found.shape[:count]), places, strict=True):
            values = self._files.values(place, self._name)
            if values is not None:
                found[at] = _indexed(_floating(values, self._fill), inner)
        return found[tuple(0 if np.ndim(c) == 0 else slice(None) for c in chosen)]


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
