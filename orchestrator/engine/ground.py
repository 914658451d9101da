"""The cells of a run and everything that follows them, as arrays that kernels read and write.

The box is padded by one cell of wall on every side: ``Hp, Lp, Dp = H + 2, L + 2, D + 2``. The cell
at length x, height y (0 on top) and depth z has the index ``x + Lp * (y + Hp * z)``, the order in which cells
are written; its column has the index ``x + Lp * z``.
"""

from __future__ import annotations

import contextlib
import mmap
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.engine import gas_layout
from orchestrator.engine.jit import at, part, whole
from orchestrator.engine.states import STATES, WALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from orchestrator.engine.active_region import Corridor
    from orchestrator.engine.transitions import Transition

WEST, EAST, UP, DOWN, NORTH, SOUTH = range(6)  # neighbours; neighbour // 2 is the direction

# Order in which the five other pairs of a cell are taken out of and put into their arrays, for the
# first and the second cell of a changing pair, per direction.
_ORDER = (
    (WEST, UP, DOWN, NORTH, SOUTH),
    (UP, DOWN, NORTH, SOUTH, EAST),
    (UP, WEST, EAST, NORTH, SOUTH),
    (WEST, EAST, NORTH, SOUTH, DOWN),
    (NORTH, WEST, EAST, UP, DOWN),
    (WEST, EAST, UP, DOWN, SOUTH),
)


