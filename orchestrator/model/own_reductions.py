"""Reductions of a user's own: declared by a decorator, loaded by name, described in ``meta_data``."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from orchestrator.errors import FormatError
from orchestrator.model import own_code
from orchestrator.model.own_code import sentence_of
from orchestrator.model.reductions import EXTRAS, REDUCTIONS, Reduction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Function = TypeVar("Function", bound="Callable[..., Any]")

DTYPES = ("float32", "float64")
"""What an own reduction may be kept as; they have "not a number" for what could not be computed."""

_TOLERANCE = 1e-5
_TAKEN = {
    *("time", "snapshot", "seed", "point"),
    *(dim for r in REDUCTIONS for dim in r.dims),
}
_TRIAL_PLANES = 4  # that a trial adds at once
_TOP_ROW_AIR = 3


def reduction(  # noqa: PLR0913  # what describes an array
    *,
    units: str,
    dims: Sequence[str] = (),
    sizes: Mapping[str, int] | None = None,
    long_name: str = "",
    comment: str = "",
    dtype: str = "float32",
    planes: bool = False,
) -> Callable[[Function], Function]:
    """Declare a function as a reduction that ``outputs.own`` of a sweep file may name.

    The function stays what it is, and can be called in a test.

    Parameters
    ----------
    units
        Of its values, such as ``cells``; ``1`` for a plain number.
    dims
        Dimensions of one snapshot's array: ``y`` (D), ``x`` (L) and those of ``sizes``; none for a
        single number.
    sizes
        Further dimensions and their sizes.
    long_name
        What it is called in datasets (default: the function's name in words).
    dtype
        ``float32`` or ``float64``.
    planes
        Whether it is computed from planes: the function is called with the array, which begins as
        zeros, with states, uint8 [plane, H, L], row 0 on top, and with the first plane's number, and
        adds to the array; by name with what of :data:`orchestrator.model.reductions.EXTRAS` it has
        keyword-only arguments for. Else it gets the finished height map, int16 [D, L], and returns the array.

    Raises
    ------
    ValueError
        For dimensions without a size, and other dtypes.
    """
    known = {"y", "x", *(sizes or {})}
    if clash := sorted((_TAKEN | {"y", "x"}) & {*(sizes or {})}):
        raise ValueError(f"sizes: {', '.join(clash)}: the tool's own; take another name")
    if unknown := [dim for dim in dims if dim not in known]:
        raise ValueError(f"dims: {unknown[0]}: expected y, x, or a name in sizes with its size")
    if dtype not in DTYPES:
        raise ValueError(f"dtype: expected float32 or float64, got {dtype}")

    def declare(function: Function) -> Function:
        compute = {"from_planes": lambda: function} if planes else {"from_map": function}
        declared = Reduction(
            name="",
            variable="",
            long_name=long_name or function.__name__.replace("_", " "),
            units=units,
            dtype=np.dtype(dtype).newbyteorder("<").str,
            dims=tuple(dims),
            sizes={name: int(size) for name, size in (sizes or {}).items() if name in dims},
            tolerance=_TOLERANCE,
            comment=comment,
            takes=_takes(function),
            **compute,
        )
        function.__dict__["reduction"] = declared
        return function

    return declare


def _takes_names_only(value: Any) -> bool:
    """Return whether a value is a function of keyword-only arguments, as one that makes reductions is."""
    if not inspect.isfunction(value):
        return False
    arguments = inspect.signature(value).parameters.values()
    return bool(arguments) and all(a.kind is a.KEYWORD_ONLY for a in arguments)


def _takes(function: Callable[..., Any]) -> frozenset[str]:
    """Return the names of keyword-only arguments without a default."""
    arguments = inspect.signature(function).parameters.values()
    names = frozenset(a.name for a in arguments if a.kind is a.KEYWORD_ONLY)
    if unknown := sorted(names - {*EXTRAS}):
        known = ", ".join(EXTRAS)
        raise ValueError(f"{function.__name__}: {unknown[0]}: expected one of {known}")
    return names


def load(name: str, reference: str, modules: Path) -> Reduction:
    """Return the reduction that a reference names, as an output ``name``.

    Parameters
    ----------
    reference
        ``FILE.py:FUNCTION`` of a file in ``modules``, else ``MODULE:FUNCTION`` of an installed
        package, after which its version may stand.

    Raises
    ------
    FormatError
        If it cannot be imported, or is not declared as a reduction.
    """
    code = own_code.load(reference, modules, "function")
    declared = getattr(code.value, "reduction", None)
    if not isinstance(declared, Reduction):
        function_name = reference.partition(" ")[0].partition(":")[2]
        wish = f"decorate {function_name} with orchestrator.reduction(...)"
        if _takes_names_only(code.value):
            wish = f"write {function_name}(NAME=NUMBER), with the numbers that it makes one of"
        raise FormatError(f"{function_name} is no reduction; {wish}")
    return replace(
        declared,
        name=name,
        variable=name,
        source={"reference": reference, "sha256": code.sha256},
    )


def file_of(own: Reduction) -> str:
    """Return the file that has a reduction's function."""
    function = own.from_map if own.from_planes is None else own.from_planes()
    return str(getattr(getattr(function, "__code__", None), "co_filename", ""))


def check(own: Reduction, depth: int, height: int, length: int) -> None:
    """Try a reduction on a made-up bed.

    Raises
    ------
    FormatError
        If it fails, or returns another shape or what is no array of numbers.
    """
    rng = np.random.default_rng(1)
    heights = rng.integers(1, max(2, height // 2), (depth, length)).astype(np.int16)
    try:
        if own.from_planes is not None:
            array = np.zeros(own.shape_in(depth, length), own.dtype)
            rows = np.arange(height)[::-1, None]
            states = np.where(rows < heights[:, None, :], 0, _TOP_ROW_AIR).astype(np.uint8)
            add: Callable[..., None] = own.from_planes()
            for first in range(0, depth, _TRIAL_PLANES):
                planes = states[first : first + _TRIAL_PLANES]
                extras = {"depth": depth, "ages": np.zeros(planes.shape, np.float32)}
                add(array, planes, first, **{n: extras[n] for n in own.takes})
        elif own.from_map is not None:
            fitted(own, own.from_map(heights), heights.shape)
    except FormatError:
        raise
    except (Exception, SystemExit) as error:
        raise FormatError(
            f"failed on a trial bed of {depth} x {length} columns: {sentence_of(error, file_of(own))}"
        ) from error


def fitted(own: Reduction, values: Any, shape: tuple[int, int]) -> NDArray[Any]:
    """Return what a reduction has computed for a map of this shape, as its dtype.

    Raises
    ------
    FormatError
        If the array has another shape than declared, or is none of numbers.
    """
    array, wanted = np.asarray(values), own.shape_in(*shape)
    if array.dtype.kind not in "biuf":
        raise FormatError(f"expected numbers, got {array.dtype}")
    if array.shape != wanted:
        dims = ", ".join(own.dims) or "a single number"
        raise FormatError(f"expected {_form(wanted)} ({dims}), got {_form(array.shape)}")
    return array.astype(own.dtype)


def _form(shape: tuple[int, ...]) -> str:
    return f"shape ({', '.join(map(str, shape))})"


def described(arrays: Any) -> Iterator[Reduction]:
    """Yield the own reductions that ``arrays`` of a ``meta_data`` describes, without their code."""
    shipped = {r.name for r in REDUCTIONS}
    for name, about in arrays.items() if isinstance(arrays, dict) else ():
        if name in shipped or not isinstance(about, dict):
            continue
        dims, sizes = about.get("dims"), about.get("sizes", {})
        if not isinstance(dims, list) or not isinstance(sizes, dict):
            continue
        if {*dims[1:]} - {"y", "x", *sizes} or about.get("dtype") not in _STORED:
            continue  # of a later version, or damaged
        yield Reduction(
            name=name,
            variable=name,
            long_name=str(about.get("long_name", name)),
            units=str(about.get("units", "1")),
            dtype=about["dtype"],
            dims=tuple(dims[1:]),
            sizes={dim: int(size) for dim, size in sizes.items()},
            tolerance=_TOLERANCE,
            comment=str(about.get("comment", "")),
        )


_STORED = tuple(np.dtype(name).newbyteorder("<").str for name in DTYPES)
