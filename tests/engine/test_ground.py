"""Cells, pair arrays, altitudes and slopes stay what they mean while the ground changes."""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator.engine import shear, slopes
from orchestrator.engine.compile import dispatcher
from orchestrator.engine.pairs import BLOCK, scan
from orchestrator.engine.random48 import UNIT, following, seeded
from orchestrator.engine.settings import refuse_unsupported
from orchestrator.engine.simulation import Simulation
from orchestrator.errors import RequestError
from tests.engine.generator import skipped

BUSY: dict[str, bool | int | float | str] = {
    "Ava_mode": "TRANS",
    "Ava_angle": 35,
    "Lambda_E": 4,
    "Lambda_T": 20,
    "Lambda_C": 2,
    "Lambda_G": 50,
    "Lambda_D": 0.1,
    "Lambda_D_mob": 0.5,
    "Lambda_S": 0.1,
    "Lambda_F": 0.2,
    "Lambda_I": 0.1,
    "Coef_A": 1.5,
    "High_mobility": 1,
    "Init_ncycl": 50,
    "Tau_max": 200,
    "Lgca_speedup": 20,
    "Lgca_gfor": 0.02,
}


def busy(boundary: str, seed: int, **changes: float | str) -> Simulation:
    """Return a small domain in which much happens: random snow, sources above, a sink below."""
    cells = np.full((9, 14, 18), 3, np.uint8)
    random = np.random.default_rng(seed)
    cells[:, 8:][random.random((9, 6, 18)) < 0.7] = 0
    cells[:, 9:][random.random((9, 5, 18)) < 0.1] = 2
    cells[:, 0], cells[:, -1], cells[:, 1, 4:9], cells[3:5, -1, 9] = 6, 6, 7, 8
    parameters = {**BUSY, "Boundary": boundary, **changes}
    return Simulation(parameters, cells, np.zeros(cells.shape, np.int32), time=0.0, seed=seed)


