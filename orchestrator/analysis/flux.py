"""How much sediment goes through sections across the wind, from how the bed changes and what falls on it.

What goes in and stays makes the bed higher (Exner 1925; Paola and Voller 2005, eq. 4, for a bed of cells
that are grains and pores together): the flux rises along the wind by what falls from above and falls by as much as
the bed rises in time, dq/dx = s - dh/dt. Nothing comes in over the upwind edge of an open domain, so that the flux
through a section is what falls upwind of it less what the bed there gains per time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestrator.formats.parameters import PARAMETERS
from orchestrator.formats.templates import parse_template

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.model import Point

_OVER_ALL = (
    "SNOWFALL",
    "SNOWCONE",
    "INPUT_ELEVATION",
)  # templates that put one source over each column


def supply(point: Point) -> float | None:
    """Return what falls on each column from above, in cells/t0; None where sources are elsewhere.

    Each source gives ``Lambda_I`` grains per t0 on average. Where sources are in some places alone, or
    replace what has left, no parameter tells what they give there.

    Examples
    --------
    >>> from orchestrator.model import Point
    >>> supply(Point("", {"Csp_template": "SNOWFALL(4)", "Lambda_I": 0.01}, 1))
    0.01
    >>> supply(Point("", {"Csp_template": "LAYER(4)", "Lambda_I": 0.01}, 1))
    0.0
    >>> supply(Point("", {"Csp_template": "SRC_DISK_CEIL", "Lambda_I": 0.01}, 1)) is None
    True
    """
    template, rate, boundary = (
        point.parameters.get(name, PARAMETERS[name].default)
        for name in ("Csp_template", "Lambda_I", "Boundary")
    )
    if boundary == "REINJECTION":
        return None
    chosen = parse_template(str(template)) if template else None
    if chosen is None or not chosen.injects:
        return 0.0
    return float(rate) if chosen.template.name in _OVER_ALL and rate is not None else None


def flux(
    surfaces: NDArray[np.float32], times: NDArray[np.float64], supply: float = 0.0
) -> NDArray[np.float64]:
    """Return the flux through each section, per unit width, between successive maps.

    That is what passes a section. Through the last one goes what leaves the domain.

    Parameters
    ----------
    surfaces
        float32 [snapshot, D, L], in cells; two snapshots or more, without what is not a number.
    times
        float64 [snapshot], in t0.
    supply
        What falls on each column, in cells/t0.

    Returns
    -------
    NDArray
        float64 [snapshot - 1, L + 1], in cells²/t0, positive downwind: through the section before each
        column, where it is 0 before the first, and after the last one.

    Examples
    --------
    A heap of two cells that goes one column downwind in 10 t0 passes the section between:

    >>> before, after = [[0.0, 2.0, 0.0, 0.0]], [[0.0, 0.0, 2.0, 0.0]]
    >>> flux(np.array([before, after], np.float32), np.array([0.0, 10.0]))
    array([[0. , 0. , 0.2, 0. , 0. ]])
    """
    rows = surfaces.mean(axis=1, dtype=np.float64)  # of all columns across the wind
    losses = (rows[:-1] - rows[1:]) / np.diff(times)[:, None]
    through = np.zeros((len(losses), rows.shape[1] + 1))
    through[:, 1:] = (losses + supply).cumsum(axis=1)
    return through
