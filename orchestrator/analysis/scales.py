"""How long a t0 and how large a cell is in nature."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.errors import FormatError
from orchestrator.formats import parfile, properties

if TYPE_CHECKING:
    from orchestrator.records.paths import ExperimentDirectory


def scales(experiment: ExperimentDirectory) -> tuple[float, float]:
    """Return metres per cell and seconds per t0, which a run without property files has not.

    With a file of winds, the seconds are not known: each wind has its own.
    """
    try:
        written_ns = experiment.parfile.stat().st_mtime_ns
    except OSError:
        return np.nan, np.nan
    return _read(experiment, written_ns)


@functools.lru_cache(maxsize=100_000)
def _read(experiment: ExperimentDirectory, _written_ns: int) -> tuple[float, float]:
    """Read the scales of a parameter file as it was written then; films ask once a frame."""
    names = {"Phys_prop_file", "Qsat_file", "Wind_file", "Tau_min", "Lambda_T", "Lambda_C"}
    try:
        values = parfile.read(experiment.parfile, names).values()
        physical = _properties(experiment.root / str(values["Phys_prop_file"]))
        flux = _saturated_flux(experiment.root / str(values["Qsat_file"]))
    except (KeyError, OSError, FormatError):
        return np.nan, np.nan
    cell_size, time_scale = properties.scales(values, physical, flux)
    return cell_size, np.nan if "Wind_file" in values else time_scale


_properties = functools.cache(properties.read_properties)
_saturated_flux = functools.cache(properties.read_saturated_flux)
