"""Runs of ReSCAL-snow 1.6 are repeated bit for bit, and continued as if never stopped."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pytest

from orchestrator.engine import checkpoint, kmc_loop
from orchestrator.engine.exit_status import ExitError
from orchestrator.engine.genesis import Domain, planes
from orchestrator.engine.kmc_loop import GENERATOR, Clock
from orchestrator.engine.random48 import seeded
from orchestrator.engine.simulation import Simulation
from orchestrator.errors import FormatError
from orchestrator.formats.cellspace import Cell, Header, header_bytes
from orchestrator.formats.templates import parse_template
from tests.engine.generator import skipped
from tests.engine.parameters import SNOW

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.formats.parameters import Value

STORM: dict[str, Value] = SNOW | {
    "Lambda_E": 4,
    "Lambda_T": 30,
    "Lambda_C": 2,
    "Lambda_G": 1000,
    "Lambda_D": 0.06,
    "Lambda_F": 0,
    "Coef_A": 1.6,
    "Coef_B": 1,
    "Coef_C": 3,
    "Tau_min": 200,
    "Tau_max": 1000,
}
TINY: dict[str, Value] = SNOW | {
    "Boundary": "OPEN",
    "Lambda_G": 20,
    "Lambda_F": 0,
    "Lambda_A": 0.1,
    "Coef_A": 1,
    "Lgca_gfor": 0.01,
    "Lgca_speedup": 100,
    "Tau_max": 100,
}


@dataclass(frozen=True)
class Run:
    """A recorded run and the first digits of its snapshots' SHA-256.

    A threshold of 0 that property files raised to 1 is given as 1.
    """

    template: str
    sizes: tuple[int, int, int]
    parameters: dict[str, Value]
    seed: int
    stop: float
    every: float
    digests: tuple[str, ...] = ()
    genesis_seed: int = 2000

    def start(self) -> Simulation:
        """Return the simulation before its first snapshot."""
        reinjection = self.parameters["Boundary"] == "REINJECTION"
        domain = Domain(*self.sizes, parse_template(self.template), reinjection=reinjection)
        cells = np.stack([plane.copy() for plane in planes(domain, self.genesis_seed)])
        undated = np.zeros(cells.shape, np.int32)
        return Simulation(self.parameters, cells, undated, time=0.0, seed=self.seed)


RECORDED = {
    "close-layer": Run(
        "LAYER(3.25)",
        (40, 150, 45),
        SNOW | {"Boundary": "CLOSE", "Tau_min": 1, "Tau_max": 900},
        *(24, 150, 75),
        ("e302f1eb1e442a22", "6b9d4ad7431ecf0f", "83c7d70b010f0598"),
        genesis_seed=77,
    ),
    "cone-small": Run(
        "CONE(20,40,50)",
        (50, 150, 70),
        STORM | {"Boundary": "OPEN"},
        *(5, 60, 20),
        ("3e7b0225d022eb67", "3b0adcdf3027ad5a", "dc99c2a8d2c57ff2", "4e41a79585545467"),
    ),
    "no-gas": Run(
        "CONE(30,80)",
        (60, 220, 110),
        STORM | {"Boundary": "OPEN", "Use_lgca": False},
        *(25, 30, 15),
        ("9c0b6848e4dae560", "dd65c8718bb0745b", "be05039ef6ad3914"),
    ),
    "no-properties": Run(
        "SNOWCONE(12,30,50,20,3.5)",
        (45, 140, 40),
        SNOW | {"Boundary": "OPEN", "Lambda_I": 0.002, "Tau_max": 800},
        *(26, 150, 75),
        ("ec696e90b6b9859b", "9ebad5dadf1cef8e", "c15b75c84a4e1ee6"),
        genesis_seed=5,
    ),
    "out-cones": Run(
        "CONE3(20,30)",
        (50, 160, 90),
        STORM | {"Boundary": "OUT"},
        *(23, 60, 30),
        ("efd407a41a4d24ed", "ec4d27cf6a52acee", "a425226550cc3a66"),
    ),
    "periodic-sinter": Run(
        "LAYER(8.5)",
        (40, 160, 50),
        SNOW
        | {
            "Boundary": "PERIODIC",
            "Lambda_S": 0.001,
            "Lambda_F": 0.05,
            "Tau_min": 10,
            "Tau_max": 1000,
        },
        *(21, 150, 75),
        ("d1b9c9c9f1f0d966", "f06cbd7c34581aea", "6c6b4555f16c2e21"),
    ),
    "reinjection": Run(
        "LAYER(4)",
        (40, 160, 50),
        SNOW | {"Boundary": "REINJECTION", "Lambda_I": 0.5, "Tau_min": 1, "Tau_max": 1000},
        *(22, 150, 75),
        ("71612f3501d157ff", "863241e7ea03d486", "0e4eca92be1d6c14"),
    ),
    "seed-example": Run(
        "SNOWFALL(4)",
        (80, 400, 200),
        SNOW | {"Boundary": "OPEN", "Lambda_I": 0.002, "Tau_min": 100, "Tau_max": 1100},
        *(1234, 200, 50),
        (
            "e654e5bc113bbd5f",
            "9b4c95077fef17ee",
            "9c19cdf9e4296aaa",
            "e3a26019392a3528",
            "853babd6b13416ef",
        ),
    ),
    "sintering-wave": Run(
        "WAVE(15)",
        (50, 160, 70),
        STORM | {"Boundary": "OPEN", "Lambda_S": 0.01, "Lambda_F": 0.05},
        *(29, 80, 40),
        ("d4dafee52c308ba5", "0c12e8e546a58357", "f37e95f45c1bdc8e"),
    ),
    "snowfall-small": Run(
        "SNOWFALL(4)",
        (40, 120, 50),
        SNOW | {"Boundary": "OPEN", "Lambda_I": 0.001, "Tau_min": 100, "Tau_max": 1100},
        *(3, 100, 25),
        (
            "c576df305eb0b2e6",
            "ec7fcaad13d3735e",
            "0853dd244daadad6",
            "b34c940640f25578",
            "ea2083d9e3f365cf",
        ),
    ),
    "sync-avalanches": Run(
        "CONE(18,36)",
        (40, 120, 40),
        STORM | {"Boundary": "OPEN", "Ava_mode": "SYNC", "Ava_angle": 0, "Ava_delay": 1},
        *(28, 30, 15),
        ("657e6540f41c6ee6", "01276314ec56c359", "3709236cd1e35d9d"),
    ),
    "tiny-open": Run(
        "SNOWFALL(3.5)",
        (16, 30, 12),
        SNOW | {"Boundary": "OPEN", "Lambda_I": 0.003, "Tau_min": 20, "Tau_max": 900},
        *(1, 2000, 1000),
        ("f6171621ebc10b8c", "b2cbc128be0d51ce", "7c7d779fbf671d51"),
    ),
    "two-dimensional": Run(
        "LAYER(10)",
        (60, 400, 1),
        SNOW | {"Boundary": "PERIODIC", "Tau_min": 1, "Tau_max": 1000},
        *(27, 3000, 1500),
        ("e2204c1fa655008e", "4ffbd3eb332c72c9", "90332f12b1c99214"),
    ),
}
LONG = {"cone-small", "no-gas", "out-cones", "seed-example"}


def tiny(template: str = "CONE(6,8)", /, **changes: Value) -> Run:
    """Return the small recorded run in one of its variants."""
    return Run(template, (12, 10, 6), TINY | changes, 1, 4, 4)


SYNC: dict[str, Value] = {"Ava_mode": "SYNC", "Ava_angle": 0}
VARIANTS = {
    "open": (tiny(), 4.000300501461826, 0, "33025b3429043c44"),
    "snowfall": (
        tiny(
            "SNOWFALL(2.5)",
            Boundary="PERIODIC",
            Lambda_F=0.1,
            Lambda_S=0.05,
            Lambda_I=0.01,
        ),
        4.001842171339919,
        1932,
        "7b1a0a801cb7cdc8",
    ),
    "reinjection": (
        tiny("LAYER(2.3)", Boundary="REINJECTION", Lambda_I=1.0, Tau_max=0),
        4.058598218487693,
        3044,
        "b3d48ea35aff2d33",
    ),
    "closed": (tiny(Boundary="CLOSE", **SYNC), 4.006145067033872, 3029, "07739d1e30daf971"),
    "two cells": (
        tiny("CONE(7,8,0.6,0.4)", Boundary="PERIODIC", Ava_nb_cel=2, **SYNC),
        4.034647923880512,
        1596,
        "bf3b8b7122dccc94",
    ),
    "seams": (
        tiny("CONE(7,8,9.6,5.4)", Boundary="PERIODIC", **SYNC),
        4.030195651000221,
        1102,
        "3e2dfb0776bdfd7c",
    ),
    "delayed": (
        tiny("SNOWCONE(7,8,0,0,1.4)", Boundary="OUT", Ava_delay=0.7, Lambda_I=1.0, **SYNC),
        4.003125884164789,
        7211,
        "",
    ),
    "odd": (
        Run(
            "LAYER(2.6)",
            (16, 17, 11),
            TINY
            | {
                "Boundary": "PERIODIC",
                "Ava_angle": 30,
                "Ava_upwind": False,
                "Lgca_gfor": 0.004,
            },
            *(-5, 4, 4),
        ),
        4.00102517488187,
        4691,
        "ee4b9ab2cf37225a",
    ),
}


def digest(simulation: Simulation, *, walls: bool = True) -> str:
    """Return the SHA-256 of the present state as it is written."""
    sizes = (simulation.height, simulation.length, simulation.depth)
    header = Header("SNO", *sizes, time=simulation.time, borders=walls, boxed=not walls)
    content = hashlib.sha256(header_bytes(header))
    for plane in simulation.planes(walls=walls):
        content.update(plane.tobytes())
    return content.hexdigest()[:16]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n in LONG)) for n in RECORDED]
)
def test_a_recorded_run_is_repeated_bit_for_bit(name: str) -> None:
    run, found = RECORDED[name], []

    run.start().run(
        stop=run.stop, every=run.every, on_snapshot=lambda now: found.append(digest(now))
    )

    assert tuple(found) == run.digests


@pytest.mark.parametrize("name", VARIANTS)
def test_each_boundary_and_avalanche_mode_is_repeated_draw_for_draw(name: str) -> None:
    run, time, draws, expected = VARIANTS[name]
    snapshots: list[tuple[float, str]] = []

    def look(now: Simulation) -> None:
        snapshots.append((now.time, digest(now, walls=False)))

    simulation = run.start()
    simulation.run(stop=run.stop, every=run.every, on_snapshot=look)

    assert [time for time, _ in snapshots] == [0.0, time]
    assert snapshots[1][1].startswith(expected)
    if draws:
        assert simulation.clock.state[GENERATOR] == skipped(seeded(run.seed), draws)


def test_the_first_events_follow_the_recorded_ones() -> None:
    simulation = tiny().start()

    simulation.run(stop=4, on_snapshot=print)

    assert simulation.time == 4.504591263639241
    assert simulation.clock.state[GENERATOR] == skipped(seeded(1), 2777)


def test_grains_are_conserved_between_closed_walls() -> None:
    simulation = RECORDED["close-layer"].start()
    before = simulation.counts

    simulation.run(stop=20, on_snapshot=print)

    after = simulation.counts
    assert after["GR"] + after["GRJ"] == before["GR"] + before["GRJ"]
    assert after["GRJ"] > 0


def test_time_goes_on_by_gas_cycles_where_every_attempt_fails() -> None:
    """A layer so even that no grain may slide; an independent program gave the same bytes."""
    still: dict[str, Value] = dict.fromkeys(("Lambda_E", "Lambda_T", "Lambda_C", "Lambda_D"), 0)
    slides: dict[str, Value] = {"Boundary": "OPEN", "Ava_angle": 0, "Ava_h_lim": 5}
    run = Run("LAYER(2.5)", (12, 20, 3), STORM | still | slides, 3, 3, 1, genesis_seed=5)
    seen: list[tuple[float, str]] = []

    run.start().run(
        stop=3, every=1, on_snapshot=lambda now: seen.append((now.time, digest(now)))
    )

    assert [time for time, _ in seen] == [0, 1, 2, 3, 4]
    assert seen[-1][1] == "cc012efc895215be"


def test_without_gas_a_run_ends_where_no_attempt_can_succeed_any_more() -> None:
    still: dict[str, Value] = dict.fromkeys(("Lambda_E", "Lambda_T", "Lambda_C", "Lambda_D"), 0)
    slides: dict[str, Value] = {"Boundary": "OPEN", "Ava_angle": 0, "Ava_h_lim": 5}
    parameters = STORM | still | slides | {"Use_lgca": False}
    simulation = Run("LAYER(2.5)", (12, 20, 3), parameters, 3, 3, 1, genesis_seed=5).start()

    with pytest.raises(ExitError, match="nothing can happen any more at 0 t0: only avalanches"):
        simulation.run(stop=3, every=1, on_snapshot=print)


@pytest.mark.parametrize("moving", [False, True])
def test_gas_that_cannot_move_ends_a_run_whose_time_would_not_pass(*, moving: bool) -> None:
    cells = np.full((6, 4, 10), Cell.DUM, np.uint8)
    cells[0, 1, 1] = Cell.GR  # the first plane is one of gas, without a hole
    cells[1, 1, 2] = Cell.GR if moving else Cell.EAUC
    cells[1, 2, 2] = Cell.EAUC
    parameters: dict[str, Value] = {"Lambda_G": 1, "Ava_mode": "NONE", "Init_ncycl": 50}
    undated = np.zeros(cells.shape, np.int32)
    simulation = Simulation(parameters, cells, undated, time=0.0, seed=1)

    wanted = pytest.raises(ExitError, match=r"^Tau_max = 0: no gas moves, so that time cannot")
    with wanted if moving else contextlib.nullcontext():
        simulation.run(stop=2, on_snapshot=print)

    assert simulation.time == (0 if moving else 3)


@pytest.mark.parametrize(
    ("name", "settled", "first"),
    [
        ("no-properties", 1342.15649, 1348.341552734375),
        ("two-dimensional", 1217.77661, 1215.207763671875),
    ],
)
def test_an_absent_tau_max_is_the_largest_speed_when_it_is_first_used(
    name: str, settled: float, first: float
) -> None:
    """Speeds of the original after the stabilisation and after the first cycle behind it."""
    run = dataclasses.replace(
        RECORDED[name], parameters=RECORDED[name].parameters | {"Tau_max": 0}, stop=0, every=0.5
    )
    plain, logged = run.start(), run.start()
    logged.on_ready = logged.settle_tau_max

    for simulation in (plain, logged):
        simulation.run(stop=0, every=0.5, on_snapshot=mock.Mock())

    assert logged.strength.tau_max == pytest.approx(settled, rel=1e-8)
    assert plain.strength.tau_max == np.float32(first)


def test_without_grains_at_the_start_none_are_kept_up() -> None:
    clock = Clock(np.zeros(6), np.zeros(7, np.int64), np.array([0.0, -1.0, 0.0, 0.0]))
    ground: Any = SimpleNamespace(counts=np.zeros(16, np.int64))
    rates = []

    for mobile in (0, 0, 3, 2):
        ground.counts[Cell.GRJ] = mobile
        rates.append(kmc_loop.injection.py_func(ground, clock, 0.5))

    assert rates == [0.0, 0.0, 0.0, 0.0]
    assert clock.state[kmc_loop.KEPT] == 3


def test_altitudes_follow_the_cells() -> None:
    simulation = RECORDED["snowfall-small"].start()

    simulation.run(stop=20, on_snapshot=print)

    states = np.stack(
        [(plane & 0xFF).astype(np.uint8) for plane in simulation.planes(walls=False)]
    )
    upward = (states != 3)[:, ::-1, :]
    assert np.array_equal(simulation.altitude, np.argmin(upward, axis=1) + 1)


def test_nothing_happens_where_nothing_can_but_time_passes() -> None:
    still = tiny(
        **dict.fromkeys(("Lambda_E", "Lambda_C", "Lambda_G", "Lambda_D", "Lambda_A"), 0)
    )
    times: list[float] = []

    simulation = still.start()
    simulation.run(stop=3, every=1, on_snapshot=lambda now: times.append(now.time))

    assert simulation.transitions == 0
    assert times == [0.0, 1.0, 2.0, 3.0, 4.0]  # the end is half a t0 later, the next turn at 4


@pytest.mark.parametrize("name", ["sync-avalanches", "tiny-open", "reinjection"])
def test_a_run_continues_from_any_snapshot_as_if_never_stopped(
    name: str, tmp_path: Path
) -> None:
    run = RECORDED[name]
    files: list[Path] = []

    def keep(now: Simulation) -> None:
        files.append(tmp_path / f"{len(files)}.npz")
        checkpoint.save(now, files[-1])

    run.start().run(stop=run.stop, every=run.every, on_snapshot=keep)

    for number, file in enumerate(files):
        found: list[str] = []
        resume = checkpoint.load(file, run.parameters).resume
        resume(on_snapshot=lambda now: found.append(digest(now)))  # noqa: B023
        assert tuple(found) == run.digests[number + 1 :]


def test_a_run_continues_from_between_two_gas_cycles(tmp_path: Path) -> None:
    run, saved, found = RECORDED["snowfall-small"], tmp_path / "state.npz", []

    def save_once(now: Simulation) -> None:
        if now.time > 60 and not saved.exists():
            checkpoint.save(now, saved)

    run.start().run(stop=70, every=run.every, on_snapshot=print, on_pause=save_once)
    continued = checkpoint.load(saved, run.parameters)
    continued.resume(on_snapshot=lambda now: found.append(digest(now)))

    assert continued.time >= 70.5
    whole = run.start()
    whole.run(stop=70, on_snapshot=print)
    assert digest(continued) == digest(whole)
    assert continued.clock.state[GENERATOR] == whole.clock.state[GENERATOR]


def test_what_is_no_checkpoint_of_this_run_is_refused(tmp_path: Path) -> None:
    run, file = tiny(), tmp_path / "state.npz"
    checkpoint.save(run.start(), file)
    torn = tmp_path / "torn.npz"
    torn.write_bytes(file.read_bytes()[:2000])

    with pytest.raises(FormatError, match=r"torn\.npz: not a checkpoint"):
        checkpoint.load(torn, run.parameters)
    with pytest.raises(FormatError, match=r"state\.npz: .* other parameters"):
        checkpoint.load(file, run.parameters | {"Lambda_E": 2})


@pytest.mark.parametrize("name", ["open", "seams", "reinjection"])
def test_kernels_do_the_same_compiled_and_interpreted(name: str) -> None:
    run, *_ = VARIANTS[name]
    compiled = run.start()
    compiled.run(stop=1, on_snapshot=print)

    interpreted = subprocess.run(
        [sys.executable, "-W", "ignore", __file__, name],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert interpreted.stdout.split() == [
        digest(compiled),
        str(compiled.clock.state[GENERATOR]),
    ]


if __name__ == "__main__":
    run, *_ = VARIANTS[sys.argv[1]]
    simulation = run.start()
    simulation.run(stop=1, on_snapshot=print)
    sys.stdout.write(f"{digest(simulation)} {simulation.clock.state[GENERATOR]}\n")
