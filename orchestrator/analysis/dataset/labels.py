"""Names, units and provenance of a dataset, as the CF conventions have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator._version import __version__
from orchestrator.analysis.dataset.variables import sizes_of
from orchestrator.errors import FormatError, optional
from orchestrator.formats.content_names import original
from orchestrator.formats.durable import read_bytes
from orchestrator.formats.parameters import PARAMETERS
from orchestrator.formats.winds import WIND
from orchestrator.model.simulators import ENGINE
from orchestrator.records import attempts, ledger, provenance

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.analysis.dataset.grid import Dimension, Grid
    from orchestrator.formats.parameters import Value
    from orchestrator.records.paths import SweepDirectory

_WITHIN = {
    "time": ("time", "t0"),
    "y": ("across the wind", "cells"),
    "x": ("along the wind", "cells"),
    "ky": ("wavenumber across the wind", "1 / domain depth"),
    "kx": ("wavenumber along the wind", "1 / domain length"),
    "cell_state": ("state of cells: 0 grain, 1 mobile grain, 2 sintered grain", "1"),
}
_COMMENTS = {"time": "at which snapshots were asked for; snapshot_time has when they were made"}
_MODEL_UNITS = "model_units"
_LARGEST_TEXT = 4 << 20  # bytes of a sweep file
_OF_MODEL = re.compile(r"(?<![a-z])(cells?|t0|domain)(?![A-Za-z])")
_POWERS = str.maketrans("²³", "23")

_IN_NATURE = {"time": ("time_scale", "s"), "y": ("cell_size", "m"), "x": ("cell_size", "m")}
_OWN = {"seed": "seed of the simulator", "point": "point of the sweep's list"}


def xarray() -> Any:
    """Return xarray.

    Raises
    ------
    RequestError
        Where it is not installed.
    """
    with optional("labelled datasets need"):
        import xarray as xr  # noqa: PLC0415  # heavy, and optional
    return xr


def in_file(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes whose unit the CF conventions know: what is in cells and t0 is a plain number.

    Its own unit stands beside it, as ``model_units``.
    """
    unit = str(about.get("units", ""))
    if _OF_MODEL.search(unit):
        return {**about, "units": "1", _MODEL_UNITS: unit}
    plain = unit.translate(_POWERS)
    return {**about, "units": plain} if plain else dict(about)


