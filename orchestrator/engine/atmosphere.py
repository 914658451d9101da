"""The gas over the ground: its filling, its cycles, and the stress that it puts on the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine import enlarged_shear, flow, gas, gas_layout, shear, velocity_average
from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.engine.gas_layout import NODE_TILE, PLANE_SPACING, SOLID, TILE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.engine.active_region import Corridor
    from orchestrator.engine.enlarged_box import EnlargedBox
    from orchestrator.engine.ground import Ground
    from orchestrator.engine.settings import Settings


class Atmosphere:
    """The gas of one run; its nodes are part of the ground.

    In an enlarged box not all planes of the gas are in use, and nodes outside the space hold gas
    too. ``parked`` are the particles of planes that have gone out of use, and ``field`` float32
    [2, Dp * Hp * Lp] are velocities that cells outside the space keep, empty where none does;
    ``fresh`` tells whether a cycle has run since they were kept.
    """

    def __init__(
        self, ground: Ground, settings: Settings, corridor: Corridor, box: EnlargedBox | None
    ) -> None:
        self._settings, self._corridor, self._box = settings, corridor, box
        self._depth = ground.plane.size
        count = int(ground.plane.max()) + 1
        self.used = (0, count - 1)
        self.cycles = 0
        self.velocities = velocity_average.at_rest(ground, spare=box is not None)
        self.parked = np.zeros(ground.nodes.size if box else 0, np.int64)
        keeps = box is not None and not ground.periodic and not settings.renew_gas
        self.field = np.zeros((2, ground.cells.size if keeps else 0), np.float32)
        self.fresh = False
        self._column_sums = np.empty(velocity_average.COLUMN_ROOM, np.int64)
        self._box_sums = np.empty(velocity_average.BOX_ROOM * ground.box_nodes.size, np.int64)
        self._corners = np.zeros(4 * ground.fluid.size, np.float32)
        self._outcomes = np.empty(3 * ground.tiles * gas_layout.OUTCOME_TILE, np.int64)
        self._sample()

    def use_planes(self, used: tuple[int, int]) -> None:
        """Use the planes from the first to the last of ``used``."""
        self.used = used
        self._sample()

    def _sample(self) -> None:
        self._samples = shear.samples(
            self._corridor, self._depth, periodic=self._settings.periodic, used=self.used
        )

    def fill(self, ground: Ground, state: int) -> int:
        """Fill the gas anew and drive it without collisions; return the generator's state."""
        if self._box is not None:
            self.use_planes(self._open_planes())
            self.field[:] = 0
        first, last = self.used
        words, used = _by_word(ground.nodes), self._used_bits(ground)
        if self._box is not None:
            parked = _by_word(self.parked)
            parked[:, :SOLID] = (parked[:, :SOLID] | words[:, :SOLID]) & ~used
        words[:, :SOLID] = 0
        words[:, SOLID:] &= ~used
        gas.solidify(ground, first, last)
        state = gas.fill(ground, first, last, state)
        if self._box is not None:
            state = self._surround(ground, state, filling=True)
        for _ in range(self._settings.speedup):
            state = gas.force(ground, self._settings.forcing, first, last, state)
        return state

    def follow(self, ground: Ground) -> None:
        """Mark the solid nodes anew, in all planes, after cells have moved; particles stay."""
        _by_word(ground.nodes)[:, SOLID:] = 0
        gas.solidify(ground, 0, int(ground.plane.max()))

    def prepare_cycles(self, cycles: int) -> None:
        """Say how many cycles come before the next one whose velocities are looked at."""
        length = velocity_average.CYCLES + 1
        if self._box is not None and cycles > length:
            velocity_average.skip(self.velocities, cycles - length)

    def flow(self, ground: Ground, state: int, *, following: int = 0) -> int:
        """Run one gas cycle; return the generator's state.

        Velocities are averaged only if they count when they are looked at, after as many more
        cycles as ``following`` says.
        """
        edges = self._edges(ground)
        kept = [edge.copy() for edge in edges]
        for edge in edges:
            edge[...] = 0
        flow.step(
            ground.nodes,
            self._outcomes,
            ground.height,
            ground.length,
            ground.tiles,
            self._corridor.ceiling,
        )
        for edge, particles in zip(edges, kept, strict=True):
            edge[...] = particles
        first, last = self.used
        state = gas.force(ground, self._settings.forcing, first, last, state)
        if not ground.periodic:
            state = gas.mix(ground, first, last, state)
        spare = self._box is not None
        if following < velocity_average.CYCLES + spare:
            velocity_average.accumulate(
                ground, self.velocities, first, last, self._column_sums, self._box_sums
            )
        self.cycles += 1
        return state

    def press(self, ground: Ground) -> None:
        """Write the stress on all columns, from the velocities of the latest cycles."""
        corners = self._paired(ground)
        if self._box is None:
            shear.press(ground, corners, self._samples, self._depth)
        else:
            enlarged_shear.press_space(ground, corners, self._samples, self.field, self._depth)
        self.fresh = True

    def refresh(self, ground: Ground) -> None:
        """Make nodes outside the space like those that they stand for; particles stay."""
        if self._box is not None:
            self._surround(ground, 0, filling=False)

    def _paired(self, ground: Ground) -> NDArray[np.float32]:
        """Return the velocities of boxes, laid out as they are blended."""
        boxes = ground.box_nodes.size
        shear.pair_up(self.velocities.total, self._samples, boxes, self._corners)
        return self._corners

    def leave(self, ground: Ground) -> None:
        """Keep the velocities of all cells of the space, before the space turns."""
        if self.field.size and self.fresh:
            enlarged_shear.keep_field(ground, self._paired(ground), self._samples, self.field)
        self.fresh = False

    def speeds(self, ground: Ground) -> tuple[np.float32, np.float32]:
        """Return the largest and the mean speed over all boxes, summed over the last 49 cycles."""
        first, last = self.used
        boxes = ground.box_nodes.size
        return velocity_average.speeds(self.velocities.total, first * boxes, (last + 1) * boxes)

    def dumped(self, ground: Ground) -> NDArray[np.uint16]:
        """Return the nodes as they are dumped, parked particles included."""
        if not self.parked.size:
            return gas.dumped(ground)
        return gas.dumped(ground._replace(nodes=ground.nodes | self.parked))

    def particles(self, ground: Ground) -> tuple[int, int, int]:
        """Return the particles, those of them that are inside solids, and the fluid nodes."""
        words = _by_word(ground.nodes).view(np.uint64)
        moving, solid = words[:, :SOLID], words[:, SOLID:]
        inside = np.bitwise_count(moving & solid).sum(dtype=np.int64)
        everywhere = np.bitwise_count(moving).sum(dtype=np.int64)
        return int(everywhere), int(inside), int(ground.nodes_fluid[0])

    def _surround(self, ground: Ground, state: int, *, filling: bool) -> int:
        assert self._box is not None
        first, last = self.used
        return gas.surround(ground, self._box.source.ravel(), first, last, filling, state)

    def _open_planes(self) -> tuple[int, int]:
        """Return the planes of the gas from the one before the first open one to that after it."""
        solid = self._corridor.solid[self._corridor.first :: PLANE_SPACING]
        solid = solid[: -(-self._corridor.width // PLANE_SPACING)]
        if solid.all():
            raise ExitError(
                Exit.REFUSED, "Rot_mode = FULL: no plane of the gas, every fifth, is open"
            )
        opening = int(np.argmin(solid))
        closed = np.flatnonzero(solid[opening:])
        if not closed.size:
            raise ExitError(
                Exit.REFUSED, "Rot_mode = FULL: no plane of the gas is closed behind the space"
            )
        return max(opening - 1, 0), opening + int(closed[0])

    def _used_bits(self, ground: Ground) -> NDArray[np.int64]:
        """Return the bits of planes in use, int64 [blocks, 1, 1]."""
        first, last = self.used
        blocks = ground.nodes.size // NODE_TILE
        words = max(-(-(int(ground.plane.max()) + 1) // 64), 1)
        bits = np.zeros(words, np.uint64)
        for k in range(first, last + 1):
            bits[k >> 6] |= np.uint64(1) << np.uint64(k & 63)
        return np.repeat(bits.view(np.int64), blocks // words)[:, None, None]

    def _edges(self, ground: Ground) -> list[NDArray[np.int64]]:
        """Return views of the particles of the first and the last column, which never move.

        There are none where there is no enlarged box.
        """
        if self._box is None:
            return []
        last = ground.length - 1
        tiles = ground.nodes.reshape(-1, ground.tiles, 9, TILE)
        return [tiles[:, x // TILE, :SOLID, x % TILE] for x in (0, last)]


def _by_word(nodes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a view of the words, int64 [blocks, 9, columns of a tile]."""
    return nodes.reshape(-1, 9, TILE)
