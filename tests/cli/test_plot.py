"""The pictures of a sweep of the built-in engine, and that it shows what was published."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import orchestrator
from orchestrator import plots
from orchestrator.analysis import observables
from orchestrator.analysis.dataset.grid import lay_out
from orchestrator.analysis.dunes import follow
from orchestrator.analysis.numbers import numbers
from orchestrator.model.pictures import KINDS, Choice, How, Look, Moment, Summary, Units
from orchestrator.plots import charts, fields, layout, motion, panels, sections, series
from orchestrator.records.paths import SweepDirectory
from tests.conftest import run_from

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from xarray import Dataset

pytest.importorskip("xarray")
pytestmark = pytest.mark.slow

SWEEP = """
name: dunes
extends: snowfall
parameters: {H: 40, L: 160, D: 40}
sweep:
  grid: {Lambda_I: [0.001, 0.01], Tau_min: [0, 1000]}
derived: {Tau_max: Tau_min + 1000}
seeds: 2
run: {stop: 500, every: 100, engine: builtin}
"""


UNEQUAL = """
name: unequal
extends: snowfall
parameters: {H: 30}
sweep:
  grid: {D: [20, 30], L: [80, 120]}
run: {stop: 20, every: 10, engine: builtin}
"""


@pytest.fixture(scope="module")
def unequal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of domains of different sizes."""
    place = tmp_path_factory.mktemp("unequal")
    (place / "unequal.yaml").write_text(UNEQUAL)
    done = run_from(place, "submit", "unequal.yaml", "--cluster", "local", "--wait", "--yes")
    assert "4 experiments: 4 done" in done.stdout, done.stdout + done.stderr
    return place


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published phase diagram's corners, on a smaller domain and for a shorter time."""
    place = tmp_path_factory.mktemp("dunes")
    (place / "dunes.yaml").write_text(SWEEP)
    done = run_from(place, "submit", "dunes.yaml", "--cluster", "local", "--wait", "--yes")
    assert "8 experiments: 8 done" in done.stdout, done.stdout + done.stderr
    return place


@pytest.fixture(scope="module")
def found(place: Path) -> Dataset:
    opened: Dataset = orchestrator.open_sweep(place / "data_runs" / "dunes")
    return opened.isel(time=-1).mean("seed")


def test_more_snowfall_makes_a_deeper_cover(found: Dataset) -> None:
    depth = found.mean_height

    assert (depth.sel(Lambda_I=0.01) > depth.sel(Lambda_I=0.001) + 1).all()


def test_a_stronger_wind_makes_the_cover_less_even(found: Dataset) -> None:
    roughness = found.roughness.sel(Lambda_I=0.01)

    assert roughness.sel(Tau_min=0) > 1.3 * roughness.sel(Tau_min=1000)


def test_seeds_are_proposed_from_what_the_finished_ones_tell(place: Path) -> None:
    wish = "ci(mean_height) > 0.001"
    shown = run_from(place, "plan", "dunes.yaml", "--extend-seeds", wish)
    told = run_from(place, "plan", "dunes.yaml", "--extend-seeds", wish, "--json")
    other = run_from(
        place, "plan", "dunes.yaml", "--extend-seeds", wish, "--set", "parameters.L=200"
    )

    assert (shown.returncode, told.returncode) == (0, 0), shown.stderr + told.stderr
    points = json.loads(told.stdout)["points"]
    where = [tuple(point["parameters"].values()) for point in points]
    assert where == [(0.001, 0), (0.001, 1000), (0.01, 0), (0.01, 1000)]
    opened = orchestrator.open_sweep(place / "data_runs" / "dunes").isel(time=-1)
    for point in points:
        heights = opened.mean_height.sel(**point["parameters"]).values
        # Student's t of one degree of freedom at 97.5 %
        half_width = 12.7062 * heights.std(ddof=1) / np.sqrt(2)
        assert (point["seeds"], point["t"]) == (2, 500)
        assert point["mean_height"]["mean"] == pytest.approx(heights.mean())
        assert point["mean_height"]["half_width"] == pytest.approx(half_width, rel=1e-5)
        enough = half_width <= 0.001 * heights.mean()
        assert (point["wanted"] == 2) == enough
    assert f"makes {wish} untrue" in shown.stdout or "two hundred" in shown.stdout
    said = "no experiment of it has finished yet; 8 finished ones are no longer in it"
    assert (other.returncode, other.stderr) == (2, f"dunes.yaml: {said}\n")


