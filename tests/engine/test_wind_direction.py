"""Winds blow to where they are said to blow to on a map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.engine import wind
from orchestrator.engine.genesis import Domain, planes
from orchestrator.engine.simulation import Simulation
from orchestrator.engine.wind import Weather
from orchestrator.formats import winds
from orchestrator.formats.templates import parse_template
from orchestrator.formats.winds import Wind, Winds

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Value

SIDE = 40
RATES: dict[str, Value] = {
    "Boundary": "OPEN",
    "Lambda_E": 4.0,
    "Lambda_T": 6.0,
    "Lambda_C": 2.0,
    "Lambda_G": 1000.0,
    "Coef_A": 0.1,
    "Tau_max": 100.0,
    "Ava_mode": "NONE",
    "Rot_mode": "DISK",
}


def _heading(weather: Weather, more: dict[str, Value], stop: float) -> float:
    """Return where the grains of a cone go to, in degrees, clockwise on a map."""
    domain = Domain(16, SIDE, SIDE, parse_template("CONE(8,14)"), reinjection=False)
    cells = np.stack([plane.copy() for plane in planes(domain, 1)])
    simulation = Simulation(
        {**RATES, **more},
        cells,
        np.zeros(cells.shape, np.int32),
        time=0.0,
        seed=3,
        weather=weather,
    )
    centres: list[NDArray[np.float64]] = []

    def look(now: Simulation) -> None:
        weight = now.altitude.astype(np.float64)
        y, x = np.indices(weight.shape)
        centres.append(np.array([(weight * y).sum(), (weight * x).sum()]) / weight.sum())

    simulation.run(
        stop=stop, stoptime=None, every=stop, every_picture=None, on_snapshot=look,
        on_pause=lambda _now: None,
    )  # fmt: skip
    down, right = centres[-1] - centres[0]
    return math.degrees(math.atan2(down, right)) % 360


def _apart(a: float, b: float) -> float:
    return abs((a - b + 180) % 360 - 180)


@pytest.mark.parametrize("angle", [0, 60, 135, 250])
def test_grains_go_where_a_wind_blows_to(angle: int, tmp_path: Path) -> None:
    blowing = Winds("t0", (Wind(50, angle, None),))
    (tmp_path / "wind").write_text(blowing.file(0))

    gone = _heading(Weather(wind.read(tmp_path / "wind")), {}, 8.0)

    (heading,) = blowing.shares
    assert _apart(gone, heading) < 15


def test_speeds_come_from_their_angle_clockwise_from_the_top(tmp_path: Path) -> None:
    blowing = Winds("rt", (Wind(50, 30, 8),))
    (tmp_path / "wind").write_text(blowing.file(0))

    gone = _heading(Weather(wind.read(tmp_path / "wind")), {}, 8.0)

    assert blowing.shares == {120.0: 1.0}
    assert _apart(gone, 120) < 15


def test_a_bed_that_turns_meets_the_winds_that_are_said_of_it() -> None:
    blowing = winds.by_turns(20.0, 1.0)

    gone = _heading(Weather(), {"Rot_angle": 20.0, "Rot_delay": 1.0}, 6.0)

    headings = [blowing.at(time) for time in (0.5, 1.5, 2.5, 3.5, 4.5, 5.5)]
    assert headings == [0, 340, 320, 300, 280, 260]
    assert _apart(gone, 310) < 20
