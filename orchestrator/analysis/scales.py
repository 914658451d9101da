"""How long a t0, how large a cell and how strong the wind is in nature."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.errors import FormatError, RequestError
from orchestrator.formats import parfile, properties, winds
from orchestrator.model.pictures import Units

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from orchestrator.formats.parameters import Value
    from orchestrator.records.paths import ExperimentDirectory, SweepDirectory

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

    In winds of several strengths, or of speeds, cells alone have one: the length of a t0 depends on
    the wind.
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
    threshold = _threshold(values, experiment)
    if threshold is None:
        return Scales(float(physical.cell_size))
    cell_m, t0_s = properties.scales({**values, "Tau_min": threshold}, physical, flux)
    shear = properties.shear_velocity(physical, flux, threshold or 1.0)  # as the model has it
    if shear is None:
        return Scales(cell_m, t0_s)
    wind = properties.wind_speed(physical, float(shear), _HEIGHT_M)
    return Scales(cell_m, t0_s, float(shear), wind)


def _threshold(values: Mapping[str, Value], experiment: ExperimentDirectory) -> float | None:
    """Return the threshold of stress in all winds; None where they have speeds, or several.

    A ``Tau_min`` of the parameter file holds whatever the rows of thresholds have.
    """
    if "Wind_file" in values:
        try:
            blowing = winds.read(experiment.root / str(values["Wind_file"]))
        except FormatError:
            return None
        if blowing.unit == "rt":
            return None
        if "Tau_min" not in values:
            strengths = {row.value for row in blowing.rows if row.duration > 0}
            return strengths.pop() if len(strengths) == 1 else None
    return float(values.get("Tau_min", 0))


def settled(sweep: SweepDirectory, numbers: Iterable[int], units: Units) -> Units:
    """Return the units that experiments of a sweep can have, where those of nature are wanted.

    Metres alone where one of them has no one length of a t0.

    Raises
    ------
    RequestError
        Where experiments have begun and none has a size of cells.
    """
    if not units.days:
        return units
    begun = [scales(e) for e in map(sweep.experiment, numbers) if e.parfile.exists()]
    sized = [of_one for of_one in begun if np.isfinite(of_one.cell_m)]
    if begun and not sized:
        raise RequestError(
            f"--units si: {sweep.name} has no property files that tell how large a cell is"
        )
    timed = all(np.isfinite(of_one.t0_s) for of_one in sized)
    return units if timed else Units.LENGTHS


_properties = functools.cache(properties.read_properties)
_saturated_flux = functools.cache(properties.read_saturated_flux)