def test_one_experiment_goes_exactly_where_it_is_asked_to_go(place: Path) -> None:
    done = run_from(place, "plot", "dunes", "--experiment", "exp2", "-o", "one.svg")

    assert (done.returncode, done.stdout) == (0, "wrote one.svg\n")
    assert (place / "one.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "animation"])
def test_every_kind_is_drawn(place: Path, kind: str) -> None:
    done = run_from(place, "plot", "dunes", kind, "-o", f"{kind}.pdf")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"wrote {kind}.pdf\n"
    assert (place / f"{kind}.pdf").read_bytes().startswith(b"%PDF")


def _drawn(place: Path, *words: str) -> str:
    done = run_from(place, "plot", "dunes", *words, "-o", "drawn.svg")
    assert (done.returncode, done.stderr) == (0, "")
    return (place / "drawn.svg").read_text()


def test_cross_sections_and_fluxes_have_the_numbers_of_the_maps(place: Path) -> None:
    sweep = SweepDirectory(place / "data_runs" / "dunes")
    with np.load(sweep.experiment(0).height_maps) as file:
        maps, times = file["height_maps"].astype(float), file["times"]
    grid = lay_out(sweep)
    first = dataclasses.replace(grid, cells={i: s for i, s in grid.cells.items() if not any(i)})

    def section(**chosen: Any) -> NDArray[np.float64]:
        [curve], _ = sections.heights_along(first, Choice(kind="section", **chosen))
        return curve.means["height"]

    def through(**chosen: Any) -> NDArray[np.float64]:
        [curve] = sections.through_sections(first, Choice(kind="flux", **chosen))
        return curve.means["flux"]

    assert (section() == maps[-1, 20]).all()
    assert (section(x=30) == maps[-1, :, 30]).all()
    assert (section(y=3, time=Moment(100)) == maps[1, 3]).all()
    assert section(relative=True) == pytest.approx(maps[-1, 20] - maps[-1].mean())
    on_average = through(window=(Moment(100), Moment(400)))
    gained = (maps[4] - maps[1]).sum() / 40 / (times[4] - times[1])
    assert len(on_average) == 161
    falls = 0.001  # Lambda_I, on each column
    assert on_average[[0, -1]] == pytest.approx([0, 160 * falls - gained], rel=1e-4)
    upwind = maps[:, :, :80].sum(axis=(1, 2)) / 40
    lost = -np.diff(upwind) / np.diff(times)
    assert through(x=80) == pytest.approx(80 * falls + lost, rel=1e-4)


def test_a_section_shows_the_first_seed_and_tells_it(place: Path) -> None:
    along = _drawn(place, "section", "--relative")
    across = _drawn(place, "section", "--x", "80", "--seed", "2", "--units", "si")
    through = _drawn(place, "flux", "--x", "80", "--units", "si")

    assert "dunes, the middle row, seed = 1, t = 500 t0" in along
    assert "along the wind (cells)" in along
    assert "dunes, seed = 2, column 80, t = 4.6 h to " in across
    assert "across the wind (m)" in across
    assert "dunes, through column 80" in through
    assert ">t (d)<" in through


@pytest.mark.parametrize("kind", ["section", "spectrum", "heights", "roughness"])
def test_in_units_of_nature_the_time_of_what_is_drawn_is_so_too(
    place: Path, found: Dataset, kind: str
) -> None:
    drawn = _drawn(place, kind, "--units", "si")

    ends = 500 * found.time_scale.values
    assert f"t = {ends.min() / 3600:.1f} h to {ends.max() / 86400:.0f} d" in drawn
    assert "t = 500" not in drawn


def test_where_no_wind_carries_snow_away_all_of_it_stays_and_little_passes(place: Path) -> None:
    grid = lay_out(SweepDirectory(place / "data_runs" / "dunes"))
    curves = sections.through_sections(grid, Choice(kind="flux", panels="none"))

    at_the_end = {frozenset(c.labels): c.means["flux"][-1] / 160 for c in curves}
    weak = at_the_end[frozenset({"Lambda_I = 0.01", "Tau_min = 1000"})]
    strong = at_the_end[frozenset({"Lambda_I = 0.01", "Tau_min = 0"})]

    assert abs(weak) < 0.001  # of 0.01 that falls on each column
    assert strong > 2 * abs(weak)


@pytest.mark.parametrize(
    ("parameters", "note"),
    [
        ({}, " and what falls on it, of which each source gives Lambda_I on average; "),
        ({"Csp_template": "LAYER(4)"}, "; "),
        (
            {"Csp_template": "LAYER(4)", "Boundary": "PERIODIC"},
            ", less what comes in over a periodic edge, which height maps do not tell; ",
        ),
        (
            {"Csp_template": "SRC_DISK"},
            (
                ", less what sources give that are in some places alone or replace what has "
                "left, which height maps do not tell; "
            ),
        ),
    ],
)
def test_a_flux_tells_what_it_is_and_what_height_maps_do_not_tell(
    place: Path, parameters: dict[str, Any], note: str
) -> None:
    grid = lay_out(SweepDirectory(place / "data_runs" / "dunes"))
    cells = {}
    for index, status in grid.cells.items():
        changed = {**status.experiment.point.parameters, **parameters}
        point = dataclasses.replace(status.experiment.point, parameters=changed)
        experiment = dataclasses.replace(status.experiment, point=point)
        cells[index] = dataclasses.replace(status, experiment=experiment)

    [(_, figure)] = sections.fluxes(dataclasses.replace(grid, cells=cells), Choice(kind="flux"))

    written = " ".join(text.get_text() for text in figure.texts)
    told = " ".join(written.split())
    assert f"what passes: what the bed upwind loses{note}rescal-sweep" in told


def test_places_that_are_not_in_the_domain_are_refused(place: Path) -> None:
    mistakes = {
        ("section", "--y", "40"): "--y 40: expected a row from 0 to 39; exp0 has no others",
        (
            "section",
            "--x",
            "160",
        ): "--x 160: expected a column from 0 to 159; exp0 has no others",
        ("flux", "--x", "161"): "--x 161: expected a column from 0 to 160; exp0 has no others",
        ("section", "--x", "1", "--y", "1"): "--y 1: --x 1 is there already",
        (
            "flux",
            "--window",
            "390,400",
        ): "dunes: no two height maps of an experiment, from 390 t0 to 400 t0",
        ("series", "--x", "1"): "--x: only for section and flux, not for series",
    }

    for words, sentence in mistakes.items():
        done = run_from(place, "plot", "dunes", *words)
        assert (done.returncode, done.stderr) == (2, f"{sentence}\n")


def test_curves_are_of_one_experiment_or_seed_where_that_is_asked_for(place: Path) -> None:
    for word, value in (("--experiment", "exp2"), ("--seed", "2")):
        done = run_from(place, "plot", "dunes", "series", word, value, "-o", f"{value}.svg")
        assert (done.returncode, done.stderr) == (0, "")

    one, seed = ((place / f"{value}.svg").read_text() for value in ("exp2", "2"))
    assert (">dunes, exp2<" in one, ">dunes, seed = 2<" in seed) == (True, True)
    assert ">one seed" in one
    assert ">one seed" in seed
    assert (one.count(">Tau_min"), seed.count(">Tau_min")) == (1, 2)


def test_quantities_may_be_parted_by_commas_and_spaces(place: Path) -> None:
    wish = "roughness, mean_height"
    done = run_from(place, "plot", "dunes", "series", "--quantity", wish, "-o", "two.svg")

    assert (done.returncode, done.stderr) == (0, "")
    drawn = (place / "two.svg").read_text()
    assert (">mean height" in drawn, ">wavelength" in drawn) == (True, False)


def test_series_of_which_there_is_no_value_are_refused(place: Path) -> None:
    moved = ("--experiment", "0", "--quantity", "sintered_fraction")
    counts = place / "data_runs/dunes/exp0/out"
    files = [counts / "cell_counts.npz", counts / "height_maps.npz"]
    hidden = [file.rename(file.with_suffix(".kept")) for file in files]

    done = run_from(place, "plot", "dunes", "series", *moved, "-o", "none.png")
    for file, kept in zip(files, hidden, strict=True):
        kept.rename(file)

    said = "dunes: no value of sintered_fraction\n"
    assert (done.returncode, done.stderr) == (2, said)
    assert not (place / "none.png").exists()


def test_the_only_sweep_need_not_be_named(place: Path) -> None:
    done = run_from(place, "plot", "series", "-o", "alone.svg")

    assert (done.returncode, done.stdout, done.stderr) == (0, "wrote alone.svg\n", "")
    assert "roughness" in (place / "alone.svg").read_text()


def test_one_experiment_is_animated(place: Path) -> None:
    from PIL import Image, ImageSequence  # noqa: PLC0415  # comes with matplotlib

    done = run_from(
        place, "plot", "dunes", "animation", "--experiment", "exp2", "--frames", "4"
    )

    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(place / "data_runs/dunes/animation-exp2.gif") as film:
        assert sum(1 for _ in ImageSequence.Iterator(film)) == 4


def test_the_whole_grid_becomes_a_video(place: Path) -> None:
    if shutil.which("ffmpeg") is None and not os.environ.get("CI"):
        pytest.skip("ffmpeg is not here")

    done = run_from(place, "plot", "dunes", "animation", "-o", "dunes.mp4")
    asked = ["-show_entries", "stream=codec_name,nb_frames:format_tags=comment"]
    command = ["ffprobe", "-v", "error", *asked, "-of", "csv=p=0", "dunes.mp4"]
    told = subprocess.run(command, cwd=place, capture_output=True, text=True, check=True).stdout

    assert done.returncode == 0, done.stderr
    assert told.split() == [
        "h264,6",
        *["rescal-sweep", "plot", "dunes", "animation", "-o", "dunes.mp4"],
    ]


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (
            ("--rows", "Tau_mim"),
            ("--rows Tau_mim"),
        ),
        (
            ("series", "--panels", "Tau_mim"),
            ("--panels Tau_mim"),
        ),
        (("roughness", "--mean", "700,"), "--mean 700"),
        (("dispersion", "--window", "700,"), "--window 700"),
        (("roughness", "--mean", "310,320"), "dunes"),
        (("roughness", "--rate", "390,400"), "dunes"),
        (("offset", "--window", "390,400"), "dunes"),
        (("--seed", "7"), "--seed 7"),
        (("--rows", "Tau_min", "--columns", "Tau_min"), "--columns Tau_min"),
        (("-o", "a.jpg"), "a.jpg"),
        (("-o", "dunes.yaml/a.png"), "dunes.yaml/a.png"),
        (("-o", "/proc/a.png"), "/proc/a.png"),
        (("animation", "-o", "a.png"), "a.png"),
        (("series", "--quantity", "height"), "--quantity height"),
        (("series", "--quantity", ""), "--quantity ''"),
        (("series", "--quantity", "mass, mass"), "--quantity mass"),
        (("profile", "--y", "40"), "--y 40"),
        (("animation", "--frames", "1"), "--frames 1"),
        (("phase-diagram", "--experiment", "99"), ""),
        (("--time", "5000"), "--time 5000"),
        (("--time", "nan"), "--time"),
        (("series", "--time", "100"), "--time"),
        (("--frames", "9"), "--frames"),
        (("roughness", "--against", "Tau"), "--against Tau"),
        (("roughness", "--crosses", "1e6"), "--crosses 1e+06"),
        (("roughness", "--mean", "400,900"), ""),
        (("map", "--quantity", "mass,roughness", "--range", "0,1"), "--range"),
        (("map", "--rows", "Tau"), "--rows Tau"),
        (("--labels", "Tau=x"), "--labels Tau"),
        (("--experiment", "3", "--seed", "2"), "--seed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_a_wrong_wish_is_told(
    place: Path, words: tuple[str, ...], where: str, check_sentences: Callable[..., None]
) -> None:
    kind = () if not words[0].startswith("-") else ("phase-diagram",)

    done = run_from(place, "plot", "dunes", *kind, *words)

    assert done.returncode == 2
    check_sentences(done.stderr.splitlines(), where)


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind not in {"animation", "dispersion", "celerity"}]
)
def test_every_kind_is_drawn_of_unequal_domains(unequal: Path, kind: str) -> None:
    done = run_from(unequal, "plot", "unequal", kind, "-o", f"{kind}.pdf")

    assert (done.returncode, done.stdout, done.stderr) == (0, f"wrote {kind}.pdf\n", "")


