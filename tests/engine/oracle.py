"""A second, slow program for the model, as plain as its rules, to compare the engine with.

It shares with the engine the reading of parameters and the table of transitions, and nothing else:
pairs are lists, the gas is one integer a node, the velocity is interpolated everywhere, maps of a
turned space are looked up column by column. Names follow the model's description: x along the wind,
y downward, z across; ``Hp, Lp, Dp`` are sizes with walls. Single precision is ``f32``.
"""

# the model's own symbols, and its rules as long as they are
# ruff: noqa: C901, N803, N806, PLR0911, PLR0912, PLR0913, PLR0915, PLW2901

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.engine import settings
from orchestrator.engine.settings import Avalanches, Boundary, Rotation
from orchestrator.engine.transitions import Trigger, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Value
    from tests.engine.oracle_wind import Nature

    Cell = tuple[int, int, int]  # x, y, z

f32 = np.float32
PI = 3.14159265
ENDLESS = 2000  # cells moved in one avalanche of a tiny box
GR, GRJ, GRV, AIR, WALL, DUM, IN, OUT = 0, 1, 2, 3, 5, 6, 7, 8
STEPS = {"W": (-1, 0, 0), "E": (1, 0, 0), "U": (0, -1, 0), "D": (0, 1, 0), "N": (0, 0, -1)}
STEPS["S"] = (0, 0, 1)
ORDER = {
    ("E", 0): "WUDNS",
    ("E", 1): "UDNSE",
    ("D", 0): "UWENS",
    ("D", 1): "WENSD",
    ("S", 0): "NWEUD",
    ("S", 1): "WEUDS",
}
DIRECTIONS = "EDS"
VELOCITIES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
E_, W_, B_, T_, EB_, ET_, WB_, WT_ = (4 << v for v in range(8))
BACK = {E_: W_, W_: E_, B_: T_, T_: B_, EB_: WT_, WT_: EB_, ET_: WB_, WB_: ET_}
HEAD_ON = {E_ | W_: B_ | T_, B_ | T_: E_ | W_, EB_ | WT_: ET_ | WB_, ET_ | WB_: EB_ | WT_}
SWAPS = {E_ | WB_: W_ | EB_, E_ | WT_: W_ | ET_, B_ | ET_: T_ | EB_, B_ | WT_: T_ | WB_}
SWAPS |= {after: before for before, after in SWAPS.items()}


def round0(value: Any) -> int:
    """Round to the nearest, halves away from zero."""
    return int(float(value) + 0.5) if value >= 0 else int(float(value) - 0.5)


def sign(number: int) -> int:
    return (number > 0) - (number < 0)


def outcome(node: int, *, slip: bool) -> int:
    """Collide the particles of a node."""
    slow, fast = node & (E_ | W_ | B_ | T_), node & (EB_ | ET_ | WB_ | WT_)
    if node & 1:
        after = sum(back for one, back in BACK.items() if node & one)
    elif slow | fast in SWAPS:
        after = SWAPS[slow | fast]
    else:
        after = HEAD_ON.get(slow, slow) | HEAD_ON.get(fast, fast)
    if slip and fast in {ET_, WT_}:
        after = after & (E_ | W_ | B_ | T_) | (EB_ if fast == ET_ else WB_)
    return after


OUTCOMES = np.array(
    [[outcome(node, slip=slip) for node in range(1024)] for slip in (False, True)]
)


class EndlessError(Exception):
    """An avalanche goes on and on."""


class EmptyError(Exception):
    """A pair is drawn that an avalanche has taken away."""


class Stopped(Exception):  # noqa: N818  # no error
    """The clock reached its end."""


