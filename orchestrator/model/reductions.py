"""What every snapshot is reduced to: the table of reductions.

It is there without NumPy, which what only reads a status does not wait for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

Accumulate = Callable[["NDArray[Any]", "NDArray[np.uint8]", int], None]
"""Adds planes to an array: the array, states uint8 [plane, H, L] with row 0 on top, and the first
plane's number."""

EXTRAS: Mapping[str, str] = {
    "ages": "float32 [plane, H, L], in t0, since when each grain is at rest",
    "depth": "the number of planes of the whole snapshot",
}
"""What an own reduction may be given with planes, where its function has an argument of that name."""

COUNTED = 3
"""How many states are counted: 0 grain, 1 mobile grain, 2 sintered grain."""

_SHARE = 6  # of each axis of the quadrant, one part in so many is kept


def spectrum_shape(depth: int, length: int) -> tuple[int, int]:
    """Return how many wavenumbers are kept across and along the wind for a map [D, L]."""
    return max(1, depth // 2 // _SHARE), max(1, length // 2 // _SHARE)


def spectrum(height_map: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return the blurred magnitude of the lowest wavenumbers, float32 [ky, kx] in cells, of a map [D, L]."""
    from orchestrator.model.reduction_kernels import blurred_waves  # noqa: PLC0415  # heavy

    depth, length = height_map.shape
    return blurred_waves(height_map, spectrum_shape(depth, length))


@dataclass(frozen=True, slots=True)
class Reduction:
    """One array per snapshot: its names, its form, and how it is computed.

    Attributes
    ----------
    name
        Of the array and its file in ``out/``.
    variable
        Of the variable in datasets; without further dimensions it is drawn as a series, too.
    dtype
        As NumPy writes it, little-endian.
    dims
        Dimensions of one snapshot's array; none for a single number.
    shape
        Sizes of these dimensions for a domain of a depth and a length, in cells; None where they
        follow from ``y``, ``x`` and ``sizes``.
    from_planes
        Makes what adds planes to an array of zeros; one is made per run and may keep state.
    from_map
        Or: computes it from the finished height map, int16 [D, L].
    output
        The key under ``outputs`` that switches it off; None for one that is always kept.
    missing
        Value that stands for "not known", or None.
    tolerance
        Share of the largest value by which two runs may differ, as processors round differently.
    sizes
        Of dimensions beside ``y`` and ``x``; used where there is no ``shape``.
    source
        Where the code of one that does not ship comes from; empty for those that do.
    takes
        Which of :data:`EXTRAS` what adds planes is given by name.
    """

    name: str
    variable: str
    long_name: str
    units: str
    dtype: str
    dims: tuple[str, ...] = ()
    shape: Callable[[int, int], tuple[int, ...]] | None = None
    from_planes: Callable[[], Accumulate] | None = None
    from_map: Callable[[NDArray[np.int16]], NDArray[Any]] | None = None
    output: str | None = None
    missing: float | None = None
    tolerance: float = 0.0
    comment: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    source: Mapping[str, str] = field(default_factory=dict)
    takes: frozenset[str] = frozenset()

    def shape_in(self, depth: int, length: int) -> tuple[int, ...]:
        """Return the sizes of its dimensions for a domain of a depth and a length, in cells."""
        if self.shape is not None:
            return self.shape(depth, length)
        sizes = {"y": depth, "x": length, **self.sizes}
        return tuple(sizes[dim] for dim in self.dims)

    def bytes_in(self, depth: int, length: int) -> int:
        """Return the size of one snapshot's array for such a domain, as it is in memory."""
        return math.prod(self.shape_in(depth, length)) * int(self.dtype[2:])

    def about(self) -> dict[str, str]:
        """Return its name and unit, as the CF conventions call them."""
        about = {"long_name": self.long_name, "units": self.units}
        return {**about, "comment": self.comment} if self.comment else about


def _height_maps() -> Accumulate:
    from orchestrator.model.reduction_kernels import lowest_open  # noqa: PLC0415  # heavy

    rows = 0  # that were needed last

    def add(heights: NDArray[Any], states: NDArray[np.uint8], first: int) -> None:
        nonlocal rows
        rows = lowest_open(states, heights[first : first + len(states)], rows)

    return add


def _cell_counts() -> Accumulate:
    from orchestrator.model.reduction_kernels import add_states  # noqa: PLC0415  # heavy

    def add(counts: NDArray[Any], states: NDArray[np.uint8], _first: int) -> None:
        add_states(counts, states)

    return add


HEIGHT_MAPS = Reduction(
    name="height_maps",
    variable="height",
    long_name="height of the lowest air or mobile cell",
    units="cells",
    dtype="<i2",
    dims=("y", "x"),
    from_planes=_height_maps,
    output="height_maps",
    missing=0,
    comment="missing in columns that have none",
)

REDUCTIONS: tuple[Reduction, ...] = (
    HEIGHT_MAPS,
    Reduction(
        name="ffts",
        variable="spectrum",
        long_name="blurred magnitude of the lowest wavenumbers",
        units="cells",
        dtype="<f4",
        dims=("ky", "kx"),
        shape=spectrum_shape,
        from_map=spectrum,
        output="ffts",
        tolerance=1e-5,
    ),
    Reduction(
        name="cell_counts",
        variable="cell_counts",
        long_name="cells of each state",
        units="1",
        dtype="<i8",
        dims=("cell_state",),
        shape=lambda _depth, _length: (COUNTED,),
        from_planes=_cell_counts,
        comment="states 0 (grain), 1 (mobile grain) and 2 (sintered grain)",
    ),
)
"""Everything that a snapshot is reduced to, in the order of comparison."""
