"""The lattice gas: independent vertical planes, every fifth of the corridor, as bits of words.

How they lie in memory is told in ``gas_layout``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine.gas_layout import (
    BOX,
    EB,
    ET,
    NODE_TILE,
    PLANE_SPACING,
    SOLID,
    TILE,
    WB,
    WT,
    E,
    W,
)
from orchestrator.engine.jit import at, kernel, part, whole
from orchestrator.engine.random48 import UNIT, following
from orchestrator.engine.states import AIR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.engine.ground import Ground


@part
def node(Hp: int, tiles: int, word: int, y: int, x: int) -> int:
    """Return the index of the first velocity of a node; the next ones follow at steps of a tile."""
    tile = whole(at(x) // at(TILE))
    return ((word * Hp + y) * tiles + tile) * NODE_TILE + x - TILE * tile


@part
def block(ground: Ground, solid: bool, plane: int, y: int, x: int) -> None:
    """Make a node solid or fluid; its particles stay."""
    high, long = ground.boxes_high, ground.boxes_long
    at = node(ground.height, ground.tiles, plane >> 6, y, x) + SOLID * TILE
    bit = 1 << (plane & 63)
    box = y // BOX * long + x // BOX
    here = plane * high * long + box
    change = -1 if solid else 1
    if solid:
        ground.nodes[at] |= bit
    else:
        ground.nodes[at] &= ~bit
    fluid = ground.fluid[here] + change
    ground.fluid[here] = fluid
    ground.share[here] = share_of(fluid, ground.box_nodes[box])
    ground.nodes_fluid[0] += change


@part
def share_of(fluid: int, nodes: int) -> np.float32:
    """Return the share of fluid nodes by which a box velocity is divided, at least 0.2."""
    share = np.float32(fluid) / np.float32(nodes)
    return np.float32(0.2) if np.float64(share) < 0.2 else share


def dumped(ground: Ground) -> NDArray[np.uint16]:
    """Return the nodes as they are dumped, uint16 [planes, Hp, Lp].

    Bit 0 is that of solid nodes; from bit 2 on there is a bit for each velocity.
    """
    count = ground.fluid.size // (ground.boxes_high * ground.boxes_long)
    shape = (-1, ground.height, ground.tiles, 9, TILE)
    words = ground.nodes.view(np.uint64).reshape(shape)
    nodes = np.zeros((count, ground.height, ground.tiles * TILE), np.uint16)
    for k in range(count):
        bits = (words[k >> 6] >> np.uint64(k & 63)).astype(np.uint16) & 1
        for velocity in range(9):
            shift = 0 if velocity == SOLID else velocity + 2
            nodes[k] |= bits[:, :, velocity].reshape(nodes[k].shape) << shift
    return nodes[..., : ground.length]


@kernel
def solidify(ground: Ground, first: int, last: int) -> None:
    """Mark the solid nodes of the planes ``first`` to ``last``, none of which is marked yet.

    The fluid ones are counted.
    """
    Hp, Lp = ground.height, ground.length
    boxes = ground.boxes_high * ground.boxes_long
    ground.nodes_fluid[0] = 0
    for k in range(first, last + 1):
        z = ground.first + PLANE_SPACING * k
        for box in range(boxes):
            ground.fluid[k * boxes + box] = ground.box_nodes[box]
            ground.share[k * boxes + box] = 1
            ground.nodes_fluid[0] += ground.box_nodes[box]
        for x in range(Lp):
            for y in range(Hp):
                if ground.cells[y + Hp * (x + Lp * z)] != AIR:
                    block(ground, True, k, y, x)


@kernel
def fill(ground: Ground, first: int, last: int, state: int) -> int:
    """Put particles into the fluid nodes of the empty planes ``first`` to ``last``.

    A fluid node gets one slow particle of random direction and, half of the time, a fast one.
    Return the generator's state.
    """
    Hp, Lp, nodes = ground.height, ground.length, ground.nodes
    for k in range(first, last + 1):
        bit = 1 << (k & 63)
        for y in range(Hp):
            for x in range(Lp):
                here = node(Hp, ground.tiles, k >> 6, y, x)
                if nodes[here + SOLID * TILE] & bit == 0:
                    state = populate(nodes, here, bit, state)
    return state


@part
def populate(nodes: NDArray[np.int64], here: int, bit: int, state: int) -> int:
    """Put particles into an empty node; return the generator's state."""
    state = following(state)
    nodes[here + whole(4 * (state * UNIT)) * TILE] |= bit
    state = following(state)
    fast = whole(8 * (state * UNIT))
    if fast < 4:
        nodes[here + (EB + fast) * TILE] |= bit
    return state


