"""A stream of frames of a user's own simulator, taken apart by its decoder, and what can be wrong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.errors import FormatError, StreamError
from orchestrator.formats import frames
from orchestrator.formats.cellspace import Cell, Header
from orchestrator.model.own_code import sentence_of
from orchestrator.model.simulators import LARGEST_HEIGHT, Frame
from orchestrator.runner.decoder import CutError
from orchestrator.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Value
    from orchestrator.model.simulators import OwnEngine

_BATCH_BYTES = 1 << 21
_GRAIN, _AIR, _GROUND = Cell.GR.value, Cell.EAUC.value, Cell.DUM.value
_LARGEST_STATE = 255
_HIGHEST = LARGEST_HEIGHT - 1  # on the ground


class OwnDecoder:
    """Takes a stream apart with a simulator's own decoder, as :class:`Decoder` does.

    A frame of heights becomes planes of grains on a ground and under air, so that every reduction can
    be made of it.

    Parameters
    ----------
    engine
        The simulator.
    fill
        Writes the next bytes into what it is given and returns their number, which is smaller
        than asked for only at the end of the stream.
    parameters
        Of the experiment; ``L``, ``D`` and, where there is one, ``H`` are the sides of the domain.
    """

    def __init__(
        self,
        engine: OwnEngine,
        fill: Callable[[memoryview], int],
        parameters: Mapping[str, Value],
    ) -> None:
        assert engine.simulator.decode is not None
        self._engine, self._fill = engine, fill
        self._columns = int(parameters["D"]), int(parameters["L"])
        self._height = int(parameters["H"]) if "H" in parameters else None
        self._count = 0
        self._since = 0  # bytes since the last frame
        self._passing: BaseException | None = (
            None  # what reading has raised, which is not the decoder's
        )
        self._frame = Frame(0.0)
        self._decode = engine.simulator.decode
        self._frames: Iterator[Frame] | None = None

    @property
    def inside(self) -> bool:
        """Whether part of a snapshot has been read and the rest has not."""
        return self._since > 0

    def header(self) -> Header | None:
        """Return the size and time of the next frame, or None where the stream ends as it should."""
        self._count += 1
        frame = self._next()
        if frame is None:
            self._count -= 1
            if self._read_up(bytearray(1)):
                after = f"after {counted(self._count, 'snapshot')}, but the stream goes on"
                raise StreamError(f"{self._whose} ends {after}")
            return None
        self._since = 0
        try:
            shape = _shape(frame, self._height)
            _check(frame, shape, self._columns)
        except FormatError as error:
            raise StreamError(f"snapshot {self._count}: {error}") from error
        self._frame = frame
        depth, height, length = shape
        name = self._engine.simulator.name
        return Header(name, height, length, depth, cell_bytes=1, time=float(frame.time))

    def planes(self) -> Iterator[NDArray[np.generic]]:
        """Yield the planes of that frame, uint8 [plane, H, L], row 0 on top, some at a time."""
        depth, height, length = _shape(self._frame, self._height)
        many = max(1, _BATCH_BYTES // (height * length))
        row = np.arange(height)[::-1, None]
        for first in range(0, depth, many):
            if self._frame.cells is not None:
                yield self._frame.cells[first : first + many].astype(np.uint8)
            elif self._frame.heights is not None:
                heights = self._frame.heights[first : first + many, None, :]
                states = np.where(row <= heights, _GRAIN, _AIR)
                yield np.where(row == 0, _GROUND, states).astype(np.uint8)

    @property
    def _whose(self) -> str:
        return f"the decoder of {self._engine.simulator.name}"

    def _next(self) -> Frame | None:
        """Return what the decoder yields next, None at its end."""
        frame: Any = None
        try:
            if self._frames is None:
                self._frames = iter(self._decode(self._read))
            frame = next(self._frames, None)
        except (Exception, SystemExit) as error:
            if self._passing is None:
                sentence = sentence_of(error, str(self._engine.module))
                raise StreamError(
                    f"snapshot {self._count}: {self._whose} failed: {sentence}"
                ) from error
        if self._passing is not None:  # whether the decoder handed it on or not
            raise self._passing
        if frame is not None and not isinstance(frame, Frame):
            wish = f"yields {type(frame).__name__}; expected orchestrator.Frame"
            raise StreamError(f"snapshot {self._count}: {self._whose} {wish}")
        return frame

    def _read(self, size: int) -> bytes:
        """Read so many bytes for the decoder; none where the stream ends between frames."""
        if not 0 <= size <= frames.LARGEST:
            raise ValueError(f"read({size}): expected 0 to {frames.LARGEST} bytes")
        part = bytearray(size)
        count = self._read_up(part)
        if count < size and self._since == 0 == count:
            return b""
        self._since += count
        if count < size:
            where = f"inside snapshot {self._count} (its decoder asked for {size} bytes, {count} came)"
            self._passing = CutError(f"the stream ends {where}")
            raise self._passing
        return bytes(part)

    def _read_up(self, part: bytearray) -> int:
        """Fill as much of ``part`` as the stream has; note what prevents it."""
        try:
            return self._fill(memoryview(part))
        except BaseException as error:
            self._passing = error
            raise


def _shape(frame: Frame, height: int | None) -> tuple[int, int, int]:
    """Return depth, height and length of a frame in cells.

    Raises
    ------
    FormatError
        If it has not one array of whole numbers, of the right number of dimensions.
    """
    if (frame.heights is None) == (frame.cells is None):
        raise FormatError("expected heights or cells, and not both")
    name, array, dims = (
        ("heights", frame.heights, "D, L")
        if frame.heights is not None
        else ("cells", frame.cells, "D, H, L")
    )
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iu":
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise FormatError(f"its {name} are {kind}; expected an array of whole numbers [{dims}]")
    if array.ndim != dims.count(",") + 1 or 0 in array.shape:
        raise FormatError(f"its {name} have the shape {array.shape}; expected [{dims}]")
    if array.ndim == len("DHL"):
        depth, rows, length = array.shape
        return depth, rows, length
    depth, length = array.shape
    return depth, int(array.max()) + 2 if height is None else height, length


def _check(frame: Frame, shape: tuple[int, int, int], columns: tuple[int, int]) -> None:
    """Refuse a frame of other columns than D x L, or values or a time that nothing can have.

    Raises
    ------
    FormatError
        With what is wrong with it.
    """
    time: Any = frame.time
    if not isinstance(time, int | float | np.number) or not math.isfinite(time):
        raise FormatError(f"its time is {time}")
    if (shape[0], shape[2]) != columns:
        sizes = (f"{depth} x {length}" for depth, length in ((shape[0], shape[2]), columns))
        raise FormatError("it has {} columns; D x L are {}".format(*sizes))
    array, name, highest = (
        (frame.heights, "heights", _HIGHEST)
        if frame.heights is not None
        else (frame.cells, "cells", _LARGEST_STATE)
    )
    assert array is not None
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > highest:
        raise FormatError(f"its {name} go from {low} to {high}; expected 0 to {highest}")
