"""The exponential approach of a series to a limit, and its constants."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.errors import optional

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEWEST = 5  # values of which three constants are found
_TRIALS = 60  # times that are tried first
_LONGEST = 10.0  # times as long as the series; what is slower is a straight line


@dataclass(frozen=True, slots=True)
class Approach:
    """A series that goes from ``start`` at its first time to ``limit``, by 1/e in each ``tau``.

    Each has its standard error.
    """

    start: float
    limit: float
    tau: float
    errors: tuple[float, float, float]
    first: float

    def at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return its values at some times."""
        values: NDArray[np.float64] = _curve(
            times - self.first, self.start, self.limit, self.tau
        )
        return values


def approach(times: NDArray[np.float64], values: NDArray[np.float64]) -> Approach | None:
    """Return the exponential approach that fits a series best, by least squares.

    None where there are fewer than five values, where they are all the same, or where the best one
    takes more than ten times as long as the series, so that no limit can be told.

    Parameters
    ----------
    times, values
        float64 [n]; what is not a number is left out.
    """
    with optional("fits need"):
        from scipy import optimize  # noqa: PLC0415  # heavy, and optional

    known = np.isfinite(values)
    t, v = times[known], values[known]
    if len(t) < _FEWEST or not np.ptp(v):
        return None
    first, length = float(t[0]), float(t[-1] - t[0])
    t = t - first
    trials = np.geomspace(np.diff(t).min() / 2, _LONGEST * length, _TRIALS)
    start = min((_linear(t, v, tau) for tau in trials), key=lambda trial: trial[0])[1]
    with warnings.catch_warnings():
        warnings.simplefilter("error", optimize.OptimizeWarning)
        try:
            constants, covariance = optimize.curve_fit(_curve, t, v, start)
        except (RuntimeError, optimize.OptimizeWarning):  # where nothing fits
            return None
    tau = float(constants[2])
    errors = np.sqrt(np.diag(covariance))
    if not 0 < tau <= _LONGEST * length or not np.isfinite(errors).all():
        return None
    of_start, of_limit, of_tau = map(float, errors)
    return Approach(
        float(constants[0]), float(constants[1]), tau, (of_start, of_limit, of_tau), first
    )


def _curve(t: Any, start: float, limit: float, tau: float) -> Any:
    return limit + (start - limit) * np.exp(-t / tau)


def _linear(
    t: NDArray[np.float64], v: NDArray[np.float64], tau: float
) -> tuple[float, tuple[float, float, float]]:
    """Return the sum of squares, and the constants, of the best approach with this time."""
    decay = np.exp(-t / tau)
    sides = np.stack([np.ones_like(t), decay], axis=1)
    (limit, drop), *_ = np.linalg.lstsq(sides, v, rcond=None)
    left = v - sides @ (limit, drop)
    return float(left @ left), (float(limit + drop), float(limit), tau)
