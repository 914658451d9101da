"""A sweep as one labelled dataset: everything in its place, what is missing is not a number."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import orchestrator
from orchestrator.analysis import dataset
from orchestrator.analysis.dataset import targets
from orchestrator.analysis.dataset.grid import lay_out
from orchestrator.analysis.dataset.variables import array_variables
from orchestrator.analysis.scales import scales, settled
from orchestrator.errors import RequestError
from orchestrator.model import Axis, Cause, Kind, Point, Run, State
from orchestrator.model.pictures import Units
from orchestrator.records import arrays, attempts, intents, ledger
from orchestrator.records.journal import Journal
from orchestrator.sweepfile.own_names import RESERVED
from tests.conftest import make_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from xarray import Dataset

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Record, Submission
    from orchestrator.model.snapshots import Reduced
    from orchestrator.records.paths import ExperimentDirectory, SweepDirectory

xarray = pytest.importorskip("xarray")

D, L = 6, 12
AXES = Axis(("Tau_min",), ()), Axis(("Coef_B", "Coef_C"), (), "zip")
POINTS: list[dict[str, Value]] = [
    {"Tau_min": tau, "Coef_B": b, "Coef_C": c}
    for tau in (100.0, 0.0)
    for b, c in ((1.0, 3.0), (5.0, 15.0))
]


def _map(number: int, index: int) -> NDArray[np.int16]:
    """Return a map that tells what it is of."""
    heights = np.full((D, L), 1 + 100 * number + index, np.int16)
    heights[number % D, index] += 7
    return heights


def _finish(
    sweep: SweepDirectory, number: int, times: list[float], record: Record | None
) -> None:
    """Leave behind what an attempt with snapshots at ``times`` leaves."""
    place = sweep.experiment(number)
    attempt = attempts.claim(place, 1, attempts.myself("t", "j"))
    assert attempt is not None
    place.out.mkdir(exist_ok=True)
    journal = Journal(attempt.journal)
    for index, time in enumerate(times):
        spectrum = np.full((1, 1), time, np.float32)
        counts = np.array([60, 30 + index, 10 - index])
        journal.append(make_snapshot(time, _map(number, index), spectrum, counts))
    journal.close()
    if record is not None:
        arrays.publish(attempt.journal, place, complete=record.complete)
        attempt.journal.unlink()
        attempts.write_record(attempt, record)


@pytest.fixture
def sweep(
    sweep_directory: SweepDirectory,
    make_submission: Callable[..., Submission],
    make_record: Callable[..., Record],
) -> SweepDirectory:
    """Two by two points and two seeds: done, running, failed, and one that waits."""
    fixed: dict[str, Value] = {"H": 20, "L": L, "D": D, "Csp_template": "LAYER(2)"}
    points = [
        Point(f"{i}{seed}", {**fixed, **point}, seed)
        for i, point in enumerate(POINTS)
        for seed in (1, 2)
    ]
    ledger.enlist(sweep_directory, points)
    asked = dataclasses.replace(
        make_submission("t", dict.fromkeys(range(8), 1)),
        run=Run(stop_t0=40.0, every_t0=10.0),
    )
    intents.arrange(sweep_directory, AXES)
    intents.intend(sweep_directory, asked)
    ledger.keep_sweep_file(sweep_directory, "name: winds\n")
    done = make_record(wall_s=5.0)
    for number in range(6):
        _finish(sweep_directory, number, [0.0, 10.2, 20.1, 30.0, 40.3], done)
    _finish(sweep_directory, 6, [0.0, 14.0, 20.3], None)
    failed = make_record(
        state=State.FAILED, causes=(Cause(Kind.TEXT, detail="bad luck"),), time_t0=0.0
    )
    _finish(sweep_directory, 7, [0.0], failed)
    return sweep_directory


@pytest.fixture(params=["opened", ".zarr", ".nc"])
def found(request: pytest.FixtureRequest, sweep: SweepDirectory) -> Dataset:
    """The dataset as it is opened from the sweep's files, or written and read again."""
    if request.param == "opened":
        return dataset.open_sweep(sweep.root)
    path = sweep.root / f"winds{request.param}"
    dataset.collect(sweep, path)
    if request.param == ".nc":
        written: Dataset = xarray.open_dataset(path, engine="h5netcdf")
    else:
        written = xarray.open_zarr(path)
    return written


