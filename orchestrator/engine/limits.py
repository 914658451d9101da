"""What is refused before a run: what this engine does not simulate, and what never ends."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.engine import settings
from orchestrator.engine.active_region import corridor, margins
from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.engine.gas_layout import PLANE_SPACING
from orchestrator.engine.settings import Rotation, in_16_bits
from orchestrator.engine.transitions import negative, table
from orchestrator.errors import RequestError
from orchestrator.formats import frames
from orchestrator.formats.cellspace import Header

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from orchestrator.engine.settings import Settings
    from orchestrator.formats.parameters import Value
    from orchestrator.formats.parfile import ParFile

LATEST = 2.0**31
"""The first time, in t0, that cells cannot keep any more."""

_RATES = {"12": "Lambda_D", "13": "Lambda_D", "14": "Lambda_A", "15": "Lambda_A"}
_LEAST_HEIGHT = 4  # the model mixes gas in rows up to the fifth, except in a cyclic box
_LEAST_LENGTH = 9  # and interpolates its velocity between three boxes of five columns
_LEAST_DISK = 8  # a disk reaches beyond a smaller box
_CLEAR_DISK = 10  # in a cyclic box one that touches the walls draws them in
_LEAST_FULL = 4  # smaller spaces have no edges to turn
_HEADLESS = "cells without a header are not read; use Csp_file"
_TOO_LARGE = "the rates of Lambda_* and Coef_* are too large together"
_LEAST_GAS_DELAY = 1e-3  # t0; less than the time between two events


def refuse(file: ParFile, values: Mapping[str, Value]) -> None:
    """Refuse what this engine does not simulate or what never ends, naming file and line.

    Raises
    ------
    ExitError
        One sentence for each problem.
    """
    try:
        settings.refuse_unsupported(values)
    except RequestError as error:
        names = [problem.split(" = ", 1)[0] for problem in error.problems]
        rates = all(name.startswith("Lambda_") for name in names)
        sentences = (
            f"{file.line_of(name)}: {problem}"
            for name, problem in zip(names, error.problems, strict=True)
        )
        raise ExitError(Exit.REFUSED if rates else Exit.UNSUPPORTED, *sentences) from error
    if "Bin_file" in values and "Csp_file" not in values:
        raise ExitError(
            Exit.UNSUPPORTED,
            f"{file.line_of('Bin_file')}: Bin_file: {_HEADLESS}",
        )
    problems = [f"{file.line_of(name)}: {name}: {why}" for name, why in _impossible(values)]
    if problems:
        raise ExitError(Exit.REFUSED, *problems)


def refuse_negative(
    file: ParFile, values: Mapping[str, Value], cells: NDArray[np.uint8]
) -> None:
    """Refuse negative rates of checked or linked transitions that start from ``cells`` [D, H, L].

    Raises
    ------
    ExitError
        One sentence for each parameter that makes one negative.
    """
    wanted = settings.read(values, "SNO")
    across = bool(wanted.diffusion < 0) and corridor(cells).width > 1
    at_fault = list(negative_rates(wanted, across=across))
    if at_fault:
        raise ExitError(
            Exit.REFUSED,
            *(
                f"{file.line_of(name)}: {name} = {values[name]}: a rate cannot be negative{why}"
                for name, why in at_fault
            ),
        )


def negative_rates(wanted: Settings, *, across: bool) -> Iterator[tuple[str, str]]:
    """Yield the parameters that make rates negative of which others depend, and how they do it.

    ``across`` tells whether the space between solid planes is more than one cell deep.
    """
    names = negative(wanted, across=across)
    yield from dict.fromkeys((_RATES[name], "") for name in names if name in _RATES)
    if "11" in names:
        yield "Lambda_C", ", and that of transport is three times this one"
    elif "10" in names:
        yield "Coef_A", ""


def problems(values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """Yield a name and what is wrong with its value, for each that does not depend on the cells."""
    try:
        settings.refuse_unsupported(values)
    except RequestError as error:
        for problem in error.problems:
            name, _, why = problem.partition(" = ")
            yield name, why
    if "Bin_file" in values and "Csp_file" not in values:
        yield "Bin_file", _HEADLESS
    yield from _impossible(values)


def too_small(
    wanted: Settings, height: int, length: int, depth: int
) -> Iterator[tuple[str, str]]:
    """Yield the sizes, in cells, that are too small for the gas or for turning, and why."""
    if wanted.gas:
        for name, size, least in (
            ("H", height, 1 if wanted.periodic else _LEAST_HEIGHT),
            ("L", length, _LEAST_LENGTH),
        ):
            if size < least:
                yield name, f"the gas needs {least} cells or more, got {size}"
    sides = {"L": length, "D": depth}
    least = {Rotation.DISK: _LEAST_DISK, Rotation.FULL: _LEAST_FULL}.get(wanted.rotation, 1)
    if wanted.turns:
        for name, size in sides.items():
            if size < least:
                mode = wanted.rotation.value
                yield name, f"Rot_mode = {mode} needs {least} cells or more, got {size}"
    if wanted.rotation is Rotation.FULL:
        walls, _ = margins(length, depth, gas=wanted.gas)
        first = -(-(walls - 1) // PLANE_SPACING) * PLANE_SPACING + 1
        if wanted.gas and first >= walls + depth:
            yield "D", f"Rot_mode = FULL: no plane of the gas meets a space {depth} cells deep"


def box_of(wanted: Settings, size: Header) -> Header:
    """Return the header of snapshots with walls, in the box in which the space of ``size`` can turn."""
    walls = (1, 1)
    if wanted.rotation is Rotation.FULL:
        walls = margins(size.length, size.depth, gas=wanted.gas)
    across, along = walls
    return replace(size, borders=True, margins=(across, 1, along))


def too_large(
    wanted: Settings, height: int, length: int, depth: int
) -> Iterator[tuple[str, str]]:
    """Yield why snapshots in the box in which a space can turn are too large for a pipe."""
    box = box_of(wanted, Header("SNO", height, length, depth))
    if wanted.rotation is Rotation.FULL and box.size + box.payload_bytes > frames.LARGEST:
        deep, high, long = box.box_shape
        yield (
            "Rot_mode",
            f"FULL: a box of {high} x {long} x {deep} cells is more than a snapshot of 2 GiB holds",
        )


def near_walls(wanted: Settings, length: int, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the size, in cells, at which a disk mostly cannot turn without touching the walls.

    Where it can depends on the angles; a run ends at the first turn at which it cannot.
    """
    if not wanted.turns or wanted.rotation is not Rotation.DISK:
        return
    name, size = ("L", length) if length < depth else ("D", depth)
    least = _CLEAR_DISK if wanted.periodic else _CLEAR_DISK - 1
    if _LEAST_DISK <= size < least:
        yield (
            name,
            f"Rot_mode = DISK reaches into the walls; take {least} cells or more, not {size}",
        )