def test_spectra_of_unequal_domains_are_compared_by_wavelength(unequal: Path) -> None:
    grid = lay_out(SweepDirectory(unequal / "data_runs" / "unequal"))

    waves = series.waves(grid, None)

    assert waves.unequal
    assert len(waves.times) == len(waves.curves) == 4
    found = {curve.labels: curve for curve in waves.curves}
    for status in grid.cells.values():
        depth, length = layout.domain(status)
        with np.load(grid.directory.experiment(status.experiment.number).height_maps) as file:
            power = observables.power_along_wind(file["height_maps"][-1])
        mine = found[f"D = {depth}", f"L = {length}"]
        numbers = np.arange(1, (length + 1) // 2)
        assert mine.x == pytest.approx(length / numbers)
        assert mine.means["power"] == pytest.approx(length * power[numbers])


def test_a_row_that_a_smaller_domain_has_not_is_refused(unequal: Path) -> None:
    refused = run_from(unequal, "plot", "unequal", "profile", "--y", "20")
    drawn = run_from(
        unequal,
        "plot",
        "unequal",
        "profile",
        "--y",
        "29",
        "--experiment",
        "exp3",
        "-o",
        "a.png",
    )

    said = "--y 20: expected a row from 0 to 19; exp0 has no others\n"
    assert (refused.returncode, refused.stderr) == (2, said)
    assert (drawn.returncode, drawn.stdout, drawn.stderr) == (0, "wrote a.png\n", "")


def test_rows_columns_and_pages_are_as_asked(place: Path) -> None:
    grid = lay_out(SweepDirectory(place / "data_runs" / "dunes"))

    laid = layout.layout(grid, rows="Lambda_I", columns="Tau_min", seed=2)
    shown = panels.panels(grid, laid.pages[0], Moment(200.0))

    assert laid.labels.rows == ("Lambda_I = 0.001", "Lambda_I = 0.01")
    assert laid.labels.columns == ("Tau_min = 0", "Tau_min = 1000")
    assert (laid.seed, layout.layout(grid).seed) == ("seed = 2", "seed = 1")
    status = laid.pages[0].statuses[1, 0]
    point = status.experiment.point
    assert (point.parameters["Lambda_I"], point.parameters["Tau_min"], point.seed) == (
        0.01,
        0,
        2,
    )
    published = grid.directory.experiment(status.experiment.number).height_maps
    drawn = shown[1, 0].height_map
    assert drawn is not None
    with np.load(published) as file:
        assert np.array_equal(drawn, file["height_maps"][2])
    assert 200 <= shown[1, 0].time_t0 < 210


def test_maps_of_one_time_in_nature_are_of_other_times_in_t0(place: Path) -> None:
    """A t0 takes 33 s in the one wind and 2.9 h in the other: 2 h are 200 t0 in the one alone."""
    grid = lay_out(SweepDirectory(place / "data_runs" / "dunes"))
    (page, *_) = layout.layout(grid, None, None, None).pages

    shown = panels.panels(grid, page, Moment(200 * 33.2, in_nature=True))

    by_wind: dict[float, set[float]] = {}
    for slot, panel in shown.items():
        wind = float(page.statuses[slot].experiment.point.parameters["Tau_min"])
        by_wind.setdefault(wind, set()).add(round(panel.time_t0))
        assert panel.t0_s == pytest.approx({0.0: 33.2, 1000.0: 10334}[wind], rel=0.01)
    assert by_wind == {0.0: {200}, 1000.0: {0}}


def test_colours_above_the_mean_are_of_heights_around_zero(place: Path) -> None:
    grid = lay_out(SweepDirectory(place / "data_runs" / "dunes"))
    (page, *_) = layout.layout(grid, None, None, None).pages

    for panel in panels.panels(grid, page, None).values():
        above = panels.relative(panel).height_map
        assert above is not None
        assert panel.height_map is not None
        assert np.nanmean(above) == pytest.approx(0, abs=1e-6)
        assert np.ptp(above) == np.ptp(panel.height_map)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--time", "soon"), "--time: expected a time in t0 such as 300, or 30d, got soon"),
        (
            ("spectrum", "--time", "2h"),
            "--time in nature: only for phase-diagram, dunes, section, quantity and map, not for spectrum",
        ),
        (
            ("series", "--relative"),
            "--relative: only for phase-diagram, animation, heights, dunes and section, not for series",
        ),
    ],
)
def test_a_time_that_is_none_is_refused(
    place: Path, options: tuple[str, ...], problem: str
) -> None:
    done = run_from(place, "plot", "dunes", *options)

    assert (done.returncode, done.stderr) == (2, f"{problem}\n")