def test_every_experiment_stands_at_its_values(found: Dataset) -> None:
    assert dict(found.sizes) == {
        "Tau_min": 2,
        "Coef_B": 2,
        "seed": 2,
        "time": 5,
        "y": D,
        "x": L,
        "ky": 1,
        "kx": 1,
        "cell_state": 3,
    }
    assert found.Tau_min.values.tolist() == [0.0, 100.0]
    assert found.Coef_C.dims == ("Coef_B",)
    assert found.experiment.sel(Tau_min=0.0).values.tolist() == [[4, 5], [6, 7]]
    for number in range(6):
        here = found.where(found.experiment == number, drop=True).squeeze()
        for index in range(5):
            heights = here.height.isel(time=index).values
            assert np.array_equal(heights, _map(number, index))


def test_snapshots_are_aligned_within_the_tolerance(found: Dataset) -> None:
    running = found.sel(Tau_min=0.0, Coef_B=5.0, seed=1)

    assert found.time.values.tolist() == [0, 10, 20, 30, 40]
    times = running.snapshot_time.values
    assert times[[0, 2]].tolist() == [0.0, 20.3]
    assert np.isnan(times[[1, 3, 4]]).all()
    assert np.isnan(running.height.values[[1, 3, 4]]).all()
    assert np.array_equal(running.height.values[2], _map(6, 2))
    assert running.spectrum.values[:, 0, 0].tolist()[2] == np.float32(20.3)


def test_what_is_too_late_for_any_time_is_counted(found: Dataset) -> None:
    assert found.unplaced.sel(Tau_min=0.0).values.tolist() == [[0, 0], [1, 0]]
    assert found.unplaced.sel(Tau_min=100.0).values.tolist() == [[0, 0], [0, 0]]


def test_the_times_are_those_of_all_submissions(
    sweep: SweepDirectory, make_submission: Callable[..., Submission]
) -> None:
    again = make_submission("u", {0: 2})
    intents.intend(sweep, dataclasses.replace(again, run=Run(20.0, 4.0)))
    place = sweep.experiment(0)
    for file in place.out.iterdir():
        file.unlink()
    attempt = attempts.claim(place, 2, attempts.myself("u", "j"))
    assert attempt is not None
    journal = Journal(attempt.journal)
    for index, time in enumerate([0.0, 4.3, 8.1, 12.1, 16.6, 20.4]):
        heights = _map(0, index)
        journal.append(
            make_snapshot(time, heights, np.ones((1, 1), np.float32), np.ones(3, int))
        )
    journal.close()

    opened = dataset.open_sweep(sweep.root)
    wider = dataset.open_sweep(sweep.root, tolerance_t0=0.5)

    assert opened.time.values.tolist() == [0, 4, 8, 10, 12, 16, 20, 30, 40]
    finer = opened.snapshot_time.sel(Tau_min=100.0, Coef_B=1.0, seed=1).values
    others = opened.snapshot_time.sel(Tau_min=100.0, Coef_B=5.0, seed=1).values
    nan = np.nan
    assert np.array_equal(
        finer, [0.0, 4.3, 8.1, nan, 12.1, 16.6, 20.4, nan, nan], equal_nan=True
    )
    assert np.array_equal(
        others, [0.0, nan, nan, 10.2, nan, nan, 20.1, 30.0, 40.3], equal_nan=True
    )
    assert opened.unplaced.sel(Tau_min=100.0, Coef_B=1.0, seed=1) == 0
    assert wider.unplaced.sel(Tau_min=100.0, Coef_B=1.0, seed=1) == 1


def test_a_snapshot_may_be_half_a_t0_late_even_where_they_follow_closely(
    sweep: SweepDirectory,
) -> None:
    grid = lay_out(sweep)
    close = dataclasses.replace(grid, times=np.arange(0.0, 5.0), tolerance_t0=0.5)

    targets, sources = close.aligned(np.array([0.0, 1.4, 2.45, 2.9, 4.7]))

    assert lay_out(sweep, 1.0).tolerance_t0 == 1.0
    assert grid.tolerance_t0 == 2.5
    assert (targets.tolist(), sources.tolist()) == ([0, 1, 2], [0, 1, 2])


def test_parts_are_read_as_the_whole(found: Dataset) -> None:
    whole = found.height.values

    part = found.height.isel(
        Coef_B=1, seed=slice(None, None, -1), x=[3, 1], time=slice(1, 4, 2)
    )

    assert np.array_equal(
        part.values, whole[:, 1, ::-1][:, :, 1:4:2][..., [3, 1]], equal_nan=True
    )
    assert np.array_equal(
        found.height.transpose("x", ...).values, np.moveaxis(whole, -1, 0), equal_nan=True
    )


