"""The generator of the tests' runs, many draws at once."""

from __future__ import annotations

from orchestrator.engine.random48_arrays import INCREMENT, MASK, MULTIPLIER


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
