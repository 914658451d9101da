"""Elevation maps are read as they are, measured as they were made, and recognized in a sweep."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import orchestrator
from orchestrator.analysis.field import Elevation, Source, read, shape, tiles
from orchestrator.analysis.field.elevation import MOST
from orchestrator.analysis.scales import scales
from orchestrator.errors import RequestError
from orchestrator.records.paths import SweepDirectory

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

pytest.importorskip("xarray")
pytest.importorskip("tifffile")
import tifffile
import xarray as xr
from scipy import ndimage

from tests.analysis.elevation_maps import WRITERS, geo_tags, write_nc, write_tif, write_xyz
from tests.conftest import run_from

CELL_M = 0.1
EAST = 270.0  # blows the wind that comes from the west


def _uneven(rows: int = 30, columns: int = 40) -> NDArray[np.float64]:
    """Return heights of which no two rows or columns are alike, and a hole."""
    heights = np.random.default_rng(1).normal(2310.0, 0.2, (rows, columns))
    heights[3:5, 7] = np.nan
    return heights


def _waves(
    shape_: tuple[int, int], spacing: tuple[float, float], to: float, wavelength: float
) -> Elevation:
    """Return waves 10 cm high whose crests are passed by who goes ``to`` degrees from north."""
    rows, columns = shape_
    north = -spacing[0] * np.arange(rows)[:, None]
    east = spacing[1] * np.arange(columns)[None, :]
    way = east * np.sin(np.radians(to)) + north * np.cos(np.radians(to))
    heights = 0.05 * np.sin(2 * np.pi * way / wavelength) + 0.03 * east - 0.02 * north
    return Elevation("waves.tif", heights.astype(np.float32), spacing)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_map_is_read_as_it_was_written(kind: str, tmp_path: Path) -> None:
    heights = _uneven()
    path = WRITERS[kind](tmp_path / f"field.{kind}", heights, (0.25, 0.5))

    elevation = read(Source(path))

    above = heights - np.nanmean(heights)
    assert elevation.spacing_m == pytest.approx((0.25, 0.5), rel=1e-6)
    assert elevation.size_m == pytest.approx((7.5, 20.0), rel=1e-6)
    assert elevation.heights == pytest.approx(above, abs=2e-4, nan_ok=True)
    assert elevation.known == pytest.approx(1 - 2 / heights.size)


def test_a_file_that_tells_no_spacing_has_the_one_that_is_told(tmp_path: Path) -> None:
    heights = _uneven()
    tifffile.imwrite(tmp_path / "bare.tif", heights.astype("f4"))
    xr.Dataset({"z": (("y", "x"), heights)}).to_netcdf(tmp_path / "bare.nc")
    np.savetxt(tmp_path / "bare.txt", heights)  # the form of INPUT_ELEVATION
    np.savetxt(tmp_path / "bare.csv", heights, delimiter=",")

    for name in ("bare.tif", "bare.nc", "bare.txt", "bare.csv"):
        with pytest.raises(RequestError, match="--cell"):
            read(Source(tmp_path / name))
        elevation = read(Source(tmp_path / name, spacing_m=0.02))
        assert elevation.spacing_m == (0.02, 0.02)
        above = heights - np.nanmean(heights)
        assert elevation.heights == pytest.approx(above, abs=2e-4, nan_ok=True)


def test_of_several_bands_and_variables_the_chosen_is_read(tmp_path: Path) -> None:
    heights = _uneven().astype("f4").astype("f8")
    both = np.stack([np.zeros_like(heights) + np.arange(40), heights])
    for planar, array in (("separate", both), ("contig", np.moveaxis(both, 0, -1))):
        tifffile.imwrite(
            tmp_path / f"{planar}.tif",
            array.astype("f4"),
            photometric="minisblack",
            planarconfig=planar,
            extratags=geo_tags((0.5, 0.5)),
        )
    with xr.open_dataset(write_nc(tmp_path / "a.nc", heights, (0.5, 0.5))) as dataset:
        dataset.assign(error=dataset.height * 0.1).to_netcdf(tmp_path / "both.nc")

    above = heights - np.nanmean(heights)
    for source in (
        Source(tmp_path / "separate.tif", band=2),
        Source(tmp_path / "contig.tif", band=2),
        Source(tmp_path / "both.nc", variable="height"),
    ):
        assert read(source).heights == pytest.approx(above, abs=2e-4, nan_ok=True)
    with pytest.raises(RequestError, match=r"choose one of its 2 bands with --band, from 1 on"):
        read(Source(tmp_path / "contig.tif"))
    with pytest.raises(RequestError, match=r"--band 3: .* no such band; it has 2"):
        read(Source(tmp_path / "contig.tif", band=3))
    with pytest.raises(RequestError, match=r"choose one of height, error with --variable"):
        read(Source(tmp_path / "both.nc"))
    with pytest.raises(RequestError, match=r"--variable heigth.*did you mean height"):
        read(Source(tmp_path / "both.nc", variable="heigth"))


def test_feet_and_centimetres_become_metres(tmp_path: Path) -> None:
    heights = _uneven()
    tags = geo_tags((1.0, 1.0))
    keys = [9003 if key == 9001 else key for key in tags[2][3]]
    tags[2] = (34735, "H", len(keys), keys)
    tifffile.imwrite(tmp_path / "feet.tif", heights.astype("f4"), extratags=tags)
    with xr.open_dataset(write_nc(tmp_path / "m.nc", heights, (0.5, 0.5))) as dataset:
        centimetres = dataset.assign(height=100 * dataset.height)
        centimetres.height.attrs["units"] = "cm"
        centimetres.to_netcdf(tmp_path / "cm.nc")

    above = heights - np.nanmean(heights)
    assert read(Source(tmp_path / "feet.tif")).spacing_m == pytest.approx((0.3048006,) * 2)
    assert read(Source(tmp_path / "cm.nc")).heights == pytest.approx(
        above, abs=2e-4, nan_ok=True
    )


def _bad(place: Path) -> dict[str, str]:
    """Write files that have no map in metres; return what is to be answered by their names."""
    heights, text = _uneven(), "0 0 1\n0 1 2\n"
    nothing = np.full((20, 20), np.nan)
    write_tif(place / "nothing.tif", nothing, (1, 1))
    write_nc(place / "nothing.nc", nothing, (1, 1))
    write_tif(place / "flat.tif", np.full((20, 20), 7.0), (1, 1))
    write_tif(place / "row.tif", heights[:1], (1, 1))
    write_nc(place / "row.nc", heights[:2], (1, 1))
    degrees = geo_tags((1e-5, 1e-5), degrees=True)
    tifffile.imwrite(place / "degrees.tif", heights.astype("f4"), extratags=degrees)
    tifffile.imwrite(place / "photo.tif", np.zeros((30, 40, 3), "u1"), photometric="rgb")
    (place / "text.tif").write_text(text)
    whole = write_tif(place / "whole.tif", heights, (1, 1)).read_bytes()
    (place / "cut.tif").write_bytes(whole[: len(whole) // 2])
    (place / "empty.tif").write_bytes(b"")
    xr.Dataset({"z": (("lat", "lon"), heights)}).to_netcdf(place / "lat.nc")
    with xr.open_dataset(write_nc(place / "m.nc", heights, (1, 1))) as dataset:
        dataset.assign_coords(x=np.arange(40) ** 2).to_netcdf(place / "uneven.nc")
        dataset.isel(x=0).to_netcdf(place / "line.nc")
    (place / "text.nc").write_text(text)
    (place / "short.xyz").write_text(f"x y z\n{text}0 2\n1 0 3\n")
    (place / "word.xyz").write_text(f"{text}0 two 3\n")
    (place / "commas.csv").write_text("x;y;z\n0,5;1,5;3\n")
    (place / "commas.xyz").write_text("0,5 1,5 3,5\n")
    write_xyz(place / "mm.xyz", heights[:20, :20] + 2_310_000, (1, 1))
    (place / "line.xyz").write_text("".join(f"0 {i} {i}\n" for i in range(40)))
    (place / "empty.xyz").write_text("# nothing\n")
    points = np.random.default_rng(2).uniform(0, 9, (500, 3))
    np.savetxt(place / "scattered.xyz", points)
    write_xyz(place / "small.xyz", heights[:4, :4], (1, 1))
    (place / "lonlat.csv").write_text("lon,lat,z\n" + text.replace(" ", ","))
    (place / "map.png").write_bytes(b"")
    (place / "folder.tif").mkdir()
    np.savetxt(place / "matrix.txt", np.arange(400).reshape(20, 20) % 7)
    return {
        "matrix.txt": "matrix.txt: expected x y z on each line, got 20 numbers; of a matrix of "
        "heights, --cell tells how many metres they are apart",
        "nothing.tif": "nothing.tif: no height in it is a number",
        "nothing.nc": "nothing.nc: no height in it is a number",
        "flat.tif": "flat.tif: flat: every height is 7",
        "row.tif": "row.tif: 40 x 1 heights; expected a map of 12 or more each way",
        "row.nc": "row.nc: 40 x 2 heights; expected a map of 12 or more each way",
        "degrees.tif": "degrees.tif: its grid is in degrees; project it to metres first, e.g. with "
        "gdalwarp -t_srs EPSG:<UTM zone>",
        "photo.tif": "photo.tif: a picture in colours; expected heights",
        "text.tif": "text.tif: not a TIFF file that can be read",
        "cut.tif": "cut.tif: cannot be read: ",
        "empty.tif": "empty.tif: not a TIFF file that can be read",
        "lat.nc": "lat.nc: lat is in degrees; project the map to metres first, e.g. with gdalwarp",
        "uneven.nc": "uneven.nc: x is not evenly spaced",
        "line.nc": "line.nc: no variable in it has heights over two dimensions",
        "text.nc": "text.nc: not a NetCDF file that can be read",
        "short.xyz": "short.xyz:4: expected three numbers, x y z, got 0 2",
        "word.xyz": "word.xyz:3: expected three numbers, x y z, got 0 two 3",
        "commas.csv": "commas.csv:2: expected three numbers, x y z, with decimal points, got 0,5;1,5;3",
        "commas.xyz": "commas.xyz:1: expected three numbers, x y z, with decimal points, got 0,5 1,5 3,5",
        "mm.xyz": "mm.xyz: heights are 2312309 to 2312311; expected metres, -9000 to 9000",
        "line.xyz": "line.xyz: all points have x = 0; expected a map",
        "empty.xyz": "empty.xyz: no points in it; expected lines of x, y and z",
        "scattered.xyz": "scattered.xyz: its points are on no even grid; make it one first, e.g. "
        "with gdal_grid",
        "small.xyz": "small.xyz: 4 x 4 heights; expected a map of 12 or more each way",
        "lonlat.csv": "lonlat.csv: its points are in degrees; project them to metres first, e.g. "
        "with gdaltransform -t_srs EPSG:<UTM zone>",
        "map.png": f"--dem {place}/map.png: expected a name that ends in .tif, .tiff, ",
        "folder.tif": f"--dem {place}/folder.tif: this is a directory",
        "none.tif": f"--dem {place}/none.tif: no such file",
    }


def test_what_has_no_map_in_metres_is_answered_with_a_sentence(tmp_path: Path) -> None:
    for name, wanted in _bad(tmp_path).items():
        with pytest.raises(RequestError) as caught:
            read(Source(tmp_path / name))
        sentence = str(caught.value)
        assert sentence.startswith(wanted), sentence
        assert sentence == wanted or wanted.endswith((" ", ".tiff, ")), sentence


def test_a_huge_map_is_refused_before_it_is_read(tmp_path: Path) -> None:
    side = 20_000
    assert side**2 > MOST
    with tifffile.TiffWriter(tmp_path / "huge.tif", bigtiff=True) as file:
        rows = iter([np.zeros((1, 1), "f4")] * 0)
        with pytest.raises((StopIteration, RuntimeError, ValueError)):
            file.write(rows, shape=(side, side), dtype="f4", tile=(4096, 4096))
    path = tmp_path / "sparse.tif"
    tifffile.memmap(path, shape=(side, side), dtype="f4").flush()
    assert path.stat().st_blocks * 512 < 1e6  # a hole

    with pytest.raises(RequestError) as caught:
        read(Source(path))

    assert str(caught.value) == (
        "sparse.tif: 20000 x 20000 heights; at most 100 million are read: cut out a part of it, or "
        "make it coarser"
    )


def test_what_needs_a_library_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tif(tmp_path / "a.tif", _uneven(), (1, 1))
    monkeypatch.setitem(sys.modules, "tifffile", None)

    with pytest.raises(RequestError, match=r"a.tif: a GeoTIFF needs tifffile; .*pip install "):
        read(Source(path))


@pytest.mark.parametrize("wind_from", [270.0, 0.0, 90.0, 213.0])
@pytest.mark.parametrize("spacing", [(0.04, 0.04), (0.1, 0.1), (0.13, 0.17)])
def test_waves_are_measured_whatever_the_grid_and_the_wind(
    wind_from: float, spacing: tuple[float, float]
) -> None:
    """Crests lie across a wave that goes 30 degrees to the right of the wind."""
    sides = tuple(round(30 / side) for side in spacing)
    field = _waves((sides[0], sides[1]), spacing, wind_from + 180 + 30, 1.5)

    cut = tiles.of_field(field, (80, 160), CELL_M, wind_from)
    of = shape.shape(cut)

    assert cut.heights.shape[1:] == (80, 160)
    assert len(cut.heights) > 4
    assert of.wavelength_m == pytest.approx(1.5, rel=0.03)
    assert of.orientation == pytest.approx(30 - 90, abs=1)
    assert of.alignment > 0.98
    # what the blur leaves of a wave
    soft = cut.shortest_m / 4
    left = np.exp(-2 * (np.pi * soft / 1.5) ** 2)
    assert of.roughness_m == pytest.approx(0.05 / np.sqrt(2) * left, rel=0.05)
    assert of.wavelengths_m[of.variance.argmax()] == pytest.approx(1.5, rel=0.13)
    assert of.variance.sum() == pytest.approx(of.roughness_m**2, rel=0.1)


def test_a_surface_is_no_distance_from_itself_and_known_ones_from_others() -> None:
    def measured(wavelength: float, to: float, height: float = 1.0) -> shape.Shape:
        field = _waves((200, 200), (0.1, 0.1), to, wavelength)
        grown = Elevation("a", field.heights * np.float32(height), field.spacing_m)
        return shape.shape(tiles.of_field(grown, (100, 200), CELL_M, EAST))

    base = measured(2.0, 90)
    longer, higher, across = measured(4.0, 90), measured(2.0, 90, 2.0), measured(2.0, 0)

    assert set(shape.distances(base, base).values()) == {0.0}
    assert shape.total(shape.distances(base, base)) == 0
    for other, name, apart in (
        (longer, "spectrum", 1.0),
        (longer, "wavelength", 0.5),
        (higher, "roughness", 1.0),
        (across, "orientation", 2.0),
    ):
        parts = shape.distances(base, other)
        assert parts[name] == pytest.approx(apart, abs=0.12), (name, parts)
        assert shape.distances(other, base) == pytest.approx(parts)
    assert shape.distances(base, higher)["heights"] < 0.01
    assert shape.total({"spectrum": 3.0, "heights": 4.0}, ("spectrum", "heights")) == (
        pytest.approx(np.sqrt(12.5))
    )


def test_holes_and_small_maps_make_pieces_smaller_and_never_part_of_them() -> None:
    field = _waves((300, 300), (CELL_M, CELL_M), 90, 1.5)
    heights = field.heights.copy()
    heights[:, 150:] = np.nan
    half = Elevation("half.tif", heights, field.spacing_m)

    whole = tiles.of_field(field, (60, 160), CELL_M, EAST)
    cut = tiles.of_field(half, (60, 160), CELL_M, EAST)
    domain = np.ones((60, 160), np.float32).cumsum(axis=1) + np.eye(60, 160, dtype="f4")
    like = tiles.of_domain(domain, cut)

    assert whole.heights.shape[1:] == (60, 160)
    assert (60, 160) > cut.heights.shape[1:] > (40, 110)
    assert like is not None
    assert like.heights.shape[1:] == cut.heights.shape[1:]
    assert tiles.of_domain(np.full((60, 160), np.nan, np.float32), cut) is None
    assert tiles.of_domain(np.full((60, 160), 3, np.float32), cut) is None
    with pytest.raises(RequestError) as caught:
        tiles.of_field(_waves((40, 40), (1.0, 1.0), 90, 9.0), (60, 100), CELL_M, EAST)
    assert str(caught.value) == (
        "waves.tif: 40 x 40 m with a height every 1 m have no piece to compare with a domain of "
        "10 x 6 m in cells of 0.1 m"
    )


def test_a_map_without_a_piece_for_its_holes_says_how_many_there_are() -> None:
    fine = _waves((60, 100), (0.1, 0.1), 90, 2.0)
    fine.heights[:, ::8] = np.nan

    with pytest.raises(RequestError) as caught:
        tiles.of_field(fine, (60, 100), CELL_M, EAST)

    assert str(caught.value) == (
        "waves.tif: 10 x 6 m with a height every 0.1 m have no piece to compare with a domain of "
        "10 x 6 m in cells of 0.1 m; 13 % of its heights are missing"
    )


SWEEP = """
name: beds
extends: snowfall
parameters: {H: 40, L: 160, D: 60}
sweep:
  grid: {Lambda_I: [0.001, 0.01], Tau_min: [0, 1000]}