class Ground(NamedTuple):
    """Cells, pair arrays, altitudes and the solid nodes of the gas.

    Attributes
    ----------
    cells
        int32 [Dp * Hp * Lp]; the lowest four bits are the state, the others the number of the
        cell's places, 0 where it owns no pair.
    times
        int32 [Dp * Hp * Lp], the whole part of the time at which a grain became one.
    counts
        int64 [16], cells per state, walls included.
    altitude
        int16 [Dp * Lp], solid cells from the bottom wall up without a gap.
    stress
        float32 [Dp * Lp], velocity along the ground that erodes.
    kinds
        int8 [6 * 16 * 16], the array of the pair that a cell of one state makes with a neighbour
        of another, or -1; index ``neighbour * 256 + state * 16 + neighbour's state``.
    offsets, wraps
        int64 [6], steps to the neighbours, and those that replace them at a wall.
    order
        int64 [6 * 5], neighbours in the order of ``_ORDER``.
    entries
        int64, the pair arrays one after another; an entry is the index of the pair's first cell
        and, from bit 32 on, the number of that cell's places.
    starts, lengths, rooms
        int64 [kinds], where each array starts, how long it is and how long it may become.
    places
        int32 [4 * slots]; per owner the positions of its eastern, lower and southern pair and the
        number of those present; in an unused slot the last one is the next unused slot.
    slots
        int64 [3], the first unused slot, the first slot never used, and whether room runs out.
    nodes, fluid, share, box_nodes, nodes_fluid, plane
        The gas, see its module; ``plane`` int16 [Dp] is the gas plane of a depth or -1.
    height, length, first, width, tiles, boxes_high, boxes_long
        Hp, Lp, the first plane of the corridor and its width, and the sizes of the gas.
    periodic
        Whether the box is cyclic in length and depth.
    """

    cells: NDArray[np.int32]
    times: NDArray[np.int32]
    counts: NDArray[np.int64]
    altitude: NDArray[np.int16]
    stress: NDArray[np.float32]
    kinds: NDArray[np.int8]
    offsets: NDArray[np.int64]
    wraps: NDArray[np.int64]
    order: NDArray[np.int64]
    entries: NDArray[np.int64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    rooms: NDArray[np.int64]
    places: NDArray[np.int32]
    slots: NDArray[np.int64]
    nodes: NDArray[np.int64]
    fluid: NDArray[np.int16]
    share: NDArray[np.float32]
    box_nodes: NDArray[np.int16]
    nodes_fluid: NDArray[np.int64]
    plane: NDArray[np.int16]
    height: int
    length: int
    first: int
    width: int
    tiles: int
    boxes_high: int
    boxes_long: int
    periodic: bool


@part
def place(ground: Ground, cell: int) -> tuple[int, int, int]:
    """Return length, height and depth of a cell."""
    row = whole(at(cell) // at(ground.length))
    z = whole(at(row) // at(ground.height))
    return cell - row * ground.length, row - z * ground.height, z


def zeros(count: int) -> NDArray[np.int32]:
    """Return an array for random access: of fresh memory in pages as large as there are."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    memory = mmap.mmap(-1, max(4 * count, 1), flags=flags)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel without them
            memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, np.int32, count)


def pair_kinds(rows: Sequence[Transition]) -> dict[tuple[int, int, int], int]:
    """Return a number for each pair type from which a transition starts."""
    return {pair: kind for kind, pair in enumerate(dict.fromkeys(row.pair for row in rows))}


def prepare(
    states: NDArray[np.uint8],
    cell_times: NDArray[np.int32],
    between: Corridor,
    rows: Sequence[Transition],
    *,
    periodic: bool,
    with_gas: bool,
) -> Ground:
    """Lay out the cells ``states`` and ``cell_times`` [D, H, L]; pair arrays and maps are empty."""
    depth, height, length = states.shape
    Hp, Lp, Dp = height + 2, length + 2, depth + 2
    cells = zeros(Dp * Hp * Lp).reshape(Dp, Hp, Lp)
    cells[:] = WALL
    times = zeros(Dp * Hp * Lp).reshape(Dp, Hp, Lp)
    for z in range(depth):
        cells[z + 1, 1:-1, 1:-1] = states[z]
        if np.any(cell_times[z]):  # untouched pages of zeros cost no memory
            times[z + 1, 1:-1, 1:-1] = cell_times[z]
    counts = np.zeros(STATES, dtype=np.int64)
    for plane in cells:
        counts += np.bincount(plane.ravel(), minlength=STATES)

    steps = np.array([-1, 1, -Lp, Lp, -Hp * Lp, Hp * Lp])
    wraps = steps.copy()
    if periodic:
        wraps[[WEST, EAST, NORTH, SOUTH]] = [
            length - 1,
            1 - length,
            (depth - 1) * Hp * Lp,
            (1 - depth) * Hp * Lp,
        ]
    numbers = pair_kinds(rows)
    planes = gas_layout.planes(between, Hp, Lp, Dp, with_gas=with_gas)
    return Ground(
        cells=cells.ravel(),
        times=times.ravel(),
        counts=counts,
        altitude=np.zeros(Dp * Lp, dtype=np.int16),
        stress=np.zeros(Dp * Lp, dtype=np.float32),
        kinds=_kind_table(numbers, periodic=periodic),
        offsets=steps,
        wraps=wraps,
        order=np.array(_ORDER).ravel(),
        entries=np.empty(0, dtype=np.int64),
        starts=np.zeros(len(numbers), dtype=np.int64),
        lengths=np.zeros(len(numbers), dtype=np.int64),
        rooms=np.zeros(len(numbers), dtype=np.int64),
        places=np.empty(0, dtype=np.int32),
        slots=np.zeros(3, dtype=np.int64),
        nodes=planes.nodes,
        fluid=planes.fluid,
        share=planes.share,
        box_nodes=planes.box_nodes,
        nodes_fluid=np.zeros(1, dtype=np.int64),
        plane=planes.plane,
        height=Hp,
        length=Lp,
        first=between.first,
        width=between.width,
        tiles=planes.tiles,
        boxes_high=planes.boxes_high,
        boxes_long=planes.boxes_long,
        periodic=periodic,
    )


def _kind_table(
    numbers: dict[tuple[int, int, int], int], *, periodic: bool
) -> NDArray[np.int8]:
    """Look up pair arrays from both ends of a pair; a cyclic box has no vertical pairs with walls."""
    table = np.full((6, STATES, STATES), -1, dtype=np.int8)
    for (direction, first, second), kind in numbers.items():
        if periodic and direction == 1 and WALL in (first, second):
            continue
        table[2 * direction + 1, first, second] = kind
        table[2 * direction, second, first] = kind
    return table.ravel()
