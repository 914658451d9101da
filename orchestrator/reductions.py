"""Reductions that ship with the tool and are kept where ``outputs.own`` names them.

``orchestrator.reductions:surface_age`` is one; those that take numbers are written with them, as
``orchestrator.reductions:cross_section(y=20)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.formats.cellspace import Cell
from orchestrator.model.own_reductions import reduction
from orchestrator.model.reduction_kernels import closed, lowest_open

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_GRAINS = (Cell.GR, Cell.GRJ, Cell.GRV)


def cross_section(*, y: int | None = None, x: int | None = None) -> Callable[..., Any]:
    """Return the reduction to the heights along the wind at ``y``, or across it at ``x``.

    float32 [L] or [D], in cells; not a number in columns without air.

    Raises
    ------
    ValueError
        Unless one of the two is given.
    """
    dims, at, name = _line(y, x)

    @reduction(units="cells", dims=dims, long_name=f"height at {name} = {at}")
    def section(height_map: NDArray[np.int16]) -> NDArray[np.float32]:
        _refuse_outside(name, at, height_map.shape["yx".index(name)])
        line = np.take(height_map, at, axis="yx".index(name)).astype(np.float32)
        return np.where(line == 0, np.float32(np.nan), line)

    return section


def cell_section(
    *, height: int, y: int | None = None, x: int | None = None
) -> Callable[..., Any]:
    """Return the reduction to the states of cells in the plane at ``y``, or at ``x``.

    float32 [height, L] or [height, D], the ground first; ``height`` is the domain's, in cells.

    Raises
    ------
    ValueError
        Unless one of the two is given.
    """
    (across,), at, name = _line(y, x)
    title = f"state of cells at {name} = {at}"

    @reduction(units="1", dims=("z", across), sizes={"z": height}, long_name=title, planes=True)
    def section(
        array: NDArray[np.float32], states: NDArray[np.uint8], first: int, *, depth: int
    ) -> None:
        if states.shape[1] != height:
            raise ValueError(f"height is {height}, but that of the domain is {states.shape[1]}")
        _refuse_outside(name, at, depth if name == "y" else states.shape[2])
        if name == "x":
            array[:, first : first + len(states)] = states[:, ::-1, at].T
        elif first <= at < first + len(states):
            array[...] = states[at - first, ::-1]

    return section


@reduction(
    units="t0",
    dims=("y", "x"),
    long_name="age of the grains at the surface",
    comment="since they came to rest; missing on bare ground and in columns without air",
    planes=True,
)
def surface_age(
    array: NDArray[np.float32],
    states: NDArray[np.uint8],
    first: int,
    *,
    ages: NDArray[np.float32],
) -> None:
    """Write the age of the grain under the lowest open cell of each column, float32 [D, L], in t0."""
    top = _surface(states)
    grains = np.isin(_at(states, top), _GRAINS) & (top >= 0)
    array[first : first + len(states)] = np.where(grains, _at(ages, top), np.nan)


@reduction(
    units="1",
    dims=("y", "x"),
    long_name="whether the surface is sintered",
    comment="1 sintered, 0 not; missing on bare ground and in columns without air",
    planes=True,
)
def sintered_surface(array: NDArray[np.float32], states: NDArray[np.uint8], first: int) -> None:
    """Write whether the grain under the lowest open cell is sintered, float32 [D, L]."""
    top = _surface(states)
    state = _at(states, top)
    grains = np.isin(state, _GRAINS) & (top >= 0)
    array[first : first + len(states)] = np.where(grains, state == Cell.GRV, np.nan)


def coarse_cells(*, z: int, y: int, x: int) -> Callable[..., Any]:
    """Return the reduction to a coarse cell space: the share of each block that is at rest.

    float32 [z, y, x], so many blocks, which part the domain as evenly as cells allow, the ground
    first. A cell is at rest where it is neither air nor mobile.

    Raises
    ------
    ValueError
        For fewer than one block.
    """
    blocks = {"coarse_z": z, "coarse_y": y, "coarse_x": x}
    if least := [name for name, count in blocks.items() if count < 1]:
        raise ValueError(f"{least[0].removeprefix('coarse_')}: expected at least one block")

    @reduction(
        units="1",
        dims=tuple(blocks),
        sizes=blocks,
        long_name="share of cells at rest",
        planes=True,
    )
    def coarse(
        array: NDArray[np.float32], states: NDArray[np.uint8], first: int, *, depth: int
    ) -> None:
        count, height, length = states.shape
        edges = [_edges(n, size) for n, size in ((z, height), (y, depth), (x, length))]
        above, across, along = (np.diff(edge) for edge in edges)
        resting = closed(states[:, ::-1]).astype(np.float64)
        sums = np.add.reduceat(resting, edges[2][:-1], axis=2)
        sums = np.add.reduceat(sums, edges[0][:-1], axis=1)
        shares = sums / (above[:, None] * along)
        block = np.searchsorted(edges[1], np.arange(first, first + count), side="right") - 1
        for share, at in zip(shares, block, strict=True):
            array[:, at] += share / across[at]

    return coarse


def _line(y: int | None, x: int | None) -> tuple[tuple[str], int, str]:
    """Return the dimension of a line, where it is, and along which dimension that counts."""
    if y is not None and x is None:
        return ("x",), y, "y"
    if x is not None and y is None:
        return ("y",), x, "x"
    raise ValueError("expected y or x, the number of a row or column of cells, and not both")


def _refuse_outside(name: str, at: int, size: int) -> None:
    if not 0 <= at < size:
        raise ValueError(f"{name} is {at}, but the domain has 0 to {size - 1}")


def _surface(states: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the row of the cell under the lowest open one, [plane, L]; -1 where there is none."""
    heights = np.empty((len(states), states.shape[2]), np.int16)
    lowest_open(states, heights, states.shape[1])
    return np.where(heights == 0, -1, states.shape[1] - heights.astype(np.int64))


def _at(cells: NDArray[Any], row: NDArray[np.int64]) -> NDArray[Any]:
    """Return the cells [plane, L] of a row for each column; of the last row where there is none."""
    return np.take_along_axis(cells, row[:, None, :] % cells.shape[1], axis=1)[:, 0]


def _edges(blocks: int, size: int) -> NDArray[np.int64]:
    """Return where blocks begin and the last one ends, [blocks + 1]."""
    if blocks > size:
        raise ValueError(f"{blocks} blocks, but the domain has {size} cells")
    return np.arange(blocks + 1) * size // blocks
