"""Physical properties and saturated flux: what a unit of model time lasts in seconds."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.errors import FormatError, quoted
from orchestrator.formats.durable import read_ascii

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Value

_NAMES = ("kappa", "z_0", "z", "rhoair", "rhosand", "g", "d")
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_COUNT = re.compile(r"0*([1-9][0-9]{0,8})")
_LARGEST = 1e30
UNKNOWN_S = 1e6
"""Seconds per t0 that the model takes where no grain would fly in nature."""


@dataclass(frozen=True, slots=True)
class Properties:
    """Properties of air and grains, in SI units; single precision.

    Attributes
    ----------
    kappa
        The constant of von Karman.
    z_0, z
        Roughness length and height of a given wind.
    rhoair, rhosand
        Densities of air and grains.
    g, d
        Gravity and diameter of a grain.
    """

    kappa: np.float32
    z_0: np.float32
    z: np.float32
    rhoair: np.float32
    rhosand: np.float32
    g: np.float32
    d: np.float32

    @property
    def threshold_velocity(self) -> np.float32:
        """The friction velocity at which grains begin to fly, m/s."""
        return np.float32(0.1 * np.sqrt(self.rhosand / self.rhoair * self.g * self.d))

    @property
    def cell_size(self) -> np.float32:
        """The side of a cell, m."""
        return np.float32(1.25 * (self.rhosand / self.rhoair) * self.d)


@dataclass(frozen=True, slots=True)
class SaturatedFlux:
    """Erosion in the model over a flat bed for each threshold of stress; float32 [n] each.

    Attributes
    ----------
    tau
        The thresholds, ascending.
    erosion
        The share of the bed that erodes, per t0 and Lambda_E.
    ratio
        ``erosion`` over that without a threshold, in (0, 1].
    """

    tau: NDArray[np.float32]
    erosion: NDArray[np.float32]
    ratio: NDArray[np.float32]


def read_properties(path: Path) -> Properties:
    """Read a property file: seven times ``name=value``, in their order.

    Raises
    ------
    FormatError
        Naming file and line, if an entry is missing or not a positive number.
    """
    text = read_ascii(path)
    at = 0
    values = []
    for name in _NAMES:
        match = re.compile(rf"\s*{name}=\s*({_NUMBER})").match(text, at)
        if not match:
            rest = text[at:].lstrip()
            line = text.count("\n", 0, len(text) - len(rest)) + 1
            text_there = quoted(rest.partition("\n")[0]) if rest else "the end of the file"
            raise FormatError(f"{path}:{line}: expected {name}=NUMBER, got {text_there}")
        value = float(match[1])
        if not 0 < value < _LARGEST:
            line = text.count("\n", 0, match.end()) + 1
            raise FormatError(
                f"{path}:{line}: {name}: expected a positive number, got {value:g}"
            )
        values.append(np.float32(value))
        at = match.end()
    return Properties(*values)


def read_saturated_flux(path: Path) -> SaturatedFlux:
    """Read a table of the saturated flux: a number n, then n rows ``tau e r``.

    Raises
    ------
    FormatError
        Naming file and line, if there are fewer numbers or tau does not ascend.
    """
    words = [
        (number, word)
        for number, line in enumerate(read_ascii(path).split("\n"), 1)
        for word in line.split()
    ]
    if not words or not (first := _COUNT.fullmatch(words[0][1])):
        raise FormatError(f"{path}:1: expected the number of rows")
    count = int(first[1])
    if len(words) - 1 < 3 * count:
        raise FormatError(
            f"{path}: expected {count} rows of three numbers, got {len(words) - 1} numbers"
        )
    values = []
    for number, word in itertools.islice(words, 1, 3 * count + 1):
        if not re.fullmatch(_NUMBER, word) or abs(float(word)) > _LARGEST:
            raise FormatError(f"{path}:{number}: expected a number, got {quoted(word)}")
        values.append(float(word))
    tau, erosion, ratio = np.array(values, np.float32).reshape(count, 3).T
    if (np.diff(tau) <= 0).any():
        raise FormatError(f"{path}: expected rows of ascending tau")
    return SaturatedFlux(tau, erosion, ratio)


def _row(flux: SaturatedFlux, tau_min: float) -> int:
    return min(int(np.searchsorted(flux.tau, np.float32(tau_min))), flux.tau.size - 1)


def shear_velocity(
    properties: Properties, flux: SaturatedFlux, tau_min: float
) -> np.float32 | None:
    """Return the friction velocity of the wind that a threshold of stress stands for, m/s.

    None where the table has no wind for it. Above the table, its last row counts.
    """
    ratio = flux.ratio[_row(flux, tau_min)]
    if not ratio < 1:
        return None
    return np.float32(properties.threshold_velocity / np.sqrt(1 - ratio))


def wind_speed(properties: Properties, shear_velocity: float, height_m: float) -> float:
    """Return the speed of the wind at a height above a flat bed, m/s, by the law of the wall."""
    layers = float(np.log(height_m / float(properties.z_0)))
    return float(shear_velocity) / float(properties.kappa) * layers


def time_scale(
    properties: Properties,
    flux: SaturatedFlux,
    tau_min: float,
    transport: float,
    deposition: float,
) -> float:
    """Return how many seconds a t0 lasts: the model's flux over the one in nature.

    Parameters
    ----------
    tau_min
        The threshold of stress; above the table, its last row counts.
    transport, deposition
        Rates per t0.
    """
    row = _row(flux, tau_min)
    velocity = shear_velocity(properties, flux, tau_min)
    if velocity is None:
        return UNKNOWN_S
    threshold = properties.threshold_velocity
    density = properties.rhoair / properties.rhosand
    excess = velocity * velocity - threshold * threshold
    in_nature = 22 * density * np.sqrt(properties.d / properties.g) * excess
    if not (velocity > threshold and deposition > 0):
        return UNKNOWN_S
    in_model = np.float32(transport) * flux.erosion[row] / np.float32(deposition)
    return float(in_model * properties.cell_size * properties.cell_size / in_nature)


def scales(
    values: Mapping[str, Value], physical: Properties, flux: SaturatedFlux
) -> tuple[float, float]:
    """Return the side of a cell in m and the duration of a t0 in s, as the model has them.

    Parameters
    ----------
    values
        Of a parameter file; a threshold of 0 counts as 1.
    """
    deposition = float(values.get("Lambda_C", 0.0))
    transport = float(values.get("Lambda_T", -1.0))
    duration = time_scale(
        physical,
        flux,
        float(values.get("Tau_min", 0)) or 1.0,
        3 * deposition if transport < 0 else transport,
        deposition,
    )
    return float(physical.cell_size), duration
