"""Elevation maps as text: a line with x, y and z for each point of a grid, or for each row of heights."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.analysis.field.elevation import FEWEST, MOST, check_size, elevation
from orchestrator.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from orchestrator.analysis.field.elevation import Elevation

_PARTS = re.compile(r"[\s,;]+")
_COMMENTS = ("#", "//")
_BYTES_A_LINE = 6  # at the least
_POINT = 3  # numbers
_LONGEST = 40  # characters of a line that are shown
_FLAT = 1e-4  # of a spacing, by which coordinates of a row may differ
_OFF = 0.1  # of a spacing, by which a point may be beside the grid
_SPARSE = 20  # places of the grid for each point
_DEGREES = 5e-4  # apart, in which no surface is measured in metres


def read(path: Path, spacing_m: float | None = None) -> Elevation:
    """Read points of a grid, in any order; steps without a point have no height.

    Lines of at least as many numbers as a map has are rows of heights, ``spacing_m`` apart.

    Numbers are parted by blanks, commas or semicolons. A line of titles may stand on top; what begins
    with ``#`` or ``//`` is skipped.

    Raises
    ------
    RequestError
        With the first line that has no three numbers; where points are on no grid, or in degrees.
    """
    if path.stat().st_size > MOST * _BYTES_A_LINE * 5:
        raise RequestError(
            f"{path.name}: {path.stat().st_size / 1e9:.1f} GB; at most {MOST // 10**6} million "
            "heights are read: cut out a part of it, or make it coarser"
        )
    _refuse_titles(path)
    if (width := _width(path)) >= FEWEST:
        return _matrix(path, width, spacing_m)
    x, y, z = _loaded(path, range(_POINT)).T
    columns, step_x = _lattice(path.name, "x", x)
    rows, step_y = _lattice(path.name, "y", y)
    _refuse_degrees(path.name, (x, y), (step_x, step_y))
    shape = int(rows.max()) + 1, int(columns.max()) + 1
    check_size(path.name, shape)
    if shape[0] * shape[1] > _SPARSE * len(z):
        raise RequestError(_no_grid(path.name))
    heights = np.full(shape, np.nan)
    heights[shape[0] - 1 - rows, columns] = z  # the first row lies to the north
    spacing = (step_y, step_x) if spacing_m is None else (spacing_m, spacing_m)
    return elevation(path.name, heights, spacing)


def _matrix(path: Path, width: int, spacing_m: float | None) -> Elevation:
    """Read lines that are rows of heights from north to south; how far apart these are must be told."""
    if spacing_m is None:
        raise RequestError(
            f"{path.name}: expected x y z on each line, got {width} numbers; "
            "of a matrix of heights, --cell tells how many metres they are apart"
        )
    heights = _loaded(path, None)
    check_size(path.name, heights.shape)
    return elevation(path.name, heights, (spacing_m, spacing_m))


def _loaded(path: Path, columns: range | None) -> NDArray[np.float64]:
    """Return the numbers of a file, float64 [line, number], or some columns of them."""
    skipped, delimiter = _beginning(path)
    try:
        return np.loadtxt(
            path,
            delimiter=delimiter,
            skiprows=skipped,
            comments=_COMMENTS,
            usecols=columns,
            ndmin=2,
            encoding="utf-8-sig",
        )
    except ValueError as error:
        raise RequestError(_first_fault(path, skipped) or f"{path.name}: {error}") from error


def _beginning(path: Path) -> tuple[int, str | None]:
    """Return how many lines are on top of the points, and what parts numbers; None for blanks."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file):
            bare = line.strip()
            if not bare or bare.startswith(_COMMENTS):
                continue
            if _numbers(bare) is None and number == 0:
                continue  # titles
            if _numbers(bare) is None:
                raise RequestError(_fault(path, number, bare))
            if _has_decimal_commas(bare):
                raise RequestError(_fault(path, number, bare, ", with decimal points"))
            return number, next((mark for mark in ",;" if mark in bare), None)
    raise RequestError(f"{path.name}: no points in it; expected lines of x, y and z")


def _width(path: Path) -> int:
    """Return how many numbers are on the first line of them."""
    skipped, delimiter = _beginning(path)
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return len(next(itertools.islice(file, skipped, None)).strip().split(delimiter))


def _numbers(line: str) -> list[float] | None:
    """Return the first three numbers of a line; None where it has not so many."""
    parts = _PARTS.split(line.strip())
    try:
        numbers = [float(part) for part in parts[:3]]
    except ValueError:
        return None
    return numbers if len(numbers) == 3 else None


def _has_decimal_commas(line: str) -> bool:
    """Return whether something else than its commas parts the numbers of a line."""
    return "," in line and (
        ";" in line or any(len(part.split()) > 1 for part in line.split(",")[:3])
    )


def _first_fault(path: Path, skipped: int) -> str | None:
    """Say which line has no three numbers."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file):
            bare = line.strip()
            counts = bare and not bare.startswith(_COMMENTS) and number >= skipped
            if counts and _numbers(bare) is None:
                return _fault(path, number, bare)
    return None


def _fault(path: Path, number: int, line: str, wish: str = "") -> str:
    shown = line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
    return f"{path.name}:{number + 1}: expected three numbers, x y z{wish}, got {shown}"


def _lattice(
    name: str, axis: str, values: NDArray[np.float64]
) -> tuple[NDArray[np.intp], float]:
    """Return which place of an even spacing each coordinate is at, and the spacing."""
    if not np.isfinite(values).all():
        line = int(np.flatnonzero(~np.isfinite(values))[0])
        raise RequestError(f"{name}: {axis} of point {line + 1} is not a number")
    each = np.unique(values)
    if len(each) < 2:
        raise RequestError(f"{name}: all points have {axis} = {each[0]:g}; expected a map")
    steps = np.diff(each)
    step = float(np.median(steps[steps > _FLAT * steps.max()]))
    step = (each[-1] - each[0]) / max(1, round((each[-1] - each[0]) / step))
    indices = (values - each[0]) / step
    nearest = np.rint(indices)
    if np.abs(indices - nearest).max() > _OFF:
        raise RequestError(_no_grid(name))
    return nearest.astype(np.intp), float(step)


def _no_grid(name: str) -> str:
    return f"{name}: its points are on no even grid; make it one first, e.g. with gdal_grid"


def _refuse_titles(path: Path) -> None:
    """Refuse longitudes and latitudes that are named so."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        titles = [word.strip('#/"').lower() for word in _PARTS.split(file.readline().strip())]
    if any(title.startswith(("lon", "lat")) for title in titles):
        raise RequestError(_in_degrees(path.name))


def _refuse_degrees(
    name: str, coordinates: tuple[NDArray[np.float64], ...], steps: tuple[float, float]
) -> None:
    """Refuse what may be on the globe where it is hardly apart."""
    ends = zip(coordinates, (180, 90), strict=True)
    if max(steps) < _DEGREES and all(np.abs(c).max() <= end for c, end in ends):
        raise RequestError(_in_degrees(name))


def _in_degrees(name: str) -> str:
    return (
        f"{name}: its points are in degrees; project them to metres first, e.g. with "
        "gdaltransform -t_srs EPSG:<UTM zone>"
    )
