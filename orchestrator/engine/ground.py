"""The cells of a run and everything that follows them, as arrays that kernels read and write.

The box is padded by one cell of wall on every side: ``Hp, Lp, Dp = H + 2, L + 2, D + 2``. The cell
at length x, height y (0 on top) and depth z has the index ``y + Hp * column``, its column the index ``x + Lp * z``:
a column lies together in memory, since grains fall and what happens at the ground concerns a few
cells of it. In files the length is fastest; only ``bed`` and ``checkpoint`` turn one into the other.
"""

from __future__ import annotations

import contextlib
import mmap
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from orchestrator.engine import gas_layout
from orchestrator.engine.jit import at, kernel, part, whole
from orchestrator.engine.states import GRAIN, STATES, WALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from orchestrator.engine.active_region import Corridor
    from orchestrator.engine.transitions import Transition

_Number = TypeVar("_Number", bound=np.generic)

WEST, EAST, UP, DOWN, NORTH, SOUTH = range(6)  # neighbours; neighbour // 2 is the direction

FREE, FRESH, FULL, DATED = range(4)  # the entries of Ground.stock
_LARGE_PAGE = 1 << 21  # bytes
_DATES = 1 << 16  # more than a column is high, whose cells may all change at once

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
        uint8 [Dp * Lp * Hp], states.
    times
        int32 [Dp * Hp * Lp], in the order of files, the whole part of the time at which a grain became
        one, but for ``dates``: rows that nothing but falling grains crosses take no memory.
    dates
        int64 [65536], changes that ``times`` lacks, in their order: a cell and, from bit 32 on, the time.
    counts
        int64 [16], cells per state, walls included.
    altitude
        int16 [Dp * Lp], solid cells from the bottom wall up without a gap.
    stress
        float32 [Dp * Lp], velocity along the ground that erodes.
    kinds
        int8 [6 * 16 * 16], the array of the pair that a cell of one state makes with a neighbour
        of another, or -1; index ``neighbour * 256 + state * 16 + neighbour's state``.
    offsets
        int64 [6], steps to the neighbours.
    inside
        bool [Dp * Lp], the columns of the space, without the walls around it.
    seams, images
        int64 [Dp * Lp], in a cyclic box: the step from a cell of a column outside to the one inside
        that stands in for it, and the column of the latter; 0 and the column itself elsewhere.
    order
        int64 [6 * 5], neighbours in the order of ``_ORDER``.
    entries
        int32, the pair arrays one after another; an entry is the index of the pair's first cell,
        its owner.
    starts, lengths, rooms
        int64 [kinds], where each array starts, how long it is and how long it may become.
    blocks
        int32 [Dp * Lp * Hp / 4 + 1], for every four cells where their block begins in ``places``, plus
        the number of pairs that they own; 0 where they own none.
    places
        int32 [16 * blocks], per cell of a block the positions of the eastern, lower and southern pair
        that it owns, and a spare entry; an unused block begins with the start of the next unused one.
    stock
        int64 [4], the first unused block, the first one never used, whether room runs out, and how
        many ``dates`` there are.
    nodes, fluid, share, box_nodes, nodes_fluid, plane
        The gas, see its module; ``plane`` int16 [Dp] is the gas plane of a depth or -1.
    height, length, first, width, tiles, boxes_high, boxes_long
        Hp, Lp, the first plane of the corridor and its width, and the sizes of the gas.
    periodic
        Whether the box is cyclic in length and depth.
    tiled
        Whether copies of the space lie around it at an angle, so that only ``images`` lead back.
    """

    cells: NDArray[np.uint8]
    times: NDArray[np.int32]
    dates: NDArray[np.int64]
    counts: NDArray[np.int64]
    altitude: NDArray[np.int16]
    stress: NDArray[np.float32]
    kinds: NDArray[np.int8]
    offsets: NDArray[np.int64]
    inside: NDArray[np.bool_]
    seams: NDArray[np.int64]
    images: NDArray[np.int64]
    order: NDArray[np.int64]
    entries: NDArray[np.int32]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    rooms: NDArray[np.int64]
    blocks: NDArray[np.int32]
    places: NDArray[np.int32]
    stock: NDArray[np.int64]
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
    tiled: bool


@part
def coordinates(ground: Ground, cell: int) -> tuple[int, int, int]:
    """Return length, height and depth of a cell."""
    column = column_of(ground, cell)
    z = whole(at(column) // at(ground.length))
    return column - z * ground.length, cell - column * ground.height, z


@part
def column_of(ground: Ground, cell: int) -> int:
    """Return the column of a cell."""
    return whole(at(cell) // at(ground.height))


@part
def stand_in(ground: Ground, wall: int) -> int:
    """Return the cell that stands in for a cell of a wall, itself where none does."""
    return whole(wall + ground.seams[at(column_of(ground, wall))])


def zeros(count: int, kind: type[_Number], *, dense: bool = True) -> NDArray[_Number]:
    """Return an array of fresh memory, in pages as large as there are if its use is ``dense``."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    size = np.dtype(kind).itemsize * count
    memory = mmap.mmap(-1, size + _LARGE_PAGE, flags=flags)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        large = dense and size >= _LARGE_PAGE
        with contextlib.suppress(OSError):  # a kernel without them
            memory.madvise(mmap.MADV_HUGEPAGE if large else mmap.MADV_NOHUGEPAGE)
    address = np.frombuffer(memory, np.uint8).ctypes.data
    return np.frombuffer(memory, kind, count, -address % _LARGE_PAGE)  # where a page begins


