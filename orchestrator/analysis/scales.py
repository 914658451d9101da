"""How long a t0, how large a cell and how strong the wind is in nature."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.errors import FormatError
from orchestrator.formats import parfile, properties

if TYPE_CHECKING:
    from orchestrator.records.paths import ExperimentDirectory

_HEIGHT_M = 10.0  # at which meteorologists measure the wind


class Scales(NamedTuple):
    """What stands for an experiment in nature; not a number where that is not known.

    Attributes
    ----------
    cell_m
        The side of a cell, in m.
    t0_s
        How long a t0 lasts, in s.
    shear_m_s
        The shear velocity of the wind, in m/s.
    wind_m_s
        The speed of the wind 10 m above a flat bed, in m/s.
    """

    cell_m: float = np.nan
    t0_s: float = np.nan
    shear_m_s: float = np.nan
    wind_m_s: float = np.nan


def scales(experiment: ExperimentDirectory) -> Scales:
    """Return the scales of an experiment, which a run without property files has not.

    With a file of winds, cells alone have one: each wind has its own strength and seconds.
    """
    try:
        written_ns = experiment.parfile.stat().st_mtime_ns
    except OSError:
        return Scales()
    return _read(experiment, written_ns)


@functools.lru_cache(maxsize=100_000)
def _read(experiment: ExperimentDirectory, _written_ns: int) -> Scales:
    """Read the scales of a parameter file as it was written then; films ask once a frame."""
    names = {"Phys_prop_file", "Qsat_file", "Wind_file", "Tau_min", "Lambda_T", "Lambda_C"}
    try:
        values = parfile.read(experiment.parfile, names).values()
        physical = _properties(experiment.root / str(values["Phys_prop_file"]))
        flux = _saturated_flux(experiment.root / str(values["Qsat_file"]))
    except (KeyError, OSError, FormatError):
        return Scales()
    cell_m, t0_s = properties.scales(values, physical, flux)
    if "Wind_file" in values:
        return Scales(cell_m)
    threshold = float(values.get("Tau_min", 0)) or 1.0  # as the model has it
    shear = properties.shear_velocity(physical, flux, threshold)
    if shear is None:
        return Scales(cell_m, t0_s)
    wind = properties.wind_speed(physical, float(shear), _HEIGHT_M)
    return Scales(cell_m, t0_s, float(shear), wind)


_properties = functools.cache(properties.read_properties)
_saturated_flux = functools.cache(properties.read_saturated_flux)
