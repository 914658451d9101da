"""The random generator of the C library's ``drand48``, for whole arrays at a time.

It is a linear congruential one of 48 bits, and the number drawn is its state divided by 2**48.
This module needs NumPy only, so that programs without kernels start at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MULTIPLIER = 25214903917
INCREMENT = 11
MASK = (1 << 48) - 1


def seeded(seed: int) -> int:
    """Return the state that belongs to a 32-bit seed; negative seeds count by their bits.

    >>> hex(seeded(1)), hex(seeded(-1))
    ('0x1330e', '0xffffffff330e')
    """
    return (seed & 0xFFFFFFFF) << 16 | 0x330E


class Draws:
    """A sequence of uniform numbers in [0, 1).

    Parameters
    ----------
    seed
        32 bits; negative seeds count by their bits.

    >>> Draws(1).take(2).tolist()
    [0.041630344771878214, 0.45449244472862915]
    """

    def __init__(self, seed: int) -> None:
        self._state = seeded(seed)
        self._factors = np.array([MULTIPLIER], np.uint64)
        self._addends = np.array([INCREMENT], np.uint64)

    def take(self, count: int) -> NDArray[np.float64]:
        """Return the next ``count`` numbers, float64 [count]."""
        if not count:
            return np.empty(0)
        while self._factors.size < count:
            self._double()
        # what overflows 64 bits lies above the 48 that count
        states = self._factors[:count] * np.uint64(self._state) + self._addends[:count]
        states &= np.uint64(MASK)
        self._state = int(states[-1])
        return states.astype(np.float64) * 2.0**-48

    def _double(self) -> None:
        """Learn to jump twice as far: entry n leads n + 1 draws ahead."""
        factor, addend = self._factors[-1], self._addends[-1]
        mask = np.uint64(MASK)
        further = self._factors * factor & mask
        further_addends = self._factors * addend + self._addends & mask
        self._factors = np.concatenate([self._factors, further])
        self._addends = np.concatenate([self._addends, further_addends])