def test_series_have_their_values_and_units(found: Dataset) -> None:
    one = found.isel(Tau_min=1, Coef_B=0, seed=1)  # experiment 1

    expected = [_map(1, i).mean() for i in range(5)]
    assert one.mean_height.values == pytest.approx(expected)
    # in files, which follow conventions that know no cells, the unit stands beside
    height, time = (
        array.attrs.get("model_units", array.attrs["units"])
        for array in (found.mean_height, found.time)
    )
    assert (height, time) == ("cells", "t0")
    assert found.roughness.attrs["comment"] == "standard deviation of the height"
    assert found.Tau_min.attrs["long_name"]
    assert found.attrs["Conventions"] == "CF-1.11"
    assert found.attrs["sweep_file"] == "name: winds\n"


def test_states_are_words_when_opened_and_flags_in_files(
    sweep: SweepDirectory, found: Dataset
) -> None:
    opened = dataset.open_sweep(sweep.root)

    assert opened.state.sel(Tau_min=0.0).values.tolist() == [
        ["done", "done"],
        ["running", "failed"],
    ]
    if "flag_meanings" in found.state.attrs:
        words = str(found.state.attrs["flag_meanings"]).split()
        assert [
            words[i] for i in found.state.values.ravel()
        ] == opened.state.values.ravel().tolist()
    assert found.progress.values.min() == 0.0
    assert found.wall_time.sel(Tau_min=100.0).values.tolist() == [[5.0, 5.0], [5.0, 5.0]]


def test_sizes_in_nature_come_from_the_property_files(sweep: SweepDirectory) -> None:
    real_data = Path(orchestrator.__file__).parent / "engine" / "real_data"
    sweep.experiment(0).parfile.write_text(
        f"Phys_prop_file = {real_data / 'sealevel_snow.prop'}\n"
        f"Qsat_file = {real_data / 'PDF.data'}\n"
        "Tau_min = 100\nLambda_T = 1.5\nLambda_C = 0.5\n"
    )

    opened = dataset.open_sweep(sweep.root).sel(Tau_min=100.0, Coef_B=1.0)

    assert opened.cell_size.values.tolist() == pytest.approx(
        [0.087007, np.nan], nan_ok=True, rel=1e-5
    )
    assert opened.time_scale.values.tolist() == pytest.approx(
        [3295.8, np.nan], nan_ok=True, rel=1e-4
    )
    assert (opened.cell_size.attrs["units"], opened.time_scale.attrs["units"]) == ("m", "s")
    side, scale = opened.cell_size.values[0], opened.time_scale.values[0]
    assert opened.x_m.values == pytest.approx(side * np.arange(L))
    assert opened.y_m.values == pytest.approx(side * np.arange(D))
    assert opened.time_s.values == pytest.approx(scale * np.arange(0, 50, 10))
    assert (opened.x_m.attrs["units"], opened.time_s.attrs["units"]) == ("m", "s")


@pytest.mark.parametrize(
    ("wind", "threshold", "seconds"),
    [
        ("2,t0\n5 -45 100\n5 45 100\n", "", 3295.8),
        ("2,t0\n5 -45 100\n5 45 0\n", "", np.nan),
        ("2,t0\n5 -45 100\n0 45 0\n", "", 3295.8),
        ("2,t0\n5 -45 100\n5 45 0\n", "Tau_min = 100\n", 3295.8),
        ("2,rt\n500 250 8\n500 290 12\n", "Tau_min = 100\n", np.nan),
        ("none", "Tau_min = 100\n", np.nan),
    ],
    ids=["one strength", "two", "one that blows", "held by the file", "speeds", "no winds"],
)
def test_a_t0_has_one_length_where_all_winds_have_one_strength(
    sweep: SweepDirectory, wind: str, threshold: str, seconds: float
) -> None:
    """3295.8 s is the t0 of Tau_min 100, as the test before has it."""
    experiment = _in_winds(sweep, 0, wind, threshold)

    found = scales(experiment)
    units = settled(sweep, [0], Units.SI)

    assert found.cell_m == pytest.approx(0.087007, rel=1e-5)
    assert found.t0_s == pytest.approx(seconds, rel=1e-4, nan_ok=True)
    assert units is (Units.SI if np.isfinite(seconds) else Units.LENGTHS)


