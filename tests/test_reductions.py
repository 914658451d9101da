"""Reductions that ship for ``outputs.own``: their values on cells that are made for it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import orchestrator.reductions
from orchestrator import open_sweep
from orchestrator.formats.cellspace import Header
from orchestrator.model import State, own_reductions
from orchestrator.model.reductions import Reduction
from orchestrator.records import attempts, failures
from orchestrator.runner.own_outputs import Guarded
from orchestrator.runner.reducer import Reducer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from orchestrator.model import Cause
    from orchestrator.model.snapshots import Snapshot
    from tests.conftest import Bench

PAGES = Path(__file__).parents[1] / "docs" / "extending"
NAN = np.float32(np.nan)
GROUND, GRAIN, MOBILE, SINTERED, AIR = 6, 0, 1, 2, 3

# [D, L] of columns from the ground up: D = 2, H = 4, L = 3
COLUMNS = [
    [[GROUND, GRAIN, AIR, AIR], [GROUND, SINTERED, GRAIN, AIR], [GROUND, AIR, AIR, AIR]],
    [
        [GROUND, GRAIN, SINTERED, MOBILE],
        [GROUND, SINTERED, SINTERED, SINTERED],
        [GROUND, GRAIN, AIR, MOBILE],
    ],
]
STATES = np.array(COLUMNS, np.uint8).transpose(0, 2, 1)[:, ::-1]
RESTED = (
    np.arange(24).reshape(2, 3, 4).transpose(0, 2, 1)[:, ::-1]
)  # by column, from the ground up


class Planes:
    """A decoder that has one snapshot, plane by plane."""

    inside = False

    def __init__(self, cells: NDArray[Any]) -> None:
        self._cells = cells

    def header(self) -> Header | None:
        return None

    def planes(self) -> Iterator[NDArray[Any]]:
        yield from (self._cells[i : i + 1] for i in range(len(self._cells)))


def reduced(reference: str, path: Path, cells: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return the array that a shipped reduction makes of the cells at t = 100.5 t0."""
    own = own_reductions.load("a", f"orchestrator.reductions:{reference}", path)
    faults: list[Cause] = []
    stamped = (RESTED.astype("<u8") << np.uint64(32)) | STATES
    source = Planes(stamped if cells is None else cells)
    header = Header("SNO", 4, 3, 2, time=100.5)
    snapshot: Snapshot = Reducer(source, [], [Guarded(own, faults)]).reduce(header)
    assert [failures.sentence(fault) for fault in faults] == []
    return snapshot.arrays["a"]


def test_a_cross_section_is_a_line_of_the_height_map(tmp_path: Path) -> None:
    np.testing.assert_array_equal(reduced("cross_section(y=0)", tmp_path), [2, 3, 1])
    np.testing.assert_array_equal(reduced("cross_section(y=1)", tmp_path), [3, NAN, 2])
    np.testing.assert_array_equal(reduced("cross_section(x=1)", tmp_path), [3, NAN])


def test_a_section_of_cells_has_their_states_the_ground_first(tmp_path: Path) -> None:
    along = reduced("cell_section(y=1,height=4)", tmp_path)
    across = reduced("cell_section(x=0,height=4)", tmp_path)

    assert along.T.tolist() == COLUMNS[1]
    assert across.T.tolist() == [COLUMNS[0][0], COLUMNS[1][0]]


def test_the_age_of_the_surface_is_since_its_grains_came_to_rest(tmp_path: Path) -> None:
    ages = reduced("surface_age", tmp_path)

    np.testing.assert_array_equal(ages, [[99.5, 94.5, NAN], [86.5, NAN, 79.5]])


def test_the_surface_is_sintered_where_its_uppermost_grain_is(tmp_path: Path) -> None:
    sintered = reduced("sintered_surface", tmp_path)

    np.testing.assert_array_equal(sintered, [[0, 0, NAN], [1, NAN, 0]])


def test_a_coarse_cell_space_has_the_share_of_cells_at_rest(tmp_path: Path) -> None:
    resting = np.isin(np.array(COLUMNS), [GROUND, GRAIN, SINTERED])  # [D, L, z]

    whole = reduced("coarse_cells(z=1,y=1,x=1)", tmp_path)
    each = reduced("coarse_cells(z=4,y=2,x=3)", tmp_path)
    halves = reduced("coarse_cells(z=2,y=1,x=2)", tmp_path)

    assert whole.tolist() == [[[np.float32(15 / 24)]]]
    np.testing.assert_array_equal(each, resting.transpose(2, 0, 1))
    lower, upper = resting[..., :2].mean(axis=(0, 2)), resting[..., 2:].mean(axis=(0, 2))
    by_column = [[[low[0], low[1:].mean()]] for low in (lower, upper)]
    np.testing.assert_allclose(halves, by_column, rtol=1e-6)