def of_model(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes of a file with the units of the model again."""
    rest = {name: value for name, value in about.items() if name != _MODEL_UNITS}
    return {**rest, "units": about[_MODEL_UNITS]} if _MODEL_UNITS in about else rest


def coordinates(grid: Grid, status: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Return the coordinates of every dimension: name to (dimensions, values, attributes).

    Lengths and times in nature are among them where all experiments share their scale.
    """
    coordinates_by_name: dict[str, Any] = {}
    table = _table(grid)
    for dimension in grid.dimensions:
        coordinates_by_name |= _swept(dimension, table)
    coordinates_by_name |= _winds(grid, coordinates_by_name)
    sizes = sizes_of(grid)
    for name, size in sizes.items():
        long_name, units = _WITHIN.get(name, (name, "1"))
        values = grid.times if name == "time" else np.arange(size)
        about = {"long_name": long_name, "units": units}
        if name in _COMMENTS:
            about["comment"] = _COMMENTS[name]
        coordinates_by_name[name] = ((name,), values, about)
    for name, (scale, units) in _IN_NATURE.items():
        known = np.unique(status[scale][np.isfinite(status[scale])])
        if len(known) == 1:
            about = {"long_name": f"{_WITHIN[name][0]}, in nature", "units": units}
            coordinates_by_name[f"{name}_{units}"] = (
                (name,),
                coordinates_by_name[name][1] * known[0],
                about,
            )
    return coordinates_by_name | _wavenumbers(grid, sizes, status["cell_size"])


def _wavenumbers(
    grid: Grid, sizes: Mapping[str, int], cell_m: NDArray[np.float64]
) -> dict[str, Any]:
    """Return the wavenumbers of spectra in nature, where all domains are of one size in m."""
    known = np.unique(cell_m[np.isfinite(cell_m)])
    coordinates_by_name = {}
    for name, side in (("ky", "D"), ("kx", "L")):
        cells = {int(s.experiment.point.parameters[side]) for s in grid.cells.values()}
        if len(known) == len(cells) == 1:
            per_m = np.arange(sizes[name]) / (cells.pop() * known[0])
            about = {"long_name": f"{_WITHIN[name][0]}, in nature", "units": "m-1"}
            coordinates_by_name[f"{name}_per_m"] = ((name,), per_m, about)
    return coordinates_by_name


def _winds(grid: Grid, there: Collection[str]) -> dict[str, Any]:
    """Return the winds of every experiment, where the sweep file makes them of other values."""
    texts = {
        cell: str(status.experiment.point.parameters[WIND])
        for cell, status in grid.cells.items()
        if WIND in status.experiment.point.parameters
    }
    if not texts or WIND in there:
        return {}
    values = np.full(grid.shape, "", f"<U{max(map(len, texts.values()))}")
    for cell, text in texts.items():
        values[cell] = text
    about = {"long_name": "winds that blow one after the other"}
    return {WIND: (tuple(d.name for d in grid.dimensions), values, about)}


def _table(grid: Grid) -> Mapping[str, Mapping[str, str]]:
    """Return name and unit of the parameters of the engine that was asked for."""
    for status in grid.cells.values():
        if ENGINE in status.experiment.point.parameters:
            known = provenance.parameter_table(
                grid.directory.experiment(status.experiment.number)
            )
            if known:
                return known
    return {name: provenance.labels(p) for name, p in PARAMETERS.items()}


def _swept(dimension: Dimension, table: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    coordinates_of_axis = {}
    for name, values in dimension.values.items():
        about = {"long_name": _OWN.get(name, name), **table.get(name, {})}
        coordinates_of_axis[name] = ((dimension.name,), _plain(_named(values)), about)
    return coordinates_of_axis


def _named(values: Sequence[Value | None]) -> Sequence[Value | None]:
    """Return names of files without the hash of the content, where that tells them apart."""
    named = [original(value) if isinstance(value, str) else value for value in values]
    return named if len(set(named)) == len(set(values)) else values


def _plain(values: Sequence[Value | None]) -> NDArray[Any]:
    """Return values that every file format can take: switches as 0 and 1, none as not a number."""
    words = any(isinstance(value, str) for value in values)
    missing = "" if words else np.nan
    array = np.asarray([missing if value is None else value for value in values])
    return array.astype(np.int8) if array.dtype == np.bool_ else array


def _sweep_file(directory: SweepDirectory) -> str:
    """Return the text of the sweep file, or why it cannot be read, which stops no dataset."""
    try:
        data = read_bytes(ledger.last_sweep_file(directory), _LARGEST_TEXT)
    except (FormatError, OSError) as error:
        return f"cannot be read: {error}"
    return data.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def attributes(grid: Grid) -> dict[str, Any]:
    """Return what is said of the dataset as a whole."""
    engines = {s.record.engine for s in grid.cells.values() if s.record is not None}
    values = {
        "Conventions": "CF-1.11",
        "title": grid.directory.name,
        "source": ", ".join(sorted(engines)) or "no engine has run yet",
        "history": f"{attempts.now()} collected by rescal-sweep {__version__}",
        "sweep_file": _sweep_file(grid.directory),
        "tolerance_t0": grid.tolerance_t0,
    }
    left_out = {"superseded": grid.superseded, "orphaned": grid.orphaned}
    if reasons := [
        f"{why}: " + ", ".join(f"exp{n}" for n in numbers)
        for why, numbers in left_out.items()
        if numbers
    ]:
        values["left_out"] = "; ".join(reasons)
    return values
