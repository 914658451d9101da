"""A sweep as a picture shows it: parameters by the names and in the units that were asked for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.analysis import units
from orchestrator.analysis.scales import scales, settled
from orchestrator.errors import RequestError
from orchestrator.formats import spelling
from orchestrator.formats.parameters import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.analysis.dataset.grid import Dimension, Grid
    from orchestrator.analysis.observables import Quantity
    from orchestrator.formats.parameters import Value
    from orchestrator.model.pictures import Choice, Look

WIND = {"shear_velocity": "u* (m/s)", "wind_10m": "U10 (m/s)"}
"""What stands beside a threshold of stress in units of nature, and how it is written."""

_THRESHOLD = "Tau_min"
_DIGITS = 3  # of the strength of a wind


def displayed(grid: Grid, choice: Choice) -> tuple[Grid, Choice]:
    """Return a sweep, and what is drawn of it, with the names that are written in the picture.

    In units of nature the wind that each ``Tau_min`` stands for is beside it.

    Raises
    ------
    RequestError
        If something is renamed that there is not.
    """
    look = choice.look
    if look.units.metres:
        grid = _with_winds(grid)
        numbers = [status.experiment.number for status in grid.cells.values()]
        look = dataclasses.replace(look, units=settled(grid.directory, numbers, look.units))
    names = [name for axis in grid.dimensions for name in axis.values]
    known = {*names, *grid.quantities}
    for name in look.labels:
        if name not in known:
            hint = spelling.did_you_mean(name, known)
            raise RequestError(f"--labels {name}: no parameter or quantity of the sweep{hint}")
    shown = {name: written(name, look) for name in names}
    axes = tuple(_renamed(axis, shown) for axis in grid.dimensions)
    words = {
        option: shown.get(name, name)
        for option in ("rows", "columns", "against", "panels")
        if (name := getattr(choice, option)) is not None
    }
    return dataclasses.replace(grid, dimensions=axes), dataclasses.replace(
        choice, look=look, **words
    )


def written(name: str, look: Look) -> str:
    """Return what is written for a parameter."""
    return look.labels.get(name, WIND.get(name, name))


def quantity_label(name: str, quantity: Quantity, look: Look, rate: int = 0) -> str:
    """Return what is written at a scale of a quantity, with its unit."""
    unit = units.name(quantity, look.units, rate)
    label = look.labels.get(name, name.replace("_", " "))
    return f"{label} ({unit})" if unit else label


def parameter_label(name: str) -> str:
    """Return what is written at a scale of a parameter, with its unit where it has one."""
    known = PARAMETERS.get(name)
    return f"{name} ({known.unit})" if known is not None and known.unit else name


def equation(name: str, value: str) -> str:
    """Return what stands at a point of an axis.

    >>> equation("Tau_min", "100"), equation("u* (m/s)", "0.146")
    ('Tau_min = 100', 'u* = 0.146 m/s')
    """
    if name not in WIND.values():
        return f"{name} = {value}"
    symbol, _, unit = name.rstrip(")").partition(" (")
    return f"{symbol} = {value} {unit}"


def _renamed(axis: Dimension, shown: Mapping[str, str]) -> Dimension:
    values = {shown[name]: values for name, values in axis.values.items()}
    return dataclasses.replace(
        axis,
        name=shown.get(axis.name, axis.name),
        values=values,
        logarithmic=tuple(shown[name] for name in axis.logarithmic),
    )


def _with_winds(grid: Grid) -> Grid:
    """Return a sweep whose thresholds of stress have the winds beside them that they stand for."""
    axes = list(grid.dimensions)
    for i, axis in enumerate(axes):
        if _THRESHOLD in axis.values and (winds := _winds(grid, i, axis.size)):
            axes[i] = dataclasses.replace(axis, values={**axis.values, **winds})
    return dataclasses.replace(grid, dimensions=tuple(axes))


def _winds(grid: Grid, index: int, size: int) -> dict[str, list[Value | None]]:
    """Return shear velocity and wind at each point of an axis; nothing where one is not known."""
    at: dict[int, set[tuple[float, float]]] = {}
    for cell, status in grid.cells.items():
        in_nature = scales(grid.directory.experiment(status.experiment.number))
        if np.isfinite(in_nature.wind_m_s):  # of those that have begun
            at.setdefault(cell[index], set()).add((in_nature.shear_m_s, in_nature.wind_m_s))
    if any(len(at.get(i, ())) != 1 for i in range(size)):
        return {}
    winds = [next(iter(at[i])) for i in range(size)]
    return {
        name: [float(f"{wind[i]:.{_DIGITS}g}") for wind in winds] for i, name in enumerate(WIND)
    }
