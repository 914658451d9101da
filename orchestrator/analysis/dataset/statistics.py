"""What the seeds of a point tell together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.analysis.observables import Quantity, quantities
from orchestrator.analysis.replicates import spread

if TYPE_CHECKING:
    from xarray import Dataset

_BESIDE = "snapshot_time"  # is no series, but tells of when they are


def over_seeds(sweep: Dataset) -> Dataset:
    """Return means and standard errors over the seeds of each point.

    Parameters
    ----------
    sweep
        From :func:`orchestrator.open_sweep`, or read from what ``collect`` wrote.

    Returns
    -------
    xarray.Dataset
        For each series, such as ``roughness``, its mean under the same name, the standard error
        of that mean as ``roughness_sem``, both in its unit, and as ``roughness_seeds`` how many
        seeds have a value. Without the dimension ``seed``. Not a number where too few seeds have
        a value: none for a mean, one for an error. Directions are averaged on the circle.
    """
    variables = {}
    for name, quantity in _quantities(sweep).items():
        values = sweep[name]
        statistics = spread(values.values, values.get_axis_num("seed"), axial=quantity.axial)
        like = values.isel(seed=0, drop=True)
        like.attrs = {}
        variables[name] = like.copy(data=statistics.mean).assign_attrs(
            quantity.about(),
            cell_methods="seed: mean",
            ancillary_variables=f"{name}_sem {name}_seeds",
        )
        variables[f"{name}_sem"] = like.copy(data=statistics.sem).assign_attrs(
            long_name=f"standard error of the {quantity.long_name}", units=quantity.units
        )
        variables[f"{name}_seeds"] = like.copy(data=statistics.count).assign_attrs(
            long_name=f"seeds with a {quantity.long_name}", units="1"
        )
    return sweep.drop_dims(["seed", "y", "x", "ky", "kx"], errors="ignore").assign(variables)


def _quantities(sweep: Dataset) -> dict[str, Quantity]:
    """Return all series of a dataset, the user's own numbers among them."""
    shipped = quantities()
    like = sweep[next(iter(shipped))].dims
    own = {
        str(name): Quantity(
            values.attrs.get("long_name", str(name)),
            values.attrs.get("units", "1"),
            values.attrs.get("comment", ""),
        )
        for name, values in sweep.data_vars.items()
        if values.dims == like and name not in shipped and name != _BESIDE
    }
    return {**shipped, **own}