def test_in_winds_of_several_strengths_lengths_alone_are_in_nature(
    sweep: SweepDirectory,
) -> None:
    for number in range(8):
        _in_winds(sweep, number, "2,t0\n5 -45 100\n5 45 0\n")
    model, path = dataset.open_sweep(sweep.root), sweep.root / "si.nc"

    written = dataset.collect(sweep, path, in_units=Units.SI)

    found = dataset.open_sweep(path)
    assert written.in_units is Units.LENGTHS
    for name, factor, unit in (
        ("height", 0.087007, "m"),
        ("mean_height", 0.087007, "m"),
        ("migration_speed", 0.087007, "m/t0"),
        ("snapshot_time", 1.0, "t0"),
    ):
        expected = model[name].transpose(*found[name].dims).values * factor
        assert found[name].values == pytest.approx(expected, nan_ok=True, rel=1e-5), name
        assert found[name].attrs["units"] == unit


def test_what_has_no_size_of_cells_is_not_written_in_metres(sweep: SweepDirectory) -> None:
    sweep.experiment(0).parfile.write_text("hop = 3\n")

    with pytest.raises(RequestError, match="no property files that tell how large a cell"):
        dataset.collect(sweep, sweep.root / "si.nc", in_units=Units.SI)

    assert not (sweep.root / "si.nc").exists()


def _in_winds(
    sweep: SweepDirectory, number: int, wind: str, threshold: str = ""
) -> ExperimentDirectory:
    """Write the parameter file of an experiment, and the file of its winds."""
    real_data = Path(orchestrator.__file__).parent / "engine" / "real_data"
    experiment = sweep.experiment(number)
    experiment.root.mkdir(exist_ok=True)
    (experiment.root / "winds.txt").write_text(wind)
    experiment.parfile.write_text(
        f"Phys_prop_file = {real_data / 'sealevel_snow.prop'}\n"
        f"Qsat_file = {real_data / 'PDF.data'}\n"
        f"{threshold}Wind_file = winds.txt\nLambda_T = 1.5\nLambda_C = 0.5\n"
    )
    return experiment


def test_scales_that_differ_make_no_coordinates(sweep: SweepDirectory) -> None:
    real_data = Path(orchestrator.__file__).parent / "engine" / "real_data"
    for number, tau_min in ((0, 100), (4, 0)):
        sweep.experiment(number).parfile.write_text(
            f"Phys_prop_file = {real_data / 'sealevel_snow.prop'}\n"
            f"Qsat_file = {real_data / 'PDF.data'}\n"
            f"Tau_min = {tau_min}\nLambda_T = 1.5\nLambda_C = 0.5\n"
        )

    opened = dataset.open_sweep(sweep.root)

    assert len(np.unique(opened.time_scale.values[np.isfinite(opened.time_scale.values)])) == 2
    assert "time_s" not in opened.coords
    assert "x_m" in opened.coords


def test_seeds_become_means_with_their_standard_errors(found: Dataset) -> None:
    point = found.sel(Tau_min=100.0, Coef_B=1.0)  # experiments 0 and 1

    told = dataset.over_seeds(point)

    pairs = np.array([[_map(number, i).mean() for i in range(5)] for number in (0, 1)])
    assert dict(told.sizes) == {"time": 5, "cell_state": 3}
    assert told.mean_height.values == pytest.approx(pairs.mean(0))
    assert told.mean_height_sem.values == pytest.approx(pairs.std(0, ddof=1) / np.sqrt(2))
    assert told.mean_height_seeds.values.tolist() == [2] * 5
    assert told.mean_height_sem.attrs["units"] == "cells"
    across = dataset.over_seeds(
        point.assign(orientation=(("seed", "time"), [[85.0, 1, 1, 1, 1], [-85.0, 3, 3, 3, 3]]))
    )
    assert across.orientation.values == pytest.approx([90.0, 2, 2, 2, 2])
    assert across.orientation_sem.values == pytest.approx([5.0, 1, 1, 1, 1])
    # at the one point, one of two seeds ran past 0 t0, and only its snapshot at 20 t0 was in time
    alone = dataset.over_seeds(found.sel(Tau_min=0.0, Coef_B=5.0))
    assert alone.mean_height_seeds.values.tolist() == [2, 0, 1, 0, 0]
    assert alone.mean_height.values[2] == pytest.approx(_map(6, 2).mean())
    assert np.isnan(alone.mean_height_sem.values[1:]).all()
    assert np.isnan(alone.mean_height.values[[1, 3, 4]]).all()


