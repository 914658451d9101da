"""Elevation maps in NetCDF files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator import text
from orchestrator.analysis.field.elevation import check_size, elevation
from orchestrator.errors import RequestError, optional
from orchestrator.formats import spelling

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.analysis.field.elevation import Elevation

_LENGTHS_M = {
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres", ""), 1.0),
    **dict.fromkeys(("km", "kilometer", "kilometers", "kilometre", "kilometres"), 1000.0),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), 0.01),
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), 0.001),
}
_ANGLES = ("lon", "lat")  # what names of geographic coordinates begin with
_EVEN = 0.01  # of the spacing, by which coordinates may be off


def read(path: Path, spacing_m: float | None = None, variable: str | None = None) -> Elevation:
    """Read a map of two dimensions.

    Raises
    ------
    RequestError
        Where the file is none, has no such map or several, or its grid is in degrees or uneven.
    """
    with optional(f"{path.name}: a NetCDF file needs"):
        import h5netcdf  # noqa: F401, PLC0415  # which xarray reads with
        import xarray as xr  # noqa: PLC0415  # heavy, and optional

    try:
        with xr.open_dataset(path, decode_times=False) as dataset:
            return _elevation(path.name, dataset, spacing_m, variable)
    except (ValueError, KeyError, TypeError, EOFError, RuntimeError, IndexError) as error:
        raise RequestError(f"{path.name}: not a NetCDF file that can be read") from error


def _elevation(
    name: str, dataset: Any, spacing_m: float | None, variable: str | None
) -> Elevation:
    heights = _map(name, dataset, variable)
    rows, columns = _sides(heights)
    steps = [_step(name, heights, dimension, spacing_m) for dimension in (rows, columns)]
    check_size(name, (heights.sizes[rows], heights.sizes[columns]))
    values = heights.transpose(rows, columns).values.astype(np.float64)
    values = values[::-1] if steps[0] > 0 else values  # the first row lies to the north
    values = values[:, ::-1] if steps[1] < 0 else values
    unit_m = _length_m(f"{name}: {heights.name}", heights.attrs.get("units", ""))
    return elevation(name, values, (abs(steps[0]), abs(steps[1])), unit_m)


def _map(name: str, dataset: Any, variable: str | None) -> Any:
    """Return the variable that is meant, without dimensions of one value."""
    if variable is not None and variable not in dataset:
        hint = spelling.did_you_mean(variable, map(str, dataset.data_vars))
        raise RequestError(f"--variable {variable}: {name} has none of that name{hint}")
    maps = {
        str(key): squeezed
        for key, array in dataset.data_vars.items()
        if (squeezed := array.squeeze(drop=True)).ndim == 2 and array.dtype.kind in "iuf"
    }
    if variable is not None and variable not in maps:
        dims = ", ".join(map(str, dataset[variable].dims)) or "none"
        raise RequestError(
            f"--variable {variable}: expected heights over two dimensions; it has {dims}"
        )
    if variable is None and len(maps) != 1:
        if not maps:
            raise RequestError(f"{name}: no variable in it has heights over two dimensions")
        raise RequestError(f"{name}: choose one of {text.listed([*maps])} with --variable")
    return maps[next(iter(maps)) if variable is None else variable]


def _sides(heights: Any) -> tuple[Any, Any]:
    """Return the dimensions from south to north and from west to east."""
    first, second = heights.dims
    coordinate = _coordinate(heights, first)
    about = {} if coordinate is None else coordinate.attrs
    along_x = (
        about.get("axis") == "X" or about.get("standard_name") == "projection_x_coordinate"
    )
    return (second, first) if along_x or str(first).lower() == "x" else (first, second)


def _coordinate(heights: Any, dimension: Any) -> Any:
    """Return the coordinate of a dimension; None where there is none."""
    known = dimension in heights.coords
    return heights.coords[dimension] if known else None  # get() would make indices up


def _step(name: str, heights: Any, dimension: Any, spacing_m: float | None) -> float:
    """Return how far heights are apart along a dimension, in m; less than 0 where they go back."""
    coordinate = _coordinate(heights, dimension)
    about = {} if coordinate is None else coordinate.attrs
    unit = str(about.get("units", ""))
    words = (
        str(dimension),
        str(about.get("standard_name", "")),
        str(about.get("long_name", "")),
    )
    if unit.startswith("degree") or any(w.lower().startswith(_ANGLES) for w in words):
        raise RequestError(
            f"{name}: {dimension} is in degrees; project the map to metres first, e.g. with gdalwarp"
        )
    if coordinate is None or coordinate.dtype.kind not in "iuf" or coordinate.size < 2:
        if spacing_m is None:
            raise RequestError(
                f"{name}: {dimension} has no coordinates; say with --cell how many metres heights "
                "are apart"
            )
        return -spacing_m if dimension == _sides(heights)[0] else spacing_m  # as a picture
    values = coordinate.values.astype(np.float64)
    step = (values[-1] - values[0]) / (len(values) - 1)
    if step == 0 or not np.allclose(np.diff(values), step, rtol=0, atol=_EVEN * abs(step)):
        raise RequestError(f"{name}: {dimension} is not evenly spaced")
    if spacing_m is not None:
        return float(np.copysign(spacing_m, step))
    return float(step * _length_m(f"{name}: {dimension}", unit))


def _length_m(where: str, unit: Any) -> float:
    if str(unit) not in _LENGTHS_M:
        raise RequestError(f"{where} is in {unit}; expected m, km, cm or mm")
    return _LENGTHS_M[str(unit)]
