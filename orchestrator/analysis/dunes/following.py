"""The dunes of an experiment, followed through its height maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.analysis.dunes.outlines import outlines
from orchestrator.analysis.dunes.tracks import tracks
from orchestrator.model.heights import brimful, full
from orchestrator.records import arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.analysis.dunes.outlines import Outlines
    from orchestrator.analysis.dunes.tracks import Track
    from orchestrator.records.paths import ExperimentDirectory

_MAPS = ("height_maps",)


@dataclass(frozen=True, slots=True)
class Following:
    """What became of the dunes of an experiment.

    Attributes
    ----------
    times
        float64 [snapshot], in t0, of the maps whose domain is not full.
    maps
        The dunes of each map.
    tracks
        Each dune through time.
    """

    times: NDArray[np.float64]
    maps: tuple[Outlines, ...]
    tracks: tuple[Track, ...]

    def celerities(self, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return mean height in cells, celerity in cells/t0 and its standard error, float64 [track, 3].

        Of the tracks that have one in the maps that count, ``inside`` bool [snapshot].
        """
        tracks = [track.within(inside) for track in self.tracks]
        rows = [(t.mean("height"), *t.celerity(self.times)) for t in tracks]
        known = np.array(rows, np.float64).reshape(-1, 3)
        return known[np.isfinite(known).all(axis=1)]


def follow(
    directory: ExperimentDirectory,
    threshold: float | None = None,
    *,
    periodic: bool,
) -> Following:
    """Find and follow the dunes of an experiment.

    Parameters
    ----------
    threshold
        In cells above the ground row (default: of each map half a standard deviation above its mean).
    periodic
        Whether dunes go on across the edges of its domain.
    """
    reduced = arrays.reduced(directory, _MAPS)
    usable = ~full(reduced.height_maps)
    usable &= np.ptp(reduced.height_maps, axis=(1, 2)) > 0 if len(usable) else usable
    surfaces = brimful(reduced.height_maps[usable]).astype(np.float32)
    times = reduced.times[: len(usable)][usable]
    maps = [outlines(surface, threshold, periodic=periodic) for surface in surfaces]
    followed = tracks(surfaces, times, maps, periodic=periodic)
    return Following(times, tuple(maps), tuple(followed))
