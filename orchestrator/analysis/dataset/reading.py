"""Variables whose values are read from a sweep's files when they are looked at.

This module needs xarray, and is loaded when a dataset is opened.
"""

from __future__ import annotations

import itertools
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from orchestrator.analysis import observables
from orchestrator.analysis.dataset.variables import array_values, series_values
from orchestrator.model import reductions
from orchestrator.records import arrays, failures, selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.analysis.dataset.variables import Variable
    from orchestrator.model.snapshots import Reduced


class Files:
    """The values of each experiment, read from its files; series are kept, for they are small."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        shipped = (r for r in reductions.REDUCTIONS if r.dims)
        self._arrays = {r.variable: r.name for r in (*shipped, *grid.own)}
        self._series: dict[tuple[int, ...], dict[str, NDArray[Any]]] = {}

    def values(self, cell: tuple[int, ...], name: str) -> NDArray[Any] | None:
        """Return the values of a variable at a place, or None where no experiment stands."""
        if cell not in self.grid.cells:
            return None
        if name in self._arrays:
            reduced = self._reduced(cell, [self._arrays[name]])
            return array_values(self.grid, reduced, [name])[name]
        if cell not in self._series:
            reduced = self._reduced(cell, observables.sources())
            self._series[cell] = series_values(self.grid, reduced)
        return self._series[cell][name]

    def _reduced(self, cell: tuple[int, ...], names: Sequence[str]) -> Reduced:
        status = self.grid.cells[cell]
        number = status.experiment.number
        reduced = arrays.reduced(self.grid.directory.experiment(number), names)
        missing = [name for name in names if name in status.missing]
        if damage := failures.damage(reduced.damaged, missing):
            again = f"rescal-sweep resubmit {selection.word(self.grid.directory)} exp{number}"
            warnings.warn(f"exp{number}: {damage}; {again} makes it again", stacklevel=2)
        return reduced


class Reading(BackendArray):
    """The array of a variable; not a number where there are no files."""

    def __init__(self, files: Files, name: str, variable: Variable) -> None:
        self._files, self._name, self._fill = files, name, variable.fill
        self._grid = files.grid.shape
        self.shape = (*self._grid, *variable.shape(files.grid))
        self.dtype = _floating_dtype(variable)

    def __getitem__(self, key: Any) -> Any:
        support = indexing.IndexingSupport.OUTER
        return indexing.explicit_indexing_adapter(key, self.shape, support, self._read)

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        count = len(self._grid)
        chosen = [np.arange(n)[k] for n, k in zip(self._grid, key[:count], strict=True)]
        inner = key[count:]
        part = _indexed(np.empty(self.shape[count:], np.bool_), inner).shape
        array = np.full((*(np.size(c) for c in chosen), *part), np.nan, self.dtype)
        cells = itertools.product(*(np.atleast_1d(c).tolist() for c in chosen))
        for at, cell in zip(np.ndindex(*array.shape[:count]), cells, strict=True):
            values = self._files.values(cell, self._name)
            if values is not None:
                array[at] = _indexed(self._floating(values), inner)
        return array[tuple(0 if np.ndim(c) == 0 else slice(None) for c in chosen)]

    def _floating(self, values: NDArray[Any]) -> NDArray[Any]:
        if values.dtype.kind == "f":
            return values
        floating: NDArray[Any] = values.astype(self.dtype)
        floating[values == self._fill] = np.nan
        return floating


def _floating_dtype(variable: Variable) -> np.dtype[Any]:
    """Return the type that has "not a number" for what is missing, and room for the values."""
    return np.dtype(np.result_type(np.dtype(variable.dtype), np.float16))


def _indexed(array: NDArray[Any], key: tuple[Any, ...]) -> NDArray[Any]:
    """Index each dimension by itself: with a number, a slice or an array of numbers."""
    for axis in reversed(range(len(key))):
        array = array[(slice(None),) * axis + (key[axis],)]
    return array
