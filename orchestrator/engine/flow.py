"""One step of the lattice gas: collisions and propagation of all planes, in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.engine.gas_layout import (
    EB,
    ET,
    NODE_TILE,
    OUTCOME_TILE,
    PITCH,
    SOLID,
    TILE,
    WB,
    WT,
    B,
    E,
    T,
    W,
)
from orchestrator.engine.jit import kernel, part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@part
def collide(nodes: NDArray[np.int64], out: NDArray[np.int64], slip: bool) -> None:
    """Write the outcome of a tile's nodes [9 * 40] to ``out`` [8 * 42].

    One slow and one fast particle may exchange; otherwise two slow or two fast ones that meet head
    on turn by a right angle. Solid nodes send particles back. With ``slip`` a node whose one fast
    particle moves up mirrors it downward, be it solid or not.
    """
    for i in range(TILE):
        e, w, b, t = nodes[i], nodes[i + TILE * W], nodes[i + TILE * B], nodes[i + TILE * T]
        eb, et = nodes[i + TILE * EB], nodes[i + TILE * ET]
        wb, wt = nodes[i + TILE * WB], nodes[i + TILE * WT]
        solid = nodes[i + TILE * SOLID]

        # exactly one slow, exactly one fast
        only_e, only_w = e & ~(w | b | t), w & ~(e | b | t)
        only_b, only_t = b & ~(e | w | t), t & ~(e | w | b)
        only_eb, only_et = eb & ~(et | wb | wt), et & ~(eb | wb | wt)
        only_wb, only_wt = wb & ~(eb | et | wt), wt & ~(eb | et | wb)

        # head-on pairs that turn
        level, upright = e & w & ~(b | t), b & t & ~(e | w)
        turn_slow = level | upright
        falling, rising = eb & wt & ~(et | wb), et & wb & ~(eb | wt)
        turn_fast = falling | rising

        # exchanges: the slow one changes side along one axis and so does the fast one
        e_w, w_e = only_e & (only_wb | only_wt), only_w & (only_eb | only_et)
        b_t, t_b = only_b & (only_et | only_wt), only_t & (only_eb | only_wb)
        sides, ends = e_w | w_e | turn_slow, b_t | t_b | turn_slow
        eb_wb = (only_w & only_eb) | (only_e & only_wb)
        et_wt = (only_w & only_et) | (only_e & only_wt)
        eb_et = (only_t & only_eb) | (only_b & only_et)
        wb_wt = (only_t & only_wb) | (only_b & only_wt)

        new_e, new_w = e ^ sides, w ^ sides
        new_b, new_t = b ^ ends, t ^ ends
        new_eb, new_et = eb ^ (turn_fast | eb_wb | eb_et), et ^ (turn_fast | et_wt | eb_et)
        new_wb, new_wt = wb ^ (turn_fast | eb_wb | wb_wt), wt ^ (turn_fast | et_wt | wb_wt)

        out[i + 1] = new_e ^ (solid & (new_e ^ w))
        out[i + 1 + PITCH * W] = new_w ^ (solid & (new_w ^ e))
        out[i + 1 + PITCH * B] = new_b ^ (solid & (new_b ^ t))
        out[i + 1 + PITCH * T] = new_t ^ (solid & (new_t ^ b))
        out[i + 1 + PITCH * EB] = new_eb ^ (solid & (new_eb ^ wt))
        out[i + 1 + PITCH * ET] = new_et ^ (solid & (new_et ^ wb))
        out[i + 1 + PITCH * WB] = new_wb ^ (solid & (new_wb ^ et))
        out[i + 1 + PITCH * WT] = new_wt ^ (solid & (new_wt ^ eb))
    if slip:
        for i in range(TILE):
            eb, et = nodes[i + TILE * EB], nodes[i + TILE * ET]
            wb, wt = nodes[i + TILE * WB], nodes[i + TILE * WT]
            only_et, only_wt = et & ~(eb | wb | wt), wt & ~(eb | et | wb)
            keep = ~(only_et | only_wt)
            out[i + 1 + PITCH * EB] = (out[i + 1 + PITCH * EB] & keep) | only_et
            out[i + 1 + PITCH * ET] &= keep
            out[i + 1 + PITCH * WB] = (out[i + 1 + PITCH * WB] & keep) | only_wt
            out[i + 1 + PITCH * WT] &= keep


@part
def join(row: NDArray[np.int64], tiles: int, Lp: int) -> None:
    """Give the outcome tiles of a row their neighbours' columns, and make the row cyclic."""
    first, last = 1, (Lp - 2) // TILE * OUTCOME_TILE + 1 + (Lp - 2) % TILE
    after = (Lp - 1) // TILE * OUTCOME_TILE + 1 + (Lp - 1) % TILE
    for velocity in (E, EB, ET):
        row[first + PITCH * velocity] = row[last + PITCH * velocity]
    for velocity in (W, WB, WT):
        row[after + PITCH * velocity] = row[first + 1 + PITCH * velocity]
    for tile in range(1, tiles):
        here, before = tile * OUTCOME_TILE, (tile - 1) * OUTCOME_TILE
        for velocity in (E, EB, ET):
            row[here + PITCH * velocity] = row[before + PITCH * velocity + TILE]
        for velocity in (W, WB, WT):
            row[before + PITCH * velocity + TILE + 1] = row[here + PITCH * velocity + 1]


