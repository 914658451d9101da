"""Small runs of every kind give the bytes that a second program gave.

That program was written apart from the engine, in C, from the same description of the model. It
gives the recorded runs of ReSCAL-snow 1.6 too. ``twin_runs.json`` has a run in a line: parameters
drawn at random over all templates, boundaries and modes, the time at its end, in t0, and the first
16 digits of the SHA-256 of the last of its snapshots, header and walls included.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestrator.engine.genesis import Domain, planes
from orchestrator.engine.simulation import Simulation
from orchestrator.formats.cellspace import Header, header_bytes
from orchestrator.formats.templates import parse_template

RUNS = json.loads(Path(__file__).with_name("twin_runs.json").read_text())


def _digest(simulation: Simulation) -> str:
    sizes = (simulation.height, simulation.length, simulation.depth)
    content = hashlib.sha256(
        header_bytes(
            Header(simulation.settings.model, *sizes, time=simulation.time, borders=True)
        )
    )
    for plane in simulation.planes(walls=True):
        content.update(plane.tobytes())
    return content.hexdigest()[:16]


@pytest.mark.parametrize(
    "run", RUNS, ids=[f"{i}-{run['template']}" for i, run in enumerate(RUNS)]
)
def test_a_second_program_gives_the_same_bytes(run: dict[str, Any]) -> None:
    reinjection = run["parameters"].get("Boundary") == "REINJECTION"
    height, length, depth = run["sizes"]
    template = parse_template(run["template"])
    domain = Domain(height, length, depth, template, reinjection=reinjection)
    cells = np.stack([plane.copy() for plane in planes(domain, run["genesis_seed"])])
    simulation = Simulation(
        run["parameters"],
        cells,
        np.zeros(cells.shape, np.int32),
        time=run["time"],
        seed=run["seed"],
        model=run["model"],
    )
    found: list[str] = []

    simulation.run(
        stop=run["stop"],
        every=run["every"],
        on_snapshot=lambda now: found.append(_digest(now)),
    )

    assert (len(found), simulation.time) == (run["snapshots"], run["end"])
    assert found[-1] == run["digest"]
