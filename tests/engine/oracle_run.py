"""The gas, the turns of the wind and the course of a run of the second, slow program."""

# the model's own symbols, and its rules as long as they are
# ruff: noqa: C901, N806

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.engine.settings import Avalanches, Rotation
from orchestrator.engine.transitions import Check, Time
from tests.engine.oracle import (
    AIR,
    DUM,
    E_,
    EB_,
    ET_,
    GR,
    GRJ,
    IN,
    OUT,
    OUTCOMES,
    PI,
    VELOCITIES,
    W_,
    WALL,
    WB_,
    WT_,
    EmptyError,
    Oracle,
    Stopped,
    f32,
    round0,
)

if TYPE_CHECKING:
    from tests.engine.oracle import Cell


class OracleRun(Oracle):
    """A run from its first snapshot to its end."""

    # the gas

    def plane_z(self, k: int) -> int:
        return self.LN + 5 * k

    def populate(self, k: int, y: int, x: int) -> None:
        slow = int(4 * self.draw())
        fast = int(8 * self.draw())
        self.nodes[k, y, x] = (4 << slow) | (64 << fast if fast < 4 else 0)

    def fill(self) -> None:
        if self.full:
            k = self.CLN = 0
            while self.psol[1 + 5 * k]:
                self.CLN = k
                k += 1
            while not self.psol[1 + 5 * k]:
                k += 1
            self.CLS = k
            self.U[:] = 0
        self.N_f = 0
        used = range(self.CLN, self.CLS + 1)
        for k in used:
            for y in range(self.Hp):
                for x in range(self.Lp):
                    if self.st[self.plane_z(k), y, x] == AIR:
                        self.populate(k, y, x)
                        self.N_f += 1
                    else:
                        self.nodes[k, y, x] = 1
        if self.full:
            self.surround(filling=True)
        for _ in range(self.s.speedup):
            self.force()

    def surround(self, *, filling: bool) -> None:
        for k in range(self.CLN, self.CLS + 1):
            z = self.plane_z(k)
            for y in range(self.Hp):
                for x in range(self.Lp):
                    if self.m[z, x] > 0:
                        continue
                    solid = y <= 1 or y >= self.Hp - 2
                    if self.periodic:
                        solid = self.st[self.qz[z, x], y, self.qx[z, x]] != AIR
                    self.nodes[k, y, x] = self.nodes[k, y, x] & ~1 | solid
                    if filling and not solid:
                        self.populate(k, y, x)
                        self.N_f += 1

    def follow(self) -> None:
        self.N_f = 0
        for k in range(self.P):
            solid = self.st[self.plane_z(k)] != AIR
            self.nodes[k] = self.nodes[k] & ~1 | solid
            self.N_f += int((~solid).sum())

    def force(self) -> None:
        n = int(f32(self.N_f) * self.s.forcing)
        plane = self.Hp * self.Lp
        while n > 0:
            planes = self.CLS - self.CLN + 1
            q = int(float(self.CLN * plane) + self.draw() * float(planes * plane))
            k, y, x = q // plane, q % plane // self.Lp, q % self.Lp
            node = int(self.nodes[k, y, x])
            if node & 1:
                continue
            for west, east in ((W_, E_), (WT_, ET_), (WB_, EB_)):
                if node & west and not node & east:
                    node ^= west | east
            self.nodes[k, y, x] = node
            n -= 1

    def mix(self) -> None:
        for k in range(self.CLN, self.CLS + 1):
            for _ in range(self.Hp // 2):
                y = int(5 + (self.Hp - 10) * self.draw())
                if int(self.nodes[k, y, 1]) & (EB_ | ET_) in {EB_, ET_}:
                    self.nodes[k, y, 1] ^= EB_ | ET_
                y1 = int(5 + (self.Hp - 10) * self.draw())
                y2 = int(5 + (self.Hp - 10) * self.draw())
                a, b = int(self.nodes[k, y1, 1]), int(self.nodes[k, y2, 1])
                if not (a | b) & 1:
                    self.nodes[k, y1, 1], self.nodes[k, y2, 1] = b, a

    def cycle(self) -> None:
        used = slice(self.CLN, self.CLS + 1)
        nodes = self.nodes[used]
        out = np.zeros_like(nodes)
        slip = (np.arange(self.Hp) <= self.ceiling).astype(int)[None, :, None]
        out[:, 1:-1, 1:-1] = OUTCOMES[slip, nodes][:, 1:-1, 1:-1]
        out[:, :, 0], out[:, :, -1] = out[:, :, -2], out[:, :, 1]
        after = nodes[:, 1:-1, 1:-1] & 1
        for v, (vx, vy) in enumerate(VELOCITIES):
            rows = slice(1 - vy, self.Hp - 1 - vy)
            columns = slice(1 - vx, self.Lp - 1 - vx)
            after |= out[:, rows, columns] & (4 << v)
        self.nodes[used, 1:-1, 1:-1] = after
        self.force()
        if not self.periodic:
            self.mix()
        self.average()

    def average(self) -> None:
        signs = np.array(VELOCITIES)
        edges = np.arange(0, self.Hp, 5), np.arange(0, self.Lp, 5)

        def boxed(values: Any) -> Any:
            return np.add.reduceat(np.add.reduceat(values, edges[0], 1), edges[1], 2)

        nodes = self.nodes[self.CLN : self.CLS + 1]
        every = boxed(np.ones_like(nodes))
        share = boxed(1 - (nodes & 1)).astype(f32) / every.astype(f32)
        share = np.where(share.astype(float) < 0.2, f32(0.2), share)
        for axis in range(2):
            sums = boxed(sum(signs[v, axis] * (nodes >> v + 2 & 1) for v in range(8)))
            w = np.trunc(sums.astype(f32) / share).astype(int)
            self.ring[self.c, axis, self.CLN : self.CLS + 1] = w
        following = (self.c + 1) % 50
        self.W = self.ring.sum(axis=0) - self.ring[following]
        self.c = following
        self.cycles = getattr(self, "cycles", 0) + 1

    def maxvel(self) -> Any:
        used = self.W[:, self.CLN : self.CLS + 1].astype(float)
        return np.sqrt((used**2).sum(axis=0)).astype(f32).max()

    def interpolate(self) -> None:
        """Compute the velocity of all cells from that of the boxes."""
        last, planes = 5 * (self.VL - 2), {}
        for k in range(self.CLN, self.CLS + 1):
            u = np.zeros((2, self.Hp, self.Lp), f32)
            for y in range(min(5 * (self.VH - 1), self.Hp)):
                for x in range(self.Lp):
                    J, a = divmod(y, 5)
                    I, b = divmod(min(x, last - 1), 5)  # noqa: E741
                    w = self.W[:, k, J : J + 2, I : I + 2]
                    bracket = (5 - a) * ((5 - b) * w[:, 0, 0] + b * w[:, 0, 1]) + a * (
                        (5 - b) * w[:, 1, 0] + b * w[:, 1, 1]
                    )
                    u[:, y, x] = bracket.astype(f32) / f32(25)
            planes[k] = u
            self.U[:, self.plane_z(k)] = u
        for k in range(self.CLN, self.CLS + 1):
            gap = 5 if k < self.CLS else self.LNS - 5 * self.CLS
            partner = planes.get(k + 1, planes[k])
            if k == self.CLS and self.periodic:
                partner = self.U[:, self.plane_z(0)].copy()
            for step in range(1, gap):
                g1 = f32(step) / f32(gap)
                g0 = f32(1) - g1
                z = self.plane_z(k) + step
                written = self.m[z] > 0 if self.full else np.ones(self.Lp, bool)
                blended = planes[k] * g0 + partner * g1
                self.U[:, z, :, written] = blended[:, :, written].transpose(2, 0, 1)

    def press(self) -> None:
        for z in range(self.LN, self.LS + 1):
            for x in range(1, self.Lp - 1):
                if self.m[z, x] > 0:
                    self.stress[z, x] = self.tau(x - 1, z - self.LN)

    def tau(self, i: int, j: int) -> Any:
        s_x, s_z = self.distance(i, self.Lp - 2), self.distance(j, self.LNS)
        D_x = min(max(self.a(i + 2, j) - self.a(i - 2, j), -5), 5)
        D_z = min(max(self.a(i, j + 2) - self.a(i, j - 2), -5), 5)
        length = f32(math.sqrt(s_x**2 + D_x**2))
        n2_x, n2_up = f32(-D_x) / length, f32(s_x) / length
        n3 = (n2_x, n2_up, f32(0))
        if self.LNS >= 5 and s_z:
            w = (-D_x * s_z, s_x * s_z, -D_z * s_x)
            length = f32(math.sqrt(sum(part**2 for part in w)))
            n3 = (f32(w[0]) / length, f32(w[1]) / length, f32(w[2]) / length)
        x = min(max(i + 1 + round0(n3[0] * f32(10)), 0), self.Lp - 1)
        y = self.Hp - int(self.alt[j + self.LN, i + 1]) - round0(n3[1] * f32(10))
        y = min(max(y, 0), self.Hp - 1)
        z = min(max(j + self.LN + round0(n3[2] * f32(10)), 1), self.Dp - 2)
        if self.full and self.periodic and self.m[z, x] <= 0:
            x, z = int(self.qx[z, x]), int(self.qz[z, x])
        u = self.U[:, z, y, x]
        return f32(u[0] * n2_up) + f32(u[1] * -n2_x)

    def share(self, tau: Any) -> Any:
        if tau < self.tau_min or tau < 0:
            return f32(0)
        if self.tau_max == 0:
            self.tau_max = self.maxvel()
        if tau > self.tau_max:
            return f32(1)
        return (tau - self.tau_min) / (self.tau_max - self.tau_min)

    def find_cgv(self) -> None:
        n = n1 = n0 = 0
        total = f32(0)
        for z in range(self.LN, self.LS + 1):
            for x in range(1, self.Lp - 1):
                if self.psol[z] or self.m[z, x] <= 0:
                    continue
                n += 1
                tau = self.stress[z, x]
                if tau > self.tau_max:
                    n1 += 1
                elif tau > self.tau_min:
                    n0 += 1
                    total = total + tau
        if self.tau_max == 0:
            self.tau_max = self.maxvel()
        g = total / f32(n0) if n0 else f32(0)
        self.cgv = (self.share(g) * f32(n0) + f32(n1)) / f32(n) if n else f32(0)

    # turning and moving

    def turned(self, a: Any) -> tuple[Any, Any]:
        c0, d0 = f32(self.Lp / 2.0 - 0.5), f32(self.Dp / 2.0 - 0.5)
        alpha = float(f32(float(a) * PI / 180.0))
        co, si = f32(math.cos(alpha)), f32(math.sin(alpha))

        def source(di: Any, dk: Any) -> tuple[int, int]:
            return round0((c0 + co * di) + si * dk), round0((d0 - si * di) + co * dk)

        st, tm = self.st.copy(), self.tm.copy()
        if self.full:
            st[:], tm[:] = WALL, 0
        R = f32(min(self.Dp, self.Lp) // 2 - 10)
        mode = self.s.rotation
        for k in range(self.Dp):
            for i in range(self.Lp):
                di, dk = f32(i) - c0, f32(k) - d0
                x, z = source(di, dk)
                if mode is Rotation.OVERLAP:
                    x, z = (x - 1) % (self.Lp - 2) + 1, (z - 1) % (self.Dp - 2) + 1
                    for y in range(self.Hp):
                        if self.st[k, y, i] not in {WALL, DUM, IN}:
                            found = self.st[z, y, x]
                            st[k, y, i] = AIR if found == DUM else found
                            tm[k, y, i] = self.tm[z, y, x]
                elif mode is Rotation.DISK:
                    if di * di + dk * dk < R * R:
                        st[k, :, i], tm[k, :, i] = self.st[z, :, x], self.tm[z, :, x]
                elif self.m[k, i] > 0:
                    for y in range(1, self.Hp - 1):
                        i0, k0 = x, z
                        if self.st[z, y, x] == WALL:
                            i0, k0 = self.elsewhere((x, y, z), di, dk, source)
                        st[k, y, i], tm[k, y, i] = self.st[k0, y, i0], self.tm[k0, y, i0]
        return st, tm

    def elsewhere(self, cell: Cell, di: Any, dk: Any, source: Any) -> Any:
        """Return the column to take a cell from instead of one that is wall."""
        x, y, z = cell
        if self.periodic:
            return self.old_qx[z, x], self.old_qz[z, x]
        far = np.sqrt(di * di + dk * dk)
        step_x, step_z = -di / far, -dk / far
        for _ in range(9):
            di, dk = di + step_x, dk + step_z
            x, z = source(di, dk)
            if self.st[z, y, x] != WALL:
                break
        return x, z

    def rotate(self, a: Any) -> None:
        if a == 0:
            return
        self.A = np.fmod(self.A + a, f32(360))
        if self.full:
            self.build(self.A)
        self.st, self.tm = self.turned(a)
        self.moved()
        self.stress[:] = 0
        if self.full:
            self.psol = self.find_solid()

    def moved(self) -> None:
        self.counts = np.bincount(self.st.ravel(), minlength=16)
        self.refill()
        self.survey()
        if self.gas:
            self.follow()

    def centre(self) -> None:
        delay = float(self.s.centering_delay)
        if delay == 0:
            return
        if "centering" not in self.F:
            self.F["centering"] = f32(delay * math.ceil(self.t / delay))
        if self.t < float(self.F["centering"]):
            return
        shift = []
        positions = np.argwhere(self.st == GR)
        for axis, size in ((2, self.Lp), (0, self.Dp)):
            mean, middle = f32(0), f32(round0(f32(size / 2.0 - 0.5)))
            for place in positions:
                mean = mean + f32(place[axis])
            mean = mean / f32(len(positions)) if len(positions) else f32(0)
            shift.append(-round0(mean - middle))
        if shift != [0, 0]:
            self.translate(*shift)
            self.S = True
        self.F["centering"] = self.F["centering"] + f32(delay)

    def translate(self, tx: int, tz: int) -> None:
        for z in range(self.Dp):
            for y in range(self.Hp):
                for x in range(self.Lp):
                    i, k = x - tx, z - tz
                    if self.st[z, y, x] in {WALL, DUM, IN, OUT}:
                        i, k = x, z
                    elif self.periodic:
                        i, k = (i - 1) % (self.Lp - 2) + 1, (k - 1) % (self.Dp - 2) + 1
                    elif not (1 <= i <= self.Lp - 2 and 1 <= k <= self.Dp - 2):
                        self.buffer_st[z, y, x] = AIR
                        continue
                    self.buffer_st[z, y, x] = self.st[k, y, i]
                    self.buffer_tm[z, y, x] = self.tm[k, y, i]
        self.st, self.tm = self.buffer_st.copy(), self.buffer_tm.copy()
        counts = self.counts
        self.moved()
        if self.periodic:
            self.counts = counts

    def lasting(self, row: Any) -> Any:
        """Return the t0 that a row lasts, after its speed has come into force if it is one."""
        if self.unit != "rt" or self.nature is None:
            return row[0]
        self.blow_at(row[2])
        return row[0] / self.scale

    def blow_at(self, v: Any) -> None:
        if self.nature is not None:
            self.tau_min, self.tau_max, self.scale = self.nature.speed(
                v, self.tau_min, self.tau_max
            )

    def turn_wind(self) -> None:
        if not self.wind:
            return
        if "wind" not in self.F:
            s = f32(0)
            for row in self.wind:
                s = s + self.lasting(row)
            F, c = f32(float(s) * math.floor(self.t / float(s))), 0
            while float(F) <= self.t:
                F, c = F + self.lasting(self.wind[c]), c + 1
            self.F["wind"], self.F["row"] = F, max(c - 1, 0)
            angle = self.wind[self.F["row"]][1] + f32(90 if self.unit == "rt" else 0)
        elif self.t >= float(self.F["wind"]):
            self.F["row"] = (self.F["row"] + 1) % len(self.wind)
            row = self.wind[self.F["row"]]
            angle = row[1] - self.F["direction"]
            self.F["wind"] = self.F["wind"] + self.lasting(row)
        else:
            return
        self.F["direction"] = self.wind[self.F["row"]][1]
        self.rotate(-angle)
        if self.unit == "t0":
            if not self.tau_given:
                self.tau_min = self.wind[self.F["row"]][2]
            self.blow_at(f32(-1))
        self.S |= bool(angle != 0)

    # the course of a run

    def dump(self) -> None:
        if self.t < self.next_dump:
            return
        while self.next_dump <= self.t:
            self.next_dump += self.every
        st, tm = self.st, self.tm
        if self.A != 0:
            if self.full:
                self.build(f32(0))
            st, tm = self.turned(-self.A)
            if self.full:
                self.build(self.A)
                self.psol = self.find_solid()
            self.survey()
        self.frames.append((self.t, st.copy(), tm.copy()))

    def sweep_if_due(self) -> None:
        if self.s.avalanches is not Avalanches.SYNC:
            return
        delay = float(self.s.sweep_delay)
        if "sweep" not in self.F:
            self.F["sweep"] = f32(delay * math.ceil(self.t / delay)) if delay else f32(np.nan)
        if self.t == 0 or self.t >= float(self.F["sweep"]):
            self.sweep()
            self.F["sweep"] = f32(self.t + delay)

    def change_slopes(self) -> None:
        delay, u = float(self.s.sweep_delay), float(self.s.stable_time)
        if delay == 0 or self.s.avalanches is not Avalanches.TRANS:
            return
        if "slopes" not in self.F:
            self.F["slopes"] = f32(u * math.ceil(self.t / u)) if u else f32(np.nan)
        if self.t == 0 or self.t >= float(self.F["slopes"]):
            self.stable = not self.stable
            self.F["slopes"] = f32(self.t + (u if self.stable else delay))
            if self.stable:
                self.set_slopes(self.s.angle, self.s.avalanche_rate)
            else:
                self.set_slopes(self.s.unstable_angle, self.s.unstable_rate)

    def set_slopes(self, angle: Any, rate: Any) -> None:
        self.angle = angle
        for i, row in enumerate(self.rows):
            if row.check in {Check.SLOPE_FIRST, Check.SLOPE_SECOND}:
                self.rate[i] = float(rate)

    def turn_bed(self) -> None:
        d = float(self.s.rotation_delay)
        if d == 0:
            return
        if "rotation" not in self.F:
            self.F["rotation"] = f32(d * math.ceil(self.t / d))
            if float(self.F["rotation"]) == self.t:
                self.F["rotation"] = self.F["rotation"] + f32(d)
        if self.t >= float(self.F["rotation"]):
            self.rotate(self.s.rotation_angle)
            self.F["rotation"] = self.F["rotation"] + f32(d)
            if self.s.avalanches is Avalanches.SYNC:
                self.sweep()
            self.S = True

    def run(self) -> None:
        """Run to the end."""
        self.dump()
        self.turn_wind()
        self.centre()
        self.sweep_if_due()
        if self.s.avalanches is Avalanches.PROPAG:
            self.propag_angle = self.s.angle
            self.set_slopes(
                self.s.unstable_angle or self.s.angle,
                self.s.unstable_rate or self.s.avalanche_rate,
            )
        self.change_slopes()
        if self.gas:
            if self.S:
                self.fill()
            n = self.s.stabilisation
            self.survey()
            for _ in range(2 * self.Lp if n is None else n):
                self.cycle()
            self.S = False
        try:
            while self.turn():
                pass
        except Stopped:
            self.dump()

    def turn(self) -> bool:
        if self.gas and (self.t >= self.threshold or self.S):
            self.blow()
        happened = self.event()
        if happened is None:
            return False
        self.dump()
        self.centre()
        self.turn_bed()
        self.sweep_if_due()
        self.change_slopes()
        self.turn_wind()
        return True

    def blow(self) -> None:
        if self.S:
            if self.s.renew_gas:
                self.fill()
            self.survey()
            for _ in range(self.s.cycles_after_turn(self.Lp)):
                self.cycle()
            self.S = False
        if self.full:
            self.surround(filling=False)
        self.cycle()
        self.interpolate()
        self.press()
        self.find_cgv()
        self.postpone()

    def postpone(self) -> None:
        self.threshold += self.s.gas_delay
        while self.threshold < self.t:
            self.threshold += self.s.gas_delay

    def pass_time(self, t: float) -> None:
        self.t = t
        if t >= self.end:
            raise Stopped

    def regulated(self, rate: float) -> float:
        grains = int(self.counts[GR] + self.counts[GRJ])
        if self.N0 == 0:
            self.N0, self.stored = grains, rate if self.stored < 0 else 0.0
            return 0.0
        return self.stored if grains < self.N0 else 0.0

    def event(self) -> bool | None:
        """Run the attempts of a turn; return None where the run ends."""
        sums, total, timed = [], 0.0, 0.0
        for i, row in enumerate(self.rows):
            if row.regulated:
                self.rate[i] = self.regulated(row.rate)
            P = len(self.pairs.get(row.pair, ())) * self.rate[i]
            total += P
            sums.append(total)
            timed += (
                {Time.EVOLVES: 1.0, Time.CORRECTED: float(self.cgv), Time.NONE: 0.0}[row.time]
                * P
                if row.time is not Time.NONE
                else 0.0
            )
        if total == 0:
            if not self.gas:
                return None
            self.pass_time(self.threshold)
            return False
        while self.blocked < self.Hp * self.Lp * self.Dp:
            r = total * self.draw()
            i = next(i for i, value in enumerate(sums) if r < value)
            row = self.rows[i]
            pairs = self.pairs.get(row.pair)
            if not pairs:
                raise EmptyError
            c1 = pairs[int(self.draw() * len(pairs))]
            if not self.passes(row, c1):
                self.blocked += 1
                continue
            self.perform(row, c1)
            if row.time is not Time.NONE:
                self.blocked = 0
                dt = -math.log(self.draw()) / timed if timed else 0.0
                self.pass_time(self.t + dt)
            return True
        self.blocked = 0
        if self.gas and self.t < self.threshold:
            self.pass_time(self.threshold)
        elif self.gas:
            self.postpone()
        return False

    def passes(self, row: Any, c1: Any) -> bool:
        if row.check is Check.NONE:
            return True
        second = row.check in {Check.SHEAR_SECOND, Check.SLOPE_SECOND}
        c = self.beside(c1, "EDS"[row.direction]) if second else c1
        if row.check in {Check.SHEAR_FIRST, Check.SHEAR_SECOND}:
            a = f32(self.draw())
            return bool(self.share(self.stress[c[2], c[0]]) > a)
        return self.slides(c, "EDS"[row.direction], -1 if second else 1)
