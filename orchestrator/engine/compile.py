"""Compile all kernels with Numba and write them to standard output, as they are kept.

Each is compiled for the types of the arguments with which tiny runs call it, and into an object of
its own, in which a C function takes the words of the arguments (see
:mod:`orchestrator.engine.kernels`).
"""

from __future__ import annotations

import functools
import os
import select
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]  # it has no types
from numba import extending, types
from numba.core.compiler_lock import global_compiler_lock

from orchestrator.engine import checkpoint, jit, kernels
from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.engine.genesis import Domain, planes
from orchestrator.engine.kmc_loop import possible
from orchestrator.engine.settings import Avalanches
from orchestrator.engine.simulation import Simulation
from orchestrator.formats.templates import parse_template

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orchestrator.formats.parameters import Value

# no reference counts: kernels own no arrays, and counting at every use of one is dear
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True, "_nrt": False}
_INLINED: Any = {"forceinline": True, "_nrt": False}
_WORD = ir.IntType(64)

_RUN: dict[str, Value] = {
    "Boundary": "OPEN",
    "Lambda_E": 1.0,
    "Lambda_T": 1.5,
    "Lambda_C": 0.5,
    "Lambda_G": 1000.0,
    "Coef_A": 0.1,
    "Init_ncycl": 50,
    "Lgca_speedup": 1,
}
_FULL: dict[str, Value] = {
    "Ava_mode": "TRANS",
    "Rot_mode": "FULL",
    "Rot_delay": 0.5,
    "Rot_angle": 30.0,
}
_RUNS: tuple[dict[str, Value], ...] = (
    {"Ava_mode": "TRANS", "Ava_angle": 30.0},
    {"Ava_mode": "SYNC"},
    {"Ava_mode": "PROPAG", "Ava_angle": 30.0, "Ava_delay": 1.0},
    _FULL,
    _FULL | {"Boundary": "PERIODIC"},
    _FULL | {"Lgca_reset": False},
)
"""Changes to the parameters of runs that together call every kernel."""


def main(words: Sequence[str]) -> None:
    """Compile and write.

    Raises
    ------
    ExitError
        If there are words.
    """
    if words:
        raise ExitError(Exit.REFUSED, "usage: compile")
    threading.Thread(target=_end_alone, daemon=True).start()
    for kernel in jit.declared.values():
        kernel.run = dispatcher(kernel)
    for changes in _RUNS:
        _simulate(changes)
    objects = {name: _object(name, kernel) for name, kernel in sorted(jit.declared.items())}
    sys.stdout.buffer.write(kernels.pack(objects))


def _end_alone() -> None:
    """End this process as soon as nobody has the reading end of its standard output any more."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    poll.poll()
    os._exit(Exit.REFUSED)


@functools.cache
def dispatcher(function: jit.Kernel[..., Any] | jit.Part[..., Any]) -> Any:
    """Return what Numba compiles a kernel or a part with, for whatever it is called with."""
    inlined = isinstance(function, jit.Part)
    return numba.njit(forceinline=inlined, **_OPTIONS)(function.py_func)


@extending.typeof_impl.register(jit.Part)
@extending.typeof_impl.register(jit.Kernel)
def _typeof(function: Any, _context: Any) -> Any:
    """Let kernels call parts, and other kernels."""
    return types.Dispatcher(dispatcher(function))


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


@extending.overload(jit.fetch, strict=False, jit_options=_INLINED)
def _compiled_fetch(array: Any, index: Any) -> Callable[..., None]:
    del array, index

    def fetch_(array: Any, index: Any) -> None:
        _fetch(array, index)  # type: ignore[call-arg]  # numba gives the context

    return fetch_


def _simulate(changes: dict[str, Value]) -> None:
    """Run a tiny domain, with all that may be done with a run."""
    domain = Domain(12, 20, 6, parse_template("SNOWFALL(3.5)"))
    cells = np.stack([plane.copy() for plane in planes(domain, 1)])
    parameters = {**_RUN, **changes}
    run = Simulation(parameters, cells, np.zeros(cells.shape, np.int32), time=0.0, seed=1)
    run.run(stop=1.0, every=1.0, on_snapshot=_look)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "state"
        checkpoint.save(run, path)
        checkpoint.load(path, parameters)
    possible(run.ground, run.rules, run.slopes.repose, run.rates)
    if run.settings.avalanches is Avalanches.PROPAG:
        run.slopes.propagate(run.bed, run.clock)


def _look(simulation: Simulation) -> None:
    assert simulation.speeds


def _object(name: str, kernel: jit.Kernel[..., Any]) -> kernels.Object:
    """Return the object of a kernel that has been called.

    Raises
    ------
    AssertionError
        If it was called with other types of arguments than before, or never: a bug.
    """
    (result,) = dispatcher(kernel).overloads.values()
    returned = _form(result.signature.return_type)
    results = returned if isinstance(returned, list) else [returned]
    symbol = f"rescal_{name.replace('.', '_')}"
    return kernels.Object(
        symbol,
        [_form(each) for each in result.signature.args],
        [each for each in results if each != "none"],
        _code(symbol, result),
    )


def _form(kind: Any) -> kernels.Form:
    """Return the form of values of one of Numba's types."""
    if isinstance(kind, types.BaseTuple):
        items: Any = kind  # which its own type does not say
        return [_form(item) for item in items]
    if isinstance(kind, types.Array):
        assert kind.layout == "C", kind
        return f"{kind.dtype}[{kind.ndim}]"
    return str(kind)


def _code(symbol: str, result: Any) -> bytes:
    """Return the object of a compiled function and of the C function that calls it with words."""
    context, described = result.target_context, result.fndesc
    library = context.codegen().create_library(symbol)
    library.enable_object_caching()
    library.add_linking_library(result.library)
    module = library.create_ir_module(symbol)
    form = ir.FunctionType(ir.IntType(32), [_WORD.as_pointer()] * 2)
    function = ir.Function(module, form, symbol)
    builder = ir.IRBuilder(function.append_basic_block())
    words, results = function.args

    def word(base: Any, index: int, kind: Any) -> Any:
        return builder.bitcast(builder.gep(base, [_WORD(index)]), kind.as_pointer())

    packer = context.get_arg_packer(described.argtypes)
    values = [builder.load(word(words, i, t)) for i, t in enumerate(packer.argument_types)]
    status, value = context.call_conv.call_function(
        builder,
        context.declare_function(module, described),
        described.restype,
        described.argtypes,
        packer.from_arguments(builder, values),
    )
    parts = []
    if isinstance(described.restype, types.BaseTuple):
        parts = [builder.extract_value(value, i) for i in range(len(described.restype))]
    elif described.restype is not types.none:
        parts = [value]
    for i, each in enumerate(parts):
        narrow = each.type == ir.IntType(1)
        stored = builder.zext(each, ir.IntType(8)) if narrow else each
        builder.store(stored, word(results, i, stored.type))
    builder.ret(builder.zext(status.is_error, ir.IntType(32)))
    with global_compiler_lock:
        library.add_ir_module(module)
        library.finalize()
        library.get_pointer_to_function(symbol)
        code: bytes = library._get_compiled_object()  # noqa: SLF001  # Numba shows it to its cache alone
    return code
