"""Reduced snapshots: one, and all of an experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One cell space, reduced.

    Attributes
    ----------
    time_t0
        Simulated time from the snapshot's header, in t0.
    arrays
        By the names of :data:`orchestrator.model.reductions.REDUCTIONS`; without those that are
        not kept.
    """

    time_t0: float
    arrays: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Reduced:
    """The reduced snapshots of one experiment.

    Attributes
    ----------
    times
        float64 [snapshot], in t0.
    arrays
        By the names of :data:`orchestrator.model.reductions.REDUCTIONS`, the snapshot first;
        without those that were not kept.
    damaged
        Names of those whose files are there and cannot be read.
    """

    times: NDArray[np.float64]
    arrays: Mapping[str, NDArray[Any]]
    damaged: tuple[str, ...] = ()

    @property
    def height_maps(self) -> NDArray[np.int16]:
        """int16 [snapshot, D, L], in cells; [0, 0, 0] where none were kept."""
        return self._array("height_maps", (0, 0, 0), "<i2")

    @property
    def spectra(self) -> NDArray[np.float32]:
        """float32 [snapshot, ky, kx], in cells; [0, 0, 0] where none were kept."""
        return self._array("ffts", (0, 0, 0), "<f4")

    @property
    def cell_counts(self) -> NDArray[np.int64]:
        """int64 [snapshot, 3], cells in states 0, 1, 2; [0, 3] where none were counted."""
        return self._array("cell_counts", (0, 3), "<i8")

    def _array(self, name: str, empty: tuple[int, ...], dtype: str) -> NDArray[Any]:
        return self.arrays.get(name, np.empty(empty, dtype))
