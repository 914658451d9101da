"""Velocities of the gas, averaged over boxes of 5 x 5 nodes and the last 49 cycles.

Per cycle and box the velocities of all particles are summed, those in solid nodes included, divided
by the share of fluid nodes and cut to an integer. The sums are counted for all planes of a word at
once: bit k of the i-th slice is bit i of the number that belongs to plane k.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.engine.gas_layout import BOX, EB, ET, NODE_TILE, TILE, WB, WT, B, E, T, W
from orchestrator.engine.jit import kernel, part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.engine.ground import Ground

CYCLES = 49
_COLUMN_SLICES = 5  # bits of a column's sum, -15..15
_SLICES = 8  # bits of a box's sum, -75..75
COLUMN_ROOM = 2 * _COLUMN_SLICES * TILE
BOX_ROOM = 2 * _SLICES  # per box


class Velocities(NamedTuple):
    """Sums over the last 49 cycles.

    Attributes
    ----------
    total
        int32 [2, planes * boxes], eastward and downward; 1225 times a mean node velocity.
    ring
        int16 [49, 2, planes * boxes], what each of these cycles contributed; with a 50th entry, that
        of the cycle before them, where planes may be out of use: these keep what they have.
    position
        int64 [1], the entry of the ring that is replaced next.
    """

    total: NDArray[np.int32]
    ring: NDArray[np.int16]
    position: NDArray[np.int64]


def at_rest(ground: Ground, *, spare: bool = False) -> Velocities:
    """Return the velocities before the first cycle; ``spare`` where planes may be out of use."""
    boxes = ground.fluid.size
    return Velocities(
        np.zeros((2, boxes), np.int32),
        np.zeros((CYCLES + spare, 2, boxes), np.int16),
        np.zeros(1, np.int64),
    )


def skip(velocities: Velocities, cycles: int) -> None:
    """Let cycles pass of which no contribution is kept; as many as the ring has must follow."""
    length = velocities.ring.shape[0]
    velocities.position[0] = (velocities.position[0] + cycles) % length
    kept = velocities.ring.sum(axis=0, dtype=np.int32)
    velocities.total[...] = kept - velocities.ring[velocities.position[0]]


@part
def add(a: int, b: int, c: int) -> tuple[int, int]:
    """Add three one-bit numbers per bit: return the sums' low and high bits."""
    half = a ^ b
    return half ^ c, (a & b) | (half & c)


@part
def add_five(
    s: tuple[int, int, int, int, int], m: tuple[int, int, int, int, int]
) -> tuple[int, int, int, int]:
    """Add five two-bit numbers per bit, given by their low bits ``s`` and high bits ``m``."""
    low, c0 = add(s[0], s[1], s[2])
    low, c1 = add(low, s[3], s[4])
    mid, d0 = add(m[0], m[1], m[2])
    mid, d1 = add(mid, m[3], m[4])
    mid, d2 = add(mid, c0, c1)
    high, top = add(d0, d1, d2)
    return low, mid, high, top


@part
def subtract(
    p: tuple[int, int, int, int], n: tuple[int, int, int, int]
) -> tuple[int, int, int, int, int]:
    """Subtract two four-bit numbers per bit: return the difference, its last bit being the sign."""
    r0, b0 = p[0] ^ n[0], ~p[0] & n[0]
    half = p[1] ^ n[1]
    r1, b1 = half ^ b0, (~p[1] & n[1]) | (~half & b0)
    half = p[2] ^ n[2]
    r2, b2 = half ^ b1, (~p[2] & n[2]) | (~half & b1)
    half = p[3] ^ n[3]
    return r0, r1, r2, half ^ b2, (~p[3] & n[3]) | (~half & b2)