def test_a_picture_tells_how_long_a_t0_is(place: Path) -> None:
    done = run_from(place, "plot", "dunes", "--time", "2h", "--relative", "-o", "nature.svg")

    assert done.returncode == 0, done.stderr
    written = (place / "nature.svg").read_text()
    assert "1 t0 is 33 s to 2.9 h in these panels" in written
    assert "height above each map" in written


def test_numbers_are_those_of_the_dataset(place: Path) -> None:
    directory = place / "data_runs" / "dunes"
    opened = orchestrator.open_sweep(directory)
    grid = lay_out(SweepDirectory(directory))

    last = numbers(grid, ["roughness"], Summary(), Units.MODEL)
    at_200 = Moment(200.0)
    earlier = numbers(grid, ["roughness"], Summary(How.AT, at_200, at_200), Units.MODEL)
    metres = numbers(grid, ["roughness", "migration_speed"], Summary(), Units.SI)

    roughness = opened.roughness.isel(time=-1).values
    assert last.values["roughness"] == pytest.approx(roughness)
    assert earlier.values["roughness"] == pytest.approx(opened.roughness.sel(time=200).values)
    assert metres.values["roughness"] == pytest.approx(roughness * opened.cell_size.values)
    day = 86400 / opened.time_scale.values
    speed = opened.migration_speed.isel(time=-1).values * opened.cell_size.values * day
    assert metres.values["migration_speed"] == pytest.approx(speed, nan_ok=True)
    assert [t.time_t0 for t in last.times] == pytest.approx([500] * 8, abs=1)
    assert {t.t0_s for t in metres.times} == set(opened.time_scale.values.ravel().tolist())


