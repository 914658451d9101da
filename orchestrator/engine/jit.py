"""How the engine's kernels are compiled.

Kernels round every single-precision operation as IEEE 754 says: no ``fastmath``, and division by
zero follows IEEE 754 too instead of raising.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any, SupportsInt, TypeVar

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]  # it has no types
from numba import extending, types

from orchestrator.engine import cache

if TYPE_CHECKING:
    from collections.abc import Callable

    from numba.core.dispatcher import Dispatcher
    from numpy.typing import NDArray

if "scipy.linalg" not in sys.modules:
    # numba looks for linear algebra, which no kernel needs, and takes a quarter of a second for it
    sys.modules["scipy.linalg"] = None  # type: ignore[assignment]  # so that importing it fails
    importlib.import_module("numba.np.arraymath")
    del sys.modules["scipy.linalg"]

# read when a kernel is declared, so it cannot wait
numba.config.CACHE_DIR = str(cache.directory())  # type: ignore[attr-defined]  # numba sets it late

_Function = TypeVar("_Function", bound="Callable[..., Any]")

# no reference counts: kernels own no arrays, and counting at every use of one is dear
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True, "_nrt": False}
_INLINED: Any = {"forceinline": True, "_nrt": False}


def kernel(function: _Function) -> Dispatcher[_Function]:
    """Compile ``function`` at its first call; ``function.py_func`` stays the interpreted one."""
    compiled: Dispatcher[_Function] = numba.njit(cache=True, **_OPTIONS)(function)
    return compiled


def part(function: _Function) -> Dispatcher[_Function]:
    """Compile ``function`` into every kernel that calls it, however large it is.

    A call would copy the descriptions of all arrays in its arguments' tuples.
    """
    compiled: Dispatcher[_Function] = numba.njit(forceinline=True, **_OPTIONS)(function)
    return compiled


@part
def at(index: int) -> int:
    """Return a non-negative index that is taken as it is, without a look at its sign."""
    return np.uint64(index)  # type: ignore[return-value]  # an integer to kernels


@part
def whole(number: SupportsInt) -> int:
    """Return a number cut to a 64-bit integer, as entries of smaller ones and quotients need it."""
    return np.int64(number)  # type: ignore[return-value]  # an integer to kernels


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


@extending.overload(fetch, strict=False, jit_options=_INLINED)
def _compiled_fetch(array: Any, index: Any) -> Any:
    del array, index

    def fetch_(array: Any, index: Any) -> None:
        _fetch(array, index)  # type: ignore[call-arg]  # numba gives the context

    return fetch_