def walled(
    wanted: Settings, first: int, last: int, length: int, depth: int
) -> Iterator[tuple[str, str]]:
    """Yield why a space cannot turn that is open between two planes only."""
    if wanted.turns and wanted.rotation is Rotation.DISK:
        radius = abs(min(length + 2, depth + 2) // 2 - 10)
        middle = (depth + 2) / 2 - 0.5
        if middle - first < radius or last - middle < radius:
            yield "Rot_mode", "the disk reaches into solid planes"


def _impossible(values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """Yield a name and what is wrong with its value, for each that would never let a run end."""
    time = float(values.get("Time", 0))
    if not abs(time) < LATEST:
        yield "Time", f"expected less than 2^31 t0, got {time:g}"
    delay = float(values.get("Lgca_delay", 0))
    if delay != 0 and delay < _LEAST_GAS_DELAY:
        yield "Lgca_delay", f"expected 0 or at least {_LEAST_GAS_DELAY:g} t0, got {delay:g}"
    step = in_16_bits(int(values.get("Ava_h_lim", 1)))
    if values.get("Ava_mode", "SYNC") == "SYNC" and step < 1:
        yield "Ava_h_lim", f"synchronous avalanches need 1 or more, got {step}"
    for name in ("Prob_link_ET", "Prob_link_TT"):
        share = float(values.get(name, 0))
        if share > 1:
            yield name, f"a probability is at most 1, got {share:g}"
    yield from _boundless(values)


def _boundless(values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """Yield the largest factor if a rate is larger than single precision can hold."""
    rows = table(settings.read(values, "SNO"), across=True, sources=True, sinks=True)
    if any(math.isinf(row.rate) for row in rows):
        factors = [name for name in values if name.startswith(("Lambda_", "Coef_"))]
        largest = max(factors, key=lambda name: abs(float(values[name])))
        yield largest, f"{float(values[largest]):g}: {_TOO_LARGE}"
