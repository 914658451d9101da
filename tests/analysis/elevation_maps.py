"""Elevation maps as files of the three kinds that are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
import xarray as xr

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

UTM, METRE = 32613, 9001  # WGS 84 / UTM zone 13N


def geo_tags(spacing: tuple[float, float], *, degrees: bool = False) -> list[Any]:
    """Return the tags that place a map with rows and columns so far apart."""
    projected = [1024, 0, 1, 1, 3072, 0, 1, UTM, 3076, 0, 1, METRE]
    geographic = [1024, 0, 1, 2, 2048, 0, 1, 4326]
    keys = geographic if degrees else projected
    keys = [1, 1, 0, len(keys) // 4, *keys]
    return [
        (33550, "d", 3, (spacing[1], spacing[0], 0.0)),
        (33922, "d", 6, (0, 0, 0, 500000.0, 4400000.0, 0)),
        (34735, "H", len(keys), keys),
        (42113, "s", 0, "-9999"),
    ]


def write_tif(path: Path, heights: NDArray[Any], spacing: tuple[float, float]) -> Path:
    """Write a GeoTIFF, north at the top, compressed."""
    values = np.where(np.isnan(heights), -9999, heights).astype("<f4")
    tifffile.imwrite(path, values, compression="zlib", extratags=geo_tags(spacing))
    return path


def write_nc(path: Path, heights: NDArray[Any], spacing: tuple[float, float]) -> Path:
    """Write a NetCDF file whose rows go from south to north."""
    rows, columns = heights.shape
    about = {"units": "m"}
    coordinates = {
        "y": ("y", 4.4e6 + spacing[0] * np.arange(rows), about),
        "x": ("x", 5e5 + spacing[1] * np.arange(columns), about),
    }
    variable = (("y", "x"), heights[::-1], {"units": "m", "long_name": "surface"})
    dataset = xr.Dataset({"height": variable, "crs": ((), 0)}, coordinates)
    dataset.to_netcdf(path, engine="h5netcdf")
    return path


def write_xyz(path: Path, heights: NDArray[Any], spacing: tuple[float, float]) -> Path:
    """Write text with titles, in any order, without the points that have no height."""
    rows, columns = heights.shape
    y, x = np.mgrid[rows - 1 : -1 : -1, :columns]
    points = np.stack([5e5 + spacing[1] * x, 4.4e6 + spacing[0] * y, heights], axis=-1)
    listed = points.reshape(-1, 3)[~np.isnan(heights).ravel()]
    np.random.default_rng(3).shuffle(listed)
    np.savetxt(path, listed, fmt="%.4f", delimiter=",", header="x,y,z", comments="")
    return path


WRITERS = {"tif": write_tif, "nc": write_nc, "xyz": write_xyz}
