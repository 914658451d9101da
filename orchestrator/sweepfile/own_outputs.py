"""Reductions of a user's own, ``outputs.own``: found, imported and tried before anything is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError
from orchestrator.sweepfile import code_files
from orchestrator.sweepfile.fields import NAME, OWN
from orchestrator.sweepfile.own_names import RESERVED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from orchestrator.model.reductions import Reduction
    from orchestrator.sweepfile.consistency import Parts
    from orchestrator.sweepfile.problems import Problems

TAKEN = RESERVED | {"height_maps", "ffts", "times", "snapshot"}
"""Names that datasets and files have already."""

GROUP = "rescal_sweep.reductions"
"""Entry points of installed packages that are reductions."""

_NAME = re.compile(NAME)
_LARGEST = 4096  # cells along a side of a trial bed
_USUAL = 50  # where a formula decides


@dataclass(frozen=True, slots=True)
class OwnOutputs:
    """Own outputs as they are submitted.

    Attributes
    ----------
    references
        By the name of the output: the file with the hash of its content, or the module of an
        installed package, the function, and the package's version.
    modules
        Where each of these files is, by that name.
    reductions
        What they are.
    """

    references: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, Path] = field(default_factory=dict)
    reductions: tuple[Reduction, ...] = ()


def settle(parts: Parts, folder: Path, problems: Problems) -> OwnOutputs:
    """Find each function, beside the sweep file in ``folder`` or installed, and try it."""
    wanted = parts.outputs.values.get(OWN, {})
    if not wanted:
        return OwnOutputs()
    from orchestrator.model import own_reductions  # noqa: PLC0415  # NumPy, which few sweeps need

    references: dict[str, str] = {}
    modules: dict[str, Path] = {}
    reductions: list[Reduction] = []
    sizes: dict[str, tuple[str, int]] = {}
    for name, written in wanted.items():
        position = parts.outputs.positions[f"{OWN}.{name}"]
        try:
            _refuse_name(name, parts)
            reference, path = code_files.find(written, folder, GROUP)
            own = own_reductions.load(name, reference, folder if path is None else path.parent)
            _agree(own, sizes, parts.names)
            own_reductions.check(own, *(_side(parts, side) for side in "DHL"))
        except FormatError as error:
            problems.add(position, f"outputs.{OWN}.{name}", f"{written}: {error}")
            continue
        if path is not None:
            reference, named = code_files.named(reference, path)
            modules[named] = path
        references[name] = reference
        reductions.append(own)
    return OwnOutputs(references, modules, tuple(reductions))


def _refuse_name(name: str, parts: Parts) -> None:
    if not _NAME.fullmatch(name):
        raise FormatError(f"{name}: expected a name of small letters, digits and _")
    if name in TAKEN or name in parts.names:
        whose = "of the tool's own" if name in TAKEN else "of a parameter"
        raise FormatError(f"{name} is a name {whose}; take another")


def _agree(own: Reduction, sizes: dict[str, tuple[str, int]], parameters: set[str]) -> None:
    """Refuse a dimension that is a parameter, or that two outputs have with different sizes."""
    for dim, size in own.sizes.items():
        if dim in parameters:
            raise FormatError(f"{dim}, a dimension, is also the name of a parameter")
        other, before = sizes.setdefault(dim, (own.name, size))
        if before != size:
            raise FormatError(f"{dim} has {size} values, but {before} in outputs.{OWN}.{other}")


def _side(parts: Parts, name: str) -> int:
    """Return a side of the domain in cells, the longest of those swept."""
    return min(_LARGEST, max(1, int(max(parts.numbers(name), default=_USUAL))))
