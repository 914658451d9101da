"""How fast this machine is: a small run of the engine, once for each version and kind of processor.

``speed`` writes a JSON object: the ``parameters`` of the run, its length ``simulated_t0``, and the
``wall_s`` that it took. It is kept beside the kernels; before these are compiled the object is empty.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from typing import TYPE_CHECKING

from orchestrator.engine import cache
from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.formats.durable import replacing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.formats.parameters import Value

PARAMETERS: dict[str, Value] = {
    "Boundary": "OPEN",
    "H": 40,
    "L": 150,
    "D": 75,
    "Csp_template": "SNOWFALL(4)",
    "Lambda_E": 1.0,
    "Lambda_T": 1.5,
    "Lambda_C": 0.5,
    "Lambda_G": 100_000.0,
    "Lambda_D": 0.01,
    "Lambda_I": 0.01,
    "Lambda_A": 1.0,
    "Coef_A": 0.1,
    "Coef_B": 10.0,
    "Coef_C": 10.0,
    "Prob_link_ET": 0.5,
    "High_mobility": 1,
    "Ava_mode": "TRANS",
    "Ava_angle": 38.0,
    "Tau_max": 1000.0,
    "Init_ncycl": 50,
    "Lgca_speedup": 1000,
}
SIMULATED_T0 = 150.0


def main(words: Sequence[str]) -> None:
    """Write how long the run took, which is made if nobody has made it before.

    Raises
    ------
    ExitError
        If there are words.
    """
    if words:
        raise ExitError(Exit.REFUSED, "usage: speed")
    kept = cache.directory() / "speed.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(kept.read_bytes())
        if known["parameters"] == PARAMETERS and float(known["wall_s"]) > 0:
            sys.stdout.write(f"{json.dumps(known)}\n")
            return
    if not cache.compiled():
        sys.stdout.write("{}\n")
        return
    measured = {
        "parameters": PARAMETERS,
        "simulated_t0": SIMULATED_T0,
        "wall_s": _run_s(),
    }
    with contextlib.suppress(OSError), replacing(kept) as file:
        file.write(json.dumps(measured).encode())
    sys.stdout.write(f"{json.dumps(measured)}\n")


def _run_s() -> float:
    # the kernels, which a run that was made before does not need
    import numpy as np  # noqa: PLC0415

    from orchestrator.engine import kernels  # noqa: PLC0415
    from orchestrator.engine.genesis import Domain, planes  # noqa: PLC0415
    from orchestrator.engine.simulation import Simulation  # noqa: PLC0415
    from orchestrator.formats.templates import parse_template  # noqa: PLC0415

    kernels.load()
    height, length, depth = (int(PARAMETERS[name]) for name in "HLD")
    template = parse_template(str(PARAMETERS["Csp_template"]))
    cells = np.stack([p.copy() for p in planes(Domain(height, length, depth, template), 1)])
    times = np.zeros(cells.shape, np.int32)
    before = time.perf_counter()
    run = Simulation(dict(PARAMETERS), cells, times, time=0.0, seed=1)
    run.run(stop=SIMULATED_T0, every=SIMULATED_T0, on_snapshot=lambda _now: None)
    return time.perf_counter() - before
