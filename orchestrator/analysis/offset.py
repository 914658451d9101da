"""How far, and in which direction, forms have moved from one map to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from orchestrator.errors import optional

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AS_GOOD = 0.95  # of the best match
_RESEMBLES = 0.5  # at less, two maps share less variance than each has of its own
_BY_CHANCE = 4.0  # standard deviations of Fisher's z
_SAME_FORM = 0.25  # autocorrelation above which cells are of one form
_ROUNDING = 1e-6
_OVERLAP = 0.3  # of the weight of a map, less of which decides nothing
_NARROWEST = 8  # cells, of a side along which something may move


class Offset(NamedTuple):
    """How far a map has moved, in cells, and how well it then matches.

    Attributes
    ----------
    x, y
        Along and across the wind; not a number where no match is good enough.
    quality
        Pearson's correlation of what overlaps, 1 where it is the same.
    """

    x: float
    y: float
    quality: float


def offset(before: NDArray[np.float32], after: NDArray[np.float32]) -> Offset:
    """Return the shift at which two maps resemble each other most, between whole cells too.

    Both are under a Hann taper along each side, whose pull towards no shift is divided out (masked
    normalized cross-correlation, Padfield 2012). Of shifts that match nearly as well, such as those
    by a wavelength more, the shortest is meant. A match is good enough where Pearson's correlation is a
    half or more, and so much more than chance would make of as many forms (four standard
    deviations of Fisher's z).

    Parameters
    ----------
    before, after
        float32 [D, L], in cells, without what is not a number.
    """
    with optional("offsets need"):
        from scipy import fft, ndimage  # noqa: PLC0415  # four times as fast as NumPy's

    shape = before.shape
    size = tuple(fft.next_fast_len(2 * side, real=True) for side in shape)
    taper = np.multiply.outer(*(_taper(side) for side in shape))

    def forward(values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(fft.rfft2(values, size))

    def match(image: NDArray[Any], other: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(fft.irfft2(image.conj() * other, size))

    if not np.ptp(before) or not np.ptp(after):
        return Offset(np.nan, np.nan, 0.0)
    first, second = (
        m.astype(np.float64) - np.average(m, weights=taper) for m in (before, after)
    )
    weight, image, other = forward(taper), forward(taper * first), forward(taper * second)
    overlap = match(weight, weight)
    product = match(image, other)
    powers = match(forward(taper * first**2), weight) * match(
        weight, forward(taper * second**2)
    )
    enough = overlap >= _OVERLAP * overlap.max()
    correlation = np.where(
        enough, product / np.sqrt(np.maximum(powers, np.finfo(float).tiny)), -1.0
    )
    itself = match(image, image)
    itself /= max(float(itself.max()), np.finfo(float).tiny)
    forms, _ = ndimage.label(np.fft.fftshift(itself >= _SAME_FORM))
    of_one = np.fft.ifftshift(forms == forms[size[0] // 2, size[1] // 2])
    independent = taper.sum() ** 2 / (taper**2).sum() / float((itself[of_one] ** 2).sum())
    forms_there = np.maximum(independent * overlap / overlap.max() - 3, 1.0)
    return _best(correlation, np.tanh(_BY_CHANCE / np.sqrt(forms_there)))


def _best(correlation: NDArray[np.float64], chance: NDArray[np.float64]) -> Offset:
    """Return the shortest shift at which a correlation [y, x] has a peak nearly as high as any."""
    shifts = [np.fft.fftfreq(side, 1 / side) for side in correlation.shape]
    peak = np.ones(correlation.shape, np.bool_)
    for axis in (0, 1):
        for by in (-1, 1):
            peak &= correlation >= np.roll(correlation, by, axis) - _ROUNDING
    good = peak & (correlation >= _AS_GOOD * correlation.max())
    distance = np.hypot(shifts[0][:, None], shifts[1])
    at = np.unravel_index(np.where(good, distance, np.inf).argmin(), correlation.shape)
    quality = float(correlation[at])
    if quality < max(_RESEMBLES, chance[at]):
        return Offset(np.nan, np.nan, max(quality, 0.0))
    y, x = (
        float(shifts[axis][at[axis]])
        + _between(np.take(correlation, at[1 - axis], 1 - axis), at[axis])
        for axis in (0, 1)
    )
    return Offset(x, y, min(quality, 1.0))


def _between(line: NDArray[np.float64], at: np.intp) -> float:
    """Return where the parabola through a peak and its neighbours is highest, in cells from it."""
    low, here, high = line[at - 1], line[at], line[(at + 1) % len(line)]
    bend = low - 2 * here + high
    return float(np.clip(0.5 * (low - high) / bend, -0.5, 0.5)) if bend < -_ROUNDING else 0.0


def _taper(side: int) -> NDArray[np.float64]:
    """Return Hann's taper; of a side along which nothing can be seen to move, none."""
    if side < _NARROWEST:
        return np.ones(side)
    return 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(side) + 0.5) / side)
