"""Reducing snapshots while they arrive."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.model.reductions import HEIGHT_MAPS
from orchestrator.model.snapshots import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from orchestrator.formats.cellspace import Header
    from orchestrator.model.reductions import Reduction
    from orchestrator.runner.decoder import Source
    from orchestrator.runner.own_outputs import Guarded


class Reducer:
    """Reduces each snapshot of a stream, holding some planes at a time.

    The height map is always among the results, since others are computed from it.

    Parameters
    ----------
    wanted
        The reductions to make.
    own
        The user's own, which may fail.

    Attributes
    ----------
    spent_s
        Seconds of work on what had arrived.
    """

    def __init__(
        self, decoder: Source, wanted: Sequence[Reduction], own: Sequence[Guarded] = ()
    ) -> None:
        self._decoder = decoder
        every = {r.name: r for r in (HEIGHT_MAPS, *wanted)}.values()
        self._from_planes = [(r, r.from_planes()) for r in every if r.from_planes is not None]
        self._from_map = [(r, r.from_map) for r in every if r.from_map is not None]
        self._own = own
        self._states = np.empty((0, 0, 0), np.uint8)
        self.spent_s = 0.0

    def reduce(
        self, header: Header, besides: Callable[[NDArray[np.generic]], None] | None = None
    ) -> Snapshot:
        """Reduce the snapshot whose header has been read; ``besides`` is shown its planes too."""
        shape = header.depth, header.length
        arrays = {r.name: np.zeros(r.shape_in(*shape), r.dtype) for r, _ in self._from_planes}
        for own in self._own:
            own.begin(shape, header.time)
        done = 0
        for planes in self._decoder.planes():
            before = time.perf_counter()
            states = self._states_of(planes)
            for reduction, add in self._from_planes:
                add(arrays[reduction.name], states, done)
            for own in self._own:
                own.add(states, planes, done)
            done += len(planes)
            if besides is not None:
                besides(planes)
            self.spent_s += time.perf_counter() - before
        before = time.perf_counter()
        for reduction, compute in self._from_map:
            values = compute(arrays[HEIGHT_MAPS.name])
            arrays[reduction.name] = np.asarray(values, reduction.dtype)
        for own in self._own:
            arrays[own.name] = own.finished(arrays[HEIGHT_MAPS.name])
        self.spent_s += time.perf_counter() - before
        return Snapshot(header.time, arrays)

    def _states_of(self, planes: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Return the lowest byte of each cell, side by side, until the next call."""
        if self._states.shape[1:] != planes.shape[1:] or len(self._states) < len(planes):
            self._states = np.empty(planes.shape, np.uint8)
        states = self._states[: len(planes)]
        np.copyto(states, planes, casting="unsafe")
        return states