@kernel
def date(ground: Ground) -> None:
    """Bring ``times`` up to date.

    What is no grain any more has no time. An entry is written only where it differs, since a page of
    zeros that is only read takes no memory.
    """
    Hp, Lp, times = ground.height, ground.length, ground.times
    for change in range(ground.stock[DATED]):
        entry = ground.dates[change]
        cell = entry & 0xFFFFFFFF
        column = column_of(ground, cell)
        z = whole(at(column) // at(Lp))
        stored = column + Lp * (cell - Hp * column + (Hp - 1) * z)
        time = entry >> 32 if ground.cells[at(cell)] == GRAIN else 0
        if times[at(stored)] != time:
            times[at(stored)] = time
    ground.stock[DATED] = 0


def pair_kinds(rows: Sequence[Transition]) -> dict[tuple[int, int, int], int]:
    """Return a number for each pair type from which a transition starts."""
    return {pair: kind for kind, pair in enumerate(dict.fromkeys(row.pair for row in rows))}


def prepare(
    states: NDArray[np.uint8],
    cell_times: NDArray[np.int32],
    between: Corridor,
    rows: Sequence[Transition],
    *,
    margins: tuple[int, int] = (1, 1),
    periodic: bool,
    tiled: bool = False,
    with_gas: bool,
) -> Ground:
    """Lay out the cells ``states`` and ``cell_times`` [D, H, L]; pair arrays and maps are empty.

    ``margins`` are the cells of wall across and along the wind, on either side.
    """
    depth, height, length = states.shape
    across, along = margins
    Hp, Lp, Dp = height + 2, length + 2 * along, depth + 2 * across
    cells = zeros(Dp * Lp * Hp, np.uint8).reshape(Dp, Lp, Hp)
    cells[:] = WALL
    times = zeros(Dp * Hp * Lp, np.int32, dense=False).reshape(Dp, Hp, Lp)
    for z in range(depth):
        cells[z + across, along:-along, 1:-1] = states[z].T
        if np.any(cell_times[z]):  # untouched pages of zeros cost no memory
            times[z + across, 1:-1, along:-along] = cell_times[z]
    counts = np.zeros(STATES, dtype=np.int64)
    for plane in cells:
        counts += np.bincount(plane.ravel(), minlength=STATES)

    inside = np.zeros((Dp, Lp), np.bool_)
    inside[across:-across, along:-along] = True
    images = joined_sides(Dp, Lp) if periodic else np.arange(Dp * Lp).reshape(Dp, Lp)
    numbers = pair_kinds(rows)
    planes = gas_layout.planes(between, Hp, Lp, Dp, with_gas=with_gas)
    return Ground(
        cells=cells.ravel(),
        times=times.ravel(),
        dates=np.empty(_DATES, np.int64),
        counts=counts,
        altitude=np.zeros(Dp * Lp, dtype=np.int16),
        stress=np.zeros(Dp * Lp, dtype=np.float32),
        kinds=_kind_table(numbers, periodic=periodic),
        offsets=np.array([-Hp, Hp, -1, 1, -Hp * Lp, Hp * Lp]),
        inside=inside.ravel(),
        seams=steps(images, Hp),
        images=images.ravel(),
        order=np.array(_ORDER).ravel(),
        entries=np.empty(0, dtype=np.int32),
        starts=np.zeros(len(numbers), dtype=np.int64),
        lengths=np.zeros(len(numbers), dtype=np.int64),
        rooms=np.zeros(len(numbers), dtype=np.int64),
        blocks=zeros(Dp * Lp * Hp // 4 + 1, np.int32),
        places=np.empty(0, dtype=np.int32),
        stock=np.zeros(4, dtype=np.int64),
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
        tiled=tiled,
    )


def joined_sides(Dp: int, Lp: int) -> NDArray[np.int64]:
    """Return, int64 [Dp, Lp], the column that each stands for where opposite sides are joined."""
    z, x = np.arange(Dp), np.arange(Lp)
    z[[0, -1]], x[[0, -1]] = (Dp - 2, 1), (Lp - 2, 1)
    images: NDArray[np.int64] = z[:, None] * Lp + x
    return images


def steps(images: NDArray[np.int64], Hp: int) -> NDArray[np.int64]:
    """Return, int64 [Dp * Lp], the steps between cells that lead from a column to its image."""
    steps_between: NDArray[np.int64] = (images.ravel() - np.arange(images.size)) * Hp
    return steps_between


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