def test_a_domain_that_is_full_has_no_surface_and_tells_since_when(
    sweep: SweepDirectory, tmp_path: Path
) -> None:
    path = sweep.experiment(6).attempt(1).journal
    path.unlink()
    journal = Journal(path)
    for time, rows in ((0.0, 0), (20.3, 0), (30.1, 1), (40.2, 3)):
        heights = _map(6, 0)
        heights[:rows] = 0
        journal.append(
            make_snapshot(time, heights, np.zeros((1, 1), np.float32), np.ones(3, int))
        )
    journal.close()

    opened = dataset.open_sweep(sweep.root)
    written = dataset.collect(sweep, tmp_path / "winds.nc")

    one = opened.sel(Tau_min=0.0, Coef_B=5.0, seed=1)
    assert np.isnan(one.height.values[4]).sum() == 3 * L
    assert np.isnan(one.mean_height.values).tolist() == [False, True, False, True, True]
    assert opened.full_from.sel(Tau_min=0.0).values.ravel().tolist() == pytest.approx(
        [np.nan, np.nan, 30.1, np.nan], nan_ok=True
    )
    assert written.full == {6: 30.1}
    # of this one the scales are not known, but when it was full is
    in_nature = dataset.collect(sweep, tmp_path / "si.nc", in_units=Units.SI)
    assert (in_nature.in_units, in_nature.full) == (Units.SI, {6: 30.1})
    with xarray.open_dataset(tmp_path / "winds.nc", engine="h5netcdf") as read:
        assert read.full_from.max() == 30.1
        again = read.height.sel(Tau_min=0.0, Coef_B=5.0, seed=1)
        assert np.array_equal(again.values, one.height.values, equal_nan=True)


def test_grains_are_counted_by_state(found: Dataset) -> None:
    one = found.isel(Tau_min=1, Coef_B=0, seed=1)

    assert one.mobile_fraction.values == pytest.approx([0.3, 0.31, 0.32, 0.33, 0.34])
    assert one.sintered_fraction.values == pytest.approx([0.1, 0.09, 0.08, 0.07, 0.06])
    assert found.mobile_fraction.attrs["units"] == "1"


@pytest.mark.parametrize("engine", ["rescal-sweep", None])
def test_xarray_opens_a_sweep_by_its_path(
    sweep: SweepDirectory, engine: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "now", lambda: "2026-01-31T12:00:00Z")  # stands in `history`
    with (
        xarray.open_dataset(sweep.root, engine=engine) as opened,
        dataset.open_sweep(sweep.root) as expected,
    ):
        for each in (opened, expected):
            assert " collected by rescal-sweep " in each.attrs.pop("history")  # and when
        xarray.testing.assert_identical(opened.load(), expected.load())


def test_options_of_the_backend_are_those_of_open_sweep(sweep: SweepDirectory) -> None:
    with xarray.open_dataset(
        sweep.root,
        engine="rescal-sweep",
        drop_variables=["height", "nothing"],
        tolerance_t0=0.1,
        ask_slurm=False,
    ) as opened:
        assert "height" not in opened
        assert opened["spectrum"].dims[-2:] == ("ky", "kx")
        assert opened["unplaced"].max() == 3


def test_xarray_is_told_what_is_no_sweep(tmp_path: Path) -> None:
    with pytest.raises(
        RequestError, match=r"test_xarray_is_told_what_is_no[^/]*: no sweep there; in "
    ):
        xarray.open_dataset(tmp_path, engine="rescal-sweep")
    with pytest.raises(RequestError, match=r"expected the path of a sweep, .* got BytesIO"):
        xarray.open_dataset(io.BytesIO(b""), engine="rescal-sweep")


def test_opening_reads_no_snapshot(
    sweep: SweepDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    plain = arrays.reduced

    def noting(place: ExperimentDirectory, names: list[str]) -> Reduced:
        read.append(place.root.name)
        return plain(place, names)

    monkeypatch.setattr(arrays, "reduced", noting)

    opened = dataset.open_sweep(sweep.root)
    before = list(read)
    _ = opened.height.sel(Tau_min=0.0, seed=2).values

    assert before == []
    assert read == ["exp5", "exp7"]


def test_an_opened_sweep_can_be_sent_to_another_process(sweep: SweepDirectory) -> None:
    opened = dataset.open_sweep(sweep.root)
    code = "import pickle, sys; found = pickle.load(sys.stdin.buffer); print(float(found.height.isel(Tau_min=1, Coef_B=0, seed=1, time=2).max()))"

    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(opened),
        capture_output=True,
        check=True,
    )

    assert float(done.stdout) == _map(1, 2).max()
    assert pickle.loads(pickle.dumps(opened)).identical(opened)