derived: {Tau_max: Tau_min + 1000}
seeds: SEEDS
run: {stop: 300, every: 100, engine: builtin}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep, and another one with the same parameters and another seed."""
    place = tmp_path_factory.mktemp("beds")
    for name, seeds in (("beds", "2"), ("others", "[7]")):
        text = SWEEP.replace("SEEDS", seeds).replace("beds", name)
        (place / f"{name}.yaml").write_text(text)
        done = run_from(
            place, "submit", f"{name}.yaml", "--cluster", "local", "--wait", "--yes"
        )
        assert " done" in done.stdout, done.stdout + done.stderr
    return place


def _as_in_the_field(
    place: Path, sweep: str, number: int, ratio: float
) -> tuple[NDArray[np.float64], float]:
    """Return a surface as a survey has it: in metres, on a slope, with noise, on another grid."""
    experiment = SweepDirectory(place / "data_runs" / sweep).experiment(number)
    cell_m = scales(experiment).cell_m
    with np.load(experiment.height_maps) as file:
        heights = file["height_maps"][-1] * cell_m
    depth, length = heights.shape
    y, x = np.mgrid[: (depth - 1) / ratio : 1, : (length - 1) / ratio : 1] * ratio
    surveyed = ndimage.map_coordinates(heights, [y, x], order=1)
    noise = np.random.default_rng(4).normal(0, 0.1 * cell_m, x.shape)
    return 2310 + surveyed + (0.02 * x - 0.03 * y) * cell_m + noise, ratio * cell_m


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "ratio"), [("tif", 0.63), ("nc", 0.8), ("xyz", 1.2)])
def test_an_experiment_is_recognized_in_a_survey_of_its_surface(
    place: Path, kind: str, ratio: float, tmp_path: Path
) -> None:
    for number in range(8):
        heights, spacing = _as_in_the_field(place, "beds", number, ratio)
        path = WRITERS[kind](tmp_path / f"survey{number}.{kind}", heights, (spacing, spacing))

        ranking = orchestrator.compare("beds", path, data_dir=place / "data_runs")

        assert ranking.best.number == number
        assert repr(ranking).startswith(f"beds beside {ranking.elevation.name}: exp{number} ")
        assert len(repr(ranking)) < 200
        assert len(ranking.matches) == 8
        distances = [match.distance for match in ranking.matches]
        assert distances == sorted(distances)
        assert distances[0] < 0.25


@pytest.mark.slow
def test_parameters_are_recognized_whatever_the_seed(place: Path, tmp_path: Path) -> None:
    for number in range(4):
        heights, spacing = _as_in_the_field(place, "others", number, 0.63)
        path = write_tif(tmp_path / f"survey{number}.tif", heights, (spacing, spacing))

        ranking = orchestrator.compare("beds", path, data_dir=place / "data_runs")

        wanted = {"Lambda_I": (0.001, 0.01)[number // 2], "Tau_min": (0, 1000)[number % 2]}
        assert dict(ranking.best.coordinates) == wanted
        assert ranking.best.seed in {1, 2}


@pytest.mark.slow
def test_a_larger_survey_is_compared_in_pieces_that_tell_what_is_chance(
    place: Path, tmp_path: Path
) -> None:
    """Of the first survey, mirrored and repeated in both directions."""
    heights, spacing = _as_in_the_field(place, "beds", 5, 0.63)
    wide = np.concatenate([heights, heights[:, ::-1], heights], axis=1)
    path = write_tif(tmp_path / "wide.tif", np.tile(wide, (3, 1)), (spacing, spacing))

    ranking = orchestrator.compare("beds", path, data_dir=place / "data_runs", time=300)

    assert ranking.best.number == 5
    assert ranking.best.field.tiles > 10
    assert 0 < ranking.scatter < 0.5


@pytest.mark.slow
def test_what_lies_at_the_inlet_does_not_count_where_that_is_wanted(
    place: Path, tmp_path: Path
) -> None:
    """A survey of what lies downwind alone is nearer to that, and as long."""
    heights, spacing = _as_in_the_field(place, "beds", 4, 0.5)
    path = write_tif(tmp_path / "survey.tif", heights[:, 80:], (spacing, spacing))

    of_all, downwind = (
        orchestrator.compare("beds", path, data_dir=place / "data_runs", inlet=cells)
        for cells in (0, 40)
    )

    assert downwind.best.number == 4
    assert downwind.best.tiles.heights.shape == (1, 60, 120)
    apart = {match.number: match.distance for match in of_all.matches}
    assert downwind.best.distance < 0.5 * apart[4]
    with pytest.raises(
        RequestError, match=r": fewer than 12 cells of the domain are beyond the inlet"
    ):
        orchestrator.compare("beds", path, data_dir=place / "data_runs", inlet=150)


@pytest.mark.slow
def test_the_command_prints_a_table_and_json_and_writes_a_picture(
    place: Path, tmp_path: Path
) -> None:
    heights, spacing = _as_in_the_field(place, "beds", 4, 0.63)
    path = write_tif(tmp_path / "survey.tif", heights, (spacing, spacing))
    dem = ("compare", "beds", "--dem", str(path))

    shown = run_from(place, *dem, "--top", "2", "-o", "survey.svg")
    as_json = run_from(place, *dem, "--json", "--parts", "roughness,spectrum")
    early = run_from(place, *dem, "--time", "0")
    start = run_from(place, *dem, "--time", "40")
    late = run_from(place, *dem, "--time", "9000")

    assert (shown.returncode, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    head, bar = (i for i, line in enumerate(lines) if "distance" in line or "──" in line)
    rows = [line.split() for line in lines[bar + 1 : bar + 3]]
    assert lines[head].split()[:6] == ["exp", "Lambda_I", "Tau_min", "seed", "t", "distance"]
    assert [row[:4] for row in rows] == [["4", "0.01", "0", "1"], ["5", "0.01", "0", "2"]]
    assert len(rows[0]) == 4 + 2 + 1 + 5
    assert "compared in 1 piece of 13.9 x 5.22 m, wind from 270 degrees" in shown.stdout
    assert lines[-1] == "wrote survey.svg"
    picture = (place / "survey.svg").read_text()
    assert "height above a plane (m)" in picture
    assert "exp4, distance 0.0" in picture

    read_back: dict[str, Any] = json.loads(as_json.stdout)
    assert read_back["parts"] == ["spectrum", "roughness"]
    assert len(read_back["experiments"]) == 8
    first = read_back["experiments"][0]
    parts = [first["parts"][name] for name in ("spectrum", "roughness")]
    assert first["distance"] == pytest.approx(np.sqrt(np.mean(np.square(parts))))
    assert first["coordinates"] == {"Lambda_I": 0.01, "Tau_min": 0}

    assert early.returncode == 2
    flat = "the surface is flat at t = 0 t0"
    listed = ", ".join(f"exp{number}" for number in range(8))
    assert early.stderr == f"beds: nothing to compare: {listed}: {flat}\n"
    assert start.stderr == (
        f"beds: nothing to compare: {listed}: t = 40 t0 is nearest to the bed at the start, which "
        "is no result; the next snapshot is of t = 100 t0\n"
    )
    assert late.stderr == (
        f"beds: nothing to compare: {listed}: ended before t = 9000 t0 (done); its last snapshot "
        "is of t = 300 t0\n"
    )


@pytest.mark.slow
def test_a_wrong_request_is_answered_with_its_option(place: Path, tmp_path: Path) -> None:
    heights, spacing = _as_in_the_field(place, "beds", 4, 0.63)
    path = write_tif(tmp_path / "survey.tif", heights, (spacing, spacing))
    mistakes = {
        ("--top", "0"): "--top 0: expected 1 or more",
        ("--cell", "-1"): "--cell: expected metres between heights, got -1",
        ("--band", "2"): "--band 2: survey.tif has no such band; it has one, counted from 1",
        ("--variable", "z"): "--variable: survey.tif has no variables; leave it out",
        ("--wind-from", "400"): "--wind-from: expected degrees from 0 to 360, clockwise from "
        "north, got 400",
        ("--inlet", "-3"): "--inlet -3: expected cells, 0 or more",
        (
            "--parts",
            "rougness",
        ): "--parts rougness: expected some of spectrum, heights, roughness, "
        "wavelength, orientation; did you mean roughness?",
        ("--time", "soon"): "--time: expected a time in t0 such as 300, or 30d, got soon",
        ("--dpi", "300"): "--dpi: only for a picture; name its file with -o",
        ("-o", "map.jpg"): "map.jpg: expected a name that ends in .png, .svg or .pdf",
    }

    for words, sentence in mistakes.items():
        done = run_from(place, "compare", "beds", "--dem", str(path), *words)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{sentence}\n")
