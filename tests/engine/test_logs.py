"""Prove that the logs' rows tell what is in the simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.engine.exit_status import ExitError
from orchestrator.engine.genesis import Domain, planes
from orchestrator.engine.logs import Logs
from orchestrator.engine.simulation import Simulation
from orchestrator.formats.templates import parse_template

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.formats.parameters import Value

DOMAIN = Domain(20, 30, 11, parse_template("LAYER(3)"))
PLANES = 3  # of gas, every fifth of eleven


def started(*, gas: bool = True, **changes: Value) -> Simulation:
    cells = np.stack([plane.copy() for plane in planes(DOMAIN, 1)])
    still: dict[str, Value] = {
        "Ava_mode": "NONE",
        "Init_ncycl": 50,
        "Lgca_speedup": 50,
        "Use_lgca": gas,
        **changes,
    }
    return Simulation(still, cells, np.zeros(cells.shape, np.int32), time=0.0, seed=3)


def rows(path: Path) -> list[list[float]]:
    lines = path.read_text("ascii").splitlines()
    return [[float(word) for word in line.split()[1:]] for line in lines if line[:1].isdigit()]


def test_gas_particles_are_counted_and_none_is_lost(tmp_path: Path) -> None:
    logs = Logs(tmp_path, info=True)
    simulation = started()

    simulation.run(stop=2.0, every=1.0, on_snapshot=lambda now: logs.write_rows(0, now))

    first, *later = rows(tmp_path / "DENSITE.log")
    particles, fluid, density, trapped = first
    assert fluid == PLANES * 30 * (20 - 2 - 3)
    assert density == pytest.approx(1.5, abs=0.05)
    assert trapped == 0
    assert len(later) == 3
    for now, still_fluid, thinner, inside in later:
        assert (now, still_fluid) == (particles, fluid)
        assert thinner == pytest.approx((particles - inside) / fluid, abs=1e-6)
        assert 0 < inside < 0.1 * particles


def test_without_gas_there_are_no_particles(tmp_path: Path) -> None:
    logs = Logs(tmp_path, info=True)

    logs.write_rows(0, started(gas=False))

    assert rows(tmp_path / "DENSITE.log") == [[0, 0, 0, 0]]


def test_time_is_told_in_seconds_too(tmp_path: Path) -> None:
    logs = Logs(tmp_path, info=True)
    simulation = started()
    simulation.set_strength(simulation.strength._replace(time_scale=np.float32(100)))

    simulation.run(stop=2.0, every=1.0, on_snapshot=lambda now: logs.write_rows(0, now))

    table = rows(tmp_path / "TIME.log")
    assert [row[1] for row in table] == [0, 1, 2, 3]  # a still world goes in whole steps
    assert [row[2] for row in table] == [0, 1, 1, 1]
    assert [row[4] for row in table] == [0, 100, 200, 300]


def test_a_threshold_that_is_not_known_yet_has_no_probabilities(tmp_path: Path) -> None:
    simulation = started()
    assert simulation.strength.tau_max == 0

    Logs(tmp_path, info=True).write_start(simulation)

    assert not (tmp_path / "PROB_CGV.log").exists()


def test_grains_erode_at_once_above_a_threshold_that_is_above_tau_max(tmp_path: Path) -> None:
    simulation = started()
    simulation.set_strength(
        simulation.strength._replace(tau_min=np.float32(1000), tau_max=np.float32(900))
    )

    Logs(tmp_path, info=True).write_start(simulation)

    shares = np.array([share for (share,) in rows(tmp_path / "PROB_CGV.log")])
    assert np.flatnonzero(shares).tolist() == list(range(1000, 2500))
    assert set(shares[1000:]) == {1.0}


def test_transitions_of_negative_rates_have_no_column() -> None:
    plain, without = started(), started(Lambda_S=-1.0)

    dropped = [name for name in plain.occurrences if name not in without.occurrences]

    assert dropped == ["103", "104a", "104b"]


def test_a_second_run_goes_on_with_the_logs_of_the_first(tmp_path: Path) -> None:
    def logged() -> dict[str, str]:
        logs, simulation = Logs(tmp_path, info=True), started()
        simulation.set_strength(simulation.strength._replace(tau_max=np.float32(900)))
        logs.write_start(simulation)
        logs.write_rows(0, simulation)
        return {path.name: path.read_text("ascii") for path in tmp_path.iterdir()}

    first = logged()
    second = logged()

    assert {"CELL.log", "TIME.log", "PROB_CGV.log", "VEL.log"} <= first.keys()
    assert second == {name: 2 * text for name, text in first.items()}


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ExitError, match=r"Output_directory: .*/a/b: cannot be written to: No such"
    ):
        Logs(tmp_path / "a" / "b", info=False)
