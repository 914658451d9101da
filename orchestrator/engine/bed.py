"""The bed as a whole: cells in their box, how they are turned and moved, and how they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.engine import centering, rotation
from orchestrator.engine.active_region import Corridor, margins
from orchestrator.engine.enlarged_box import EnlargedBox
from orchestrator.engine.events import survey
from orchestrator.engine.ground import date, prepare, steps
from orchestrator.engine.pairs import filled
from orchestrator.engine.rotation import Cells
from orchestrator.engine.settings import Rotation
from orchestrator.engine.states import AIR, STATES, WALL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from orchestrator.engine.ground import Ground
    from orchestrator.engine.settings import Settings
    from orchestrator.engine.transitions import Transition


class Shown(NamedTuple):
    """The bed as it is written: turned back to the orientation of the start.

    ``altitude`` is int16 and ``inside`` bool, [Dp, Lp].
    """

    cells: Cells
    altitude: NDArray[np.int16]
    inside: NDArray[np.bool_]


class Bed:
    """Cells and pairs of one run, with what a turn of the wind does to them.

    Attributes
    ----------
    ground
        Replaced where arrays become too small.
    corridor
        The planes that are not solid; its ``solid`` follows the cells in an enlarged box.
    box
        The map of the space in an enlarged box; None where only walls lie around the space.
    orientation
        By how much the bed is turned, in degrees, single precision.
    buffer
        What centering has made last, None before.
    """

    def __init__(
        self, settings: Settings, shape: tuple[int, int, int], corridor: Corridor
    ) -> None:
        self.settings = settings
        self.depth, self.height, self.length = shape
        self.orientation = np.float32(0)
        self.buffer: Cells | None = None
        self.box: EnlargedBox | None = None
        self.margins = 1, 1
        self.corridor = corridor
        if settings.rotation is Rotation.FULL:
            self._enlarge()
        across, along = self.margins
        self.padded = (self.depth + 2 * across, self.height + 2, self.length + 2 * along)

    def _enlarge(self) -> None:
        """Take a box in which the space can turn."""
        self.margins = across, along = margins(self.length, self.depth, gas=self.settings.gas)
        padded = (self.depth + 2 * across, self.height + 2, self.length + 2 * along)
        self.box = EnlargedBox(padded, self.length, self.depth, periodic=self.settings.periodic)
        solid = np.ones(padded[0], np.bool_)
        self.corridor = Corridor(1, padded[0] - 2, solid, self.corridor.ceiling)

    def lay(
        self,
        states: NDArray[np.uint8],
        cell_times: NDArray[np.int32],
        rows: Sequence[Transition],
    ) -> None:
        """Lay out cells [D, H, L], find their pairs and measure them."""
        self.ground: Ground = prepare(
            states,
            cell_times,
            self.corridor,
            rows,
            margins=self.margins,
            periodic=self.settings.periodic,
            tiled=self.box is not None and self.settings.periodic,
            with_gas=self.settings.gas,
        )
        self.follow_box()
        self.refill()
        self.survey()

    def follow_box(self) -> None:
        """Look up solid planes and sides anew in the map of the enlarged box, if there is one."""
        if self.box is None:
            return
        self.corridor.solid[:] = self.box.solid_planes(self._stored().states)
        self.ground.inside[:] = self.box.inside.ravel()
        images = self.box.images
        self.ground.images[:] = images.ravel()
        self.ground.seams[:] = steps(images, self.padded[1]).ravel()

    def refill(self) -> None:
        """Fill all pair arrays anew, in the order of a scan."""
        if self.box is not None:
            self.box.refuse_open_seams()
        self.ground = filled(self.ground)

    def survey(self) -> None:
        """Measure the altitude of all columns anew."""
        survey(self.ground, self.padded[0])

    def cells(self) -> Cells:
        """Return copies of all cells, walls included."""
        states, times = self._stored()
        return Cells(np.ascontiguousarray(states), times.copy())

    def _stored(self) -> Cells:
        """Return views of all cells in the order of files."""
        across, high, along = self.padded
        date(self.ground)
        return Cells(
            self.ground.cells.reshape(across, along, high).transpose(0, 2, 1),
            self.ground.times.reshape(self.padded),
        )

    def rotate(self, angle: np.float32) -> None:
        """Turn the bed by ``angle``; the gas does not follow by itself."""
        turned = np.float32(np.fmod(np.float32(self.orientation + angle), np.float32(360)))
        self.orientation = turned
        if self.box is not None:
            self.box.turn_to(turned)
        self.take(self._turned(angle))
        self.follow_box()
        self._count()
        self.refill()
        self.ground.stress[:] = 0
        self.survey()

    def centre(self) -> bool:
        """Move the bed so that its grains are in the middle; return whether it had to move."""
        cells = self.cells()
        by_x, by_z = centering.shift(cells.states)
        if (by_x, by_z) == (0, 0):
            return False
        periodic = self.settings.periodic
        moved = centering.moved(cells, by_x, by_z, self.buffer, periodic=periodic)
        if not periodic:
            self.buffer = moved
        self.take(moved)
        if not periodic:
            self._count()
        self.refill()
        self.survey()
        return True

    def shown(self) -> Shown | None:
        """Return the bed turned back to the orientation of the start, None if it has that.

        As in the model the altitudes are measured anew, and so is the map of an enlarged box.
        """
        if self.orientation == 0:
            return None
        if self.box is not None:
            self.box.turn_to(np.float32(0))
        cells = self._turned(np.float32(-self.orientation))
        inside = self.ground.inside.reshape(self.padded[0], -1)
        if self.box is not None:
            inside = self.box.inside
        altitude = _altitude(cells.states)
        if self.box is not None:
            self.box.turn_to(self.orientation)
            self.follow_box()
        self.survey()
        return Shown(cells, altitude, inside)

    def stored_planes(
        self, shown: Shown | None, *, walls: bool
    ) -> Iterator[NDArray[np.uint64]]:
        """Yield the cells plane by plane, as they are written, with or without the walls.

        Each plane is uint64 [height, length], C-contiguous and little-endian in memory: byte 0 the
        state, bytes 4 to 7 the cell time. It is overwritten by the next one.
        """
        cells, times = self._stored() if shown is None else shown.cells
        if not walls and self.box is not None:
            yield from self._without_walls(cells, times)
            return
        inner = slice(None) if walls else slice(1, -1)
        cells, times = cells[inner, inner, inner], times[inner, inner, inner]
        plane = np.empty((*cells.shape[1:], 2), np.int32)
        for states, stamps in zip(cells, times, strict=True):
            plane[..., 0], plane[..., 1] = states, stamps
            yield plane.view(np.uint64)[..., 0]

    def _without_walls(
        self, cells: NDArray[np.uint8], times: NDArray[np.int32]
    ) -> Iterator[NDArray[np.uint64]]:
        """Yield planes of H x L cells that are not wall; a shorter one ends as the one before."""
        plane = np.zeros((self.height * self.length, 2), np.int32)
        for states, stamps in zip(cells, times, strict=True):
            kept = states != WALL
            count = min(int(kept.sum()), plane.shape[0])
            if count:
                plane[:count, 0] = states[kept][:count]
                plane[:count, 1] = stamps[kept][:count]
                yield plane.view(np.uint64).reshape(self.height, self.length)

    def _turned(self, angle: np.float32) -> Cells:
        between = (self.corridor.first, self.corridor.last)
        return rotation.turned(
            self.cells(),
            angle,
            self.settings.rotation,
            self.box,
            between,
            periodic=self.settings.periodic,
        )

    def take(self, cells: Cells) -> None:
        """Replace all cells; nothing else follows."""
        here = self._stored()
        here.states[...], here.times[...] = cells

    def _count(self) -> None:
        """Count the cells of each state anew."""
        self.ground.counts[:] = np.bincount(self.ground.cells, minlength=STATES)


def _altitude(states: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return int16 [Dp, Lp], solid cells from the bottom wall up without a gap."""
    air = states[:, -2:0:-1] == AIR
    altitude = np.full(air[:, 0].shape, states.shape[1] - 1, np.int16)
    return np.where(
        air.any(axis=1), air.argmax(axis=1).astype(np.int16) + np.int16(1), altitude
    )
