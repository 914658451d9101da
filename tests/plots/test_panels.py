"""What pictures are handed: maps at their times, and what is said of those that are missing."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.analysis.dataset.grid import Dimension, Grid
from orchestrator.model import Experiment, Point, State, Status
from orchestrator.model.pictures import Choice, Moment, Units
from orchestrator.plots import charts, motion, panels, sections, series
from orchestrator.plots.layout import Page
from orchestrator.records import arrays
from tests.conftest import make_reduced, with_arrays

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from orchestrator.model import Record
    from orchestrator.model.snapshots import Reduced
    from orchestrator.records.paths import SweepDirectory

SHAPE = (3, 4)


@pytest.fixture
def grid(sweep_directory: SweepDirectory) -> Grid:
    """A sweep that is seen every 10 t0 until 40 t0."""
    return Grid(
        directory=sweep_directory,
        dimensions=(),
        cells={},
        superseded=(),
        orphaned=(),
        times=np.arange(0.0, 41.0, 10.0),
        tolerance_t0=2.5,
        depth=SHAPE[0],
        length=SHAPE[1],
    )


@pytest.fixture
def make_film() -> Callable[[State, int], tuple[Reduced, Status]]:
    """Make snapshots that are a little late, each map one cell higher than its number."""

    def make(state: State, snapshots: int) -> tuple[Reduced, Status]:
        times = 10.0 * np.arange(snapshots, dtype=np.float64) + 0.03
        numbers = np.arange(snapshots, dtype=np.int16)
        maps = (1 + numbers)[:, None, None] * np.ones(SHAPE, np.int16)
        reduced = make_reduced(
            times, maps, np.empty((0, 0, 0), "f4"), np.empty((0, 3), np.int64)
        )
        point = Point("00", {"D": SHAPE[0], "L": SHAPE[1]}, seed=1)
        return reduced, Status(Experiment(0, point), state, 1, None)

    return make


def test_a_film_has_the_snapshot_of_each_time_though_it_is_late(
    grid: Grid, make_film: Callable[[State, int], tuple[Reduced, Status]]
) -> None:
    films = {(0, 0): make_film(State.DONE, 5)}

    moments = panels.moments(grid, films)
    shown = [panels.moment(grid, films, time)[0, 0] for time in moments]

    assert moments == [0.0, 10.0, 20.0, 30.0, math.inf]
    assert [_number(panel.height_map) for panel in shown] == [0, 1, 2, 3, 4]
    assert [panel.remark for panel in shown] == [""] * 5


def test_a_film_tells_from_when_on_an_experiment_did_not_go_on(
    grid: Grid, make_film: Callable[[State, int], tuple[Reduced, Status]]
) -> None:
    films = {
        (0, 0): make_film(State.DONE, 5),
        (0, 1): make_film(State.FAILED, 3),
        (0, 2): make_film(State.CANCELLED, 5),
        (0, 3): make_film(State.PENDING, 0),
    }

    shown = [panels.moment(grid, films, time) for time in panels.moments(grid, films)]

    assert [frame[0, 1].remark for frame in shown] == ["", "", "", "failed", "failed"]
    assert [_number(frame[0, 1].height_map) for frame in shown] == [0, 1, 2, 2, 2]
    assert [frame[0, 2].remark for frame in shown] == ["", "", "", "", "cancelled"]
    assert [frame[0, 3].remark for frame in shown] == ["pending"] * 5
    assert {frame[0, 0].remark for frame in shown} == {""}


@pytest.mark.parametrize(
    ("time", "number", "remark"),
    [(10.0, 1, ""), (20.0, 2, ""), (40.0, 2, "failed"), (None, 2, "failed")],
)
def test_a_map_is_incomplete_only_where_the_wanted_one_is_not_there(
    grid: Grid,
    make_film: Callable[[State, int], tuple[Reduced, Status]],
    time: float | None,
    number: int,
    remark: str,
) -> None:
    panel = panels._panel(grid, *make_film(State.FAILED, 3), time)

    assert (_number(panel.height_map), panel.remark) == (number, remark)


@pytest.mark.parametrize(
    ("time", "note"),
    [
        (4.0, "bed at the start; next t = 10.03 t0"),
        (2.0, "bed at the start; next t = 10.03 t0"),  # though a snapshot may be so late
        (6.0, ""),
        (0.2, ""),
        (None, ""),
    ],
)
def test_a_map_of_the_start_says_so_where_a_later_one_was_wanted(
    grid: Grid,
    make_film: Callable[[State, int], tuple[Reduced, Status]],
    time: float | None,
    note: str,
) -> None:
    panel = panels._panel(grid, *make_film(State.DONE, 3), time)
    in_nature = dataclasses.replace(panel, t0_s=3600.0)

    assert panel.text(Units.MODEL) == in_nature.text(Units.MODEL) == note
    assert in_nature.text(Units.SI) == note.replace("10.03 t0", "10 h")


@pytest.mark.parametrize(
    ("time", "apart"),
    [(None, [False, True, True]), (10.0, [False] * 3), (33.0, [False, True, True])],
)
def test_a_map_of_another_time_than_the_others_tells_it(
    grid: Grid,
    make_film: Callable[[State, int], tuple[Reduced, Status]],
    monkeypatch: pytest.MonkeyPatch,
    time: float | None,
    apart: list[bool],
) -> None:
    films = [make_film(State.DONE, 5), make_film(State.DONE, 3), make_film(State.FAILED, 2)]
    numbered = [
        dataclasses.replace(status, experiment=dataclasses.replace(status.experiment, number=i))
        for i, (_, status) in enumerate(films)
    ]
    monkeypatch.setattr(panels, "read", lambda _, status: films[status.experiment.number][0])

    page = Page("", {(0, i): status for i, status in enumerate(numbered)})
    shown = panels.panels(grid, page, None if time is None else Moment(time))

    assert [panel.apart for panel in shown.values()] == apart


def test_a_full_domain_tells_since_when_from_then_on(
    grid: Grid, make_film: Callable[[State, int], tuple[Reduced, Status]]
) -> None:
    reduced, status = make_film(State.DONE, 4)
    maps = reduced.height_maps.copy()
    maps[2:] = 0
    reduced = with_arrays(reduced, height_maps=maps)

    films = {(0, 0): (reduced, status)}
    shown = [panels.moment(grid, films, time)[0, 0] for time in (0.0, 10.0, 20.0, 30.0)]
    last = panels._panel(grid, reduced, status, None)

    said = "full from t = 20.03 t0 on"
    told = [panel.text(Units.MODEL) for panel in (*shown, last)]
    assert told == ["", "", said, said, said]
    in_nature = dataclasses.replace(last, t0_s=3600.0)
    assert in_nature.text(Units.SI) == "full from t = 20 h on"
    assert last.height_map is not None
    assert np.isnan(last.height_map).all()
    assert _number(shown[1].height_map) == 1


@pytest.mark.parametrize(
    ("times", "wanted", "common"),
    [
        ([10.0, 10.4, 627.6, 11.9, 10.1], None, 11.9),
        ([10.0, 20.1], None, 20.1),
        ([10.0, 10.0, 20.1], 20.0, 20.1),
        ([10.0, 10.1, 40.0], 30.0, 10.1),
        ([10.0, 40.0], 30.0, 40.0),
        ([12.1, 8.1, 8.2], 10.2, 8.2),
        ([], 30.0, 0.0),
    ],
)
def test_the_time_that_is_told_is_the_wanted_one_or_that_of_most(
    times: list[float], wanted: float | None, common: float
) -> None:
    assert panels.common_time(times, wanted, 2.5) == common


def test_what_a_film_shows_of_an_earlier_time_tells_it(
    grid: Grid, make_film: Callable[[State, int], tuple[Reduced, Status]]
) -> None:
    films = {(0, 0): make_film(State.DONE, 5), (0, 1): make_film(State.DONE, 3)}

    shown = [panels.moment(grid, films, time) for time in panels.moments(grid, films)]

    assert [frame[0, 1].apart for frame in shown] == [False, False, False, True, True]
    assert not any(frame[0, 0].apart for frame in shown)


def test_curves_have_all_snapshots_of_one_seed_and_tell_which_of_several_are_left_out(
    grid: Grid,
    make_film: Callable[[State, int], tuple[Reduced, Status]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One point has a seed whose third snapshot is too late; the other has it and one in time."""
    reduced, status = make_film(State.DONE, 4)
    late = dataclasses.replace(reduced, times=np.array([0.0, 10.2, 27.0, 30.1]))
    read = [late, late, reduced]
    cells: dict[tuple[int, ...], Status] = {
        place: dataclasses.replace(
            status, experiment=dataclasses.replace(status.experiment, number=number)
        )
        for number, place in enumerate([(0, 0), (1, 0), (1, 1)])
    }
    axes = Dimension("Tau_min", {"Tau_min": [0, 9]}), Dimension("seed", {"seed": [1, 2]})
    monkeypatch.setattr(arrays, "reduced", lambda of, _: read[int(of.root.name[3:])])

    course = series.series(dataclasses.replace(grid, dimensions=axes, cells=cells))

    alone, pair = course.curves
    assert alone.x.tolist() == [0.0, 10.2, 27.0, 30.1]
    assert alone.means["mean_height"].tolist() == [1, 2, 3, 4]
    assert not alone.sets_of("mean_height").any()
    assert pair.x.tolist() == [0, 10, 20, 30]
    assert pair.means["mean_height"].tolist() == [1, 2, 3, 4]
    assert (pair.sets_of("mean_height") > 0).tolist() == [False, False, True, False]
    assert course.notes == ["1 snapshot left out: too late for the times that seeds share"]