@pytest.mark.parametrize("suffix", [".zarr", ".nc"])
def test_what_was_written_opens_as_the_sweep_itself_does(
    sweep: SweepDirectory, make_submission: Callable[..., Submission], suffix: str
) -> None:
    """Lazily too; and a place without an experiment has no other state than in the sweep."""
    extra: dict[str, Value] = {"H": 20, "L": L, "D": D, "Tau_min": 7.0, "Coef_B": 1.0}
    ledger.enlist(sweep, [Point("new", {**extra, "Coef_C": 3.0}, 1)])
    intents.intend(sweep, make_submission("new", {8: 1}))
    opened = dataset.open_sweep(sweep.root)
    path = sweep.root / f"winds{suffix}"
    dataset.collect(sweep, path)

    found = dataset.open_sweep(path)

    assert not isinstance(found.height.variable._data, np.ndarray)
    assert found.state.values.tolist() == opened.state.values.tolist()
    assert "missing" in found.state.values
    assert found.state.attrs == opened.state.attrs
    assert set(found.variables) == set(opened.variables)
    for name in found.variables:
        assert found[name].dims == opened[name].dims
        assert np.array_equal(
            found[name], opened[name], equal_nan=found[name].dtype.kind == "f"
        ), name
    assert dataset.over_seeds(found).equals(dataset.over_seeds(opened))
    with xarray.open_dataset(path, engine="zarr" if suffix == ".zarr" else "h5netcdf") as plain:
        flags = np.asarray(plain.state.attrs["flag_values"])
        assert set(plain.state.values.ravel().tolist()) <= set(flags.tolist())
        assert len(flags) == len(plain.state.attrs["flag_meanings"].split())
    with pytest.raises(RequestError, match="tolerance_t0: was said to collect"):
        dataset.open_sweep(path, tolerance_t0=1.0)


def test_what_no_collect_wrote_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_text("words")
    xarray.Dataset({"b": ("x", [1.0])}).to_netcdf(tmp_path / "b.nc", engine="h5netcdf")

    with pytest.raises(RequestError, match=r"a\.nc: cannot be read"):
        dataset.open_sweep(tmp_path / "a.nc")
    with pytest.raises(RequestError, match=r"b\.nc: expected what collect wrote"):
        dataset.open_sweep(tmp_path / "b.nc")


def test_axes_that_came_with_no_new_experiment_count(
    sweep_directory: SweepDirectory, make_submission: Callable[..., Submission]
) -> None:
    fixed: dict[str, Value] = {"H": 20, "L": L, "D": D}
    points = [
        Point(f"{t}{b}", {**fixed, "Tau_min": t, "Coef_B": b}, 1)
        for t in (0.0, 9.0)
        for b in (1.0, 2.0)
    ]
    ledger.enlist(sweep_directory, points)
    intents.arrange(sweep_directory, [Axis(("Tau_min",), ())])
    intents.intend(sweep_directory, make_submission("t", dict.fromkeys(range(4), 1)))
    ledger.keep_sweep_file(sweep_directory, "name: winds\n")
    assert (
        dataset.open_sweep(sweep_directory.root).attrs["left_out"] == "superseded: exp0, exp2"
    )

    intents.arrange(sweep_directory, [Axis(("Tau_min",), ()), Axis(("Coef_B",), ())])

    opened = dataset.open_sweep(sweep_directory.root)
    assert opened.experiment.isel(seed=0).values.tolist() == [[0, 1], [2, 3]]
    assert "left_out" not in opened.attrs


def test_a_newer_experiment_at_the_same_place_counts(sweep: SweepDirectory) -> None:
    old = ledger.experiments(sweep)[0].point
    changed = {**old.parameters, "Lambda_E": 2.0}
    ledger.enlist(sweep, [Point("new", changed, old.seed)])

    opened = dataset.open_sweep(sweep.root)

    assert opened.experiment.sel(Tau_min=100.0, Coef_B=1.0, seed=1) == 8
    assert opened.attrs["left_out"] == "superseded: exp0"
    assert np.isnan(opened.height.sel(Tau_min=100.0, Coef_B=1.0, seed=1).values).all()


@pytest.mark.parametrize("suffix", [".zarr", ".nc"])
def test_chunks_of_maps_are_snapshots_of_one_experiment_and_about_a_megabyte(
    sweep: SweepDirectory, tmp_path: Path, suffix: str
) -> None:
    """Of 1,000 snapshots of 200 x 300 columns, which are 120 kB each."""
    grid = dataclasses.replace(lay_out(sweep), times=np.arange(1000.0), depth=200, length=300)
    shape = (*grid.shape, *array_variables(())["height"].shape(grid))

    with (targets.netcdf_file if suffix == ".nc" else targets.zarr_store)(
        tmp_path / f"a{suffix}", grid
    ) as target:
        target.variable("height", (*"abcdef",), shape, array_variables(())["height"])

    engine = "zarr" if suffix == ".zarr" else "h5netcdf"
    with xarray.open_dataset(tmp_path / f"a{suffix}", engine=engine) as found:
        encoding = found.height.encoding
        chunks = encoding["chunks"] if suffix == ".zarr" else encoding["chunksizes"]
    assert chunks == (1, 1, 1, 9, 200, 300)[-len(shape) :]
    assert np.prod(chunks) * 2 == pytest.approx(1 << 20, rel=0.1)