def test_a_quantity_is_drawn_against_a_parameter(place: Path) -> None:
    words = ("roughness", "--against", "Tau_min", "--labels", "Lambda_I=snowfall rate")
    done = run_from(place, "plot", "dunes", *words, "-o", "against.svg")
    usual = run_from(place, "plot", "dunes", "roughness,mass")

    assert (done.returncode, done.stderr, done.stdout) == (0, "", "wrote against.svg\n")
    drawn = (place / "against.svg").read_text()
    for text in (
        "Tau_min",
        "roughness (cells)",
        "snowfall rate = 0.001",
        "snowfall rate = 0.01",
    ):
        assert f">{text}<" in drawn, text
    assert "mean of 2 seeds and its standard error; t = 500 t0" in drawn
    assert usual.stdout == "wrote data_runs/dunes/roughness-mass.png\n"


def test_a_map_has_a_number_for_each_pair_of_values(place: Path, found: Dataset) -> None:
    done = run_from(
        place, "plot", "dunes", "map", "--quantity", "mass", "--units", "si", "-o", "m.svg"
    )

    assert (done.returncode, done.stderr) == (0, "")
    drawn = (place / "m.svg").read_text()
    shown = [float(n) for n in re.findall(r">([0-9.]+) ± [0-9.]+<", drawn)]
    volumes = found.mass.values * 0.0870070**3
    assert sorted(shown) == pytest.approx(sorted(volumes.ravel()), rel=0.02)
    assert ">mass (m³)<" in drawn
    assert ">Tau_min<" in drawn


