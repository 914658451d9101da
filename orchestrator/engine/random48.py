"""The random generator of the C library's ``drand48``, for kernels, one draw after another.

A state is an integer below 2**48. The draw that belongs to a state is that state divided by
2**48, which is exact in double precision.
"""

from __future__ import annotations

from orchestrator.engine.compiled import part
from orchestrator.engine.draws import INCREMENT, MASK, MULTIPLIER, seeded

__all__ = ["MASK", "UNIT", "following", "seeded", "skipped"]

UNIT = 2.0**-48


@part
def following(state: int) -> int:
    """Return the state after ``state``; multiply it by ``UNIT`` for the number drawn.

    >>> following(seeded(1)) * UNIT
    0.041630344771878214
    """
    return (state * MULTIPLIER + INCREMENT) & MASK


def skipped(state: int, draws: int) -> int:
    """Return the state ``draws`` draws after ``state``."""
    factor, addend = 1, 0
    step_factor, step_addend = MULTIPLIER, INCREMENT
    while draws:
        if draws & 1:
            factor, addend = (
                factor * step_factor & MASK,
                (addend * step_factor + step_addend) & MASK,
            )
        step_addend = (step_factor + 1) * step_addend & MASK
        step_factor = step_factor * step_factor & MASK
        draws >>= 1
    return (factor * state + addend) & MASK