def test_blocks_of_a_domain_that_they_do_not_part_evenly_cover_every_cell(
    tmp_path: Path,
) -> None:
    solid = np.zeros((7, 5, 11), np.uint8)
    own = own_reductions.load(
        "a", "orchestrator.reductions:coarse_cells(z=2,y=3,x=4)", tmp_path
    )
    faults: list[Cause] = []

    shares = (
        Reducer(Planes(solid), [], [Guarded(own, faults)])
        .reduce(Header("SNO", 5, 11, 7))
        .arrays
    )

    assert faults == []
    np.testing.assert_allclose(shares["a"], np.ones((2, 3, 4)), rtol=1e-6)


def test_frames_without_times_have_no_ages(tmp_path: Path) -> None:
    own = own_reductions.load("a", "orchestrator.reductions:surface_age", tmp_path)
    faults: list[Cause] = []

    snapshot = Reducer(Planes(STATES), [], [Guarded(own, faults)]).reduce(
        Header("toy", 4, 3, 2, time=3.0)
    )

    assert np.isnan(snapshot.arrays["a"]).all()
    (fault,) = faults
    assert failures.sentence(fault) == (
        "outputs.own.a failed at t = 3 t0 and has no values since: the frames do not tell when "
        "grains came to rest"
    )


def test_all_of_them_go_into_the_results_of_a_sweep(bench: Bench) -> None:
    bench.write("[0]")
    path = bench.place / "winds.yaml"
    path.write_text(
        f"""{path.read_text()}
outputs:
  own:
    west: orchestrator.reductions:cross_section(y=3)
    cut: orchestrator.reductions:cell_section(x=2, height=10)
    age: orchestrator.reductions:surface_age
    hard: orchestrator.reductions:sintered_surface
    coarse: orchestrator.reductions:coarse_cells(z=5, y=4, x=7)
"""
    )

    done = bench.run("submit", "winds.yaml", "--wait")

    record = attempts.read_record(bench.sweep.experiment(0).attempt(1))
    assert done.returncode == 0, done.stderr
    assert record is not None
    assert (record.state, failures.reason(record)) == (State.DONE, "")
    with open_sweep(bench.sweep.root) as dataset:
        expected = dataset["height"].isel(y=3).values
        np.testing.assert_array_equal(dataset["west"].values, expected)
        assert dataset["cut"].dims[-2:] == ("z", "y")
        assert dataset["coarse"].sizes["coarse_x"] == 7
        assert dataset["age"].attrs["units"] == "t0"


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (
            "cross_section(y=99)",
            "failed on a trial bed of 12 x 14 columns: ValueError: y is 99, but the domain has 0 to 11",
        ),
        (
            "cross_section(y=1, x=2)",
            "ValueError: expected y or x, the number of a row or column",
        ),
        (
            "cross_section(z=1)",
            "TypeError: cross_section() got an unexpected keyword argument 'z'",
        ),
        (
            "cross_section",
            (
                "cross_section is no reduction; write cross_section(NAME=NUMBER), with the numbers that "
                "it makes one of"
            ),
        ),
        (
            "cell_section(y=1, height=9)",
            (
                "failed on a trial bed of 12 x 14 columns: ValueError: height is 9, but that of the "
                "domain is 10"
            ),
        ),
        ("coarse_cells(z=0, y=1, x=1)", "ValueError: z: expected at least one block"),
        (
            "coarse_cells(z=1, y=1, x=15)",
            "failed on a trial bed of 12 x 14 columns: ValueError: 15 blocks, but the domain has 14",
        ),
    ],
)
def test_numbers_that_do_not_fit_are_refused_by_plan(
    bench: Bench, written: str, sentence: str
) -> None:
    bench.write("[0]")
    path = bench.place / "winds.yaml"
    own = f"orchestrator.reductions:{written}"
    path.write_text(f'{path.read_text()}outputs: {{own: {{a: "{own}"}}}}\n')

    planned = bench.run("plan", "winds.yaml")

    assert planned.returncode == 2
    assert planned.stderr.startswith(
        f"winds.yaml:8:17: outputs.own.a: {own.replace(' ', '')}: {sentence}"
    )


def test_an_argument_that_nobody_knows_is_refused_at_once() -> None:
    def odd(array: NDArray[Any], states: NDArray[Any], first: int, *, wind: float) -> None: ...

    with pytest.raises(ValueError, match="odd: wind: expected one of ages, depth"):
        own_reductions.reduction(units="1", planes=True)(odd)


def test_each_of_them_is_on_the_page() -> None:
    page = (PAGES / "own-reduction.md").read_text()
    public = [
        name
        for name, value in vars(orchestrator.reductions).items()
        if inspect.isfunction(value)
        and value.__module__ == orchestrator.reductions.__name__
        and not name.startswith("_")
    ]

    assert public
    for name in public:
        assert f"| `{name}" in page
    assert isinstance(vars(orchestrator.reductions.surface_age)["reduction"], Reduction)
