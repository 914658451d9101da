"""A simulator of a user's own, ``run.engine: MODULE:NAME``: found, imported and checked."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError
from orchestrator.formats.spelling import did_you_mean
from orchestrator.model import own_code, own_engines
from orchestrator.model.experiments import ENGINES
from orchestrator.sweepfile import code_files, scalars
from orchestrator.sweepfile.own_names import CLASH, RESERVED

if TYPE_CHECKING:
    from orchestrator.model.simulators import OwnEngine, Simulator
    from orchestrator.sweepfile.problems import Problems
    from orchestrator.sweepfile.sections import Section

GROUP = "rescal_sweep.engines"
"""Entry points of installed packages that are simulators."""


def settle(run: Section, folder: Path, problems: Problems) -> OwnEngine | None:
    """Return the simulator that ``run.engine`` names beside the sweep file or among packages.

    Raises
    ------
    RequestError
        If it cannot be used, or nothing is known by that name: its parameters are not known then,
        and the rest of the file cannot be checked.
    """
    if "engine" in run.positions and "engine" not in run.values:
        problems.check()
    written = str(run.values.get("engine", ENGINES[0]))
    if written in ENGINES:
        return None
    if ":" not in written and own_code.entry_point(GROUP, written) is None:
        hint = did_you_mean(written, ENGINES)
        text = f"expected {scalars.ENGINE_WISH}, got {written}{hint}"
        problems.add(run.positions["engine"], "run.engine", text)
        if not hint:
            problems.check()
        return None
    try:
        return load(written, folder)
    except FormatError as error:
        problems.add(run.positions["engine"], "run.engine", f"{written}: {error}")
        problems.check()
        raise


def load(written: str, folder: Path) -> OwnEngine:
    """Return the simulator that ``MODULE:NAME`` or an entry point names, beside ``folder``'s files or installed.

    Raises
    ------
    FormatError
        If it cannot be used.
    """
    reference, path = code_files.find(written, folder, GROUP)
    engine = own_engines.load(reference, folder if path is None else path.parent)
    _refuse(engine.simulator)
    if path is None:
        return own_engines.pinned(engine)
    return dataclasses.replace(engine, reference=code_files.named(reference, path)[0])


def _refuse(simulator: Simulator) -> None:
    """Refuse names that datasets have already, and a program that is not there."""
    if clash := sorted(RESERVED & set(simulator.table)):
        raise FormatError(f"parameters: {clash[0]}: {CLASH}")
    program = simulator.command[0]
    if "{" in program:
        return
    if "/" in program and not Path(program).is_absolute():
        wish = "an absolute path, a name on the PATH, or {python} and {module}"
        raise FormatError(f"its command {program}: expected {wish}")
    if shutil.which(program) is None:
        raise FormatError(f"its command {program}: no such program")
