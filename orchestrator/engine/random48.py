"""The random generator: the 48-bit linear congruential one of the C library's ``drand48``.

A state is an integer below 2**48. The draw that belongs to a state is that state divided by
2**48, which is exact in double precision.
"""

from __future__ import annotations

from orchestrator.engine.compiled import part

MULTIPLIER = 25214903917
INCREMENT = 11
MASK = (1 << 48) - 1
UNIT = 2.0**-48


def seeded(seed: int) -> int:
    """Return the state that belongs to a 32-bit seed; negative seeds count by their bits.

    >>> state = seeded(1)
    >>> hex(state), following(state) * UNIT
    ('0x1330e', 0.041630344771878214)
    """
    return (seed & 0xFFFFFFFF) << 16 | 0x330E


@part
def following(state: int) -> int:
    """Return the state after ``state``; multiply it by ``UNIT`` for the number drawn."""
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
