"""The engine and a second, slow program make the same snapshots of random small runs."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from orchestrator.engine import wind
from orchestrator.engine.exit_status import ExitError
from orchestrator.engine.kmc_loop import GENERATOR
from orchestrator.engine.settings import refuse_unsupported
from orchestrator.engine.simulation import Simulation
from orchestrator.engine.wind import Physics, Row, Weather, WindFile
from orchestrator.errors import RequestError
from orchestrator.formats import properties
from tests.engine.oracle import EmptyError, EndlessError
from tests.engine.oracle_run import OracleRun
from tests.engine.oracle_wind import Nature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Value

RUNS = 40
SPEEDS = 12
REAL_DATA = Path(wind.__file__).with_name("real_data")
BASE: dict[str, Value] = {
    "Lambda_E": 4.0,
    "Lambda_T": 6.0,
    "Lambda_C": 2.0,
    "Lambda_G": 500.0,
    "Lambda_D": 0.05,
    "Lambda_F": 0.5,
    "Coef_A": 1.0,
    "Coef_C": 10.0,
    "Prob_link_TT": 1.0,
    "High_mobility": 1,
    "Init_ncycl": 50,
    "Lgca_gfor": 0.02,
}


def drawn(  # noqa: C901, PLR0912  # one choice after the other
    seed: int,
) -> tuple[dict[str, Value], NDArray[np.uint8], list[tuple[float, ...]], float]:
    """Return parameters, cells [D, H, L], a wind and a start time."""
    r = np.random.default_rng(seed)

    def one(*values: Any) -> Any:
        return values[int(r.integers(len(values)))]

    def maybe(share: float = 0.5) -> bool:
        return bool(r.random() < share)

    mode = one("OVERLAP", "DISK", "FULL", "FULL")
    p: dict[str, Value] = {
        **BASE,
        "Boundary": one("PERIODIC", "PERIODIC", "OPEN", "OUT", "CLOSE", "REINJECTION"),
        "Ava_mode": one("NONE", "TRANS", "TRANS", "SYNC", "PROPAG"),
        "Rot_mode": mode,
        "Lambda_S": one(0.0, 0.05),
        "Lambda_I": one(0.05, 0.5),
        "Lambda_A": one(0.5, 2.0),
        "Ava_h_lim": one(1, 2),
        "Lgca_speedup": one(0, 30),
        "Lgca_reset": maybe(),
        "Lgca_delay": one(0, 0.7),
        "Tau_max": one(0.0, 80.0),
        "Use_lgca": maybe(0.75),
    }
    wind: list[tuple[float, ...]] = []
    turning = one("turns", "wind", "none", "angle 0")
    if turning in {"turns", "angle 0"}:
        p["Rot_delay"] = one(0.8, 1.3)
        p["Rot_angle"] = 0.0 if turning == "angle 0" else one(30.0, -45.0, 90.0, 72.5, 180.0)
        if maybe():
            p["Rot_ncycl"] = one(0, 20, 60)
        elif not p["Lgca_speedup"]:
            p["Rot_ncycl"] = 55
    if turning == "wind":
        wind = [
            (one(0.6, 1.1), one(0.0, 30.0, 120.0), one(0.0, 10.0)) for _ in range(one(1, 3))
        ]
        p["Rot_ncycl"] = one(10, 50)
    if maybe():
        p["Centering_delay"] = one(0.9, 1.4)
    if p["Ava_mode"] in {"TRANS", "PROPAG"}:
        p["Ava_angle"] = one(20.0, 30.0, 40.0)
        p["Ava_upwind"] = maybe(0.7)
        if p["Ava_mode"] == "PROPAG" or maybe():
            p["Ava_delay"] = one(0.3, 0.6)
            p["Ava_angle_unstable"] = one(0.0, 25.0, 38.0)
            p["Lambda_A_unstable"] = one(0.0, 1.0)
            p["Ava_duration"] = one(0.4, 1.0)
    elif p["Ava_mode"] == "SYNC":
        p["Ava_delay"] = one(0.0, 0.5)
    height, length, depth = one(10, 12), int(r.integers(9, 15)), int(r.integers(5, 12))
    if mode == "DISK":  # reaches into the walls of a smaller box
        length, depth = max(length, 10), max(depth, 10)
    if p["Boundary"] == "PERIODIC" and "Centering_delay" in p:
        depth = length
    cells = np.full((depth, height, length), 3, np.uint8)
    high = r.integers(0, 5, (depth, length)) + 3 * (r.random((depth, length)) < 0.15)
    for z in range(depth):
        for x in range(length):
            cells[z, height - 1 - high[z, x] : height - 1, x] = 0
    cells[:, -2][r.random((depth, length)) < 0.1] = 2
    cells[:, 0], cells[:, -1] = 6, 6
    if maybe():
        cells[:, 1, one(3, 5)] = 7
    if maybe(0.3):
        cells[one(1, 3), -1, 4] = 8
    return p, cells, wind, one(0.0, 0.0, 3.4)


def accepted(first: int) -> list[int]:
    """Return seeds of runs that the engine does not refuse."""
    found: list[int] = []
    seed = first
    while len(found) < RUNS:
        try:
            refuse_unsupported(drawn(seed)[0])
        except RequestError:
            pass
        else:
            found.append(seed)
        seed += 1
    return found


class Air(NamedTuple):
    """The winds of a run, rows and unit, and what either program knows of nature."""

    wind: Sequence[tuple[float, ...]]
    unit: str = "t0"
    nature: Nature | None = None
    physics: Physics | None = None


def compared(
    seed: int, parameters: dict[str, Value], cells: NDArray[np.uint8], time: float, air: Air
) -> tuple[Simulation, OracleRun]:
    """Run both programs; assert that their snapshots and their random numbers are the same."""
    oracle = OracleRun(
        parameters,
        cells,
        time=time,
        seed=seed,
        wind=air.wind,
        unit=air.unit,
        nature=air.nature,
        every=0.9,
        stop=2.0,
    )
    ending: contextlib.AbstractContextManager[object] = contextlib.nullcontext()
    try:
        oracle.run()
    except EndlessError:
        ending = pytest.raises(ExitError, match="never ends: grains go round in circles")
    except EmptyError:
        ending = pytest.raises(ExitError, match="a large avalanche has taken away")
    rows = tuple(Row(*map(np.float32, row)) for row in air.wind)
    file = WindFile(air.unit, rows) if rows else None
    simulation = Simulation(
        parameters,
        cells,
        np.zeros(cells.shape, np.int32),
        time=time,
        seed=seed,
        weather=Weather(file, air.physics, fixed_threshold="Tau_min" in parameters),
    )
    found: list[tuple[float, NDArray[np.uint64]]] = []

    with ending:
        simulation.run(
            stop=2.0,
            every=0.9,
            on_snapshot=lambda now: found.append(
                (now.time, np.stack([plane.copy() for plane in now.planes(walls=True)]))
            ),
        )

    assert [time for time, _ in found] == [time for time, _, _ in oracle.frames]
    for (_, planes), (_, states, times) in zip(found, oracle.frames, strict=True):
        assert np.array_equal(planes & 0xFF, states)
        assert np.array_equal(planes >> 32, times)
    if isinstance(ending, contextlib.nullcontext):
        assert simulation.clock.state[GENERATOR] == oracle.X
    return simulation, oracle


@pytest.mark.parametrize("seed", accepted(1))
def test_a_second_program_makes_the_same_snapshots(seed: int) -> None:
    parameters, cells, wind, time = drawn(seed)

    compared(seed, parameters, cells, time, Air(wind))


@pytest.mark.parametrize("seed", accepted(1)[:SPEEDS])
def test_a_second_program_takes_wind_speeds_for_the_same(seed: int) -> None:
    """Rows of speeds and of thresholds beside properties of nature, at other lengths of a t0."""
    parameters, cells, _, time = drawn(seed)
    r = np.random.default_rng(seed)
    parameters |= {"Rot_ncycl": 10} | ({"Tau_min": 0.0} if seed % 3 else {})
    name = ("niwot_snow", "sealevel_snow", "desert_sand")[seed % 3]
    nature, physics = air_over_sand(name, parameters)
    unit = ("rt", "rt", "t0")[seed // 3 % 3]
    second = float(nature.speed(np.float32(8), np.float32(0), np.float32(0))[2])
    wind = [
        (
            float(r.choice((0.3, 1.1))) * (second if unit == "rt" else 1),
            float(r.choice((0.0, 30.0, -90.0))),
            float(r.choice((-1.0, 0.0, 4.5, 8.0, 30.0))),
        )
        for _ in range(3)
    ]
    air = Air(wind, unit, nature, physics)

    simulation, oracle = compared(seed, parameters, cells, time, air)

    assert simulation.strength == (oracle.tau_min, oracle.tau_max, oracle.scale)


def air_over_sand(name: str, parameters: dict[str, Value]) -> tuple[Nature, Physics]:
    """Return what a property file and the table of the flux mean to either program."""
    physical = properties.read_properties(REAL_DATA / f"{name}.prop")
    flux = properties.read_saturated_flux(REAL_DATA / "PDF.data")
    rates = np.float32(parameters["Lambda_T"]), np.float32(parameters["Lambda_C"])
    table = list(zip(flux.tau, flux.erosion, flux.ratio, strict=True))
    p = physical
    nature = Nature(p.kappa, p.z_0, p.z, p.rhoair, p.rhosand, p.g, p.d, table, *rates)
    return nature, Physics(physical, flux, *rates)