class Oracle:
    """One run; ``frames`` are the snapshots: time, states and times [Dp, Hp, Lp]."""

    def __init__(
        self,
        parameters: dict[str, Value],
        cells: NDArray[np.uint8],
        *,
        time: float,
        seed: int,
        wind: Sequence[tuple[float, ...]] = (),
        unit: str = "t0",
        nature: Nature | None = None,
        every: float,
        stop: float,
    ) -> None:
        s = self.s = settings.read(parameters, "SNO")
        self.periodic, self.gas = s.boundary is Boundary.PERIODIC, s.gas
        self.full = s.rotation is Rotation.FULL
        self.tau_given = "Tau_min" in parameters
        self.wind = [tuple(map(f32, row)) for row in wind]
        self.unit, self.nature, self.scale = unit, nature, f32(1)
        D, H, L = self.size = cells.shape
        self.Lb = self.Db = 1
        if self.full:
            diagonal = np.sqrt(f32(L * L + D * D))
            extra = 6 if s.gas else 5
            self.Lb, self.Db = (
                1 + math.ceil(f32(diagonal - f32(n)) / f32(2)) + extra for n in (L, D)
            )
        self.Dp, self.Hp, self.Lp = D + 2 * self.Db, H + 2, L + 2 * self.Lb
        shape = self.Dp, self.Hp, self.Lp
        self.st = np.full(shape, WALL, np.uint8)
        self.st[self.Db : self.Db + D, 1:-1, self.Lb : self.Lb + L] = cells
        self.tm = np.zeros(shape, np.int32)
        self.sources, self.sinks = bool((cells == IN).any()), bool((cells == OUT).any())
        closed = np.isin(cells, (DUM, WALL, IN, OUT)).all(axis=(0, 2))
        self.ceiling = int(np.argmin(closed)) if not closed.all() else H
        self.psol = self.find_solid()
        open_planes = [*np.flatnonzero(~self.psol)] or [1, D]
        self.LN, self.LS = (int(open_planes[0]), int(open_planes[-1]))
        if self.full:
            self.LN, self.LS = 1, self.Dp - 2
        self.LNS = self.LS - self.LN + 1
        self.A = f32(0)
        self.qx, self.qz = (np.zeros((self.Dp, self.Lp), int) for _ in range(2))
        self.m = np.zeros((self.Dp, self.Lp), int)
        self.build(f32(0))
        self.X = (seed & 0xFFFFFFFF) << 16 | 0x330E
        self.rows = table(s, across=self.LNS > 1, sources=self.sources, sinks=self.sinks)
        self.rate = [row.rate for row in self.rows]
        self.active = {row.pair for row in self.rows}
        self.counts = np.bincount(self.st.ravel(), minlength=16)
        self.t, self.end = time, time + float(f32(f32(stop) + f32(0.5)))
        self.end = time + float(f32(float(f32(stop)) + 0.5))
        self.every = float(f32(every))
        self.next_dump = self.every * math.ceil((time - 0.1) / self.every)
        self.threshold, self.cgv, self.blocked = time, f32(0), 0
        self.N0, self.stored = 0, -1.0
        self.tau_min, self.tau_max = s.tau_min, s.tau_max
        self.S = False
        self.F: dict[str, Any] = {}
        self.angle, self.stable, self.F_propag = s.angle, True, f32(0)
        self.propag_angle = f32(0)
        self.buffer_st = np.zeros(shape, np.uint8)
        self.buffer_tm = np.zeros(shape, np.int32)
        self.frames: list[tuple[float, NDArray[np.uint8], NDArray[np.int32]]] = []
        self.refill()
        self.survey()
        self.P = -(-self.LNS // 5) if s.gas else 0
        self.nodes = np.zeros((self.P, self.Hp, self.Lp), int)
        self.VH, self.VL = -(-self.Hp // 5), -(-self.Lp // 5)
        self.ring = np.zeros((50, 2, self.P, self.VH, self.VL), int)
        self.W, self.c = np.zeros(self.ring.shape[1:], int), 0
        self.U = np.zeros((2, *shape), f32)
        self.stress = np.zeros((self.Dp, self.Lp), f32)
        self.CLN, self.CLS, self.N_f = 0, self.P - 1, 0
        if s.gas:
            self.fill()

    def fill(self) -> None:
        raise NotImplementedError

    def draw(self) -> float:
        self.X = (25214903917 * self.X + 11) & (1 << 48) - 1
        return self.X * 2.0**-48

    # cells, columns and pairs

    def find_solid(self) -> NDArray[np.bool_]:
        solid = np.ones(self.Dp, bool)
        for z in range(1, self.Dp - 1):
            for x in range(1, self.Lp - 1):
                column = self.st[z, 1:, x]
                wall = int(np.argmax(column == WALL))
                if not ((self.full and wall == 0) or (column[:wall] == DUM).all()):
                    solid[z] = False
        return solid

    def build(self, b: Any) -> None:
        """Lay the space out at an orientation: ``m`` and ``q``."""
        self.old_qx, self.old_qz = self.qx.copy(), self.qz.copy()
        self.m[:] = 0
        D, _, L = self.size
        if not self.full:
            self.m[1:-1, 1:-1] = 2
            for z in range(self.Dp):
                for x in range(self.Lp):
                    self.qx[z, x], self.qz[z, x] = (x - 1) % L + 1, (z - 1) % D + 1
            return
        x1, y1 = f32(-0.4999 * L), f32(-0.4999 * D)
        cx, cy = f32(self.Lp / 2.0 - 0.5), f32(self.Dp / 2.0 - 0.5)
        co, si = (f32(f(float(b) * PI / 180.0)) for f in (math.cos, math.sin))
        corner: Callable[[Any, Any], tuple[int, int]] = lambda u, v: (  # noqa: E731
            round0((cx + co * u) - si * v),
            round0((cy + si * u) + co * v),
        )
        nw, ne, sw = corner(x1, y1), corner(-x1, y1), corner(x1, -y1)
        d1, d2 = (ne[0] - nw[0], ne[1] - nw[1]), (sw[0] - nw[0], sw[1] - nw[1])
        se = ne[0] + d2[0], ne[1] + d2[1]
        for start, end in ((nw, sw), (nw, ne), (sw, se), (ne, se)):
            self.line(start, end)
        for row in self.m:
            found = np.flatnonzero(row > 0)
            if found.size:
                row[found[0] : found[-1] + 1][row[found[0] : found[-1] + 1] == 0] = 2
        if not self.periodic:
            return
        if abs(d1[0]) > abs(d1[1]):
            d1, d2 = (d1[0] + sign(d1[0]), d1[1]), (d2[0], d2[1] + sign(d2[1]))
        else:
            d1, d2 = (d1[0], d1[1] + sign(d1[1])), (d2[0] + sign(d2[0]), d2[1])
        w = np.sqrt(f32(self.Lp * self.Lp + self.Dp * self.Dp))
        imax, kmax = (math.ceil(f32((float(f32(w / f32(n))) - 1.0) / 2)) for n in (L, D))
        for k in range(-kmax, kmax + 1):
            for i in range(-imax, imax + 1):
                sx, sz = i * d1[0] + k * d2[0], i * d1[1] + k * d2[1]
                if (i, k) == (0, 0):
                    continue
                for z in range(max(0, -sz), min(self.Dp, self.Dp - sz)):
                    for x in range(max(0, -sx), min(self.Lp, self.Lp - sx)):
                        if self.m[z, x] > 0:
                            self.qx[z + sz, x + sx], self.qz[z + sz, x + sx] = x, z
                            self.m[z + sz, x + sx] = -self.m[z, x]

    def line(self, a: tuple[int, int], b: tuple[int, int]) -> None:
        dx, dz = b[0] - a[0], b[1] - a[1]
        if abs(dx) >= abs(dz):
            s, way = f32(dz) / f32(dx) if dx else f32(0), sign(dx) or 1
            for i in range(0, dx + way, way):
                self.m[a[1] + round0(f32(s * f32(i))), a[0] + i] = 1
        else:
            s = f32(dx) / f32(dz)
            for i in range(0, dz + sign(dz), sign(dz)):
                self.m[a[1] + i, a[0] + round0(f32(s * f32(i)))] = 1

    def at(self, c: Cell) -> int:
        return int(self.st[c[2], c[1], c[0]])

    def image(self, c: Cell) -> Cell:
        return int(self.qx[c[2], c[0]]), c[1], int(self.qz[c[2], c[0]])

    def beside(self, c: Cell, way: str) -> Cell:
        dx, dy, dz = STEPS[way]
        n = c[0] + dx, c[1] + dy, c[2] + dz
        if self.periodic and way in "WENS" and self.at(n) == WALL:
            return self.image(n)
        return n

    def owner(self, c: Cell, way: str) -> tuple[Cell, str]:
        """Return the first cell of the pair of a cell with a neighbour, and its direction."""
        if way in "EDS":
            return c, way
        dx, dy, dz = STEPS[way]
        n = c[0] + dx, c[1] + dy, c[2] + dz
        if self.periodic and way in "WN" and self.at(n) == WALL:
            n = self.image(n)
        return n, {"W": "E", "U": "D", "N": "S"}[way]

    def kind(self, c: Cell, way: str) -> tuple[int, int, int] | None:
        second = self.beside(c, way)
        if self.periodic and way == "D" and WALL in (self.at(c), self.at(second)):
            return None
        found = DIRECTIONS.index(way), self.at(c), self.at(second)
        return found if found in self.active else None

    def append(self, kind: tuple[int, int, int], c: Cell) -> None:
        pairs = self.pairs.setdefault(kind, [])
        self.position[kind, c] = len(pairs)
        pairs.append(c)

    def delete(self, kind: tuple[int, int, int], c: Cell) -> None:
        pairs, p = self.pairs[kind], self.position.pop((kind, c))
        last = pairs.pop()
        if p != len(pairs):
            pairs[p] = last
            self.position[kind, last] = p

    def refill(self) -> None:
        self.pairs: dict[tuple[int, int, int], list[Cell]] = {}
        self.position: dict[tuple[tuple[int, int, int], Cell], int] = {}
        for z in range(self.Dp - 1):
            for y in range(self.Hp - 1):
                for x in range(self.Lp - 1):
                    if self.periodic and self.m[z, x] <= 0:
                        continue
                    for way in "ESD":
                        if (y == 0 and way != "D") or (way == "S" and self.LNS == 1):
                            continue
                        kind = self.kind((x, y, z), way)
                        if kind:
                            self.append(kind, (x, y, z))

    def survey(self) -> None:
        self.alt = self.altitudes(self.st)

    def altitudes(self, st: NDArray[np.uint8]) -> NDArray[np.int64]:
        alt = np.zeros((self.Dp, self.Lp), int)
        for z in range(1, self.Dp - 1):
            for x in range(1, self.Lp - 1):
                y = self.Hp - 2
                while y > 0 and st[z, y, x] != AIR:
                    y -= 1
                alt[z, x] = self.Hp - 1 - y
        return alt

    def put(self, c: Cell, state: int) -> None:
        x, y, z = c
        old = self.at(c)
        self.st[z, y, x] = state
        self.tm[z, y, x] = int(self.t) if state == GR else 0
        self.counts[old] -= 1
        self.counts[state] += 1
        if (old == AIR) == (state == AIR):
            return
        h, a = self.Hp - y, self.alt[z, x]
        if state == AIR:
            if h <= a:
                self.alt[z, x] = h - 1
        elif h == a + 1:
            a = h
            while a < self.Hp - 2 and self.st[z, self.Hp - a - 1, x] != AIR:
                a += 1
            self.alt[z, x] = a
        if self.P and (z - self.LN) % 5 == 0 and 0 <= (z - self.LN) // 5 < self.P:
            k = (z - self.LN) // 5
            self.nodes[k, y, x] = self.nodes[k, y, x] & ~1 | (state != AIR)
            self.N_f += 1 if state == AIR else -1

    def ways(self, letters: str) -> str:
        return letters if self.LNS > 1 else letters.replace("N", "").replace("S", "")

    def perform(self, row: Any, c1: Cell) -> None:
        way = DIRECTIONS[row.direction]
        c2 = self.beside(c1, way)
        self.delete(row.pair, c1)
        for role, c in enumerate((c1, c2)):
            if row.after[role] == row.before[role]:
                continue
            ways = self.ways(ORDER[way, role])
            for turn in range(2):
                for other in ways:
                    first, direction = self.owner(c, other)
                    kind = self.kind(first, direction)
                    if kind and turn == 0:
                        self.delete(kind, first)
                    elif kind:
                        self.append(kind, first)
                if turn == 0:
                    self.put(c, row.after[role])
        after = (row.direction, *row.after)
        if after in self.active:
            self.append(after, c1)
        self.links(row, c1, c2)

    def links(self, row: Any, c1: Cell, c2: Cell) -> None:
        up = {r.trigger: r for r in self.rows}.get(Trigger.RISE)
        east = next((r for r in self.rows if r.name == "11"), None)
        lift, forward = self.s.link_erosion_lift, self.s.link_lift_forward
        if row.trigger is Trigger.EROSION:
            self.link(up, self.beside(c2, "U"), lift)
        elif row.trigger is Trigger.HOP:
            self.link(up, self.beside(c1, "U"), forward)
        elif row.trigger in {Trigger.RISE, Trigger.ESCAPE}:
            chance = f32(1) if row.trigger is Trigger.ESCAPE else forward
            self.link(east, c1, chance)
            self.link(east, self.beside(c1, "W"), chance)

    def link(self, row: Any, first: Cell, chance: Any) -> None:
        second = self.beside(first, DIRECTIONS[row.direction])
        found = chance > 0 and (self.at(first), self.at(second)) == row.before
        if found and self.draw() <= float(chance):
            self.perform(row, first)

    # slopes

    def column(self, i: int, j: int) -> tuple[int, int]:
        """Return x and z of the column (i, j), or of the one that stands for it."""
        L = self.Lp - 2
        if self.full and self.periodic:
            x, z = i + 1, j + self.LN
            return (x, z) if self.m[z, x] > 0 else (int(self.qx[z, x]), int(self.qz[z, x]))
        if self.periodic:
            return i % L + 1, j % self.LNS + self.LN
        return min(max(i, 0), L - 1) + 1, min(max(j, 0), self.LNS - 1) + self.LN

    def a(self, i: int, j: int) -> int:
        x, z = self.column(i, j)
        return int(self.alt[z, x])

    def distance(self, position: int, size: int) -> int:
        if self.periodic:
            return 4
        return min(position + 2, size - 1) - max(position - 2, 0)

    def interpolated(self, X: Any, Z: Any) -> Any:
        x0, z0 = math.floor(X), math.floor(Z)
        tx1, tz1 = X - f32(x0), Z - f32(z0)
        tx0, tz0 = f32(1) - tx1, f32(1) - tz1
        if self.full and self.periodic:
            first = self.alt[z0 + 1, x0 + 1]
            xa, za = self.column(x0, z0 + 1)
            xb, _ = b = self.column(x0 + 1, z0)
            y = [first, self.alt[za, xa], self.alt[b[1], b[0]], self.a(xb - 1, za - 1)]
        else:
            y = [self.a(x0 + i, z0 + k) for i, k in ((0, 0), (0, 1), (1, 0), (1, 1))]
        q = [f32(y[0]) * tx0 * tz0, f32(y[1]) * tx0 * tz1]
        q += [f32(y[2]) * tx1 * tz0, f32(y[3]) * tx1 * tz1]
        return ((q[0] + q[1]) + q[2]) + q[3]

    def bound(self, X: Any, Z: Any) -> tuple[Any, Any]:
        if self.full and self.periodic:
            x, z = math.floor(X) + 1, math.floor(Z) + self.LN
            if self.m[z, x] <= 0:
                return X + f32(self.qx[z, x] - x), Z + f32(self.qz[z, x] - z)
            return X, Z
        found = []
        for value, size in ((X, self.Lp - 2), (Z, self.LNS)):
            if self.periodic:
                value = value + f32(size) if value < 0 else value
                value = value - f32(size) if value >= size else value
            else:
                value = f32(0) if value < 0 else f32(size - 1) if value >= size else value
            found.append(value)
        return found[0], found[1]

    def steepest(self, i: int, j: int, r: Any) -> tuple[Any, Any, Any]:
        s_x, v_z = self.distance(i, self.Lp - 2), -self.distance(j, self.LNS)
        d_x = self.a(i + 2, j) - self.a(i - 2, j)
        d_z = self.a(i, j - 2) - self.a(i, j + 2)
        if self.LNS >= 5 and v_z != 0:
            nx, nz = f32(d_x * v_z), f32(s_x * d_z)
        else:
            nx, nz = f32(-d_x), f32(0)
        theta = f32(math.atan(float(f32(nz / nx)))) if nx != 0 else f32(PI / 2)
        c, s = f32(math.cos(float(theta))), f32(math.sin(float(theta)))
        r1, r2 = c * r, s * r
        if f32(self.LNS) < f32(2) * r2:
            r1, r2 = r, f32(0)
        X1, Z1 = self.bound(f32(i) - r1, f32(j) - r2)
        X2, Z2 = self.bound(f32(i) + r1, f32(j) + r2)
        fx, fz = (f32(2) * r1, f32(2) * r2) if self.periodic else (X2 - X1, Z2 - Z1)
        h = self.interpolated(X2, Z2) - self.interpolated(X1, Z1)
        wx, wy, wz = -h * c, fz * s + fx * c, -h * s
        length = f32(np.sqrt((wx * wx + wy * wy) + wz * wz))
        length = -length if wy < 0 else length
        return wx / length, wy / length, wz / length

    def slides(self, c: Cell, way: str, sense: int) -> bool:
        x, y, z = c
        i, j, altitude = x - 1, z - self.LN, int(self.alt[z, x])
        if y < self.Hp - altitude:
            return False
        di, dj = (sense, 0) if way == "E" else (0, sense)
        high = altitude - self.a(i + di, j + dj) > self.s.step_limit
        if self.angle == 0:
            return high
        angle = float(self.angle)
        r = f32(3.5 if angle <= 33 else 3.0 if angle <= 45 else 1.5)
        m_x, m_up, _ = self.steepest(i, j, r)
        if not self.s.upwind and m_x <= 0:
            return False
        if high:
            return True
        if not m_up < f32(0.999 * math.cos(PI * angle / 180.0)):
            return False
        if self.s.avalanches is Avalanches.PROPAG:
            if self.F_propag == 0:
                self.F_propag = self.s.sweep_delay
            if self.t > float(self.F_propag):
                moved = self.propagate(i, j)
                self.F_propag = f32(self.t + float(self.s.sweep_delay))
                return not moved
        return True

    def propagate(self, i: int, j: int) -> int:
        queue, moved, g = [(i, j)], 0, float(self.propag_angle)
        while queue:
            i, j = queue.pop(0)
            target = self.downhill(i, j, g)
            if target is None:
                continue
            high = self.alt[j + self.LN, i + 1]
            low = self.alt[target[1] + self.LN, target[0] + 1]
            if self.st[j + self.LN, self.Hp - high, i + 1] != GR or high <= low:
                continue
            self.move_top(i, j, *target)
            moved += 1
            if moved > ENDLESS:
                raise EndlessError
            for di, dj in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                n = i + di, j + dj
                if 0 <= n[0] < self.Lp - 2 and 0 <= n[1] < self.LNS and n not in queue:
                    queue.append(n)
        if moved:
            self.refill()
            self.counts = np.bincount(self.st.ravel(), minlength=16)
        return moved

    def downhill(self, i: int, j: int, g: float) -> tuple[int, int] | None:
        L = self.Lp - 2
        altitude: Callable[[int, int], int] = lambda p, q: int(  # noqa: E731
            self.alt[q + self.LN, p + 1]
        )
        near = [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
        near = [(p, q) for p, q in near if 0 <= p < L and 0 <= q < self.LNS]
        if self.periodic:
            near += [(L - 1, j)] * (i == 0) + [(0, j)] * (i == L - 1)
            near += [(i, self.LNS - 1)] * (j == 0) + [(i, 0)] * (j == self.LNS - 1)
        for p, q in near:
            if altitude(i, j) - altitude(p, q) > self.s.step_limit:
                return p, q
        m_x, m_up, m_z = self.steepest(i, j, f32(3.5 if g <= 33 else 3.0))
        if not m_up < f32(math.cos(PI * g / 180.0)):
            return None
        if m_x == 0:
            h = f32(3 * PI / 2 if m_z > 0 else PI / 2)
        else:
            h = f32(math.atan(float(f32(-m_z / m_x))))
            h = f32(float(h) + PI) if m_x < 0 else h
            h = f32(float(h) + 2 * PI) if h < 0 else h
        octant = sum(float(h) >= n * PI / 8 for n in range(1, 16, 2)) % 8
        di, dj = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))[octant]
        inside = 0 <= i + di < L and 0 <= j + dj < self.LNS
        return (i + di, j + dj) if inside else None

    def move_top(self, i: int, j: int, p: int, q: int) -> None:
        x, z, x2, z2 = i + 1, j + self.LN, p + 1, q + self.LN
        high, low = int(self.alt[z, x]), int(self.alt[z2, x2])
        top, bottom = self.Hp - high, self.Hp - low - 1
        column = [int(self.st[z2, y, x2]) for y in range(top, bottom + 1)]
        self.put((x, top, z), column[0])
        for y, state in zip(range(top, bottom + 1), [*column[1:], GR], strict=True):
            self.put((x2, y, z2), state)
        self.alt[z, x], self.alt[z2, x2] = high - 1, low + 1

    def sweep(self) -> None:
        limit = (self.s.step_limit + 2**15) % 2**16 - 2**15
        times = (self.s.cells_per_visit + 2**15) % 2**16 - 2**15
        L, moved, any_moved = self.Lp - 2, True, False
        around = ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1))
        while moved:
            moved = False
            for j in range(self.LNS):
                for i in range(L):
                    near = [(i + di, j + dj) for di, dj in around]
                    near = [(p, q) for p, q in near if 0 <= p < L and 0 <= q < self.LNS]
                    if self.periodic:
                        near += [(L - 1, j)] * (i == 0) + [(0, j)] * (i == L - 1)
                        near += [(i, 0)] * (self.LN + j == self.Dp - 2)
                    here = self.alt[j + self.LN, i + 1]
                    lower = [
                        n for n in near if here - self.alt[n[1] + self.LN, n[0] + 1] > limit
                    ]
                    for _ in range(times if lower else 0):
                        p, q = lower[math.floor(len(lower) * self.draw())]
                        high = self.alt[j + self.LN, i + 1]
                        if self.st[j + self.LN, self.Hp - high, i + 1] != GR:
                            break
                        if high > self.alt[q + self.LN, p + 1]:
                            self.move_top(i, j, p, q)
                            moved = any_moved = True
        if any_moved:
            self.refill()
            self.counts = np.bincount(self.st.ravel(), minlength=16)
