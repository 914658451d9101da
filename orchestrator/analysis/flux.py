"""How much sediment goes through sections across the wind, from how the bed changes.

What goes in and stays makes the bed higher (Exner 1925; Paola and Voller 2005, eq. 4, for a bed of cells
that are grains and pores together, and no other source): the flux falls along the wind by as much as the
bed rises in time, dq/dx = -dh/dt. Nothing comes in over the upwind edge of an open domain, so that the flux
through a section is what the bed upwind of it loses per time. Where nothing leaves downwind either, that is what
the bed downwind of it gains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def flux(surfaces: NDArray[np.float32], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the flux through each section, per unit width, between successive maps.

    That is what passes a section, less what falls upwind of it. Through the last one goes what leaves the
    domain.

    Parameters
    ----------
    surfaces
        float32 [snapshot, D, L], in cells; two snapshots or more, without what is not a number.
    times
        float64 [snapshot], in t0.

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
    through[:, 1:] = losses.cumsum(axis=1)
    return through
