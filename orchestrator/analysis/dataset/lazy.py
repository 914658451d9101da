"""A labelled dataset over a sweep's files, or what was written, read where it is looked at."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.analysis.dataset import labels
from orchestrator.analysis.dataset.variables import (
    STANDING,
    array_variables,
    series_variables,
    status_arrays,
)
from orchestrator.errors import RequestError, optional

if TYPE_CHECKING:
    from pathlib import Path

    from xarray import Dataset
    from xarray import Variable as Labelled

    from orchestrator.analysis.dataset.grid import Grid


def opened(grid: Grid) -> Dataset:
    """Return the dataset of a grid; see :func:`orchestrator.open_sweep`."""
    xr = labels.xarray()
    from xarray.core.indexing import LazilyIndexedArray  # noqa: PLC0415  # as xarray itself

    from orchestrator.analysis.dataset.reading import Files, Reading  # noqa: PLC0415  # imports xarray

    dimensions = tuple(dimension.name for dimension in grid.dimensions)
    status = status_arrays(grid)
    variables = {
        name: xr.Variable(dimensions, values, STANDING[name].attributes)
        for name, values in status.items()
    }
    variables["state"] = _in_words(xr, variables["state"])
    files = Files(grid)
    for name, variable in {**series_variables(), **array_variables(grid.own)}.items():
        lazy = LazilyIndexedArray(Reading(files, name, variable))
        variables[name] = xr.Variable((*dimensions, *variable.more), lazy, variable.attributes)
    dataset: Dataset = xr.Dataset(
        variables, labels.coordinates(grid, status), labels.attributes(grid)
    )
    return dataset


def written(path: Path) -> Dataset:
    """Return the dataset that ``collect`` wrote; see :func:`orchestrator.open_sweep`.

    Raises
    ------
    RequestError
        Where it cannot be read, or something else is written there.
    """
    xr = labels.xarray()
    engine = "zarr" if path.is_dir() else "h5netcdf"
    with optional(f"a {path.suffix} needs"):
        import_module(engine)
    try:
        dataset: Dataset = xr.open_dataset(path, engine=engine)
    except (OSError, ValueError, KeyError) as error:
        raise RequestError(f"{path}: cannot be read: {error}") from error
    if "flag_meanings" not in dataset.get("state", dataset).attrs:
        dataset.close()
        raise RequestError(f"{path}: expected what collect wrote, which has the states")
    for variable in dataset.variables.values():
        variable.attrs = labels.of_model(variable.attrs)
    return dataset.assign(state=_in_words(xr, dataset["state"].variable))


def _in_words(xr: Any, state: Labelled) -> Labelled:
    """Return flags as the words that they stand for."""
    words = str(state.attrs["flag_meanings"]).split()
    of = dict(zip(np.asarray(state.attrs["flag_values"]).tolist(), words, strict=True))
    names = np.array([of[flag] for flag in state.values.ravel().tolist()], np.dtype("U"))
    about = {"long_name": state.attrs["long_name"]}
    variable: Labelled = xr.Variable(state.dims, names.reshape(state.shape), about)
    return variable
