"""Compiled kernels: object code from the cache, loaded by LLVM and called with addresses.

A kernel is a C function of two addresses: the words of its arguments, and those of its results. A
word has 64 bits. A number takes one, a tuple those of its items, and an array those that Numba
describes it by: two that are 0 here, how many items, bytes per item, the address, the shape and the
strides.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import json
import os
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from llvmlite import binding  # type: ignore[import-untyped]  # it has no types

from orchestrator.engine import cache
from orchestrator.engine.exit_status import Exit, ExitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

Form = str | list[Any]
"""What a value is: a scalar's dtype, an array's dtype and dimensions as ``int16[2]``, or a list of
the forms of a tuple's items.
"""

_CODES = {"bool": "?7x", "int64": "q", "float32": "f4x", "float64": "d"}  # as struct has them
_NUMBERS: Mapping[str, tuple[type, ...]] = {
    "bool": (bool, np.bool_),
    "int64": (int, np.integer),
    "float32": (np.float32,),
    "float64": (float,),
}
_BEGINNING = b"\0rescal-sweep kernels\0"
_LENGTH = struct.Struct("<I")
_NOT_COMPILED = "the engine cannot be compiled"


@dataclass(frozen=True, slots=True)
class Object:
    """The object code of a kernel.

    Attributes
    ----------
    symbol
        The function's name in the code.
    arguments, results
        Forms; of a kernel that returns a tuple there are several results, of one that returns
        nothing none.
    code
        A relocatable object file.
    """

    symbol: str
    arguments: Sequence[Form]
    results: Sequence[str]
    code: bytes


def pack(objects: Mapping[str, Object]) -> bytes:
    """Return objects by name as they are kept: a mark, an index and its length, and the codes."""
    index = {
        name: [o.symbol, o.arguments, o.results, len(o.code)] for name, o in objects.items()
    }
    head = json.dumps(index).encode()
    codes = (o.code for o in objects.values())
    return b"".join([_BEGINNING, _LENGTH.pack(len(head)), head, *codes])


def unpack(content: bytes) -> dict[str, Object]:
    """Return the objects that were packed."""
    content = content.removeprefix(_BEGINNING)
    start = _LENGTH.size + _LENGTH.unpack_from(content)[0]
    objects = {}
    for name, (symbol, arguments, results, size) in json.loads(
        content[_LENGTH.size : start]
    ).items():
        objects[name] = Object(symbol, arguments, results, content[start : start + size])
        start += size
    return objects


@functools.cache
def load() -> Mapping[str, Callable[..., Any]]:
    """Return all kernels by name, compiling them first where none are kept.

    Raises
    ------
    ExitError
        If they cannot be compiled.
    """
    objects = unpack(cache.content(_compiled))
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_triple(binding.get_process_triple())
    machine = target.create_target_machine(jit=True, codemodel="jitdefault")
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    for each in objects.values():
        engine.add_object_file(binding.ObjectFileRef.from_data(each.code))
    engine.finalize_object()
    return {
        name: _Call(engine, engine.get_function_address(each.symbol), each)
        for name, each in objects.items()
    }


def _compiled() -> bytes:
    """Return all kernels as a process of its own compiles them, whose memory is not kept."""
    command = (sys.executable, "-P", "-m", "orchestrator.engine", "compile")
    # without settings that were meant for others, such as not to compile at all
    variables = {n: v for n, v in os.environ.items() if not n.startswith("NUMBA_")}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, check=False, env=variables
        )
    except OSError as error:
        raise ExitError(Exit.REFUSED, f"{_NOT_COMPILED}: {error.strerror}") from error
    # before it there is what modules print that a site loads into every Python
    _, beginning, packed = done.stdout.partition(_BEGINNING)
    if done.returncode or not beginning:
        raise ExitError(Exit.REFUSED, f"{_NOT_COMPILED}: {_reason(done)}")
    return beginning + packed


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return why the process that compiles has ended without kernels."""
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    if done.returncode < 0:
        last.append(f"ended by signal {-done.returncode}")
    return ", ".join(last) or f"exit status {done.returncode}"


