"""Reductions of a user's own in the job: what goes wrong in one fails it, and never the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.errors import FormatError
from orchestrator.formats.cellspace import CELL_BYTES
from orchestrator.model import Cause, Kind
from orchestrator.model.own_code import sentence_of
from orchestrator.model.own_reductions import file_of, fitted, load
from orchestrator.text import time_t0

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from orchestrator.model.reductions import Reduction
    from orchestrator.records.paths import ExperimentDirectory

_STAMP_BIT = 32  # of a cell, at which the time begins at which it came to rest


def loaded(
    references: Mapping[str, str], directory: ExperimentDirectory
) -> tuple[tuple[Reduction, ...], list[Cause]]:
    """Load own reductions from the sweep's copies or from packages; return causes of those lost."""
    own: list[Reduction] = []
    faults: list[Cause] = []
    for name, reference in references.items():
        try:
            own.append(load(name, reference, directory.inputs))
        except FormatError as error:
            faults.append(Cause(Kind.OWN_OUTPUT, subject=name, detail=str(error)))
    return tuple(own), faults


class Guarded:
    """An own reduction; once it has failed, it is not called again and has no numbers.

    Parameters
    ----------
    own
        The reduction.
    faults
        To which the cause is added.
    """

    def __init__(self, own: Reduction, faults: list[Cause]) -> None:
        self._own, self._faults = own, faults
        self._add: Callable[..., None] | None = (
            own.from_planes() if own.from_planes is not None else None
        )
        self._depth = 0
        self._array: NDArray[Any] = np.empty(0, own.dtype)
        self._time_t0 = 0.0
        self._failed = False

    @property
    def name(self) -> str:
        """The name of its array."""
        return self._own.name

    def begin(self, shape: tuple[int, int], now_t0: float) -> None:
        """Begin a snapshot of a map [D, L] of this shape."""
        self._array = np.zeros(self._own.shape_in(*shape), self._own.dtype)
        self._time_t0, self._depth = now_t0, shape[0]

    def add(self, states: NDArray[np.uint8], planes: NDArray[np.generic], first: int) -> None:
        """Add planes, uint8 [plane, H, L], the first of which has this number, and as they came."""
        add = self._add
        if add is not None:
            self._guarded(
                lambda: add(self._array, states.copy(), first, **self._extras(planes))
            )

    def _extras(self, planes: NDArray[np.generic]) -> dict[str, Any]:
        """Return what the function takes besides."""
        extras: dict[str, Any] = {"depth": self._depth}
        if "ages" in self._own.takes:
            extras["ages"] = _ages(planes, self._time_t0)
        return {name: extras[name] for name in self._own.takes}

    def finished(self, height_map: NDArray[np.int16]) -> NDArray[Any]:
        """Return the array of the snapshot, not a number once the reduction has failed."""
        compute = self._own.from_map
        if compute is not None:
            self._guarded(lambda: self._computed(compute(height_map.copy()), height_map.shape))
        if self._failed:
            self._array[...] = np.nan
        return self._array

    def _computed(self, values: Any, shape: tuple[int, ...]) -> None:
        depth, length = shape
        self._array = fitted(self._own, values, (depth, length))

    def _guarded(self, step: Callable[[], None]) -> None:
        if self._failed:
            return
        try:
            step()
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the user's code; recorded
            self._failed = True
            text = (
                str(error)
                if isinstance(error, FormatError)
                else sentence_of(error, file_of(self._own))
            )
            detail = (
                f"failed at t = {time_t0(self._time_t0)} t0 and has no values since: {text}"
            )
            self._faults.append(Cause(Kind.OWN_OUTPUT, subject=self.name, detail=detail))


def _ages(planes: NDArray[Any], now_t0: float) -> NDArray[np.float32]:
    """Return how long cells have been at rest, float32 [plane, H, L], in t0."""
    if planes.dtype.itemsize != CELL_BYTES:
        raise FormatError("the frames do not tell when grains came to rest")
    rested = (planes >> np.uint64(_STAMP_BIT)).astype(np.uint32).view(np.int32)
    return (now_t0 - rested).astype(np.float32)