@part
def sum_columns(
    r0: NDArray[np.int64],
    r1: NDArray[np.int64],
    r2: NDArray[np.int64],
    r3: NDArray[np.int64],
    r4: NDArray[np.int64],
    sums: NDArray[np.int64],
) -> None:
    """Sum the velocities of five rows of a tile, per column, into ``sums`` [2 * 5 * 40]."""
    for component in range(2):
        a, b, c = (E, EB, ET) if component == 0 else (B, EB, WB)
        d, e, f = (W, WB, WT) if component == 0 else (T, ET, WT)
        to = component * _COLUMN_SLICES * TILE
        for i in range(TILE):
            s0, m0 = add(r0[i + TILE * a], r0[i + TILE * b], r0[i + TILE * c])
            s1, m1 = add(r1[i + TILE * a], r1[i + TILE * b], r1[i + TILE * c])
            s2, m2 = add(r2[i + TILE * a], r2[i + TILE * b], r2[i + TILE * c])
            s3, m3 = add(r3[i + TILE * a], r3[i + TILE * b], r3[i + TILE * c])
            s4, m4 = add(r4[i + TILE * a], r4[i + TILE * b], r4[i + TILE * c])
            plus = add_five((s0, s1, s2, s3, s4), (m0, m1, m2, m3, m4))
            s0, m0 = add(r0[i + TILE * d], r0[i + TILE * e], r0[i + TILE * f])
            s1, m1 = add(r1[i + TILE * d], r1[i + TILE * e], r1[i + TILE * f])
            s2, m2 = add(r2[i + TILE * d], r2[i + TILE * e], r2[i + TILE * f])
            s3, m3 = add(r3[i + TILE * d], r3[i + TILE * e], r3[i + TILE * f])
            s4, m4 = add(r4[i + TILE * d], r4[i + TILE * e], r4[i + TILE * f])
            minus = add_five((s0, s1, s2, s3, s4), (m0, m1, m2, m3, m4))
            d0, d1, d2, d3, d4 = subtract(plus, minus)
            sums[to + i] = d0
            sums[to + i + TILE] = d1
            sums[to + i + 2 * TILE] = d2
            sums[to + i + 3 * TILE] = d3
            sums[to + i + 4 * TILE] = d4


@part
def sum_box(
    sums: NDArray[np.int64], at: int, out: NDArray[np.int64], to: int, stride: int
) -> None:
    """Sum five columns and turn the slices into bytes.

    Byte b of ``out[to + j * stride]`` becomes the sum that belongs to plane ``8 * b + j``.
    """
    s0, s1, s2, s3, s4, s5, s6, s7 = 0, 0, 0, 0, 0, 0, 0, 0
    for column in range(at, at + BOX):
        sign = sums[column + 4 * TILE]
        s0, carry = add(s0, sums[column], 0)
        s1, carry = add(s1, sums[column + TILE], carry)
        s2, carry = add(s2, sums[column + 2 * TILE], carry)
        s3, carry = add(s3, sums[column + 3 * TILE], carry)
        s4, carry = add(s4, sign, carry)
        s5, carry = add(s5, sign, carry)
        s6, carry = add(s6, sign, carry)
        s7, carry = add(s7, sign, carry)
    s0, s1 = exchange(s0, s1, 1, 0x5555555555555555)
    s2, s3 = exchange(s2, s3, 1, 0x5555555555555555)
    s4, s5 = exchange(s4, s5, 1, 0x5555555555555555)
    s6, s7 = exchange(s6, s7, 1, 0x5555555555555555)
    s0, s2 = exchange(s0, s2, 2, 0x3333333333333333)
    s1, s3 = exchange(s1, s3, 2, 0x3333333333333333)
    s4, s6 = exchange(s4, s6, 2, 0x3333333333333333)
    s5, s7 = exchange(s5, s7, 2, 0x3333333333333333)
    s0, s4 = exchange(s0, s4, 4, 0x0F0F0F0F0F0F0F0F)
    s1, s5 = exchange(s1, s5, 4, 0x0F0F0F0F0F0F0F0F)
    s2, s6 = exchange(s2, s6, 4, 0x0F0F0F0F0F0F0F0F)
    s3, s7 = exchange(s3, s7, 4, 0x0F0F0F0F0F0F0F0F)
    out[to] = s0
    out[to + stride] = s1
    out[to + 2 * stride] = s2
    out[to + 3 * stride] = s3
    out[to + 4 * stride] = s4
    out[to + 5 * stride] = s5
    out[to + 6 * stride] = s6
    out[to + 7 * stride] = s7


