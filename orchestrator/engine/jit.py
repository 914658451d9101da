"""Kernels: functions that run compiled, from object code that is kept, without the compiler.

Kernels round every single-precision operation as IEEE 754 says: no ``fastmath``, and division by
zero follows IEEE 754 too instead of raising. Numba compiles them in a process of its own, see
:mod:`orchestrator.engine.compile`.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, SupportsInt, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

declared: dict[str, Kernel[..., Any]] = {}
"""All that are declared in the modules that are imported, by module and name."""


class Part(Generic[_Arguments, _Result]):
    """A function that is compiled into every kernel that calls it, however large it is.

    A call would copy the descriptions of all arrays in its arguments' tuples. From Python it runs
    interpreted.
    """

    def __init__(self, function: Callable[_Arguments, _Result]) -> None:
        functools.update_wrapper(self, function)
        self.py_func = function

    def __call__(self, *arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Result:
        """Run interpreted."""
        return self.py_func(*arguments, **named)


class Kernel(Generic[_Arguments, _Result]):
    """A function that runs compiled; ``py_func`` is the interpreted one.

    Attributes
    ----------
    run
        Runs it compiled. The first call sets it.
    """

    def __init__(self, function: Callable[_Arguments, _Result]) -> None:
        functools.update_wrapper(self, function)
        self.py_func = function
        self.run: Callable[..., _Result] = self._first
        declared[self.name] = self

    @property
    def name(self) -> str:
        """Module and name, as ``gas.mix``."""
        return f"{self.py_func.__module__.rpartition('.')[2]}.{self.py_func.__name__}"

    def __call__(self, *arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Result:
        """Run compiled; arguments come in their order."""
        return self.run(*arguments, **named)

    def _first(self, *arguments: Any) -> _Result:
        from orchestrator.engine import kernels  # noqa: PLC0415  # which loads all of them

        self.run = kernels.load()[self.name]
        return self.run(*arguments)


def kernel(function: Callable[_Arguments, _Result]) -> Kernel[_Arguments, _Result]:
    """Declare a kernel."""
    return Kernel(function)


def part(function: Callable[_Arguments, _Result]) -> Part[_Arguments, _Result]:
    """Declare a part of kernels."""
    return Part(function)


@part
def at(index: int) -> int:
    """Return a non-negative index that is taken as it is, without a look at its sign."""
    return np.uint64(index)  # type: ignore[return-value]  # an integer to kernels


@part
def whole(number: SupportsInt) -> int:
    """Return a number cut to a 64-bit integer, as entries of smaller ones and quotients need it."""
    return np.int64(number)  # type: ignore[return-value]  # an integer to kernels


def fetch(array: NDArray[Any], index: int) -> None:
    """Ask the processor to bring ``array[index]``, if there is such an entry, into its cache."""
