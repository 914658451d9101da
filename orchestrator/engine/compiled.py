"""How the engine's kernels are compiled.

Kernels round every single-precision operation as IEEE 754 says: no ``fastmath``, and division by
zero follows IEEE 754 too instead of raising.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numba
import numpy as np
from llvmlite import ir
from numba import extending, types

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

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


@part
def at(index: int) -> int:
    """Return a non-negative index that is taken as it is, without a look at its sign."""
    return np.uint64(index)


@extending.intrinsic
def _fetch(_context: Any, array: Any, index: Any) -> Any:
    """Ask the processor for ``array[index]``, without waiting."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = ir.IntType(32)
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        address = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        form = ir.FunctionType(ir.VoidType(), [address.type, word, word, word])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [address.type], form)
        builder.call(prefetch, [address, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.none(array, index), code


def fetch(array: NDArray[Any], index: int) -> None:
    """Ask the processor to bring ``array[index]``, if there is such an entry, into its cache."""


@extending.overload(fetch, strict=False, jit_options={"forceinline": True, "_nrt": False})
def _compiled_fetch(array: Any, index: Any) -> Any:
    del array, index
    return lambda array, index: _fetch(array, index)