@part
def gather(
    nodes: NDArray[np.int64],
    above: NDArray[np.int64],
    level: NDArray[np.int64],
    below: NDArray[np.int64],
) -> None:
    """Collect the particles of a tile [9 * 40] from the outcomes [8 * 42] of three rows."""
    for i in range(TILE):
        nodes[i] = level[i]
        nodes[i + TILE * W] = level[i + 2 + PITCH * W]
        nodes[i + TILE * B] = above[i + 1 + PITCH * B]
        nodes[i + TILE * T] = below[i + 1 + PITCH * T]
        nodes[i + TILE * EB] = above[i + PITCH * EB]
        nodes[i + TILE * ET] = below[i + PITCH * ET]
        nodes[i + TILE * WB] = above[i + 2 + PITCH * WB]
        nodes[i + TILE * WT] = below[i + 2 + PITCH * WT]


@kernel
def step(
    nodes: NDArray[np.int64],
    rows: NDArray[np.int64],
    Hp: int,
    Lp: int,
    tiles: int,
    ceiling: int,
) -> None:
    """Collide and propagate all planes once.

    ``rows`` int64 [3 * tiles * 336] is working room: the outcomes of the row above, of the row and
    of the row below. The walls around the box hold no particles, and the length is cyclic.
    """
    row, pitch = tiles * NODE_TILE, tiles * OUTCOME_TILE
    last = (Lp - 1) // TILE * NODE_TILE + (Lp - 1) % TILE
    for word in range(nodes.size // (Hp * row)):
        start = word * Hp * row
        rows[:] = 0
        for y in range(1, Hp):
            ahead = rows[y % 3 * pitch : (y % 3 + 1) * pitch]
            if y == Hp - 1:
                ahead[:] = 0
            else:
                for tile in range(tiles):
                    at = start + y * row + tile * NODE_TILE
                    to = tile * OUTCOME_TILE
                    collide(
                        nodes[at : at + NODE_TILE], ahead[to : to + OUTCOME_TILE], y <= ceiling
                    )
                join(ahead, tiles, Lp)
            if y == 1:
                continue
            up, mid, down = (y - 2) % 3 * pitch, (y - 1) % 3 * pitch, y % 3 * pitch
            for tile in range(tiles):
                at = start + (y - 1) * row + tile * NODE_TILE
                to = tile * OUTCOME_TILE
                gather(
                    nodes[at : at + NODE_TILE],
                    rows[up + to : up + to + OUTCOME_TILE],
                    rows[mid + to : mid + to + OUTCOME_TILE],
                    rows[down + to : down + to + OUTCOME_TILE],
                )
            west = start + (y - 1) * row
            for velocity in (E, EB, ET):
                nodes[west + last + TILE * velocity] = 0
            for velocity in (W, WB, WT):
                nodes[west + TILE * velocity] = 0