class _Call:
    """A kernel that can be called. The words of its arguments stay from one call to the next."""

    def __init__(self, engine: Any, address: int, kernel: Object) -> None:
        self._engine = engine  # which has the code
        self._symbol = kernel.symbol
        self._lock = threading.Lock()
        self._function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(
            address
        )
        starts = [0, *itertools.accumulate(_size(form) for form in kernel.arguments)]
        self._words = bytearray(8 * starts.pop())
        self._results = bytearray(8 * len(kernel.results))
        self._addresses = _address(self._words), _address(self._results)
        forms = zip(kernel.arguments, starts, strict=True)
        self._writers = [_writer(form, self._words, 8 * start) for form, start in forms]
        self._result = struct.Struct("<" + "".join(_CODES[form] for form in kernel.results))

    def __call__(self, *arguments: Any) -> Any:
        """Run the kernel.

        Raises
        ------
        TypeError
            If an argument is not what the kernel was compiled for.
        """
        with self._lock:  # the words are one thread's until the results are read
            for write, value in zip(self._writers, arguments, strict=True):
                write(value)
            if self._function(*self._addresses):
                raise RuntimeError(self._symbol)
            results = self._result.unpack(self._results)
        return results if len(results) > 1 else results[0] if results else None


def _address(memory: bytearray) -> int:
    """Return where memory is that is never resized; 0 of none."""
    return ctypes.addressof(ctypes.c_char.from_buffer(memory)) if memory else 0


def _size(form: Form) -> int:
    """Return how many words a value takes."""
    if isinstance(form, list):
        return sum(map(_size, form))
    _, _, dimensions = form.partition("[")
    return 5 + 2 * int(dimensions[:-1]) if dimensions else 1


def _writer(form: Form, words: bytearray, start: int) -> Callable[[Any], None]:
    """Return what writes a value to ``words`` from byte ``start`` on."""
    if isinstance(form, list):
        return _Tuple(form, words, start).write
    pack = _packer(form)
    size = 8 * _size(form)

    def write(value: Any) -> None:
        words[start : start + size] = pack(value)

    return write


class _Tuple:
    """Where a tuple's words are written, and which one is there.

    Tuples of hundreds of words are seldom new ones. Of each form the latest that was described is
    known for all kernels, so that no old one keeps its arrays.
    """

    _latest: ClassVar[dict[str, tuple[tuple[Any, ...], int, bytes]]] = {}
    _serial: ClassVar[Iterator[int]] = itertools.count(1)

    def __init__(self, form: list[Any], words: bytearray, start: int) -> None:
        self._key = json.dumps(form)
        self._pack = _packer(form)
        self._words = words
        self._bytes = slice(start, start + 8 * _size(form))
        self._written = 0

    def write(self, value: tuple[Any, ...]) -> None:
        """Write a tuple, unless it is there."""
        latest, serial, packed = self._latest.get(self._key, (None, 0, b""))
        if latest is not value:
            serial, packed = next(self._serial), self._pack(value)
            self._latest[self._key] = value, serial, packed
        if serial != self._written:
            self._words[self._bytes] = packed
            self._written = serial


def _packer(form: Form) -> Callable[[Any], bytes]:
    """Return what turns a value of a form into its words."""
    if isinstance(form, list):
        packers = [_packer(item) for item in form]
        return lambda value: b"".join(p(item) for p, item in zip(packers, value, strict=True))
    name, _, dimensions = form.partition("[")
    if not dimensions:
        return _number(form)
    dtype, count = np.dtype(name), int(dimensions[:-1])
    pack = struct.Struct(f"<{5 + 2 * count}q").pack

    def of_array(array: NDArray[Any]) -> bytes:
        if array.dtype != dtype or array.ndim != count or not array.flags.c_contiguous:
            raise TypeError(f"{form}, C-contiguous: {array.dtype}{array.shape}")
        address = array.__array_interface__["data"][0]
        return pack(0, 0, array.size, array.itemsize, address, *array.shape, *array.strides)

    return of_array


def _number(form: str) -> Callable[[Any], bytes]:
    kinds, pack = _NUMBERS[form], struct.Struct(f"<{_CODES[form]}").pack

    def of_number(value: Any) -> bytes:
        if not isinstance(value, kinds):
            raise TypeError(f"{form}: {value!r} of {type(value)}")
        return pack(value)

    return of_number
