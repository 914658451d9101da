"""Loading a simulator of a user's own by its reference."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError
from orchestrator.model import own_code
from orchestrator.model.simulators import OwnEngine, Simulator

if TYPE_CHECKING:
    from pathlib import Path

_DIGITS = 12  # of the hash of a source, in a reference to an installed package


def load(reference: str, modules: Path) -> OwnEngine:
    """Return the simulator that a reference names.

    Parameters
    ----------
    reference
        As :func:`orchestrator.model.own_code.load` has it; after the version of an installed
        package the first digits of its source's hash may stand.

    Raises
    ------
    FormatError
        If it cannot be imported, is no simulator, or has another source than the reference says.
    """
    code = own_code.load(reference, modules, "simulator")
    if not isinstance(code.value, Simulator):
        name = reference.partition(" ")[0].partition(":")[2]
        raise FormatError(
            f"{name}: expected an orchestrator.Simulator, got a {type(code.value).__name__}"
        )
    known = reference.split()[2:]
    if known and not code.sha256.startswith(known[0]):
        raise FormatError(f"{code.path} has changed since it was submitted; submit again")
    return OwnEngine(reference, code.value, code.path.absolute(), code.sha256)


def pinned(engine: OwnEngine) -> OwnEngine:
    """Return a simulator of an installed package with its source's hash in the reference."""
    where, version = (*engine.reference.split(), "")[:2]
    reference = f"{where} {version or '-'} {engine.sha256[:_DIGITS]}"
    return dataclasses.replace(engine, reference=reference)
