"""How the engine's kernels are compiled.

Kernels round every single-precision operation as IEEE 754 says: no ``fastmath``, and division by
zero follows IEEE 754 too instead of raising.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

_Function = TypeVar("_Function", bound="Callable[..., object]")


def kernel(function: _Function) -> _Function:
    """Compile ``function`` at its first call; ``function.py_func`` stays the interpreted one."""
    compiled: _Function = numba.njit(cache=True, error_model="numpy", nogil=True, _nrt=False)(function)
    return compiled


def part(function: _Function) -> _Function:
    """Compile ``function`` into every kernel that calls it, however large it is.

    A call would copy all arrays of its arguments' tuples and count references to each of them.
    """
    compiled: _Function = numba.njit(error_model="numpy", nogil=True, forceinline=True, _nrt=False)(function)
    return compiled
