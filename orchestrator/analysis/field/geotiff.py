"""Elevation maps in GeoTIFF files (OGC 19-008r4)."""

from __future__ import annotations

import logging
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.analysis.field.elevation import check_size, elevation
from orchestrator.errors import RequestError, optional

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from orchestrator.analysis.field.elevation import Elevation

_UNREADABLE = (
    *(ValueError, KeyError, IndexError, TypeError, EOFError, MemoryError, RuntimeError),
    *(struct.error, zlib.error, ZeroDivisionError, OverflowError, AttributeError),
)
"""What reading a damaged file may raise."""

_GEOGRAPHIC = 2  # GTModelTypeGeoKey
_LENGTHS_M = {9001: 1.0, 9002: 0.3048, 9003: 1200 / 3937}
"""Metre, international foot and US survey foot, by their codes of EPSG."""

_NODATA, _COLOURS = 42113, {2, 3, 5, 6}  # a tag of GDAL's; RGB, palette, CMYK, YCbCr
_LEVEL = 1e-3  # of a rotation, by which columns may be off


def read(path: Path, spacing_m: float | None = None, band: int | None = None) -> Elevation:
    """Read one band of a GeoTIFF.

    Raises
    ------
    RequestError
        Where it is none, its grid is in degrees or not in metres, or the band is not there.
    """
    with optional(f"{path.name}: a GeoTIFF needs"):
        import tifffile  # noqa: PLC0415  # optional

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # what matters is raised
    try:
        with tifffile.TiffFile(path) as file:
            page: Any = file.pages[0]
            tags = page.geotiff_tags or {}
            shape = page.imagelength, page.imagewidth
            check_size(path.name, shape)
            _check_kind(path.name, page)
            spacing = _spacing_m(path.name, tags, spacing_m)
            chosen = _band(path.name, _bands(page, len(file.pages)), band)
            if page.samplesperpixel == 1:
                page, chosen = file.pages[chosen], 0
            return elevation(
                path.name, _heights(page, chosen), spacing, _vertical_m(path.name, tags)
            )
    except tifffile.TiffFileError as error:
        raise RequestError(f"{path.name}: not a TIFF file that can be read") from error
    except _UNREADABLE as error:
        raise RequestError(_reason(path.name, error)) from error


def _reason(name: str, error: Exception) -> str:
    """Say why a file could not be read; what is compressed may need a library."""
    if "imagecodecs" in str(error) or isinstance(error, ModuleNotFoundError):
        how = str(error).partition(" requires")[0].strip("<>").partition(":")[0]
        return (
            f"{name}: {how.lower()} needs imagecodecs; install it with: pip install imagecodecs"
        )
    return f"{name}: cannot be read: {error}"


def _bands(page: Any, pages: int) -> int:
    """Return how many maps there are: samples of the first page, or pages of one size."""
    return int(page.samplesperpixel) if page.samplesperpixel > 1 else pages


def _check_kind(name: str, page: Any) -> None:
    """Refuse pictures of colours."""
    if page.photometric in _COLOURS or page.dtype is None or page.dtype.kind not in "iuf":
        raise RequestError(f"{name}: a picture in colours; expected heights")


def _band(name: str, count: int, band: int | None) -> int:
    """Return the index of a band."""
    if band is None and count > 1:
        raise RequestError(f"{name}: choose one of its {count} bands with --band, from 1 on")
    if band is not None and not 1 <= band <= count:
        known = "it has one" if count == 1 else f"it has {count}"
        raise RequestError(f"--band {band}: {name} has no such band; {known}, counted from 1")
    return (band or 1) - 1


def _heights(page: Any, sample: int) -> NDArray[Any]:
    """Return heights as floating-point numbers, without what stands for none."""
    values = page.asarray()
    if values.ndim == 3:
        values = values[sample] if page.axes.startswith("S") else values[..., sample]
    heights = values.astype(np.float64 if values.dtype.itemsize > 2 else np.float32)
    if _NODATA in page.tags:
        heights[values == page.nodata] = np.nan
    return np.asarray(heights)


def _spacing_m(
    name: str, tags: Mapping[str, Any], spacing_m: float | None
) -> tuple[float, float]:
    """Return how far rows and columns are apart."""
    if tags.get("GTModelTypeGeoKey") == _GEOGRAPHIC:
        raise RequestError(
            f"{name}: its grid is in degrees; project it to metres first, e.g. with "
            "gdalwarp -t_srs EPSG:<UTM zone>"
        )
    if spacing_m is not None:
        return spacing_m, spacing_m
    scale = tags.get("ModelPixelScale")
    if scale is None and (matrix := tags.get("ModelTransformation")) is not None:
        steps = np.asarray(matrix, float).reshape(4, 4)
        scale = np.hypot(steps[:2, 0], steps[:2, 1])[::-1]
        if abs(steps[0, 1]) > _LEVEL * abs(steps[0, 0]):
            raise RequestError(f"{name}: its grid is turned; rotate it to north first")
    if scale is None:
        raise RequestError(
            f"{name}: does not tell how far its heights are apart; say so in metres with --cell"
        )
    unit = _unit_m(name, tags, "ProjLinearUnitsGeoKey")
    return float(scale[1]) * unit, float(scale[0]) * unit


def _vertical_m(name: str, tags: Mapping[str, Any]) -> float:
    return _unit_m(name, tags, "VerticalUnitsGeoKey")


def _unit_m(name: str, tags: Mapping[str, Any], key: str) -> float:
    """Return a unit of length in m; what does not tell is in metres."""
    code = int(tags.get(key, 9001))
    if code not in _LENGTHS_M:
        raise RequestError(f"{name}: {key} {code}: expected metres or feet")
    return _LENGTHS_M[code]