def test_curves_tell_which_domains_are_full(
    grid: Grid,
    make_film: Callable[[State, int], tuple[Reduced, Status]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reduced, status = make_film(State.DONE, 4)
    maps = np.empty((4, 3, 16), np.int16)
    maps[:] = range(1, 17)
    maps[2:] = 0
    full = with_arrays(reduced, height_maps=maps)
    monkeypatch.setattr(arrays, "reduced", lambda *_: full)
    axes = Dimension("Tau_min", {"Tau_min": [0]}), Dimension("seed", {"seed": [1]})
    grid = dataclasses.replace(grid, dimensions=axes, cells={(0, 0): status})

    course, last, earlier = series.series(grid), series.waves(grid, None), series.waves(grid, 9)

    assert course.notes == ["a domain is full from t = 20.03 t0 on, and not measured then"]
    assert np.isnan(course.curves[0].means["mean_height"]).tolist() == [False] * 2 + [True] * 2
    assert (last.curves, last.notes) == ([], ["a domain is full and left out"])
    assert (len(earlier.curves), earlier.notes) == (1, [])


def test_a_cross_section_is_of_the_first_seed_that_has_snapshots(
    grid: Grid,
    make_film: Callable[[State, int], tuple[Reduced, Status]],
    make_record: Callable[..., Record],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of three seeds, the first is pending."""
    reduced, status = make_film(State.DONE, 3)
    record = make_record(snapshots=3)
    cells: dict[tuple[int, ...], Status] = {
        (0, seed): dataclasses.replace(
            status,
            state=State.DONE if seed else State.PENDING,
            record=record if seed else None,
            experiment=Experiment(
                seed, dataclasses.replace(status.experiment.point, seed=seed)
            ),
        )
        for seed in range(3)
    }
    nothing = with_arrays(reduced, height_maps=np.empty((0, *SHAPE), np.int16))
    read = [nothing, reduced, reduced]
    axes = Dimension("Tau_min", {"Tau_min": [0]}), Dimension("seed", {"seed": [0, 1, 2]})
    monkeypatch.setattr(arrays, "reduced", lambda of, *_: read[int(of.root.name[3:])])

    [(_, figure)] = sections.cross_sections(
        dataclasses.replace(grid, dimensions=axes, cells=cells), Choice("section")
    )

    [line] = figure.axes[0].get_lines()
    assert np.asarray(line.get_ydata()).tolist() == [3, 3, 3, 3]
    assert "seed = 1" in figure.get_suptitle()


def test_heights_about_the_mean_of_nearly_equal_beds_are_nearly_equal(
    grid: Grid,
    make_film: Callable[[State, int], tuple[Reduced, Status]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 12 columns 5 or 7 are a cell higher than the others, so that one mean rounds up."""
    reduced, status = make_film(State.DONE, 1)
    drawn = []
    for higher in (5, 7):
        maps = np.full((1, *SHAPE), 4, np.int16)
        maps[0].flat[:higher] = 5
        bed = with_arrays(reduced, height_maps=maps)
        monkeypatch.setattr(arrays, "reduced", lambda *_, bed=bed: bed)
        axes = Dimension("Tau_min", {"Tau_min": [0]}), Dimension("seed", {"seed": [1]})
        one = dataclasses.replace(grid, dimensions=axes, cells={(0, 0): status})
        [curve], _ = motion.heights(one, Choice("heights", relative=True))
        share = curve.means["share"]
        assert share.sum() == pytest.approx(1)
        assert (curve.x * share).sum() == pytest.approx(0)
        drawn.append(dict(zip(curve.x.tolist(), share.tolist(), strict=True)))

    fewer, more = drawn
    assert fewer[-1] == pytest.approx(7 / 12 * 5 / 12)
    assert fewer[0] == pytest.approx((7 * 7 + 5 * 5) / 144)
    assert more[-1] == pytest.approx(fewer[1])
    assert more[0] == pytest.approx(fewer[0])


def _number(height_map: NDArray[np.integer | np.floating] | None) -> int:
    assert height_map is not None
    return int(height_map[0, 0]) - 1


def test_a_film_has_the_arrow_of_the_wind_that_blows_then(
    grid: Grid, make_film: Callable[[State, int], tuple[Reduced, Status]]
) -> None:
    reduced, status = make_film(State.DONE, 3)
    parameters = {**status.experiment.point.parameters, "wind": "15 t0 at -30, 10 t0 at 45"}
    point = dataclasses.replace(status.experiment.point, parameters=parameters)
    turning = dataclasses.replace(status, experiment=Experiment(0, point))
    films = {(0, 0): (reduced, turning), (0, 1): (reduced, status)}

    shown = [panels.moment(grid, films, time) for time in (0.0, 10.0, 20.0)]

    roses = [frame[0, 0].rose for frame in shown]
    assert [rose and rose.present for rose in roses] == [330, 330, 45]
    assert [rose and rose.shares for rose in roses] == [{330: 0.6, 45: 0.4}] * 3
    assert {frame[0, 1].rose for frame in shown} == {None}


def test_shares_of_heights_are_of_all_columns_and_of_whole_cells(
    grid: Grid,
    make_film: Callable[[State, int], tuple[Reduced, Status]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two seeds with 3 and 6 of 12 columns a cell higher than the others."""
    reduced, status = make_film(State.DONE, 2)
    beds = []
    for higher in (3, 6):
        maps = np.full((2, *SHAPE), 4, np.int16)
        maps[1].flat[:higher] = 5
        beds.append(with_arrays(reduced, height_maps=maps))
    axes = Dimension("Tau_min", {"Tau_min": [0]}), Dimension("seed", {"seed": [1, 2]})
    cells: dict[tuple[int, ...], Status] = {
        (0, seed): dataclasses.replace(
            status, experiment=dataclasses.replace(status.experiment, number=seed)
        )
        for seed in (0, 1)
    }
    monkeypatch.setattr(arrays, "reduced", lambda of, _: beds[int(of.root.name[3:])])
    two = dataclasses.replace(grid, dimensions=axes, cells=cells)

    [curve], times = motion.heights(two, Choice("heights"))

    assert [instant.time_t0 for instant in times] == [10.03, 10.03]
    shares = dict(zip(curve.x.tolist(), curve.means["share"].tolist(), strict=True))
    assert {height: share for height, share in shares.items() if share} == {
        4.0: 0.625,
        5.0: 0.375,
    }
    assert curve.errors["share"][curve.x == 5.0] == pytest.approx(0.125)


@pytest.mark.parametrize(
    ("turning", "names"),
    [
        ({}, ("along the wind", "across the wind")),
        ({"Rot_angle": 90.0, "Rot_delay": 10.0}, ("along x", "along y")),
    ],
)
def test_sides_of_a_map_are_named_by_the_wind_only_where_it_blows_along_one(
    grid: Grid, turning: dict[str, float], names: tuple[str, str]
) -> None:
    steady = Point("00", {"D": 3, "L": 4}, seed=1)
    turned = Point("01", {"D": 3, "L": 4, **turning}, seed=1)
    cells: dict[tuple[int, ...], Status] = {
        (i, 0): Status(Experiment(i, point), State.DONE, 1, None)
        for i, point in enumerate((steady, turned))
    }

    assert charts.directions(dataclasses.replace(grid, cells=cells)) == names
