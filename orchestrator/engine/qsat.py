"""The table of the saturated flux: how much of a flat bed erodes at each threshold of stress.

In nature the flux that a wind carries is known from its friction velocity; in the model it follows
from the share of the bed that erodes. Comparing the two tells how long a t0 lasts. The share
is measured here: gas flows over a flat bed of grains that do not move until its mean speed has
settled, then the stress of every column is sampled, and a column under the stress tau counts as
eroding with the probability ``(tau - Tau_min) / 1000``, as for ``Tau_max = Tau_min + 1000``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.engine.genesis import Domain, planes
from orchestrator.engine.simulation import Simulation
from orchestrator.formats.durable import replacing
from orchestrator.formats.templates import parse_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Value

THRESHOLDS = 501
WINDOW = 1000.0
_SEED = 1
_SETTLING = 1000  # gas cycles, after which the mean speed falls by less than 1 % per 100
_BED = Domain(50, 200, 100, parse_template("LAYER(4)"))


def stresses(domain: Domain, settling: int, samples: int, every: int) -> NDArray[np.float32]:
    """Return the stress of the columns of a bed at rest, float32 [sample, D, L].

    Parameters
    ----------
    settling
        Gas cycles before the first sample.
    every
        Gas cycles from sample to sample.
    """
    cells = np.stack([plane.copy() for plane in planes(domain, _SEED)])
    still: dict[str, Value] = {"Ava_mode": "NONE", "Lgca_speedup": 1000, "Init_ncycl": settling}
    simulation = Simulation(still, cells, np.zeros(cells.shape, np.int32), time=0.0, seed=_SEED)
    stresses_met: list[NDArray[np.float32]] = []
    simulation.run(
        stop=float(samples * every),
        stoptime=None,
        every=float(every),
        on_snapshot=lambda now: stresses_met.append(now.stress.copy()),
    )
    return np.stack(stresses_met[1:])  # at the start there is no stress yet


def eroding_shares(stress: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the share of columns that erode for ``Tau_min`` = 0, 1, ..., float64 [501]."""
    values = np.maximum(stress.astype(np.float64).ravel(), 0.0)
    thresholds = range(THRESHOLDS)
    return np.array([np.clip((values - t) / WINDOW, 0, 1).mean() for t in thresholds])


def table(shares: NDArray[np.float64]) -> str:
    """Return the text of a table: its number of rows, then threshold, share and relative share."""
    rows = (f"{t:5d} {e:12.6e} {e / shares[0]:12.6e}\n" for t, e in enumerate(shares))
    return f"{len(shares)}\n{''.join(rows)}"


def main(words: Sequence[str]) -> None:
    """Measure the table and write it to the file that is named.

    Raises
    ------
    ExitError
        If no file is named, or it cannot be written.
    """
    if len(words) != 1:
        raise ExitError(Exit.REFUSED, "usage: qsat FILE")
    path = Path(words[0])
    shares = eroding_shares(stresses(_BED, _SETTLING, samples=100, every=10))
    try:
        with replacing(path, durable=False) as file:
            file.write(table(shares).encode())
    except OSError as error:
        raise ExitError(Exit.REFUSED, f"{path}: cannot be written: {error.strerror}") from error
    sys.stdout.write(f"{path}: {shares[0]:.3f} of the bed erodes without a threshold\n")
