"""A labelled dataset over the files of a sweep, read where it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.dataset import labels
from orchestrator.dataset.variables import ARRAYS, SERIES, STANDING, standing_arrays

if TYPE_CHECKING:
    from xarray import Dataset
    from xarray import Variable as Labelled

    from orchestrator.dataset.grid import Grid


def opened(grid: Grid) -> Dataset:
    """Return the dataset of a grid; see :func:`orchestrator.open_sweep`."""
    xr = labels.xarray()
    from xarray.core.indexing import LazilyIndexedArray  # noqa: PLC0415  # as xarray itself

    from orchestrator.dataset.reading import Files, Reading  # noqa: PLC0415  # imports xarray

    dimensions = tuple(dimension.name for dimension in grid.dimensions)
    standing = standing_arrays(grid)
    variables = {
        name: xr.Variable(dimensions, values, STANDING[name].attributes)
        for name, values in standing.items()
    }
    variables["state"] = _in_words(xr, variables["state"])
    files = Files(grid)
    for name, variable in {**SERIES, **ARRAYS}.items():
        lazy = LazilyIndexedArray(Reading(files, name, variable))
        variables[name] = xr.Variable((*dimensions, *variable.more), lazy, variable.attributes)
    found: Dataset = xr.Dataset(
        variables, labels.coordinates(grid, standing), labels.attributes(grid)
    )
    return found


def _in_words(xr: Any, state: Labelled) -> Labelled:
    words = np.array([*str(state.attrs["flag_meanings"]).split(), "missing"])
    about = {"long_name": state.attrs["long_name"]}
    found: Labelled = xr.Variable(state.dims, words[state.values], about)
    return found
