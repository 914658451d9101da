"""What the seeds of a point tell together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.observables import QUANTITIES

if TYPE_CHECKING:
    from xarray import Dataset


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
        a value: none for a mean, one for an error.
    """
    found = {}
    for name in QUANTITIES:
        values = sweep[name]
        count = values.count("seed")
        mean = values.mean("seed")
        square = ((values - mean) ** 2).sum("seed") / (count - 1).where(count > 1)
        about = values.attrs
        found[name] = mean.assign_attrs(
            about, cell_methods="seed: mean", ancillary_variables=f"{name}_sem {name}_seeds"
        )
        found[f"{name}_sem"] = ((square / count) ** 0.5).assign_attrs(
            long_name=f"standard error of the {about['long_name']}", units=about["units"]
        )
        found[f"{name}_seeds"] = count.assign_attrs(
            long_name=f"seeds with a {about['long_name']}", units="1"
        )
    return sweep.drop_dims(["seed", "y", "x", "ky", "kx"], errors="ignore").assign(found)