@kernel
def surround(
    ground: Ground, source: NDArray[np.int64], first: int, last: int, filling: bool, state: int
) -> int:
    """Make nodes outside the space of an enlarged box like those they stand for.

    In a cyclic box these are the nodes of the columns ``source`` int64 [Dp * Lp]; in others they are
    fluid but for floor and ceiling. With ``filling`` they get new particles and are counted as
    fluid nodes. Return the generator's state.
    """
    Hp, Lp, nodes = ground.height, ground.length, ground.nodes
    boxes = ground.boxes_high * ground.boxes_long
    for k in range(first, last + 1):
        bit = 1 << (k & 63)
        z = ground.first + PLANE_SPACING * k
        for y in range(Hp):
            for x in range(Lp):
                column = x + Lp * z
                if ground.inside[column]:
                    continue
                solid = y <= 1 or y >= Hp - 2
                if ground.periodic:
                    solid = ground.cells[y + Hp * source[column]] != AIR
                here = node(Hp, ground.tiles, k >> 6, y, x)
                was_solid = nodes[here + SOLID * TILE] & bit != 0
                if solid != was_solid:
                    if solid:
                        nodes[here + SOLID * TILE] |= bit
                    else:
                        nodes[here + SOLID * TILE] &= ~bit
                    box = y // BOX * ground.boxes_long + x // BOX
                    fluid = ground.fluid[k * boxes + box] + (-1 if solid else 1)
                    ground.fluid[k * boxes + box] = fluid
                    ground.share[k * boxes + box] = share_of(fluid, ground.box_nodes[box])
                if filling and not solid:
                    state = populate(nodes, here, bit, state)
                    ground.nodes_fluid[0] += 1
    return state


@kernel
def force(ground: Ground, forcing: np.float32, first: int, last: int, state: int) -> int:
    """Turn the westward particles of randomly picked nodes eastward; return the generator's state.

    Nodes of the planes ``first`` to ``last`` are picked.
    """
    Hp, Lp, nodes = ground.height, ground.length, ground.nodes
    per_plane = Hp * Lp
    before = np.float64(first * per_plane)
    everywhere = np.float64((last + 1 - first) * per_plane)
    picks = whole(np.float32(ground.nodes_fluid[0]) * forcing)
    while picks > 0:
        state = following(state)
        pick = whole(before + (state * UNIT) * everywhere)
        k = whole(at(pick) // at(per_plane))
        pick -= k * per_plane
        y = whole(at(pick) // at(Lp))
        here = node(Hp, ground.tiles, k >> 6, y, pick - y * Lp)
        shift = k & 63
        if (nodes[at(here + SOLID * TILE)] >> shift) & 1:
            continue
        for west, east in ((W, E), (WT, ET), (WB, EB)):
            turning = (nodes[at(here + west * TILE)] & ~nodes[at(here + east * TILE)]) & (
                1 << shift
            )
            nodes[at(here + west * TILE)] ^= turning
            nodes[at(here + east * TILE)] ^= turning
        picks -= 1
    return state


@kernel
def mix(ground: Ground, first: int, last: int, state: int) -> int:
    """Scramble the column behind the western wall, plane by plane; return the generator's state."""
    Hp, nodes = ground.height, ground.nodes
    span = np.float64(Hp - 10)
    row = ground.tiles * NODE_TILE
    for k in range(first, last + 1):
        column = node(Hp, ground.tiles, k >> 6, 0, 1)
        shift = k & 63
        bit = 1 << shift
        for _ in range(Hp // 2):
            state = following(state)
            here = column + whole(5 + span * (state * UNIT)) * row
            single = (nodes[at(here + EB * TILE)] ^ nodes[at(here + ET * TILE)]) & bit
            nodes[at(here + EB * TILE)] ^= single
            nodes[at(here + ET * TILE)] ^= single
            state = following(state)
            entry = column + whole(5 + span * (state * UNIT)) * row
            state = following(state)
            two = column + whole(5 + span * (state * UNIT)) * row
            if (nodes[at(entry + SOLID * TILE)] | nodes[at(two + SOLID * TILE)]) & bit:
                continue
            for velocity in range(SOLID):
                differing = (
                    nodes[at(entry + velocity * TILE)] ^ nodes[at(two + velocity * TILE)]
                ) & bit
                nodes[at(entry + velocity * TILE)] ^= differing
                nodes[at(two + velocity * TILE)] ^= differing
    return state