@pytest.mark.parametrize("suffix", [".zarr", ".nc"])
def test_collecting_that_is_interrupted_leaves_what_was_there(
    sweep: SweepDirectory, suffix: str
) -> None:
    path = sweep.root / f"winds{suffix}"
    dataset.collect(sweep, path)
    before = sorted(entry.name for entry in sweep.root.iterdir())

    def interrupt(done: int, total: int) -> None:
        assert (done, total) == (0, len(lay_out(sweep).cells))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dataset.collect(sweep, path, progress=interrupt)

    assert sorted(entry.name for entry in sweep.root.iterdir()) == before
    with xarray.open_dataset(path, engine="zarr" if suffix == ".zarr" else "h5netcdf") as left:
        assert left.experiment.max() == 7


def test_a_sweep_file_that_cannot_be_read_stops_no_dataset(sweep: SweepDirectory) -> None:
    copy, texts = ledger.last_sweep_file(sweep), []
    for damage in (
        lambda: copy.write_bytes(b"name: a\0b\xff\n"),
        lambda: copy.write_bytes(bytes(5 << 20)),
        copy.unlink,
        lambda: os.mkfifo(copy),
    ):
        damage()
        texts.append(dataset.open_sweep(sweep.root).attrs["sweep_file"])

    assert texts == [
        "name: a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}\n",
        f"cannot be read: {copy}: expected 4194304 bytes at most, found 5242880",
        f"cannot be read: [Errno 2] No such file or directory: '{copy}'",
        f"cannot be read: {copy}: expected a regular file",
    ]


def test_what_is_no_longer_in_the_sweep_file_is_left_out(sweep: SweepDirectory) -> None:
    intents.leave_out(sweep, [4, 5, 6, 7])

    opened = dataset.open_sweep(sweep.root)

    assert opened.Tau_min.values.tolist() == [100.0]
    assert opened.experiment.values.tolist() == [[[0, 1], [2, 3]]]
    assert opened.attrs["left_out"] == "orphaned: exp4, exp5, exp6, exp7"


@pytest.mark.parametrize("suffix", [".zarr", ".nc"])
def test_words_switches_and_what_is_not_given_can_be_axes(
    sweep_directory: SweepDirectory, make_submission: Callable[..., Submission], suffix: str
) -> None:
    fixed: dict[str, Value] = {"H": 20, "L": L, "D": D}
    given: list[dict[str, Value]] = [
        {"Boundary": "OPEN", "High_mobility": True},
        {"Boundary": "PERIODIC", "High_mobility": False, "Coef_A": 0.5},
    ]
    points = [Point(str(i), {**fixed, **one}, 1) for i, one in enumerate(given)]
    ledger.enlist(sweep_directory, points)
    names = ("Boundary", "High_mobility", "Coef_A")
    intents.arrange(sweep_directory, [Axis((name,), ()) for name in names])
    intents.intend(sweep_directory, make_submission("t", {0: 1, 1: 1}))
    ledger.keep_sweep_file(sweep_directory, "name: winds\n")
    path = sweep_directory.root / f"a{suffix}"

    dataset.collect(sweep_directory, path)

    engine = "zarr" if suffix == ".zarr" else "h5netcdf"
    with xarray.open_dataset(path, engine=engine) as found:
        assert found.Boundary.values.tolist() == ["OPEN", "PERIODIC"]
        assert found.High_mobility.values.tolist() == [0, 1]
        assert found.Coef_A.values.tolist() == pytest.approx([0.5, np.nan], nan_ok=True)
        assert found.experiment.values.max() == 1
        assert np.isnan(found.height.values).all()


