"""Prove that each template fills the domain as ReSCAL's genesis does."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.engine import genesis
from orchestrator.engine.draws import Draws
from orchestrator.engine.exits import ExitError
from orchestrator.engine.genesis import Domain, planes
from orchestrator.formats import cellspace
from orchestrator.formats.cellspace import Cell, Header, header_bytes
from orchestrator.formats.templates import TEMPLATES, parse_template

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

GR, GRV, EAUC, DUM, IN = Cell.GR, Cell.GRV, Cell.EAUC, Cell.DUM, Cell.IN

# sizes H, L, D, template, boundary, seed, SHA-256 of snapshot 0 of runs of the real program
RECORDED = {
    "close-layer": (
        (40, 150, 45),
        "LAYER(3.25)",
        "CLOSE",
        77,
        "e302f1eb1e442a225190b87fe5f190491b88f5f9ab58df84e429f577351dc82f",
    ),
    "cone-small": (
        (50, 150, 70),
        "CONE(20,40,50)",
        "OPEN",
        2000,
        "3e7b0225d022eb6765e97fb8acb4f38fef6a1f8321225af887dab8040d3a0f7a",
    ),
    "no-gas": (
        (60, 220, 110),
        "CONE(30,80)",
        "OPEN",
        2000,
        "9c0b6848e4dae560f1d9ed7bebb9573598183af8cff5ce4178601b7f2c78f1c2",
    ),
    "no-properties": (
        (45, 140, 40),
        "SNOWCONE(12,30,50,20,3.5)",
        "OPEN",
        5,
        "ec696e90b6b9859b8cd305add41230e464c0cc007edbbff644ff406e3ecaeb2e",
    ),
    "out-cones": (
        (50, 160, 90),
        "CONE3(20,30)",
        "OUT",
        2000,
        "efd407a41a4d24ed4084155f875cab3cada99899c38d8f1b19c4c44ea61aae79",
    ),
    "periodic-sinter": (
        (40, 160, 50),
        "LAYER(8.5)",
        "PERIODIC",
        2000,
        "d1b9c9c9f1f0d9666f572c10603535a2c331a06af66514bc758cf7b6abf529dc",
    ),
    "reinjection": (
        (40, 160, 50),
        "LAYER(4)",
        "REINJECTION",
        2000,
        "71612f3501d157ffd151782b1094e3965993cc678f0b30cf2fd9542b8c14c5af",
    ),
    "seed-example": (
        (80, 400, 200),
        "SNOWFALL(4)",
        "OPEN",
        2000,
        "e654e5bc113bbd5f3d986c6a5b20bc900dd1fe74a53caffa87c150be373561c9",
    ),
    "sintering-wave": (
        (50, 160, 70),
        "WAVE(15)",
        "OPEN",
        2000,
        "d4dafee52c308ba5b3739b433746788c9747b59971faafe59b1c942fc3b822d3",
    ),
    "snowfall-small": (
        (40, 120, 50),
        "SNOWFALL(4)",
        "OPEN",
        2000,
        "c576df305eb0b2e69dab1813d32f0a8bda741e4f18e842c31a1655c2b536659c",
    ),
    "sync-avalanches": (
        (40, 120, 40),
        "CONE(18,36)",
        "OPEN",
        2000,
        "657e6540f41c6ee60f6d52e48712359832beb87352bcacbdc71c86068d092f73",
    ),
    "tiny-open": (
        (16, 30, 12),
        "SNOWFALL(3.5)",
        "OPEN",
        2000,
        "f6171621ebc10b8c85d405a2c900893b0ceeb99aac0ea1dd7d67d19b5e57a80b",
    ),
    "two-dimensional": (
        (60, 400, 1),
        "LAYER(10)",
        "PERIODIC",
        2000,
        "e2204c1fa655008e97a2d7eb589776c2192406168c8742a87181bfb6ab54dbc2",
    ),
}


def made(
    sizes: tuple[int, int, int],
    template: str,
    boundary: str = "OPEN",
    seed: int = 1,
    elevations: NDArray[np.int64] | None = None,
) -> NDArray[np.uint8]:
    """Return the cells of an initial cell space, uint8 [D, H, L]."""
    chosen = parse_template(template)
    domain = Domain(*sizes, chosen, elevations, reinjection=boundary == "REINJECTION")
    return np.stack([plane.copy() for plane in planes(domain, seed)])


@pytest.mark.parametrize(
    ("sizes", "template", "boundary", "seed", "digest"),
    RECORDED.values(),
    ids=RECORDED,
)
def test_snapshot_0_of_a_recorded_run_is_made(
    sizes: tuple[int, int, int], template: str, boundary: str, seed: int, digest: str
) -> None:
    cells = made(sizes, template, boundary, seed)

    walled = np.pad(cells, 1, constant_values=Cell.BORD).astype("<u8")
    header = header_bytes(Header("SNO", *sizes, borders=True))
    assert hashlib.sha256(header + walled.tobytes()).hexdigest() == digest


def test_draws_are_those_of_the_c_library() -> None:
    first = [0.041630344771878214, 0.45449244472862915, 0.8348172181669149]

    assert Draws(1).take(3).tolist() == first


@pytest.mark.parametrize("seed", [0, 1, -5, 2**31 - 1, 2**32 + 7])
def test_many_draws_at_once_are_the_same_as_one_after_another(seed: int) -> None:
    state = (seed % 2**32) * 2**16 + 0x330E
    expected = []
    for _ in range(1000):
        state = (25214903917 * state + 11) % 2**48
        expected.append(state / 2**48)

    draws = Draws(seed)

    parts = [draws.take(count) for count in (1, 0, 2, 700, 3, 294)]
    assert np.concatenate(parts).tolist() == expected


def test_a_fraction_of_a_layer_is_drawn_cell_by_cell() -> None:
    cells = made((20, 50, 6), "LAYER(3.25)", seed=9)

    drawn = Draws(9).take(6 * 50).reshape(6, 50) < 0.25
    np.testing.assert_array_equal(cells[:, 15] == GR, drawn)
    assert (cells[:, 16:19] == GR).all()
    assert (cells[:, 1:15] == EAUC).all()


def test_only_a_fraction_depends_on_the_seed() -> None:
    whole, part = (
        [made((20, 30, 5), f"LAYER({h})", seed=seed).tobytes() for seed in (1, 2)]
        for h in (3, 3.5)
    )

    assert whole[0] == whole[1]
    assert part[0] != part[1]


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name != "INPUT_ELEVATION"])
def test_floor_and_ceiling_are_neutral_or_sources(name: str) -> None:
    cells = made((30, 90, 20), name)

    assert np.isin(cells[:, [0, -1]], [DUM, IN]).all()


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name != "INPUT_ELEVATION"])
def test_templates_that_inject_make_sources_and_no_others(name: str) -> None:
    assert (made((30, 90, 20), name) == IN).any() == TEMPLATES[name].injects


@pytest.mark.parametrize("template", ["CONE(15,20)", "CYLINDER(9.5,21)"])
def test_round_hills_in_the_middle_are_symmetric(template: str) -> None:
    cells = made((30, 60, 40), template)

    np.testing.assert_array_equal(cells, cells[::-1])
    np.testing.assert_array_equal(cells, cells[:, :, ::-1])


def test_reinjection_puts_a_line_of_sources_into_the_ceiling() -> None:
    plain, fed = (
        made((20, 30, 6), "LAYER(4)", boundary) for boundary in ("OUT", "REINJECTION")
    )

    assert (fed[:, 0, 5] == IN).all()
    fed[:, 0, 5] = DUM
    np.testing.assert_array_equal(fed, plain)


def test_a_domain_too_short_for_the_line_of_sources_has_none() -> None:
    assert not (made((20, 5, 6), "LAYER(4)", "REINJECTION") == IN).any()


def test_steps_rise_under_a_supply_of_grains() -> None:
    cells = made((40, 100, 12), "FORSTEP(6,4,0.5)")

    assert (cells[::2, 1] == GR).all()
    assert not (cells[1::2, 1] == GR).any()
    heights = (cells == GRV).sum(axis=1)
    assert heights.max() > heights.min() > 0
    np.testing.assert_array_equal(heights[:, :25], heights[:, 25:50])


@pytest.mark.parametrize(("flag", "source"), [(0, EAUC), (1, IN)])
def test_elevations_give_columns_without_wall_and_floor(flag: int, source: Cell) -> None:
    elevations = np.arange(12).reshape(3, 4) % 9

    cells = made((20, 4, 3), f"INPUT_ELEVATION(a.tab,{flag})", elevations=elevations)

    np.testing.assert_array_equal((cells == GR).sum(axis=1), np.maximum(elevations - 2, 0))
    assert (cells[:, 1] == source).all()


@pytest.fixture
def parfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "run.par"
    path.write_text(
        "H = 20\nL = 4\nD = 3\nCsp_file = a.csp\nCsp_template = INPUT_ELEVATION(a.tab)\n"
    )
    return path


def test_elevations_are_read_from_a_log_of_altitudes(parfile: Path) -> None:
    (parfile.parent / "a.tab").write_text("2 2 3 3 \n4 5 6 7 \n8 9 2 2 \n")

    genesis.main(["-f", "run.par"])

    _, cells, _ = cellspace.read(parfile.parent / "a.csp")
    assert (cells == GR).sum(axis=1).tolist() == [[0, 0, 1, 1], [2, 3, 4, 5], [6, 7, 0, 0]]


@pytest.mark.parametrize(
    ("text", "status", "sentence"),
    [
        (None, 252, "a.tab: cannot be read: No such file or directory"),
        ("2 " * 11, 254, "a.tab: expected 3 x 4 elevations, got 11"),
        ("2 " * 13, 254, "a.tab: expected 3 x 4 elevations, got 13"),
        ("", 254, "a.tab: expected 3 x 4 elevations, got 0"),
        ("2 " * 11 + "x", 254, "a.tab: expected whole numbers: invalid literal"),
        ("2 " * 11 + "9" * 40, 254, "a.tab: expected whole numbers: "),
        ("2 " * 11 + "10", 254, "a.tab: an elevation of 10, but they must stay below half"),
        ("\u00e4", 252, "a.tab: cannot be read: not a text of numbers"),
    ],
)
def test_wrong_elevations_are_refused(
    parfile: Path, text: str | None, status: int, sentence: str
) -> None:
    if text is not None:
        (parfile.parent / "a.tab").write_text(text, "utf-8")

    with pytest.raises(ExitError) as caught:
        genesis.main(["-f", "run.par"])

    assert str(caught.value).startswith(sentence)
    assert caught.value.status == status
    assert not (parfile.parent / "a.csp").exists()


def test_an_argument_that_is_no_size_is_refused(parfile: Path) -> None:
    parfile.write_text("H = 9\nL = 9\nD = 9\nCsp_template = CONE(1e30)\n")

    with pytest.raises(ExitError, match=r"run\.par:4: Csp_template: h: 1e\+30 is too large"):
        genesis.main(["-f", "run.par"])


def test_sizes_that_cannot_be_simulated_are_refused(parfile: Path) -> None:
    parfile.write_text("H = 2000\nL = 2000\nD = 2000\n")

    with pytest.raises(
        ExitError, match="2000 x 2000 x 2000 cells are more than can be simulated"
    ):
        genesis.main(["-f", "run.par"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-f", "run.par", "-bin"], "-bin: cells without a header are not written"),
        (["9", "9", "0"], "command line: D: expected 1 or more, got 0"),
        (["9", "9", "9", "-s"], "-s: expected a value behind it"),
        (["9", "9", "9", "-s", "x"], "-s x: expected a whole number"),
    ],
)
def test_a_wrong_command_line_is_refused(
    parfile: Path, words: list[str], sentence: str
) -> None:
    parfile.write_text("H = 9\nL = 9\nD = 9\n")

    with pytest.raises(ExitError) as caught:
        genesis.main(words)

    assert str(caught.value).startswith(sentence)


def test_an_unknown_option_is_passed_over(
    parfile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parfile.write_text("Model = DUN\nH = 9\nL = 8\nD = 7\n")

    genesis.main(["-f", "run.par", "-what"])

    assert capsys.readouterr().err == "-what: no such option, ignored\n"
    header, cells, _ = cellspace.read(parfile.parent / "DUN_9_8_7.csp")
    assert (header.model, cells.shape) == ("DUN", (7, 9, 8))
