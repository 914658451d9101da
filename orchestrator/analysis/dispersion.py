"""How fast waves of each length travel along the wind, and how fast they grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.analysis import migration
from orchestrator.errors import optional

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHORTEST = 4.0  # cells; what is shorter is single grains
_FEWEST = 1.5  # waves in the domain
_NOTHING = 1e-9  # of its greatest power, which rounding leaves of a bed that is flat
_COHERENT = 0.5  # of the power of a wave, less of which is the same from one map to the next


@dataclass(frozen=True, slots=True)
class Dispersion:
    """What waves along the wind do, by their length.

    Attributes
    ----------
    wavelengths
        float64 [wave], in cells, the longest first.
    velocity
        float64 [wave], phase velocity in cells/t0, positive downwind; not a number where a wave is
        not coherent.
    growth
        float64 [wave], growth rate of the amplitude, in 1/t0.
    coherence
        float64 [wave], from 0 to 1: how much of a wave is in the next map, only moved.
    """

    wavelengths: NDArray[np.float64]
    velocity: NDArray[np.float64]
    growth: NDArray[np.float64]
    coherence: NDArray[np.float64]


def dispersion(surfaces: NDArray[np.float32], times: NDArray[np.float64]) -> Dispersion:
    """Measure phase velocity and growth of each wave along the wind.

    The velocity is the phase of the cross-spectrum of successive maps, summed over rows and pairs
    of maps, so that powerful ones decide. A wave that travels more than half its length from
    one map to the next cannot be told from a slower one. The growth rate is the slope of the straight line
    with the least squares through the logarithm of the amplitude.

    Parameters
    ----------
    surfaces
        float32 [snapshot, D, L], in cells, two snapshots or more; without what is not a number.
    times
        float64 [snapshot], in t0.
    """
    with optional("dispersion relations need"):
        waves = migration.tapered(surfaces)
    length = surfaces.shape[2]
    number = np.arange(waves.shape[2])
    looked_at = (number >= _FEWEST) & (number <= length / _SHORTEST)
    waves, number = waves[:, :, looked_at], number[looked_at]
    power = np.einsum("tyk,tyk->tk", waves.conj(), waves).real
    cross = np.einsum("tyk,tyk->tk", waves[:-1].conj(), waves[1:])
    # each pair turned to the mean interval, from which times are off by an event
    interval = (times[-1] - times[0]) / (len(times) - 1)
    turned = np.abs(cross) * np.exp(1j * np.angle(cross) * (interval / np.diff(times))[:, None])
    total = turned.sum(axis=0)
    both = np.sqrt(power[:-1].sum(axis=0) * power[1:].sum(axis=0))
    coherence = np.abs(total) / np.maximum(both, np.finfo(float).tiny)
    wavelengths = length / number
    velocity = -np.angle(total) / (2 * np.pi) * wavelengths / interval
    return Dispersion(
        wavelengths.astype(np.float64),
        np.where(coherence >= _COHERENT, velocity, np.nan),
        np.array([_growth(times, of_wave) for of_wave in power.T]),
        coherence,
    )


def _growth(times: NDArray[np.float64], power: NDArray[np.float64]) -> float:
    """Return the growth rate of the amplitude of a wave, from when it is there at all."""
    there = power > _NOTHING * power.max()
    if np.count_nonzero(there) < 2:
        return np.nan
    amplitude, away = np.log(power[there]) / 2, times[there] - times[there].mean()
    return float(away @ amplitude / (away @ away))
