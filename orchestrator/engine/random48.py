"""The random generator of the C library's ``drand48``, for kernels, one draw after another.

A state is an integer below 2**48. The draw that belongs to a state is that state divided by
2**48, which is exact in double precision.
"""

from __future__ import annotations

from orchestrator.engine.jit import part
from orchestrator.engine.random48_arrays import INCREMENT, MASK, MULTIPLIER, seeded

__all__ = ["MASK", "UNIT", "following", "seeded"]

UNIT = 2.0**-48


@part
def following(state: int) -> int:
    """Return the state after ``state``; multiply it by ``UNIT`` for the number drawn.

    >>> following(seeded(1)) * UNIT
    0.041630344771878214
    """
    return (state * MULTIPLIER + INCREMENT) & MASK
