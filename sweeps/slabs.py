"""Sand slabs that hop with the wind: the model of Werner (1995, Geology 23, 1107), as a simulator.

Run as a program, it simulates; imported by rescal-sweep, it says how it is started and read.
"""

import sys

import numpy as np

from orchestrator import Frame, Kind, Parameter, Simulator

SHADOW = np.tan(np.radians(15)) * 3
"""Slabs by which a shadow falls per cell; a slab is a third of a cell high."""


def frames(read):
    """Take the pipe apart: a time, then the slabs of each column, row by row."""
    while head := read(16):
        time, depth, length = np.frombuffer(head, "<f8")[0], *np.frombuffer(head[8:], "<i4")
        heights = np.frombuffer(read(4 * depth * length), "<i4").reshape(depth, length)
        yield Frame(time, heights)


engine = Simulator(
    name="sand-slabs",
    version="1.0",
    command=(
        *("{python}", "{module}", "/dev/fd/{pipe}", "{seed}", "{stop}", "{every}"),
        *("{L}", "{D}", "{slabs}", "{hop}", "{sand}", "{bare}"),
    ),
    parameters=(
        Parameter("L", Kind.INTEGER, None, "length, along the wind", "cells", low=8, high=1000),
        Parameter("D", Kind.INTEGER, None, "depth, across the wind", "cells", low=8, high=1000),
        Parameter(
            "slabs", Kind.INTEGER, 4, "mean thickness of the sand", "slabs", low=1, high=100
        ),
        Parameter("hop", Kind.INTEGER, 5, "length of a hop", "cells", low=1, high=100),
        Parameter("sand", Kind.DOUBLE, 0.6, "probability to stay on sand", low=0, high=1),
        Parameter(
            "bare", Kind.DOUBLE, 0.4, "probability to stay on bare ground", low=0, high=1
        ),
    ),
    decode=frames,
)


def shadow(row):
    """Return where a row of columns [L] lies in the shadow of what stands upwind, periodically."""
    line, length = np.tile(row, 2), len(row)
    falling = np.maximum.accumulate(line + SHADOW * np.arange(2 * length))
    horizon = np.concatenate(([-np.inf], falling[:-1])) - SHADOW * np.arange(2 * length)
    return (horizon > line + 1e-9)[length:]


def settle(bed, y, x, step):
    """Let slabs slide from or to a column until no step to a neighbour is above two slabs."""
    while True:
        depth, length = bed.shape
        sides = [(y, (x + 1) % length), ((y + 1) % depth, x), (y, x - 1), (y - 1, x)]
        other = min(sides, key=lambda side: step * bed[side])
        if step * (bed[y, x] - bed[other]) <= 2:
            return
        bed[y, x] -= step
        bed[other] += step
        y, x = other


def hop(bed, rng, length, sand, bare):
    """Move one slab, as often as it takes to come to rest."""
    y, x = rng.integers(bed.shape[0]), rng.integers(bed.shape[1])
    if bed[y, x] == 0 or shadow(bed[y])[x]:
        return
    bed[y, x] -= 1
    settle(bed, y, x, -1)
    while True:
        x = (x + length) % bed.shape[1]
        if shadow(bed[y])[x] or rng.random() < (sand if bed[y, x] else bare):
            break
    bed[y, x] += 1
    settle(bed, y, x, +1)


def main(pipe, seed, stop, every, *parameters):
    """Simulate: one unit of time is one attempt to move a slab for each column."""
    length, depth, slabs, hop_length = map(int, parameters[:4])
    sand, bare = map(float, parameters[4:])
    rng = np.random.default_rng(int(seed))
    bed = np.full((depth, length), slabs, np.int32)
    with open(pipe, "wb") as out:
        for snapshot in range(int(float(stop) / float(every) + 1e-9) + 1):
            for _ in range(round(float(every) * depth * length) if snapshot else 0):
                hop(bed, rng, hop_length, sand, bare)
            time = np.float64(snapshot * float(every))
            out.write(
                time.tobytes() + np.array([depth, length], "<i4").tobytes() + bed.tobytes()
            )
            out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