@part
def exchange(low: int, high: int, shift: int, mask: int) -> tuple[int, int]:
    """Swap the upper bits of each group in ``low`` with the lower ones in ``high``."""
    swap = ((low >> shift) ^ high) & mask
    return low ^ (swap << shift), high ^ swap


@kernel
def accumulate(
    ground: Ground,
    velocities: Velocities,
    first: int,
    last: int,
    sums: NDArray[np.int64],
    summed: NDArray[np.int64],
) -> None:
    """Add this cycle's box velocities and drop those of 49 cycles ago.

    The planes ``first`` to ``last`` are in use. ``sums`` int64 [2 * 5 * 40] and ``summed`` int64
    [2 * 8 * boxes] are working room.
    """
    high, long, tiles = ground.boxes_high, ground.boxes_long, ground.tiles
    boxes = high * long
    planes = ground.fluid.size // boxes
    row = tiles * NODE_TILE
    slot = velocities.position[0]
    following = (slot + 1) % velocities.ring.shape[0]
    dropped = slot if velocities.ring.shape[0] == CYCLES else following
    velocities.position[0] = following
    for word in range((planes + 63) // 64):
        nodes = ground.nodes[word * ground.height * row : (word + 1) * ground.height * row]
        for j in range(high):
            # rows below the box fall back on the top wall, which holds no particles
            a0 = BOX * j * row
            a1 = a0 + row if BOX * j + 1 < ground.height else 0
            a2 = a0 + 2 * row if BOX * j + 2 < ground.height else 0
            a3 = a0 + 3 * row if BOX * j + 3 < ground.height else 0
            a4 = a0 + 4 * row if BOX * j + 4 < ground.height else 0
            for tile in range(tiles):
                at = tile * NODE_TILE
                sum_columns(
                    nodes[a0 + at : a0 + at + NODE_TILE],
                    nodes[a1 + at : a1 + at + NODE_TILE],
                    nodes[a2 + at : a2 + at + NODE_TILE],
                    nodes[a3 + at : a3 + at + NODE_TILE],
                    nodes[a4 + at : a4 + at + NODE_TILE],
                    sums,
                )
                eastern = tile * (TILE // BOX)
                for i in range(min(TILE // BOX, long - eastern)):
                    box = j * long + eastern + i
                    sum_box(sums, BOX * i, summed, box, boxes)
                    sum_box(
                        sums,
                        _COLUMN_SLICES * TILE + BOX * i,
                        summed,
                        _SLICES * boxes + box,
                        boxes,
                    )
        for k in range(64 * word, min(64 * word + 64, planes)):
            shift = k & 56
            share = ground.share[k * boxes : (k + 1) * boxes]
            for component in range(2):
                at = (component * _SLICES + (k & 7)) * boxes
                source = summed[at : at + boxes]
                ring = velocities.ring[slot, component, k * boxes : (k + 1) * boxes]
                total = velocities.total[component, k * boxes : (k + 1) * boxes]
                if following != dropped:
                    for box in range(boxes):
                        sum_ = (((source[box] >> shift) & 255) ^ 128) - 128
                        velocity = np.int32(np.float32(sum_) / share[box])
                        total[box] += velocity - ring[box]
                        ring[box] = velocity
                    continue
                old = velocities.ring[dropped, component, k * boxes : (k + 1) * boxes]
                if first <= k <= last:
                    for box in range(boxes):
                        sum_ = (((source[box] >> shift) & 255) ^ 128) - 128
                        ring[box] = np.int32(np.float32(sum_) / share[box])
                for box in range(boxes):
                    total[box] += np.int32(ring[box]) - old[box]


@kernel
def speeds(total: NDArray[np.int32], first: int, end: int) -> tuple[np.float32, np.float32]:
    """Return the largest and the mean speed over the boxes ``first`` to ``end - 1``.

    In the units of ``total``.
    """
    largest, sum_ = np.float32(0), np.float32(0)
    for box in range(first, end):
        x, y = np.float64(total[0, box]), np.float64(total[1, box])
        speed = np.float32(np.sqrt(x * x + y * y))
        largest = max(largest, speed)
        sum_ += speed
    return largest, np.float32(sum_ / np.float32(end - first))
