"""Prove that genesis makes ReSCAL-snow's initial cells, to the byte."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.engine import genesis
from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.engine.genesis import Domain, planes
from orchestrator.engine.random48_arrays import Draws
from orchestrator.formats import cellspace
from orchestrator.formats.cellspace import Cell, Header, header_bytes
from orchestrator.formats.templates import TEMPLATES, parse_template

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

RECORDED = {
    "close-layer": (
        *("LAYER(3.25)", (40, 150, 45), "CLOSE", 77),
        "e302f1eb1e442a225190b87fe5f190491b88f5f9ab58df84e429f577351dc82f",
    ),
    "cone-small": (
        *("CONE(20,40,50)", (50, 150, 70), "OPEN", 2000),
        "3e7b0225d022eb6765e97fb8acb4f38fef6a1f8321225af887dab8040d3a0f7a",
    ),
    "no-gas": (
        *("CONE(30,80)", (60, 220, 110), "OPEN", 2000),
        "9c0b6848e4dae560f1d9ed7bebb9573598183af8cff5ce4178601b7f2c78f1c2",
    ),
    "no-properties": (
        *("SNOWCONE(12,30,50,20,3.5)", (45, 140, 40), "OPEN", 5),
        "ec696e90b6b9859b8cd305add41230e464c0cc007edbbff644ff406e3ecaeb2e",
    ),
    "out-cones": (
        *("CONE3(20,30)", (50, 160, 90), "OUT", 2000),
        "efd407a41a4d24ed4084155f875cab3cada99899c38d8f1b19c4c44ea61aae79",
    ),
    "periodic-sinter": (
        *("LAYER(8.5)", (40, 160, 50), "PERIODIC", 2000),
        "d1b9c9c9f1f0d9666f572c10603535a2c331a06af66514bc758cf7b6abf529dc",
    ),
    "reinjection": (
        *("LAYER(4)", (40, 160, 50), "REINJECTION", 2000),
        "71612f3501d157ffd151782b1094e3965993cc678f0b30cf2fd9542b8c14c5af",
    ),
    "seed-example": (
        *("SNOWFALL(4)", (80, 400, 200), "OPEN", 2000),
        "e654e5bc113bbd5f3d986c6a5b20bc900dd1fe74a53caffa87c150be373561c9",
    ),
    "sintering-wave": (
        *("WAVE(15)", (50, 160, 70), "OPEN", 2000),
        "d4dafee52c308ba5b3739b433746788c9747b59971faafe59b1c942fc3b822d3",
    ),
    "snowfall-small": (
        *("SNOWFALL(4)", (40, 120, 50), "OPEN", 2000),
        "c576df305eb0b2e69dab1813d32f0a8bda741e4f18e842c31a1655c2b536659c",
    ),
    "sync-avalanches": (
        *("CONE(18,36)", (40, 120, 40), "OPEN", 2000),
        "657e6540f41c6ee60f6d52e48712359832beb87352bcacbdc71c86068d092f73",
    ),
    "tiny-open": (
        *("SNOWFALL(3.5)", (16, 30, 12), "OPEN", 2000),
        "f6171621ebc10b8c85d405a2c900893b0ceeb99aac0ea1dd7d67d19b5e57a80b",
    ),
    "two-dimensional": (
        *("LAYER(10)", (60, 400, 1), "PERIODIC", 2000),
        "e2204c1fa655008e97a2d7eb589776c2192406168c8742a87181bfb6ab54dbc2",
    ),
}
"""First snapshots of runs of ReSCAL-snow 1.6: template, (H, L, D), boundary, seed and SHA-256."""

PINNED = {
    "CUSTOM": "8f05f8988e5c7f99",
    "LAYER(4)": "01674dc8b2f2fac3",
    "LAYER(3.25)": "c2e28d1a211fe9cd",
    "SNOWFALL(2.5)": "78c3104cb321d008",
    "SNOWCONE(9,16,30,0,1.75)": "1badcc2c3cd8fde7",
    "BLOCK(10,25,3,9,7)": "231a6caf4c1bdb71",
    "CYLINDER(6,14)": "e0bc26e545571553",
    "CONE(12,18)": "adcffeb3780c4ff8",
    "CONE(12,18,20,5)": "6f5cb9dcf800df9b",
    "RCONE": "a057c7d5fde5ff28",
    "RCONE(0.5,0.9,0.3,0.6)": "f6e0431d9f9d8143",
    "CONE3(10,12)": "ff0df6f607f6c623",
    "CONE5(10,12)": "b9950bfc61efbb08",
    "RCONE5": "0db241d23be212d5",
    "RWALL": "0f5de463199a0e6e",
    "WAVES_2D(10,30,0,6,10)": "b8dfc5d3a9772bbc",
    "WAVES_2D(10,30,1,6,10)": "8f230e82b60252f0",
    "WAVY_NS_LAYER(8,10,5)": "4bfcc63a011c9456",
    "WAVE": "453357277c9f8b99",
    "WAVE(6,4)": "2417dbfbd05bd36f",
    "TRIANGLES(3,6,8)": "89c0fb40977a2ce7",
    "SRC_DISK(20,30)": "c1f2010649e8f2cf",
    "SRC_DISK_CEIL(20,30,11)": "6a4c0d67fb8b5166",
    "SMILEY": "721389f71b512860",
    "FORSTEP(4,3,2)": "66967a099497ad19",
    "FORSTEP(4,3,0.25,4)": "65a5e240389f7846",
}
"""Of a domain of 24 x 60 x 22 cells with the seed 2000: SHA-256 of the cells, first 16 digits."""

SIZES = (24, 60, 22)


def made(
    template: str,
    sizes: tuple[int, int, int] = SIZES,
    seed: int = 2000,
    *,
    reinjection: bool = False,
) -> NDArray[np.uint8]:
    """Return the cells [D, H, L] of a domain of the ``sizes`` H, L and D."""
    domain = Domain(*sizes, parse_template(template), reinjection=reinjection)
    return np.stack([plane.copy() for plane in planes(domain, seed)])


def grains(
    template: str, sizes: tuple[int, int, int] = SIZES, seed: int = 2000
) -> NDArray[np.bool_]:
    """Return where there are grains, sintered ones included."""
    cells = made(template, sizes, seed)
    found: NDArray[np.bool_] = (cells == Cell.GR) | (cells == Cell.GRV)
    return found


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_run_begins_with_the_same_bytes(name: str) -> None:
    template, sizes, boundary, seed, digest = RECORDED[name]

    cells = made(template, sizes, seed, reinjection=boundary == "REINJECTION")

    wide = np.zeros((*np.add(cells.shape, 2), 8), np.uint8)
    wide[..., 0] = np.pad(cells, 1, constant_values=Cell.BORD)
    snapshot = header_bytes(Header("SNO", *sizes, borders=True)) + wide.tobytes()
    assert hashlib.sha256(snapshot).hexdigest() == digest


def test_the_file_of_a_small_cone_is_recorded_too(tmp_path: Path) -> None:
    domain = Domain(12, 10, 6, parse_template("CONE(6,8)"))

    cellspace.write(tmp_path / "a.csp", Header("SNO", 12, 10, 6), planes(domain, 2000))

    digest = hashlib.sha256((tmp_path / "a.csp").read_bytes()).hexdigest()
    assert digest.startswith("bbb73448ce381f50")


@pytest.mark.parametrize("template", PINNED)
def test_a_template_makes_the_cells_it_always_made(template: str) -> None:
    assert hashlib.sha256(made(template).tobytes()).hexdigest()[:16] == PINNED[template]


def test_each_template_is_pinned() -> None:
    assert {text.split("(")[0] for text in PINNED} == set(TEMPLATES) - {"INPUT_ELEVATION"}


@pytest.mark.parametrize("template", PINNED)
def test_floor_and_ceiling_are_neutral_or_sources(template: str) -> None:
    cells = made(template)

    assert set(np.unique(cells[:, [0, -1]])) <= {Cell.DUM, Cell.IN}
    assert set(np.unique(cells)) <= {Cell.GR, Cell.GRV, Cell.EAUC, Cell.DUM, Cell.IN}


@pytest.mark.parametrize("template", PINNED)
def test_only_layers_that_are_not_whole_depend_on_the_seed(template: str) -> None:
    by_chance = template in {"LAYER(3.25)", "SNOWFALL(2.5)", "SNOWCONE(9,16,30,0,1.75)"}

    assert np.array_equal(made(template), made(template, seed=1)) is not by_chance


@pytest.mark.parametrize("template", PINNED)
@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 3, 1), (3, 7, 5)])
def test_domains_smaller_than_the_shape_are_filled_all_the_same(
    template: str, sizes: tuple[int, int, int]
) -> None:
    height, length, depth = sizes

    assert made(template, sizes).shape == (depth, height, length)


def test_reinjection_adds_a_line_of_sources_to_the_ceiling() -> None:
    without, with_it = made("LAYER(4)"), made("LAYER(4)", reinjection=True)

    differing = np.argwhere(without != with_it)
    np.testing.assert_array_equal(differing, [(k, 0, 5) for k in range(22)])
    assert (with_it[:, 0, 5] == Cell.IN).all()


def test_a_domain_shorter_than_the_line_of_reinjection_has_none() -> None:
    assert not (made("LAYER(4)", (12, 5, 3), reinjection=True) == Cell.IN).any()


def test_a_row_of_a_layer_is_filled_by_one_draw_a_cell_plane_by_plane() -> None:
    drawn = Draws(77).take(22 * 60).reshape(22, 60) < 0.25

    there = grains("LAYER(3.25)", seed=77)

    np.testing.assert_array_equal(there[:, 19], drawn)
    assert there[:, 20:23].all()
    assert not there[:, :19].any()


def test_draws_are_the_c_librarys() -> None:
    drawn = Draws(1)

    assert drawn.take(1).tolist() == [0.041630344771878214]
    assert drawn.take(2).tolist() == [0.45449244472862915, 0.8348172181669149]


@pytest.mark.parametrize("seed", [0, 1, -1, 2000, 2**31, 2**32 - 1])
def test_draws_in_pieces_are_those_of_one_step_after_the_other(seed: int) -> None:
    state = (seed % 2**32) * 2**16 + 13070
    expected = []
    for _ in range(1000):
        state = (25214903917 * state + 11) % 2**48
        expected.append(state / 2**48)

    drawn = Draws(seed)
    pieces = [drawn.take(count) for count in (1, 0, 2, 600, 97, 300)]

    assert np.concatenate(pieces).tolist() == expected


@pytest.mark.parametrize("template", ["SNOWFALL(2.5)", "SNOWCONE(9,16,30,0,1.75)"])
def test_snow_falls_from_the_row_below_the_ceiling(template: str) -> None:
    cells = made(template)

    assert (cells[:, 1] == Cell.IN).all()
    assert np.count_nonzero(cells == Cell.IN) == 22 * 60


def test_a_snowcone_is_a_layer_and_a_cone() -> None:
    both = grains("LAYER(1.75)") | grains("CONE(9,16,30)")

    np.testing.assert_array_equal(grains("SNOWCONE(9,16,30,0,1.75)"), both)


def test_steps_rise_against_the_wind_under_a_supply_of_grains() -> None:
    cells = made("FORSTEP(4,3,2)")

    sintered = (cells == Cell.GRV).sum(axis=1)
    assert (sintered[:, ::20] > sintered[:, 19::20]).all()
    np.testing.assert_array_equal(sintered[:, :40], sintered[:, 20:])
    np.testing.assert_array_equal((cells == Cell.GR).any(axis=(0, 2)).nonzero()[0], [1, 2])


def test_a_scarce_supply_of_grains_leaves_planes_out() -> None:
    supplied = (made("FORSTEP(4,3,0.25)")[:, 1] == Cell.GR).all(axis=1)

    np.testing.assert_array_equal(supplied.nonzero()[0], range(0, 22, 4))


def genesis_of(directory: Path, **changes: object) -> NDArray[np.uint8]:
    """Run genesis for a domain of 20 x 4 x 3 cells with elevations, and return the cells."""
    parameters = {
        "Model": "SNO",
        **dict(zip("HLD", (20, 4, 3), strict=True)),
        "Csp_file": directory / "a.csp",
        "Csp_template": f"INPUT_ELEVATION({directory / 'heights'})",
        **changes,
    }
    text = "".join(f"{name} = {value}\n" for name, value in parameters.items())
    (directory / "run.par").write_text(text)
    genesis.main(["-f", str(directory / "run.par")])
    return cellspace.read(directory / "a.csp")[1]


def test_elevations_count_floor_and_the_row_above_it(tmp_path: Path) -> None:
    elevations = np.arange(-2, 10).reshape(3, 4)
    np.savetxt(tmp_path / "heights", elevations, "%d")

    cells = genesis_of(tmp_path)

    thickness = (cells == Cell.GR).sum(axis=1)
    np.testing.assert_array_equal(thickness, np.maximum(elevations - 2, 0))
    assert (cells[:, 1] == Cell.EAUC).all()


def test_snow_may_fall_on_elevations(tmp_path: Path) -> None:
    (tmp_path / "heights").write_text("3 " * 12)

    cells = genesis_of(tmp_path, Csp_template=f"INPUT_ELEVATION({tmp_path / 'heights'}, 1)")

    assert (cells[:, 1] == Cell.IN).all()
    assert (cells[:, 18] == Cell.GR).all()


@pytest.mark.parametrize(
    ("text", "sentence", "status"),
    [
        (None, "cannot be read: No such file", Exit.UNREADABLE),
        ("1 " * 11, "expected 12 elevations, D = 3 rows of L = 4, got 11", Exit.UNSUPPORTED),
        ("1 " * 13, "expected 12 elevations, D = 3 rows of L = 4, got 13", Exit.UNSUPPORTED),
        ("10 " * 12, "an elevation of 10, but they must stay below", Exit.UNSUPPORTED),
        ("snow", "expected whole numbers, got 'snow'", Exit.UNSUPPORTED),
        ("1_0 " * 12, "expected whole numbers, got '1_0'", Exit.UNSUPPORTED),
        ("9" * 20, f"expected whole numbers, got '{20 * '9'}'", Exit.UNSUPPORTED),
        ("9" * 5000, f"expected whole numbers, got '{60 * '9'}'...", Exit.UNSUPPORTED),
        (9999 * "x", f"expected whole numbers, got '{60 * 'x'}'...", Exit.UNSUPPORTED),
    ],
)
def test_elevations_that_cannot_be_used_are_refused(
    tmp_path: Path, text: str | None, sentence: str, status: Exit
) -> None:
    if text is not None:
        (tmp_path / "heights").write_text(text)

    with pytest.raises(ExitError, match=sentence) as caught:
        genesis_of(tmp_path)

    assert str(tmp_path / "heights") in str(caught.value)
    assert caught.value.status is status
    assert not (tmp_path / "a.csp").exists()


def test_no_template_is_custom(tmp_path: Path) -> None:
    cells = genesis_of(tmp_path, Csp_template="CUSTOM")
    (tmp_path / "run.par").write_text(f"H = 20\nL = 4\nD = 3\nCsp_file = {tmp_path}/b.csp\n")

    genesis.main(["-f", str(tmp_path / "run.par")])

    np.testing.assert_array_equal(cellspace.read(tmp_path / "b.csp")[1], cells)


def test_genesis_does_without_kernels() -> None:
    code = "import sys, orchestrator.engine.genesis; sys.exit('numba' in sys.modules)"

    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def nine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a parameter file of 9 x 8 x 7 cells in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.par").write_text("Model = DUN\nH = 9\nL = 8\nD = 7\n")
    return tmp_path / "run.par"


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("Csp_template = CONE(1e30)", "run.par:5: Csp_template: h"),
        ("Csp_template = HILL", "run.par:5: Csp_template"),
        ("Bin_file = a.bin", "run.par:5: Bin_file"),
        ("H = 9", "run.par:5"),
    ],
)
def test_a_line_that_cannot_be_followed_is_named(
    nine: Path, line: str, place: str, check_sentences: Callable[..., None]
) -> None:
    nine.write_text(f"{nine.read_text()}{line}\n")

    with pytest.raises(ExitError) as caught:
        genesis.main(["-f", "run.par"])

    check_sentences([str(caught.value)], place)


def test_sizes_that_cannot_be_simulated_are_refused(nine: Path) -> None:
    nine.write_text("H = 2000\nL = 2000\nD = 2000\n")

    with pytest.raises(ExitError, match="2000 x 2000 x 2000 cells are more than can be"):
        genesis.main(["-f", "run.par"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-f", "run.par", "-bin"], "-bin: cells without a header are not written"),
        (["9", "9", "0"], "command line: D: expected 1 or more, got 0"),
        (["9", "9", "9", "-s"], "-s: expected a value behind it"),
    ],
)
def test_a_wrong_command_line_is_refused(nine: Path, words: list[str], sentence: str) -> None:
    with pytest.raises(ExitError) as caught:
        genesis.main(words)

    assert str(caught.value).startswith(sentence)
    assert list(nine.parent.iterdir()) == [nine]


def test_an_unknown_option_is_passed_over(
    nine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    genesis.main(["-f", "run.par", "-what"])

    assert capsys.readouterr().err == "-what: no such option, ignored\n"
    header, cells, _ = cellspace.read(nine.parent / "DUN_9_8_7.csp")
    assert (header.model, cells.shape) == ("DUN", (7, 9, 8))
