"""Reading an elevation map from a file, by what its name ends in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.analysis.field import geotiff, netcdf, points
from orchestrator.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from orchestrator.analysis.field.elevation import Elevation


@dataclass(frozen=True, slots=True)
class Source:
    """A file that has an elevation map, and what it does not tell itself.

    Attributes
    ----------
    path
        The file.
    spacing_m
        Between heights, in m (default: as the file has it).
    band
        Of a GeoTIFF, counted from 1 (default: the only one).
    variable
        Of a NetCDF file (default: the only map in it).
    """

    path: Path
    spacing_m: float | None = None
    band: int | None = None
    variable: str | None = None


def _geotiff(source: Source) -> Elevation:
    return geotiff.read(source.path, source.spacing_m, source.band)


def _netcdf(source: Source) -> Elevation:
    return netcdf.read(source.path, source.spacing_m, source.variable)


def _points(source: Source) -> Elevation:
    return points.read(source.path, source.spacing_m)


_READERS: Mapping[str, Callable[[Source], Elevation]] = {
    **dict.fromkeys((".tif", ".tiff"), _geotiff),
    **dict.fromkeys((".nc", ".nc4", ".cdf", ".grd"), _netcdf),
    **dict.fromkeys((".xyz", ".txt", ".csv", ".dat"), _points),
}

FORMATS = tuple(_READERS)
"""What the names of files that are read end in."""

_ONLY_FOR = {"band": _geotiff, "variable": _netcdf}


def read(source: Source) -> Elevation:
    """Read an elevation map.

    Raises
    ------
    RequestError
        Where there is no such file, it has no map in metres, or a library is not installed.
    """
    path = source.path
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise RequestError(f"--dem {path}: expected a name that ends in {', '.join(FORMATS)}")
    if not path.is_file():
        what = "this is a directory" if path.is_dir() else "no such file"
        raise RequestError(f"--dem {path}: {what}")
    for option, of_kind in _ONLY_FOR.items():
        if getattr(source, option) is not None and of_kind is not reader:
            raise RequestError(f"--{option}: {path.name} has no {option}s; leave it out")
    spacing_m = source.spacing_m
    if spacing_m is not None and not (math.isfinite(spacing_m) and spacing_m > 0):
        raise RequestError(f"--cell: expected metres between heights, got {spacing_m:g}")
    try:
        return reader(source)
    except OSError as error:
        raise RequestError(
            f"--dem {path}: cannot be read ({error.strerror or error})"
        ) from error
