"""Reducing snapshots while they arrive."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.model import Snapshot, reductions

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from orchestrator.formats.cellspace import Header
    from orchestrator.runner.decoder import Decoder


class Reducer:
    """Makes a height map, a spectrum and counts of each snapshot, holding some planes at a time.

    Parameters
    ----------
    spectra
        Whether spectra are wanted.

    Attributes
    ----------
    spent_s
        Seconds of work on what had arrived.
    """

    def __init__(self, decoder: Decoder, *, spectra: bool) -> None:
        self._decoder = decoder
        self._spectra = spectra
        self._rows = 0  # that were needed last
        self._states = np.empty((0, 0, 0), np.uint8)
        self.spent_s = 0.0

    def reduce(
        self, header: Header, besides: Callable[[NDArray[np.generic]], None] | None = None
    ) -> Snapshot:
        """Reduce the snapshot whose header has been read; ``besides`` is shown its planes too."""
        heights = np.empty((header.depth, header.length), np.int16)
        counts = np.zeros(reductions.COUNTED, np.int64)
        done = 0
        for planes in self._decoder.planes():
            before = time.perf_counter()
            part = heights[done : done + len(planes)]
            states = self._states_of(planes)
            self._rows = reductions.lowest_open(states, part, self._rows)
            counts += reductions.count_states(states)
            done += len(planes)
            if besides is not None:
                besides(planes)
            self.spent_s += time.perf_counter() - before
        before = time.perf_counter()
        spectrum = reductions.spectrum(heights) if self._spectra else None
        self.spent_s += time.perf_counter() - before
        return Snapshot(header.time, heights, spectrum, counts)

    def _states_of(self, planes: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Return the lowest byte of each cell, side by side, until the next call."""
        if self._states.shape[1:] != planes.shape[1:] or len(self._states) < len(planes):
            self._states = np.empty(planes.shape, np.uint8)
        states = self._states[: len(planes)]
        np.copyto(states, planes, casting="unsafe")
        return states