def test_in_units_of_nature_series_are_in_metres_and_days(place: Path) -> None:
    done = run_from(place, "plot", "dunes", "series", "--units", "si", "-o", "si.svg")
    grid = lay_out(SweepDirectory(place / "data_runs" / "dunes"))

    course = series.series(grid, Units.SI)

    assert (done.returncode, done.stderr) == (0, "")
    drawn = (place / "si.svg").read_text()
    for text in ("t (d)", "roughness (m)", "Tau_min = 0<"):
        assert f">{text}" in drawn, text
    ends = {curve.labels: curve.x[-1] for curve in course.curves}
    days = sorted({round(end, 2) for end in ends.values()})
    assert days == pytest.approx([500 * 33.2 / 86400, 500 * 10334 / 86400], rel=0.02)


@pytest.mark.parametrize(
    "kind",
    [
        *("phase-diagram", "series", "spectrum", "profile", "roughness", "map", "heights"),
        *("offset", "dispersion", "flux", "section"),
    ],
)
def test_in_units_of_nature_what_has_not_begun_stops_no_picture(
    place: Path, tmp_path: Path, kind: str
) -> None:
    sweep = SweepDirectory(place / "data_runs" / "dunes")
    shutil.copytree(sweep.root, tmp_path / "dunes")
    shutil.rmtree(tmp_path / "dunes" / "exp0")

    done = run_from(
        *(place, "plot", "dunes", kind, "--units", "si", "--data-dir", str(tmp_path)),
        *("-o", str(tmp_path / "si.png")),
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("wrote ")


def test_a_table_in_units_of_nature_has_them_in_its_names(place: Path) -> None:
    model, si = (
        list(csv.DictReader(io.StringIO(run_from(place, "export", "dunes", *words).stdout)))
        for words in ((), ("--units", "si"))
    )

    for row, metres in zip(model, si, strict=True):
        cell, t0 = float(row["cell_size_m"]), float(row["t0_s"])
        assert float(metres["roughness_m"]) == pytest.approx(float(row["roughness"]) * cell)
        assert float(metres["mass_m3"]) == pytest.approx(float(row["mass"]) * cell**3)
        assert float(metres["time_d"]) == pytest.approx(float(row["time_t0"]) * t0 / 86400)
        assert (metres["t0_s"], metres["mobile_fraction"]) == (
            row["t0_s"],
            row["mobile_fraction"],
        )
    winds = {row["Tau_min"]: float(row["shear_velocity_m_s"]) for row in model}
    assert winds["0.0"] > winds["1000.0"] > 0.08


def test_the_page_of_a_journal_has_no_footer(place: Path) -> None:
    words = ("--size", "single", "--bare", "--title", "", "--relative", "-o", "j.svg")
    done = run_from(place, "plot", "dunes", *words)

    assert (done.returncode, done.stderr) == (0, "")
    drawn = re.sub(r"(?s)<metadata>.*</metadata>", "", (place / "j.svg").read_text())
    assert 'width="252pt"' in drawn  # 89 mm
    assert "wind from the left" not in drawn
    assert ">dunes" not in drawn


def test_a_table_of_dunes_has_a_row_for_each_in_each_snapshot(place: Path) -> None:
    model, si = (
        list(csv.DictReader(io.StringIO(run_from(place, "export", "dunes", *words).stdout)))
        for words in (("--dunes",), ("--dunes", "--units", "si"))
    )
    refused = run_from(place, "export", "dunes", "--threshold", "3")
    below = run_from(place, "export", "dunes", "--dunes", "--threshold", "-3")
    swapped = run_from(place, "plot", "roughness", "dunes")

    assert len(model) == len(si) > 10
    keys = [(row["experiment"], row["track"], row["time_t0"]) for row in model]
    assert len(set(keys)) == len(keys)
    for row, metres in zip(model, si, strict=True):
        cell = 0.0870070
        assert float(row["area"]) >= 20
        assert float(row["height"]) > 1
        assert float(metres["volume_m3"]) == pytest.approx(
            float(row["volume"]) * cell**3, rel=1e-5
        )
        assert float(metres["length_m"]) == pytest.approx(float(row["length"]) * cell, rel=1e-5)
    assert (refused.returncode, refused.stderr) == (2, "--threshold: only for --dunes\n")
    assert below.stderr == "--threshold: expected cells above 0, got -3\n"
    assert swapped.stderr == (
        "the sweep comes first, then what is drawn: rescal-sweep plot dunes roughness\n"
    )


def test_outlines_of_dunes_are_drawn_with_the_paths_on_which_they_came(place: Path) -> None:
    grid = lay_out(SweepDirectory(place / "data_runs" / "dunes"))
    (page, *_) = layout.layout(grid, "Tau_min", None, 1).pages

    shown = panels.outlined(grid, page, panels.panels(grid, page, None), None)

    by_wind = {
        (
            status.experiment.point.parameters["Tau_min"],
            status.experiment.point.parameters["Lambda_I"],
        ): shown[slot]
        for slot, status in page.statuses.items()
    }
    strong, weak = (by_wind[wind, 0.01].outlines for wind in (0, 1000))
    assert strong is not None
    assert weak is not None
    assert strong.max() > weak.max()
    heights = by_wind[0, 0.01].height_map
    assert heights is not None
    assert heights[strong > 0].mean() > heights[strong == 0].mean() + 1


def test_dunes_at_a_time_are_those_of_its_maps_with_their_paths_until_then(place: Path) -> None:
    grid = lay_out(SweepDirectory(place / "data_runs" / "dunes"))
    (page, *_) = layout.layout(grid, "Tau_min", None, 1).pages
    whole = {
        slot: follow(grid.directory.experiment(status.experiment.number), periodic=False)
        for slot, status in page.statuses.items()
    }

    begun, later, last = (
        panels.outlined(grid, page, panels.panels(grid, page, time), None)
        for time in (Moment(0), Moment(300), None)
    )

    for slot, followed in whole.items():
        index = int(np.argmin(np.abs(followed.times - 300)))
        panel = later[slot]
        assert panel.time_t0 == followed.times[index]
        assert panel.outlines is not None
        assert (panel.outlines == followed.maps[index].labels).all()
        ends = {tuple(path[-1]) for path in panel.paths}
        there = {
            (t.x[t.snapshots.index(index)], t.y[t.snapshots.index(index)])
            for t in followed.tracks
            if index in t.snapshots and t.snapshots[0] < index
        }
        assert ends == there
        assert begun[slot].paths == ()  # from nowhere yet
    assert any(panel.paths for panel in later.values())
    assert sum(len(p) for panel in last.values() for p in panel.paths) > sum(
        len(p) for panel in later.values() for p in panel.paths
    )


def test_celerities_in_a_window_are_slopes_through_the_places_there(place: Path) -> None:
    grid = lay_out(SweepDirectory(place / "data_runs" / "dunes"))
    window = Moment(100), Moment(400)

    drawn = motion.celerities(grid, Choice("celerity", window=window, panels="none"))

    expected = []
    for status in grid.cells.values():
        followed = follow(grid.directory.experiment(status.experiment.number), periodic=False)
        for track in followed.tracks:
            t, x = followed.times[[*track.snapshots]], np.array(track.x)
            inside = (t >= 99) & (t <= 401)
            if inside.sum() > 2:
                expected.append(np.polyfit(t[inside], x[inside], 1)[0])
    found = np.concatenate([curve.means["celerity"] for curve in drawn])
    assert len(expected) > 1
    assert np.sort(found) == pytest.approx(np.sort(expected), abs=1e-9)
    none = run_from(place, "plot", "dunes", "celerity", "--window", "400,")
    assert none.stderr == (
        "dunes: no dune is in three snapshots from 400 t0 to the end; see --threshold and "
        "run.every\n"
    )


def test_a_dataset_in_units_of_nature_has_heights_and_series_in_them(place: Path) -> None:
    done = run_from(place, "collect", "dunes", "--units", "si", "-o", "si.nc")

    assert (done.returncode, done.stderr) == (0, "")
    model = orchestrator.open_sweep(place / "data_runs" / "dunes")
    with orchestrator.open_sweep(place / "si.nc") as nature:
        assert nature.mass.attrs["units"] == "m3"
        assert nature.migration_speed.attrs["units"] == "m/d"
        assert nature.mobile_fraction.attrs["units"] == "1"
        assert (nature.height.attrs["units"], nature.spectrum.attrs["units"]) == ("m", "m")
        assert nature.full_from.attrs["units"] == "d"
        for name, factor in (
            ("mass", model.cell_size**3),
            ("migration_speed", model.cell_size / model.time_scale * 86400),
            ("snapshot_time", model.time_scale / 86400),
            ("mobile_fraction", 1.0),
            ("height", model.cell_size),
            ("spectrum", model.cell_size),
            ("full_from", model.time_scale / 86400),
        ):
            expected = (model[name] * factor).transpose(*nature[name].dims)
            assert nature[name].values == pytest.approx(expected.values, nan_ok=True), name
        across = model.sizes["x"] * model.cell_size.values.flat[0]
        assert nature.kx_per_m.values == pytest.approx(nature.kx.values / across)


@pytest.mark.parametrize(("right", "up"), [("Lambda_I", "Tau_min"), ("Tau_min", "Lambda_I")])
def test_each_cell_of_a_map_is_where_its_values_are(
    place: Path, found: Dataset, right: str, up: str
) -> None:
    grid = lay_out(SweepDirectory(place / "data_runs" / "dunes"))
    choice = Choice("map", quantity=("roughness",), columns=right, rows=up)

    [(_, figure)] = fields.over_two_axes(grid, choice)

    axes = figure.axes[0]
    [cells] = axes.collections
    drawn = np.asarray(cells.get_array())
    assert drawn.reshape(2, 2) == pytest.approx(found.roughness.transpose(up, right).values)
    assert (axes.get_xlabel().split()[0], axes.get_ylabel().split()[0]) == (right, up)
    numbers_along = [float(text.get_text()) for text in axes.get_xticklabels()]
    assert numbers_along == found[right].values.tolist()


def test_several_quantities_have_a_map_each_with_a_scale_of_its_own(
    place: Path, found: Dataset
) -> None:
    grid = lay_out(SweepDirectory(place / "data_runs" / "dunes"))
    names = "roughness", "mean_height", "mass"

    [(_, figure)] = fields.over_two_axes(grid, Choice("map", quantity=names))

    maps = [axes for axes in figure.axes if axes.get_title()]
    titles = ["roughness (cells)", "mean height (cells)", "mass (cells)"]
    assert [axes.get_title() for axes in maps] == titles
    for axes, name in zip(maps, names, strict=True):
        [cells] = axes.collections
        expected = found[name].transpose("Tau_min", "Lambda_I").values
        assert np.asarray(cells.get_array()).reshape(2, 2) == pytest.approx(expected)
        assert cells.get_clim() == pytest.approx((expected.min(), expected.max()))


@pytest.mark.parametrize(
    ("size_in", "said"),
    [
        ((7.0, 3.0), "mean of 2 seeds and its standard error"),
        ((2.0, 1.7), "mean of 2 seeds"),
    ],
)
def test_the_small_print_of_a_map_tells_of_errors_where_they_are_drawn(
    place: Path, size_in: tuple[float, float], said: str
) -> None:
    grid = lay_out(SweepDirectory(place / "data_runs" / "dunes"))
    look = Look(size_in=size_in)

    with plots.sheet(look):
        [(_, figure)] = fields.over_two_axes(grid, Choice("map", quantity=("mass",), look=look))

    assert said in figure.get_supxlabel().replace("\n", " ").split("; ")
    assert any("±" in text.get_text() for text in figure.axes[0].texts) == ("error" in said)


def test_those_that_never_come_to_a_value_are_counted(place: Path) -> None:
    grid = lay_out(SweepDirectory(place / "data_runs" / "dunes"))
    opened = orchestrator.open_sweep(place / "data_runs" / "dunes")
    highest = opened.roughness.max("time").values.ravel()
    level = float(np.sort(highest)[-3:-1].mean())  # two come to it

    choice = Choice(
        "quantity", quantity=("roughness",), summary=Summary(How.CROSSING, level=level)
    )
    measured = numbers(grid, ["roughness"], choice.summary, Units.MODEL)

    assert np.isfinite(measured.values["roughness"]).sum() == 2
    assert measured.short == len(highest) - 2
    assert charts.notes_of(measured, choice) == [
        f"{len(highest) - 2} experiments left out: no such value"
    ]


def test_a_rate_is_what_a_line_rises_by_in_a_day(place: Path) -> None:
    grid = lay_out(SweepDirectory(place / "data_runs" / "dunes"))
    summary = Summary(How.RATE)

    model = numbers(grid, ["mass"], summary, Units.MODEL)
    nature = numbers(grid, ["mass"], summary, Units.SI)

    opened = orchestrator.open_sweep(place / "data_runs" / "dunes")
    factor = opened.cell_size.values**3 / opened.time_scale.values * 86400
    assert nature.values["mass"] == pytest.approx(model.values["mass"] * factor)
    times, mass = opened.snapshot_time[0, 0, 0].values, opened.mass[0, 0, 0].values
    assert model.values["mass"][0, 0, 0] == pytest.approx(np.polyfit(times, mass, 1)[0])


def test_where_no_height_maps_are_kept_none_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "flat.yaml").write_text(UNEQUAL.replace("unequal", "flat"))
    keeping = ("--set", "outputs.height_maps=false")
    run_from(tmp_path, "submit", "flat.yaml", "--cluster", "local", "--wait", "--yes", *keeping)

    for kind in ("animation", "section", "heights"):
        drawn = run_from(tmp_path, "plot", "flat", kind)

        assert (drawn.returncode, drawn.stderr) == (
            2,
            "flat: outputs.height_maps is false, so that none is kept\n",
        )
    drawn = run_from(tmp_path, "plot", "flat", "series", "--quantity", "roughness")
    assert (drawn.returncode, drawn.stderr) == (
        2,
        "flat: no value of roughness: outputs.height_maps is false\n",
    )
