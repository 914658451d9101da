"""The templates of the initial cell space, one function each, by their names.

Arguments are single-precision numbers. Where the model rounds to single precision at a step, so
do the functions, and where it computes in double precision they convert first; symbols are i
(along the wind), j (down) and k (across the wind), counted from 0 without walls. Sines and
cosines are the C library's, one number at a time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.formats.cellspace import Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from orchestrator.engine.random48_arrays import Draws

_PI = 3.14159265  # the model's own


@dataclass(frozen=True, slots=True)
class Plane:
    """One plane across the wind, to be filled.

    Attributes
    ----------
    cells
        uint8 [H, L], air at first.
    k
        Its number.
    draws
        Random numbers, in the order of planes, rows and columns.
    elevations
        int64 [D, L], what INPUT_ELEVATION reads; empty for the others.
    """

    cells: NDArray[np.uint8]
    k: int
    height: int
    length: int
    depth: int
    draws: Draws
    elevations: NDArray[np.int64]

    @property
    def centre(self) -> tuple[np.float32, np.float32]:
        """The middle of the domain along and across the wind."""
        return np.float32(self.length // 2 - 0.5), np.float32(self.depth // 2 - 0.5)

    @property
    def columns(self) -> NDArray[np.float32]:
        """float32 [L], the numbers of the columns."""
        return np.arange(self.length, dtype=np.float32)

    def fill_from(self, row: int, state: Cell = Cell.GR) -> None:
        """Fill all rows from ``row`` down."""
        self.cells[max(row, 0) :] = state

    def fill_below(self, top: NDArray[Any], state: Cell = Cell.GR) -> None:
        """Fill each column where j >= ``top`` [L], compared in the precision of ``top``."""
        rows = np.arange(self.height, dtype=top.dtype)[:, None]
        self.cells[rows >= top] = state

    def fill_under(self, top: NDArray[Any], state: Cell = Cell.GR) -> None:
        """Fill each column where j > ``top`` [L], compared in the precision of ``top``."""
        rows = np.arange(self.height, dtype=top.dtype)[:, None]
        self.cells[rows > top] = state


def custom(plane: Plane) -> None:
    """Fill nine rows."""
    plane.fill_from(plane.height - 9)


def input_elevation(plane: Plane, flag: np.float32) -> None:
    """Fill columns up to the elevations that were read."""
    plane.fill_under(plane.height - plane.elevations[plane.k])
    if flag == 1:
        plane.cells[1:2] = Cell.IN


def layer(plane: Plane, h: np.float32) -> None:
    """Fill rows, the last one at random where ``h`` is not whole."""
    top = plane.height - 2 - int(h)
    plane.fill_from(top + 1)
    fraction = np.fmod(h, np.float32(1))
    if fraction != 0 and 0 <= top < plane.height:
        drawn = plane.draws.take(plane.length) < float(fraction)
        plane.cells[top, drawn] = Cell.GR


def snowfall(plane: Plane, h: np.float32) -> None:
    """Put a source under the ceiling and a layer on the floor."""
    plane.cells[1:2] = Cell.IN
    layer(plane, h)


def snowcone(
    plane: Plane, *, h: np.float32, w: np.float32, x: np.float32, y: np.float32, d: np.float32
) -> None:
    """Put a source under the ceiling, a layer on the floor and a cone on top."""
    plane.cells[1:2] = Cell.IN
    layer(plane, d)
    cone(plane, h, w, x, y)


def block(
    plane: Plane,
    *,
    xmin: np.float32,
    xmax: np.float32,
    ymin: np.float32,
    ymax: np.float32,
    h: np.float32,
) -> None:
    """Fill a box."""
    if int(ymin) <= plane.k < int(ymax):
        rows = slice(max(plane.height - 1 - int(h), 0), None)
        plane.cells[rows, max(int(xmin), 0) : max(int(xmax), 0)] = Cell.GR


def cylinder(plane: Plane, h: np.float32, w: np.float32) -> None:
    """Fill an upright cylinder in the middle."""
    xc, zc = plane.centre
    dx, dz = plane.columns - xc, np.float32(plane.k) - zc
    inside = (dx * dx + dz * dz).astype(np.float64) < 0.25 * float(w) * float(w)
    rows = np.arange(plane.height, dtype=np.float32) >= plane.height - h - 1
    plane.cells[np.ix_(rows, inside)] = Cell.GR


def cone(plane: Plane, h: np.float32, w: np.float32, x: np.float32, y: np.float32) -> None:
    """Fill a cone at (x, y), where 0 is the middle."""
    xc, zc = plane.centre
    dx = plane.columns - (x if x != 0 else xc)
    dz = np.float32(plane.k) - (y if y != 0 else zc)
    _cone(plane, int(h), int(w), dx, dz)


def _cone(plane: Plane, h: int, w: int, dx: NDArray[np.float32], dz: np.float32) -> None:
    """Fill a cone of height ``h`` and width ``w``, given the distances from its axis."""
    first = max(plane.height - h + 1, 0)
    rows = np.arange(first, plane.height)
    radius = (0.5 * w * (rows - (plane.height - h)) / (h - 1)).astype(np.float32)
    inside = dx * dx + dz * dz < (radius * radius)[:, None]
    plane.cells[first:][inside] = Cell.GR


def rcone(plane: Plane, rh: np.float32, rw: np.float32, rx: np.float32, ry: np.float32) -> None:
    """Fill a cone that is sized relative to the domain."""
    x = np.float32(float(rx * plane.length) - 0.5)
    y = np.float32(float(ry * plane.depth) - 0.5)
    h, w = int(rh * plane.height), int(rw * min(plane.length, plane.depth))
    _cone(plane, h, w, plane.columns - x, np.float32(plane.k) - y)


def cone3(plane: Plane, h: np.float32, w: np.float32) -> None:
    """Fill three cones around the middle."""
    _cones(plane, int(h), int(w), 0.5, (0.0, 2 * _PI / 3, 4 * _PI / 3))


def cone5(plane: Plane, h: np.float32, w: np.float32) -> None:
    """Fill five cones around the middle."""
    _cones(plane, int(h), int(w), 0.6, (n * _PI / 5 for n in (1, 3, 5, 7, 9)))


def rcone5(plane: Plane, rh: np.float32, rw: np.float32) -> None:
    """Fill five cones around the middle that are sized relative to the domain."""
    cone5(plane, rh * plane.height, rw * min(plane.length, plane.depth))


def _cones(plane: Plane, h: int, w: int, factor: float, angles: Iterable[float]) -> None:
    xc, zc = plane.centre
    away_x = (plane.columns - xc).astype(np.float64)
    away_z = float(np.float32(plane.k) - zc)
    for angle in angles:
        dx = away_x - factor * float(xc) * math.cos(angle)
        dz = away_z - factor * float(zc) * math.sin(angle)
        _cone(plane, h, w, dx.astype(np.float32), np.float32(dz))


def rwall(plane: Plane, rh: np.float32, rx: np.float32) -> None:
    """Put a neutral wall of three cells across the wind."""
    x, top = int(rx * plane.length), plane.height - int(rh * plane.height)
    plane.cells[max(top, 0) :, max(x - 1, 0) : max(x + 2, 0)] = Cell.DUM


def waves_2d(
    plane: Plane,
    *,
    pmin: np.float32,
    pmax: np.float32,
    ufd: np.float32,
    amp: np.float32,
    mh: np.float32,
) -> None:
    """Fill waves whose period changes from plane to plane, with a neutral wall between planes."""
    if plane.k % 2:
        plane.cells[:] = Cell.DUM
        return
    if ufd == 0:
        p = pmin + (pmax - pmin) * plane.k / plane.depth
    else:
        least, most = (np.float32(np.float64(1) / np.float64(q)) for q in (pmax, pmin))
        frequency = most + (least - most) * plane.k / plane.depth
        p = np.float32(np.float64(1) / np.float64(frequency))
    mean = plane.height - int(mh)
    phases = 2 * np.arange(plane.length) * _PI / np.float64(p)
    plane.fill_under(mean - 0.5 * float(amp) * np.array([_sine(phase) for phase in phases]))


def _sine(angle: float) -> float:
    return math.sin(angle) if math.isfinite(angle) else math.nan


def wavy_ns_layer(plane: Plane, per: np.float32, amp: np.float32, h: np.float32) -> None:
    """Fill a ridge across the wind, with a wavy front."""
    phase = float(np.float64(2 * plane.k * _PI) / np.float64(per))
    end = 42 + 0.5 * float(amp) * (1 + _sine(phase))
    if math.isfinite(end):
        rows = slice(max(plane.height - 1 - int(h), 0), plane.height - 1)
        plane.cells[rows, 40 : max(int(end) + 1, 0)] = Cell.GR


def wave(plane: Plane, h: np.float32, hg: np.float32) -> None:
    """Fill a triangular ridge across the wind, on sintered ground."""
    base = plane.height - hg
    i2 = (np.arange(plane.length) - plane.length / 4.0).astype(np.float32)
    q = (2 * i2 / h).astype(np.float64)
    slope = np.where(i2 >= 0, 1.0 - q, 1.0 + q)
    wide = (i2 >= -2.0 * float(h)) & (i2 < 2.0 * float(h))
    plane.fill_below(np.where(wide, float(base) - float(h) * slope, np.inf))
    plane.fill_below(np.full(plane.length, base), Cell.GRV)


def triangles(plane: Plane, n: np.float32, h: np.float32, mh: np.float32) -> None:
    """Fill triangular ridges across the wind."""
    high, mean = int(h), int(mh)
    half = np.float32(np.float64(0.5 * plane.length) / np.float64(n))
    u = np.fmod(plane.columns, 2 * half)
    rise = np.where(u < half, high * u / half, high * (2 * half - u) / half)
    plane.fill_under(plane.height - 2 - mean + int(high / 2) - rise)


def src_disk(plane: Plane, w: np.float32, x: np.float32, y: np.float32) -> None:
    """Put a disk of sources into the floor."""
    plane.cells[plane.height - 1, _disk(plane, w, x, y)] = Cell.IN


def src_disk_ceil(plane: Plane, w: np.float32, x: np.float32, y: np.float32) -> None:
    """Put a disk of sources into the ceiling."""
    plane.cells[0, _disk(plane, w, x, y)] = Cell.IN


def _disk(plane: Plane, w: np.float32, x: np.float32, y: np.float32) -> NDArray[np.bool_]:
    dx = plane.columns - x
    dz = np.float32(plane.k) - (y if y != 0 else np.float32(0.5 * plane.depth))
    within: NDArray[np.bool_] = (dx * dx + dz * dz).astype(np.float64) <= float(w * w) / 4
    return within


def smiley(plane: Plane) -> None:
    """Fill the upper half where a face is."""
    middle, across = plane.length // 2, plane.k - plane.depth // 2
    narrow = math.cos(_PI * across / plane.depth / 2)
    wide = math.cos(_PI * across / plane.depth)
    s = math.sin(_PI / 4 + 2 * _PI * across / plane.depth)
    for i in range(plane.length):
        along = i - middle
        a = math.cos(_PI * along / plane.length / 2) * narrow
        b = math.cos(_PI * along / plane.length) * wide
        c = math.cos(2 * _PI * along / plane.length)
        outline = 0.75 < a < 0.8
        eye = 0.2 < c < 0.4 and 0.2 < s < 0.4 and plane.k < middle
        mouth = 0.75 < b < 0.8 and plane.k > 3 * plane.depth // 5
        if outline or eye or mouth:
            plane.cells[: plane.height // 2, i] = Cell.GR


def forstep(plane: Plane, h: np.float32, n: np.float32, hg: np.float32, p: np.float32) -> None:
    """Fill sintered steps that rise against the wind, under a supply of grains at the top.

    What the model's authors meant; their program stops with a fault at this template.
    """
    high, steps, length = float(h), np.float64(n), plane.length
    wiggle = math.sin(4 * math.pi * plane.k / plane.depth) * float(p) * length / (20 * steps)
    i2 = np.arange(length) + wiggle
    for step in range(-1, math.ceil(steps)):
        start = length * step / steps
        rise = high - steps * high / length * (i2 - start)
        on_it = (start <= i2) & (i2 < length * (step + 1) / steps)
        top = plane.height - 2 * high - rise
        plane.fill_below(np.where(on_it, top, np.inf), Cell.GRV)
    if hg >= 1:
        plane.cells[: int(hg) + 1] = Cell.GR
    elif hg > 0 and plane.k % round(1 / float(hg)) == 0:
        plane.cells[1:2] = Cell.GR


SHAPES: Mapping[str, Callable[..., None]] = MappingProxyType(
    {
        shape.__name__.upper(): shape
        for shape in (
            custom,
            input_elevation,
            layer,
            snowfall,
            snowcone,
            block,
            cylinder,
            cone,
            rcone,
            cone3,
            cone5,
            rcone5,
            rwall,
            waves_2d,
            wavy_ns_layer,
            wave,
            triangles,
            src_disk,
            src_disk_ceil,
            smiley,
            forstep,
        )
    }
)
"""Every template's function by the template's name."""