@pytest.mark.parametrize(
    ("block", "dimension", "winds"),
    [
        ("zip", "Tau_min", [50, 100, 200]),
        ("list", "point", [200, 50, 100]),
        ("sample", "point", [200, 50, 100]),
    ],
)
def test_points_given_one_by_one_keep_their_order_on_an_axis_of_points(
    sweep_directory: SweepDirectory,
    make_submission: Callable[..., Submission],
    block: str,
    dimension: str,
    winds: list[float],
) -> None:
    values = zip((200.0, 50.0, 100.0), (1.0, 2.0, 4.0), strict=True)
    points = [
        Point(str(i), {"H": 20, "L": L, "D": D, "Tau_min": wind, "Coef_B": b}, 1)
        for i, (wind, b) in enumerate(values)
    ]
    ledger.enlist(sweep_directory, points)
    intents.arrange(sweep_directory, [Axis(("Tau_min", "Coef_B"), (), block)])
    intents.intend(sweep_directory, make_submission("t", {0: 1, 1: 1, 2: 1}))
    ledger.keep_sweep_file(sweep_directory, "name: winds\n")

    with dataset.open_sweep(sweep_directory.root) as found:
        assert found.experiment.dims == (dimension, "seed")
        assert found.Tau_min.values.tolist() == winds
        assert found.Coef_B.dims == (dimension,)
        if dimension == "point":
            assert found.point.values.tolist() == [0, 1, 2]
            assert found.experiment.values.ravel().tolist() == [0, 1, 2]


def test_a_dataset_appears_whole_or_not_at_all(
    sweep: SweepDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sweep.root / "winds.zarr"
    dataset.collect(sweep, path)
    before = sorted(p.relative_to(path) for p in path.rglob("*"))

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(arrays, "reduced", fail)
    with pytest.raises(OSError, match="No space left"):
        dataset.collect(sweep, path)

    assert sorted(p.relative_to(path) for p in path.rglob("*")) == before
    assert not list(sweep.root.glob(".winds*"))


@pytest.mark.parametrize("suffix", [".zarr", ".nc"])
def test_a_folder_that_is_no_zarr_store_is_not_replaced(
    sweep: SweepDirectory, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"thesis{suffix}"
    path.mkdir()
    (path / "chapter1.tex").write_text("years of work")

    with pytest.raises(
        RequestError, match=r"is a folder without zarr\.json, .* expected a Zarr"
    ):
        dataset.collect(sweep, path, progress=lambda *_: pytest.fail("it had begun"))

    assert (path / "chapter1.tex").read_text() == "years of work"
    assert [entry.name for entry in tmp_path.iterdir() if "thesis" in entry.name] == [path.name]


def test_what_cannot_be_written_or_opened_is_told(
    sweep: SweepDirectory, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match=r"a.csv: expected a name that ends in .zarr or .nc"):
        dataset.collect(sweep, tmp_path / "a.csv")
    with pytest.raises(RequestError, match="no sweep there"):
        dataset.open_sweep(tmp_path / "nothing")


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, orchestrator.cli; print([m for m in ('xarray', 'zarr', 'scipy', 'matplotlib') if m in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout.replace("'", '"')) == []


@pytest.mark.parametrize("suffix", ["", ".zarr", ".nc"])
def test_winds_are_a_coordinate_and_named_files_keep_the_order_of_the_sweep_file(
    sweep_directory: SweepDirectory,
    make_submission: Callable[..., Submission],
    suffix: str,
) -> None:
    fixed: dict[str, Value] = {"H": 20, "L": L, "D": D, "Csp_template": "LAYER(2)"}
    files = ("strong.txt", "beds/calm.txt")
    kept = (f"strong-{'a' * 12}.txt", f"calm-{'b' * 12}.txt")
    points = [
        Point(str(i), {**fixed, "Wind_file": file, "wind": f"{i + 1} t0 at 3"}, 1)
        for i, file in enumerate(reversed(kept))
    ]
    ledger.enlist(sweep_directory, points)
    intents.arrange(sweep_directory, [Axis(("Wind_file",), tuple((f,) for f in files))])
    intents.intend(sweep_directory, make_submission("t", {0: 1, 1: 1}))
    ledger.keep_sweep_file(sweep_directory, "name: winds\n")
    path = sweep_directory.root
    if suffix:
        path = sweep_directory.root / f"w{suffix}"
        dataset.collect(sweep_directory, path)

    found = dataset.open_sweep(path)

    assert found.Wind_file.values.tolist() == ["strong.txt", "calm.txt"]
    assert found.wind.dims == ("Wind_file", "seed")
    assert found.wind.values.tolist() == [["2 t0 at 3"], ["1 t0 at 3"]]


def test_names_that_a_dataset_has_are_no_names_for_axes(found: Dataset) -> None:
    assert set(map(str, found.variables)) - {"Tau_min", "Coef_B", "Coef_C"} <= RESERVED
