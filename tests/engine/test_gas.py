"""The lattice gas conserves what it should, and averages what it says."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.engine import flow, gas_layout, velocity_average
from orchestrator.engine.compile import dispatcher
from orchestrator.engine.genesis import Domain, planes
from orchestrator.engine.kmc_loop import GENERATOR
from orchestrator.engine.random48 import seeded
from orchestrator.engine.simulation import Simulation
from orchestrator.formats.templates import parse_template
from tests.engine.generator import skipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tests.engine.conftest import Bench

    Collide = Callable[[NDArray[np.int64], NDArray[np.int64], bool], None]

VELOCITIES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
OPPOSITE = (1, 0, 3, 2, 7, 6, 5, 4)
HEAD_ON = {frozenset(pair): frozenset(turned) for pair, turned in (
    ((0, 1), (2, 3)), ((2, 3), (0, 1)), ((4, 7), (5, 6)), ((5, 6), (4, 7)))}  # fmt: skip
EXCHANGES = {(0, 6): (1, 4), (0, 7): (1, 5), (2, 5): (3, 4), (2, 7): (3, 6)}
EXCHANGES |= {out: into for into, out in EXCHANGES.items()}


def outcome(particles: frozenset[int], *, solid: bool, slip: bool) -> frozenset[int]:
    """Collide the particles of one node by the rules as they are told."""
    slow, fast = particles & {0, 1, 2, 3}, particles & {4, 5, 6, 7}
    if solid:
        slow, fast = (frozenset(OPPOSITE[v] for v in part) for part in (slow, fast))
    elif len(slow) == len(fast) == 1 and (min(slow), min(fast)) in EXCHANGES:
        now_slow, now_fast = EXCHANGES[min(slow), min(fast)]
        slow, fast = frozenset({now_slow}), frozenset({now_fast})
    else:
        slow, fast = HEAD_ON.get(slow, slow), HEAD_ON.get(fast, fast)
    rising = particles & {4, 5, 6, 7}
    if slip and rising in ({5}, {7}):
        fast = frozenset({4 if 5 in rising else 6})
    return slow | fast


def collided(collide: Collide, *, solid: bool, slip: bool) -> list[frozenset[int]]:
    """Return what becomes of all 256 sets of particles."""
    nodes, out = (
        np.zeros(gas_layout.NODE_TILE, np.int64),
        np.zeros(gas_layout.OUTCOME_TILE, np.int64),
    )
    found = []
    for column in range(7):  # 40 nodes at a time, in bit 3 of their words
        sets = range(40 * column, min(40 * column + 40, 256))
        for i, particles in enumerate(sets):
            for v in range(8):
                nodes[i + gas_layout.TILE * v] = (particles >> v & 1) << 3
            nodes[i + gas_layout.TILE * gas_layout.SOLID] = solid << 3
        collide(nodes, out, slip)
        for i, _ in enumerate(sets):
            found.append(
                frozenset(v for v in range(8) if out[i + 1 + gas_layout.PITCH * v] >> 3 & 1)
            )
    return found


SETS = [frozenset(v for v in range(8) if number >> v & 1) for number in range(256)]


@pytest.fixture(params=["compiled", "interpreted"])
def collide(request: pytest.FixtureRequest) -> Collide:
    kernel: Collide = dispatcher(flow.collide) if request.param == "compiled" else flow.collide
    return kernel


@pytest.mark.parametrize("solid", [False, True])
@pytest.mark.parametrize("slip", [False, True])
def test_all_sets_of_particles_collide_by_the_rules(
    collide: Collide, *, solid: bool, slip: bool
) -> None:
    found = collided(collide, solid=solid, slip=slip)

    assert found == [outcome(particles, solid=solid, slip=slip) for particles in SETS]


def test_collisions_conserve_number_and_momentum_and_undo_themselves(collide: Collide) -> None:
    found = collided(collide, solid=False, slip=False)

    for before, after in zip(SETS, found, strict=True):
        assert len(after) == len(before)
        for axis in (0, 1):
            assert sum(VELOCITIES[v][axis] for v in after) == sum(
                VELOCITIES[v][axis] for v in before
            )
        assert found[sum(1 << v for v in after)] == before
    assert sum(before != after for before, after in zip(SETS, found, strict=True)) == 68


def field(rows: int, columns: int, count: int, seed: int) -> NDArray[np.bool_]:
    """Return a random gas, bool [planes, rows, columns, 9], solid at top and bottom, empty in walls."""
    random = np.random.default_rng(seed)
    nodes = random.random((count, rows, columns, 9)) < 0.3
    nodes[:, [0, 1, -2, -1], :, 8] = True
    nodes[:, :, [0, -1], 8] = True
    nodes[:, [0, 1, -2, -1], :, :8] = False  # particles come into a floor from above only
    nodes[:, :, [0, -1], :8] = False
    return nodes


def packed(nodes: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Lay a gas out as the kernels expect it."""
    count, rows, columns, _ = nodes.shape
    tiles = -(-columns // gas_layout.TILE)
    words = np.zeros((-(-count // 64), rows, tiles, 9, gas_layout.TILE), np.uint64)
    for k, y, x, v in np.argwhere(nodes):
        words[k // 64, y, x // gas_layout.TILE, v, x % gas_layout.TILE] |= np.uint64(
            1
        ) << np.uint64(k % 64)
    return words.view(np.int64).ravel()


def unpacked(words: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Undo ``packed``."""
    count, rows, columns, _ = shape
    tiles = -(-columns // gas_layout.TILE)
    by_word = words.view(np.uint64).reshape(-1, rows, tiles, 9, gas_layout.TILE)
    by_row = by_word.transpose(0, 1, 2, 4, 3).reshape(-1, rows, tiles * gas_layout.TILE, 9)
    bits = [
        by_row[k // 64, :, :columns] >> np.uint64(k % 64) & np.uint64(1) for k in range(count)
    ]
    return np.stack(bits).astype(np.bool_)


def stepped(nodes: NDArray[np.bool_], ceiling: int) -> NDArray[np.bool_]:
    """Collide and propagate node by node."""
    count, rows, columns, _ = nodes.shape
    after = np.zeros_like(nodes)
    after[..., 8] = nodes[..., 8]
    for k, y, x in np.ndindex(count, rows, columns):
        particles = frozenset(np.flatnonzero(nodes[k, y, x, :8]).tolist())
        for v in outcome(particles, solid=bool(nodes[k, y, x, 8]), slip=y <= ceiling):
            x_to = (x - 1 + VELOCITIES[v][0]) % (columns - 2) + 1
            after[k, y + VELOCITIES[v][1], x_to, v] = True
    return after


@pytest.mark.parametrize(
    ("columns", "count"), [(12, 3), (41, 2), (42, 2), (43, 1), (81, 1), (9, 65)], ids=str
)
def test_a_step_collides_and_propagates_every_plane(columns: int, count: int) -> None:
    rows, ceiling = 9, 2
    before = field(rows, columns, count, seed=columns)
    words, tiles = packed(before), -(-columns // gas_layout.TILE)
    outcomes = np.empty(3 * tiles * gas_layout.OUTCOME_TILE, np.int64)

    flow.step(words, outcomes, rows, columns, tiles, ceiling)

    after = unpacked(words, before.shape)
    assert np.array_equal(after, stepped(before, ceiling))
    assert after[..., :8].sum() == before[..., :8].sum()


def at_work(length: int, depth: int, **parameters: float) -> Simulation:
    """Return a simulation whose gas is full."""
    domain = Domain(16, length, depth, parse_template("SNOWFALL(3.5)"))
    cells = np.stack([plane.copy() for plane in planes(domain, 2000)])
    return Simulation(
        {"Boundary": "OPEN", "Ava_mode": "NONE", "Lambda_F": 0, **parameters},
        cells,
        np.zeros(cells.shape, np.int32),
        time=0.0,
        seed=1,
    )


def shape_of(simulation: Simulation) -> tuple[int, int, int, int]:
    ground = simulation.ground
    return (int(ground.plane.max()) + 1, ground.height, ground.length, 9)


@pytest.mark.parametrize(("length", "depth"), [(30, 12), (83, 7), (12, 330)])
def test_velocities_are_sums_over_boxes_and_49_cycles(length: int, depth: int) -> None:
    simulation = at_work(length, depth, Lgca_speedup=100, Lgca_gfor=0.02)
    ground, shape = simulation.ground, shape_of(simulation)
    high, long = ground.boxes_high, ground.boxes_long
    expected = []

    for _ in range(52):
        simulation._flow(following=0)
        nodes = unpacked(ground.nodes, shape)
        sums = np.zeros((2, shape[0], 5 * high, 5 * long), np.int64)
        counts = np.zeros((2, shape[0], 5 * high, 5 * long), np.int64)
        for axis in (0, 1):
            signs = np.array([velocity[axis] for velocity in VELOCITIES])
            sums[axis, :, : shape[1], : shape[2]] = (nodes[..., :8] * signs).sum(axis=3)
        counts[0, :, : shape[1], : shape[2]] = ~nodes[..., 8]
        counts[1, :, : shape[1], : shape[2]] = 1
        boxed = sums.reshape(2, shape[0], high, 5, long, 5).sum(axis=(3, 5))
        fluid, every = counts.reshape(2, shape[0], high, 5, long, 5).sum(axis=(3, 5))
        share = np.maximum(
            (fluid.astype(np.float32) / every.astype(np.float32)), np.float32(0.2)
        )
        expected.append(np.trunc(boxed.astype(np.float32) / share).astype(np.int64))

    found = simulation.box_velocities
    assert np.array_equal(found, sum(expected[-velocity_average.CYCLES :]))
    assert velocity_average.CYCLES == 49


def test_forcing_and_mixing_keep_every_particle() -> None:
    simulation = at_work(60, 12, Lgca_gfor=0.05)
    shape = shape_of(simulation)
    before = unpacked(simulation.ground.nodes, shape)

    for _ in range(20):
        simulation._flow(following=99)

    after = unpacked(simulation.ground.nodes, shape)
    assert (
        after[..., :8].sum(axis=(1, 2, 3)).tolist()
        == before[..., :8].sum(axis=(1, 2, 3)).tolist()
    )
    assert np.array_equal(after[..., 8], before[..., 8])


def node_hash(simulation: Simulation) -> str:
    """Return the beginning of the SHA-256 of all nodes, in the simulator's own coding."""
    nodes = unpacked(simulation.ground.nodes, shape_of(simulation))
    weights = np.array([4 << v for v in range(8)] + [1])
    coded = (nodes * weights).sum(axis=3)
    return hashlib.sha256(coded.astype("<i2").tobytes()).hexdigest()[:16]


RECORDED = {
    1: (1791, "51177d0ea67d70f4", 28.0, 6.5183845),
    2: (1872, "402c1904bee78f77", 45.80393, 13.046442),
    10: (2520, "11fed3f91761353f", 204.26698, 44.409966),
    49: (5679, "ad9584509d02a051", 540.0824, 166.33632),
    50: (5760, "bdccbbdc5123fe20", 528.8336, 165.79242),
    64: (6894, "91a06f838efc344a", 484.00412, 161.44012),
}


def test_the_gas_of_a_recorded_run_is_repeated_cycle_by_cycle() -> None:
    simulation = at_work(30, 12)

    assert simulation.clock.state[GENERATOR] == skipped(seeded(1), 1710)
    assert node_hash(simulation) == "f3e3698e9c2ecdf6"
    for cycle in range(1, 65):
        simulation._flow(following=0)
        if cycle in RECORDED:
            draws, nodes, largest, mean = RECORDED[cycle]
            assert simulation.clock.state[GENERATOR] == skipped(seeded(1), draws)
            assert node_hash(simulation) == nodes
            assert simulation.speeds == pytest.approx((largest, mean), rel=1e-6)


def window(gases: list[NDArray[np.bool_]]) -> NDArray[np.int64]:
    """Sum the velocities of 5 x 5 boxes over all ``gases``, as int64 [2, planes, high, long]."""
    count, rows, columns, _ = gases[0].shape
    high, long = -(-rows // 5), -(-columns // 5)
    summed = np.zeros((2, count, high, long), np.int64)
    for nodes, (k, j, i) in itertools.product(gases, np.ndindex(count, high, long)):
        box = nodes[k, 5 * j : 5 * j + 5, 5 * i : 5 * i + 5].reshape(-1, 9)
        fluid = np.float32(len(box) - box[:, 8].sum()) / np.float32(len(box))
        share = max(fluid, np.float32(0.2))
        for axis in (0, 1):
            velocity = box[:, :8].sum(axis=0) @ [v[axis] for v in VELOCITIES]
            summed[axis, k, j, i] += np.trunc(np.float32(velocity) / share)
    return summed


def test_dumped_gas_is_that_of_a_dump_before_and_as_many_cycles_as_there_were(
    bench: Bench,
) -> None:
    still = ("E", "T", "C", "D", "G", "S", "I")
    bench.parameters(
        {
            **{f"Lambda_{letter}": 0 for letter in still},
            "H": 11,
            "L": 14,
            "D": 7,
            "Csp_template": "CONE(6,8)",
            "Ava_mode": "NONE",
            "Boundary": "PERIODIC",
            "Lgca_gfor": 0,
            "Lgca_speedup": 0,
            "Init_ncycl": 50,
            "Phys_prop_file": None,
            "Qsat_file": None,
        }
    )
    bench.cells()

    ended = bench.run("rescal", "run.par", "-dcsphpp", "7t0", "-stop", "7t0")

    assert ended.status == 0
    assert ended.err == ""
    assert sorted(path.name for path in bench.root.glob("HPP*")) == [
        *("HPP00000_t0.bin", "HPP00001_2_3_4.vel", "HPP00001_t0.bin")
    ]
    assert [path.name for path in bench.root.glob("GRAD_VEL*")] == ["GRAD_VEL00001_t0.data"]
    stress = np.loadtxt(bench.root / "GRAD_VEL00001_t0.data")
    assert stress.shape == (7, 14)
    assert stress.any()
    assert len(list(bench.root.glob("SNO*.csp.gz"))) == 2
    bits = np.array([4, 8, 16, 32, 64, 128, 256, 512, 1])
    first, last = (
        np.fromfile(bench.root / f"HPP0000{number}_t0.bin", "<u2").reshape(2, 13, 16, 1) & bits
        for number in (0, 1)
    )
    gases = [first > 0]
    for _ in range(50 + 7):
        gases.append(stepped(gases[-1], ceiling=1))
    np.testing.assert_array_equal(gases[-1], last > 0)
    velocities = np.fromfile(bench.root / "HPP00001_2_3_4.vel", "<i4").reshape(2, 2, 3, 4)
    np.testing.assert_array_equal(velocities, window(gases[-49:]))
    assert velocities.any()


def test_the_dumped_gas_of_the_tiny_recorded_run_has_the_hash_of_its_nodes(
    bench: Bench,
) -> None:
    bench.cells()

    ended = bench.streamed("-dcsphpp", "1000t0", "-stop", "1t0", "-s", "1")

    assert (ended.status, len(ended.frames)) == (0, 1)
    dump = (bench.root / "HPP00000_t0.bin").read_bytes()
    assert len(dump) == 2 * 3 * 18 * 32
    assert hashlib.sha256(dump).hexdigest().startswith("f3e3698e9c2ecdf6")


def test_without_gas_none_is_dumped(bench: Bench) -> None:
    bench.parameters({"Use_lgca": "NO", "Lambda_G": 1})
    bench.cells()

    ended = bench.run("rescal", "run.par", "-dcsphpp", "1t0", "-stop", "1t0")

    assert ended.status == 0
    assert not [*bench.root.glob("HPP*"), *bench.root.glob("GRAD_VEL*")]
