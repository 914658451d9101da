"""Prove that each template fills each cell as its rule in the specification says.

The rules stand here once more, cell by cell in Python's floats, rounded by f() where the model
rounds to single precision.
"""

# ruff: noqa: PLR0913, PLR0917  # a cell and the arguments of its template

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.engine.genesis import Domain, planes
from orchestrator.formats.cellspace import Cell
from orchestrator.formats.templates import parse_template

if TYPE_CHECKING:
    from numpy.typing import NDArray

GR, GRV, EAUC, DUM, IN = Cell.GR, Cell.GRV, Cell.EAUC, Cell.DUM, Cell.IN

PI = 3.14159265


def f(value: float) -> float:
    """Round to single precision."""
    return float(np.float32(value))


class Box:
    """The domain that an oracle looks at."""

    def __init__(self, sizes: tuple[int, int, int]) -> None:
        self.H, self.L, self.D = sizes
        self.xc, self.zc = self.L // 2 - 0.5, self.D // 2 - 0.5


def grains(*, there: bool) -> Cell:
    return GR if there else EAUC


def in_cone(box: Box, j: int, h: int, w: int, dx: float, dz: float) -> bool:
    if j <= box.H - h:
        return False
    radius = f(0.5 * w * (j - (box.H - h)) / (h - 1))
    return f(f(dx * dx) + f(dz * dz)) < f(radius * radius)


def cone(box: Box, i: int, j: int, k: int, h: float, w: float, x: float, y: float) -> Cell:
    x, y = x or box.xc, y or box.zc
    return grains(there=in_cone(box, j, int(h), int(w), f(i - x), f(k - y)))


def rcone(box: Box, i: int, j: int, k: int, rh: float, rw: float, rx: float, ry: float) -> Cell:
    h, w = int(f(rh * box.H)), int(f(rw * min(box.L, box.D)))
    x, y = f(f(rx * box.L) - 0.5), f(f(ry * box.D) - 0.5)
    return grains(there=in_cone(box, j, h, w, f(i - x), f(k - y)))


def in_cones(
    box: Box, i: int, j: int, k: int, h: int, w: int, factor: float, angles: list[float]
) -> Cell:
    return grains(
        there=any(
            in_cone(
                box,
                j,
                h,
                w,
                f(f(i - box.xc) - (factor * box.xc) * math.cos(angle)),
                f(f(k - box.zc) - (factor * box.zc) * math.sin(angle)),
            )
            for angle in angles
        )
    )


def cone3(box: Box, i: int, j: int, k: int, h: float, w: float) -> Cell:
    angles = [0.0, 2 * PI / 3, 4 * PI / 3]
    return in_cones(box, i, j, k, int(h), int(w), 0.5, angles)


FIVE = [PI / 5, 3 * PI / 5, 5 * PI / 5, 7 * PI / 5, 9 * PI / 5]


def cone5(box: Box, i: int, j: int, k: int, h: float, w: float) -> Cell:
    return in_cones(box, i, j, k, int(h), int(w), 0.6, FIVE)


def rcone5(box: Box, i: int, j: int, k: int, rh: float, rw: float) -> Cell:
    h, w = int(f(rh * box.H)), int(f(rw * min(box.L, box.D)))
    return in_cones(box, i, j, k, h, w, 0.6, FIVE)


def custom(box: Box, _i: int, j: int, _k: int) -> Cell:
    return grains(there=j > box.H - 10)


def block(
    box: Box, i: int, j: int, k: int, x0: float, x1: float, y0: float, y1: float, h: float
) -> Cell:
    inside = int(x0) <= i < int(x1) and int(y0) <= k < int(y1)
    return grains(there=inside and j > box.H - 2 - int(h))


def cylinder(box: Box, i: int, j: int, k: int, h: float, w: float) -> Cell:
    dx, dz = f(i - box.xc), f(k - box.zc)
    tall = j >= f(f(box.H - h) - 1)
    return grains(there=tall and f(f(dx * dx) + f(dz * dz)) < 0.25 * w * w)


def rwall(box: Box, i: int, j: int, _k: int, rh: float, rx: float) -> Cell:
    near = abs(i - int(f(rx * box.L))) <= 1
    return DUM if near and j >= box.H - int(f(rh * box.H)) else EAUC


def waves_2d(
    box: Box,
    i: int,
    j: int,
    k: int,
    pmin: float,
    pmax: float,
    ufd: float,
    amp: float,
    mh: float,
) -> Cell:
    if k % 2:
        return DUM
    if ufd == 0:
        period = f(pmin + f(f(f(pmax - pmin) * k) / box.D))
    else:
        low, high = f(1.0 / pmax), f(1.0 / pmin)
        period = f(1.0 / f(high + f(f(f(low - high) * k) / box.D)))
    wave = 0.5 * amp * math.sin(2 * i * PI / period)
    return grains(there=j > box.H - int(mh) - wave)


def wavy_ns_layer(box: Box, i: int, j: int, k: int, per: float, amp: float, h: float) -> Cell:
    end = int(42 + 0.5 * amp * (1 + math.sin(2 * k * PI / per)))
    return grains(there=40 <= i <= end and box.H - 2 - int(h) < j <= box.H - 2)