@pytest.mark.parametrize("boundary", ["PERIODIC", "OPEN", "OUT", "CLOSE", "REINJECTION"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_pair_arrays_hold_the_pairs_that_the_cells_make(boundary: str, seed: int) -> None:
    simulation = busy(boundary, seed)

    simulation.run(stop=8, on_snapshot=print)

    ground = simulation.ground
    assert simulation.transitions > 500
    kept = ground.lengths.copy()
    found = [
        set(ground.entries[start : start + length].tolist())
        for start, length in zip(ground.starts, kept, strict=True)
    ]
    for kind, (start, length) in enumerate(zip(ground.starts, kept, strict=True)):
        for position, owner in enumerate(ground.entries[start : start + length].tolist()):
            block = int(ground.blocks[owner // 4]) // BLOCK * BLOCK
            place = block + 4 * (owner % 4) + simulation.directions[kind]
            assert ground.places[place] == position
    scan(ground, ground.plane.size, True, np.ones((ground.plane.size, ground.height), np.bool_))  # noqa: FBT003
    assert ground.lengths.tolist() == kept.tolist()
    assert found == [
        set(ground.entries[start : start + length].tolist())
        for start, length in zip(ground.starts, kept, strict=True)
    ]
    owned = np.bincount([owner // 4 for owners in found for owner in owners])
    assert (ground.blocks[: owned.size] % BLOCK).tolist() == owned.tolist()
    assert not ground.blocks[owned.size :].any()


@pytest.mark.parametrize("boundary", ["PERIODIC", "OUT"])
def test_counts_altitudes_and_the_gas_follow_the_cells(boundary: str) -> None:
    simulation = busy(boundary, 3)

    simulation.run(stop=8, on_snapshot=print)

    ground = simulation.ground
    states = ground.cells
    assert ground.counts.tolist() == np.bincount(states, minlength=16).tolist()
    fluid = states.reshape(11, 20, 16)[ground.plane >= 0] == 3
    assert ground.nodes_fluid[0] == fluid.sum() == ground.fluid.sum()
    before = simulation.altitude.copy()
    again = busy(boundary, 3)
    again.run(stop=8, on_snapshot=print)
    assert np.array_equal(before, again.altitude)
    solid = (states != 3).reshape(11, 20, 16)[1:-1, 1:-1, -2:0:-1]
    assert np.array_equal(simulation.altitude, np.argmin(solid, axis=2) + 1)


def test_only_grains_are_dated() -> None:
    simulation = busy("OPEN", 4)

    simulation.run(stop=8, on_snapshot=print)

    states, times = simulation.bed.cells()
    dated = states[times > 0]
    assert dated.size > 0
    assert np.all(dated == 0)


@pytest.mark.parametrize("mode", ["TRANS", "SYNC"])
def test_dates_are_the_same_however_many_may_wait(mode: str) -> None:
    angle = {"TRANS": 35, "SYNC": 0}[mode]
    runs = [busy("OPEN", 6, Ava_mode=mode, Ava_angle=angle, Ava_delay=0) for _ in range(2)]
    few = runs[1].ground._replace(dates=np.empty(300, np.int64))
    runs[1].bed.ground = few

    for run in runs:
        run.run(stop=8, on_snapshot=print)

    patient, prompt = (run.bed.cells() for run in runs)
    assert runs[1].ground.dates.size == 300
    assert runs[1].transitions > 500
    assert np.unique(patient.times).size > 5
    assert np.array_equal(patient.states, prompt.states)
    assert np.array_equal(patient.times, prompt.times)
    assert not np.any(patient.times[patient.states != 0])


@pytest.mark.parametrize("boundary", ["PERIODIC", "OPEN"])
def test_slopes_are_the_same_compiled_interpreted_and_remembered(boundary: str) -> None:
    simulation = busy(boundary, 5)
    ground = simulation.ground
    ground.altitude[:] = np.random.default_rng(5).integers(2, 40, ground.altitude.size)
    compiled, interpreted = simulation.slopes.repose, slopes.repose(simulation.settings)
    steepest = dispatcher(slopes.steepest)

    for _ in range(2):  # the second time from memory
        for i, j in np.ndindex(18, 9):
            plain = slopes.steepest.py_func(ground, interpreted, i, j)
            assert steepest(ground, compiled, i, j) == plain


@pytest.mark.parametrize("boundary", ["PERIODIC", "OPEN"])
@pytest.mark.parametrize("angle", [5, 30, 33, 35, 45, 60])
def test_no_slope_is_too_steep_where_the_ground_is_gentle(boundary: str, angle: int) -> None:
    cells = np.full((16, 6, 20), 3, np.uint8)
    parameters = {**BUSY, "Boundary": boundary, "Ava_angle": angle}
    simulation = Simulation(
        parameters, cells, np.zeros(cells.shape, np.int32), time=0.0, seed=1
    )
    ground, repose, found = simulation.ground, simulation.slopes.repose, [0, 0]
    steepest, is_gentle = dispatcher(slopes.steepest), dispatcher(slopes.is_gentle)

    for seed in range(40):
        random = np.random.default_rng(seed)
        rough = random.integers(0, 1 + seed % 12, ground.altitude.size)
        ground.altitude[:] = rough + (30000 if seed % 2 else 5)
        for i, j in np.ndindex(20, 16):
            column = (ground.first + j) * ground.length + i + 1
            upward = steepest(ground, repose, i, j)[1]  # remembers the bearing
            gentle = is_gentle(ground, repose, column, i, j)
            assert gentle == slopes.is_gentle.py_func(ground, repose, column, i, j)
            assert not (gentle and upward < repose.limit)
            found[gentle] += 1

    assert min(found) > 200


def test_acceptance_is_linear_between_the_thresholds() -> None:
    low, high = np.float32(10), np.float32(110)
    tau = np.array([-5, 9.9, 10, 60, 110, 111], np.float32)

    for kernel in (dispatcher(shear.acceptance), shear.acceptance):
        found = [float(kernel(value, low, high)) for value in tau]
        assert found == [0, 0, 0, 0.5, 1, 1]
        assert float(kernel(np.float32(-1), np.float32(-5), high)) == 0


def test_the_generator_is_the_one_of_the_c_library() -> None:
    state, drawn = seeded(1), []

    for _ in range(4):
        state = following(state)
        drawn.append(state * UNIT)

    assert drawn[:3] == [0.041630344771878214, 0.45449244472862915, 0.8348172181669149]
    assert skipped(seeded(1), 4) == state
    assert seeded(-1) == 0xFFFFFFFF330E


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Ava_mode", {"Ava_mode": "PROPAG", "Ava_angle": 30}),
        ("Ava_mode", {"Ava_mode": "PROPAG", "Ava_delay": 2}),
        ("Ava_angle", {"Ava_angle": 30}),  # SYNC is what an absent Ava_mode means
        ("Ava_angle_unstable", {"Ava_delay": 2, "Ava_angle_unstable": 30}),
        ("Ava_delay", {"Ava_mode": "TRANS", "Ava_delay": -2}),
        ("Ava_duration", {"Ava_mode": "TRANS", "Ava_delay": 2, "Ava_duration": -1}),
        ("Lambda_A_unstable", {"Ava_mode": "TRANS", "Ava_delay": 2, "Lambda_A_unstable": -1}),
        ("Rot_delay", {"Ava_mode": "NONE", "Rot_delay": -5}),
        ("Rot_mode", {"Ava_mode": "NONE", "Rot_mode": "SQUARE", "Boundary": "REINJECTION"}),
        ("Rot_mode", {"Ava_mode": "SYNC", "Rot_mode": "FULL"}),
        ("Rot_mode", {"Ava_mode": "NONE", "Rot_mode": "FULL", "Centering_delay": 3}),
        ("Centering_delay", {"Ava_mode": "NONE", "Centering_delay": -3}),
        ("Hpp_file", {"Ava_mode": "NONE", "Hpp_file": "HPP.bin"}),
        ("Lambda_E", {"Ava_mode": "NONE", "Lambda_E": -1}),
    ],
)
def test_what_is_not_simulated_is_refused_by_name(
    name: str, values: dict[str, bool | int | float | str]
) -> None:
    with pytest.raises(RequestError, match=f"^{name} = ") as caught:
        refuse_unsupported(values)

    assert len(caught.value.problems) == 1


def test_zeros_ask_for_nothing_and_are_not_refused() -> None:
    names = ("Rot_delay", "Centering_delay", "Ava_delay", "Rot_angle")

    refuse_unsupported({"Ava_mode": "TRANS", "Ava_angle": 38, **dict.fromkeys(names, 0)})
