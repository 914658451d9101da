"""What a surface looks like as numbers, and how far two of them are apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.analysis import crests, migration, waves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.analysis.field.tiles import Tiles

PARTS = ("spectrum", "heights", "roughness", "wavelength", "orientation")
"""Of which a distance is made, in their order."""

_SHARES = np.linspace(0.005, 0.995, 100)
"""Of the columns, whose heights are compared."""

_BANDS_AN_OCTAVE = 3
_FEWEST = 1.5  # waves in a piece
_UNCERTAIN = (
    0.5  # of the octaves between dominant waves: of broad spectra they may be far apart
)
_NO_WAVE = 0.5  # where only one of two surfaces has a wave that stands out
_COMMON = 0.5  # of the pieces, that have to have a wave


@dataclass(frozen=True, slots=True)
class Shape:
    """What a surface looks like, from pieces of it.

    Attributes
    ----------
    tiles
        How many pieces there were.
    roughness_m
        Standard deviation of the heights, in m.
    wavelength_m
        Of the dominant wave, in m; not a number where none stands out.
    crests
        Mean axis of the slopes with its angle doubled, see :mod:`orchestrator.analysis.crests`.
    quantiles
        float64 [100], heights over their standard deviation, from the lowest to the highest.
    wavelengths_m
        float64 [band], middles of bands of a third of an octave, in m.
    variance
        float64 [band], of the heights in each band, in m².
    """

    tiles: int
    roughness_m: float
    wavelength_m: float
    crests: complex
    quantiles: NDArray[np.float64]
    wavelengths_m: NDArray[np.float64]
    variance: NDArray[np.float64]

    @property
    def orientation(self) -> float:
        """Direction of the crests in degrees, 0 along the wind, in (-90, 90]."""
        return float(crests.orientation(np.array([self.crests]))[0])

    @property
    def alignment(self) -> float:
        """How much the crests are of one direction, from 0 to 1."""
        return abs(self.crests)


def shape(tiles: Tiles) -> Shape:
    """Measure pieces of a surface."""
    heights, cell_m = tiles.heights, tiles.cell_m
    deviations = heights.std(axis=(1, 2), dtype=np.float64)
    roughness = math.sqrt(float((deviations**2).mean()))
    wavelengths, variance = _spectrum(tiles)
    return Shape(
        tiles=len(heights),
        roughness_m=roughness,
        wavelength_m=_wavelength_m(heights[deviations > 0], cell_m),
        crests=complex(crests.axes(heights / np.float32(cell_m)).mean()),
        quantiles=np.quantile(heights, _SHARES).astype(np.float64) / roughness,
        wavelengths_m=wavelengths,
        variance=variance,
    )


def _wavelength_m(heights: NDArray[np.float32], cell_m: float) -> float:
    """Return the median wavelength of pieces, most of which have to have one."""
    length = heights.shape[2]
    if length < waves.NARROWEST or not len(heights):
        return math.nan
    tapered = migration.tapered(heights)
    cells = waves.dominant_waves(tapered, length)[:, 0, 0]
    known = cells[np.isfinite(cells)]
    common = len(known) >= _COMMON * len(cells)
    return float(np.median(known)) * cell_m if common else math.nan


def _spectrum(tiles: Tiles) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middles of bands of wavelengths in any direction, and the variance in each.

    Pieces are tapered in both directions (Hann), so that their edges count little; the variance
    is that of the heights under the taper.
    """
    from scipy import fft  # noqa: PLC0415  # heavy, and optional

    _, depth, length = tiles.heights.shape
    taper = np.outer(_hann(depth), _hann(length)).astype(np.float32)
    waves = fft.rfft2(tiles.heights * taper)
    power = (waves.real**2 + waves.imag**2).mean(axis=0, dtype=np.float64)
    power[:, 1 : (length + 1) // 2] *= 2  # and the same in the opposite direction
    power /= depth * length * float((taper.astype(np.float64) ** 2).sum())
    ky, kx = np.fft.fftfreq(depth), np.fft.rfftfreq(length)
    frequency = np.hypot(ky[:, None], kx) / tiles.cell_m
    edges = _edges(tiles)
    band = np.digitize(1 / np.maximum(frequency, np.finfo(float).tiny), edges) - 1
    inside = (band >= 0) & (band < len(edges) - 1) & (frequency > 0)
    variance: NDArray[np.float64] = np.bincount(
        band[inside], power[inside], minlength=len(edges) - 1
    ).astype(np.float64)
    return np.sqrt(edges[1:] * edges[:-1]), variance


def _hann(size: int) -> NDArray[np.float64]:
    return 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(size) + 0.5) / size)


def _edges(tiles: Tiles) -> NDArray[np.float64]:
    """Return the edges of bands, from the shortest wave to one that fits one and a half times."""
    longest = max(tiles.heights.shape[1:]) * tiles.cell_m / _FEWEST
    octaves = math.log2(longest / tiles.shortest_m)
    count = max(1, round(octaves * _BANDS_AN_OCTAVE))
    return np.asarray(np.geomspace(tiles.shortest_m, longest, count + 1))


def distances(first: Shape, second: Shape) -> dict[str, float]:
    """Return how far two surfaces are apart, by :data:`PARTS`; 0 where they are the same.

    ``spectrum``
        By how many octaves variance has to be moved to make the same spectrum of it (the
        earth mover's distance of the shares of variance over the logarithm of the wavelength).
    ``heights``
        Mean difference of the quantiles of the heights, in standard deviations.
    ``roughness``
        Octaves between the two.
    ``wavelength``
        Half the octaves between the two, as different waves may stand out in two surveys of one surface;
        a half where only one surface has a wave that stands out, and 0 where none has.
    ``orientation``
        Between the mean axes of the slopes as points of a circle: 0 for crests of the same direction that
        are as parallel, 1 for parallel ones and none, 2 for parallel ones across each other.
    """
    return {
        "spectrum": _moved(first.variance, second.variance),
        "heights": float(np.abs(first.quantiles - second.quantiles).mean()),
        "roughness": abs(math.log2(first.roughness_m / second.roughness_m)),
        "wavelength": _between_waves(first.wavelength_m, second.wavelength_m),
        "orientation": abs(first.crests - second.crests),
    }


def total(parts: Mapping[str, float], chosen: Sequence[str] = PARTS) -> float:
    """Return the root of the mean square of the chosen parts of a distance."""
    return math.sqrt(sum(parts[name] ** 2 for name in chosen) / len(chosen))


def _moved(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    shares = (np.cumsum(variance / variance.sum()) for variance in (first, second))
    return float(np.abs(np.subtract(*shares)).sum()) / _BANDS_AN_OCTAVE


def _between_waves(first: float, second: float) -> float:
    if math.isnan(first) and math.isnan(second):
        return 0.0
    if math.isnan(first) or math.isnan(second):
        return _NO_WAVE
    return _UNCERTAIN * abs(math.log2(first / second))