def wave(box: Box, i: int, j: int, _k: int, h: float, hg: float) -> Cell:
    x, base = f(i - box.L / 4.0), f(box.H - hg)
    if j >= base:
        return GRV
    q = f(f(2 * x) / h)
    rising = -2.0 * h <= x < 0 and j >= base - h * (1.0 + q)
    falling = 0 <= x < 2.0 * h and j >= base - h * (1.0 - q)
    return grains(there=rising or falling)


def triangles(box: Box, i: int, j: int, _k: int, n: float, h: float, mh: float) -> Cell:
    half = f(0.5 * box.L / n)
    u = f(math.fmod(i, f(2 * half)))
    away = u if u < half else f(f(2 * half) - u)
    rise = f(f(int(h) * away) / half)
    return grains(there=j > f(box.H - 2 - int(mh) + int(h) // 2 - rise))


def in_disk(box: Box, i: int, k: int, w: float, x: float, y: float) -> bool:
    dx, dz = f(i - x), f(k - (y or f(0.5 * box.D)))
    return f(f(dx * dx) + f(dz * dz)) <= f(w * w) / 4


def src_disk(box: Box, i: int, j: int, k: int, w: float, x: float, y: float) -> Cell:
    return IN if j == box.H - 1 and in_disk(box, i, k, w, x, y) else EAUC


def src_disk_ceil(box: Box, i: int, j: int, k: int, w: float, x: float, y: float) -> Cell:
    return IN if j == 0 and in_disk(box, i, k, w, x, y) else EAUC


def smiley(box: Box, i: int, j: int, k: int) -> Cell:
    x, z = i - box.L // 2, k - box.D // 2
    a = math.cos(PI * x / box.L / 2) * math.cos(PI * z / box.D / 2)
    b = math.cos(PI * x / box.L) * math.cos(PI * z / box.D)
    c, s = math.cos(2 * PI * x / box.L), math.sin(PI / 4 + 2 * PI * z / box.D)
    return grains(
        there=j < box.H // 2
        and (
            0.75 < a < 0.8
            or (0.2 < c < 0.4 and 0.2 < s < 0.4 and k < box.L // 2)
            or (0.75 < b < 0.8 and k > 3 * box.D // 5)
        )
    )


def layer(box: Box, _i: int, j: int, _k: int, h: float) -> Cell:
    return grains(there=j > box.H - 2 - int(h))


def snowfall(box: Box, i: int, j: int, k: int, h: float) -> Cell:
    return IN if j == 1 else layer(box, i, j, k, h)


def snowcone(
    box: Box, i: int, j: int, k: int, h: float, w: float, x: float, y: float, d: float
) -> Cell:
    solid = layer(box, i, j, k, d) is GR or cone(box, i, j, k, h, w, x, y) is GR
    return GR if solid else IN if j == 1 else EAUC


RULES = (
    custom,
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
)
ORACLES = {rule.__name__.upper(): rule for rule in RULES}


def expected(sizes: tuple[int, int, int], template: str) -> NDArray[np.uint8]:
    """Return what the oracle says of each cell."""
    box, chosen = Box(sizes), parse_template(template)
    oracle = ORACLES[chosen.template.name]
    arguments = [f(value) for value in chosen.arguments.values()]
    cells = np.empty((box.D, box.H, box.L), np.uint8)
    for k, j, i in np.ndindex(cells.shape):
        state = oracle(box, i, j, k, *arguments)
        frame = j in {0, box.H - 1} and state is not IN
        cells[k, j, i] = DUM if frame else state
    return cells


CALLS = [
    *(name for name in ORACLES),
    "LAYER(5)",
    "LAYER(0)",
    "LAYER(-2)",
    "LAYER(90)",
    "SNOWFALL(4)",
    "SNOWCONE(12,30,20,8,3)",
    "BLOCK(2,9.9,1,5,4.7)",
    "BLOCK(-3,500,-1,5,90)",
    "CYLINDER(6.5,13.3)",
    "CONE(20,40,50)",
    "CONE(9.9,17.9,10.3,4.6)",
    "CONE(1,5)",
    "CONE(0,5)",
    "CONE(200,60)",
    "RCONE(0.5,0.9,0.25,0.6)",
    "CONE3(20,30)",
    "CONE5(12,19)",
    "RCONE5(0.4,0.5)",
    "RWALL(0.9,0.01)",
    "RWALL(0.31,1)",
    "WAVES_2D(7,23,0,6,9.5)",
    "WAVES_2D(7.3,23.7,1,6.1,9)",
    "WAVY_NS_LAYER(11,9.5,3)",
    "WAVE(15)",
    "WAVE(7,3)",
    "WAVE(4.3,2.7)",
    "TRIANGLES(3,7,9)",
    "TRIANGLES(2.5,6,8)",
    "SRC_DISK(13,20,5)",
    "SRC_DISK_CEIL(9.3,11.5,4.2)",
]


@pytest.mark.parametrize("sizes", [(16, 61, 9), (19, 52, 6)], ids=["odd", "even"])
@pytest.mark.parametrize("template", CALLS)
def test_each_cell_is_what_the_specification_says(
    sizes: tuple[int, int, int], template: str
) -> None:
    cells = np.stack([p.copy() for p in planes(Domain(*sizes, parse_template(template)), 1)])

    np.testing.assert_array_equal(cells, expected(sizes, template))
