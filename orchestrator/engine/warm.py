"""Compile all kernels, or load them where they are compiled, so that a run starts at once."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine import cache, checkpoint
from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.engine.genesis import Domain, planes
from orchestrator.engine.kmc_loop import possible
from orchestrator.engine.settings import Avalanches
from orchestrator.engine.simulation import Simulation
from orchestrator.formats.templates import parse_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from orchestrator.engine.settings import Settings
    from orchestrator.formats.parameters import Value

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
_CASES: dict[str, dict[str, Value]] = {
    "TRANS": {"Ava_mode": "TRANS", "Ava_angle": 30.0},
    "SYNC": {"Ava_mode": "SYNC"},
    "PROPAG": {"Ava_mode": "PROPAG", "Ava_angle": 30.0, "Ava_delay": 1.0},
    "FULL": {"Ava_mode": "TRANS", "Rot_mode": "FULL", "Rot_delay": 0.5, "Rot_angle": 30.0},
}
"""Runs that need kernels of their own; the last one comes in an open and in a cyclic box."""

_loaded: set[str] = set()  # of these, by this process or the one that it was forked from


def main(words: Sequence[str]) -> None:
    """Compile what is not compiled yet, load it, and say how long that took.

    Raises
    ------
    ExitError
        If there are words.
    """
    if words:
        raise ExitError(Exit.REFUSED, "usage: warm")
    start = time.perf_counter()
    cache.ensure(compile_all, load=compile_all)  # which shows that they can be loaded
    sys.stdout.write(f"{time.perf_counter() - start:.2f} s\n")


def compile_all() -> None:
    """Simulate a tiny domain in every way that has kernels of its own."""
    _load(_CASES)
    _simulate(_CASES["FULL"] | {"Boundary": "PERIODIC"})
    _simulate(_CASES["FULL"] | {"Lgca_reset": False})


def ready(wanted: Settings | None = None) -> None:
    """Have the kernels loaded that a run needs, or those that every run needs."""
    own = set() if wanted is None else {wanted.avalanches.value, wanted.rotation.value}
    missing = ({"TRANS"} | own) & _CASES.keys() - _loaded
    if missing:
        cache.ensure(compile_all, lambda: _load(missing))


def _load(cases: Iterable[str]) -> None:
    for name in cases:
        _simulate(_CASES[name])
        _loaded.add(name)


def _simulate(changes: dict[str, Value]) -> None:
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
