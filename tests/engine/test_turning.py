"""Winds that turn, beds that are moved and slopes that change are repeated byte for byte.

``turning_runs.json`` has a recorded run of ReSCAL-snow 1.6 in a line, with the first 16 digits of the
SHA-256 of each snapshot, header and walls included.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from orchestrator.engine import checkpoint, wind
from orchestrator.engine.genesis import Domain, planes
from orchestrator.engine.output import header_of
from orchestrator.engine.simulation import Simulation
from orchestrator.engine.wind import Weather
from orchestrator.formats.cellspace import header_bytes
from orchestrator.formats.templates import parse_template

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = {
    run["name"]: run
    for run in json.loads(Path(__file__).with_name("turning_runs.json").read_text())
}
NEEDS_NATURE = "wind-real-time"  # wind speeds mean something only beside properties of nature
ALONE = [name for name in RUNS if name != NEEDS_NATURE]
SHORT = [name for name in ALONE if not name.startswith("periodic-layer")]


def started(run: dict[str, Any], tmp_path: Path) -> Simulation:
    """Return the simulation of a run before its first snapshot."""
    reinjection = run["parameters"]["Boundary"] == "REINJECTION"
    height, length, depth = run["sizes"]
    template = parse_template(run["template"])
    domain = Domain(height, length, depth, template, reinjection=reinjection)
    cells = np.stack([plane.copy() for plane in planes(domain, run["genesis_seed"])])
    return Simulation(
        run["parameters"],
        cells,
        np.zeros(cells.shape, np.int32),
        time=run["time"],
        seed=run["seed"],
        weather=weather(run, tmp_path),
    )


def weather(run: dict[str, Any], tmp_path: Path) -> Weather:
    """Return the winds of a run; a threshold of 0 counts as 1 beside properties of nature."""
    if "wind" not in run:
        return Weather()
    path = tmp_path / "wind.txt"
    text = run["wind"]
    path.write_text(text.replace(" 0\n", " 1\n") if run.get("nature") else text)
    return Weather(wind.read(path), fixed_threshold="Tau_min" in run["parameters"])


def digest(simulation: Simulation) -> str:
    """Return the beginning of the SHA-256 of the present snapshot."""
    content = hashlib.sha256(header_bytes(header_of(simulation, "SNO", borders=True)))
    for plane in simulation.planes(walls=True):
        content.update(plane.tobytes())
    return content.hexdigest()[:16]


def collected(
    found: list[str],
) -> Callable[[Simulation], None]:
    return lambda now: found.append(digest(now))


@pytest.mark.parametrize("name", ALONE)
def test_a_recorded_run_is_repeated_byte_for_byte(name: str, tmp_path: Path) -> None:
    run, found = RUNS[name], list[str]()

    started(run, tmp_path).run(
        stop=run["stop"], every=run["every"], on_snapshot=collected(found)
    )

    assert found == run["digests"]


class Enough(Exception):  # noqa: N818  # no error: the test has seen enough
    """A run is left."""


@pytest.mark.parametrize("name", SHORT)
def test_a_run_continues_from_anywhere_as_if_never_stopped(name: str, tmp_path: Path) -> None:
    """Also from the middle of the cycles after a turn, and from before the first one."""
    run, found, saved = RUNS[name], list[str](), tmp_path / "state"
    random = np.random.default_rng(len(name))
    left = 0

    def pause(now: Simulation) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            checkpoint.save(now, saved)
            raise Enough

    simulation = started(run, tmp_path)
    stops = 0
    first = True
    while True:
        left = int(random.integers(1, 90)) if stops < 12 else 10**9
        try:
            if first:
                simulation.run(
                    stop=run["stop"],
                    every=run["every"],
                    on_snapshot=collected(found),
                    on_pause=pause,
                )
            else:
                simulation.resume(on_snapshot=collected(found), on_pause=pause)
        except Enough:
            first = False
            stops += 1
            simulation = checkpoint.load(
                saved, run["parameters"], weather=weather(run, tmp_path)
            )
        else:
            break

    assert found == run["digests"]
    assert stops > 0
