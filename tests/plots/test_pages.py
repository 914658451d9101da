"""Pages of a picture: a file for each, or one PDF of them all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

import orchestrator
from orchestrator import plots
from orchestrator.errors import RequestError
from orchestrator.model import Axis, Point
from orchestrator.model.pictures import Look
from orchestrator.plots import Chart, Curve, Scale, fields
from orchestrator.records import intents, ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.figure import Figure

    from orchestrator.model import Submission
    from orchestrator.records.paths import SweepDirectory

pytest.importorskip("matplotlib")


def _pages(path: Path) -> int:
    return len(re.findall(rb"/Type /Page\b", path.read_bytes()))


def _figure(look: Look) -> Figure:
    x = np.array([0.0, 10.0])
    curve = Curve(("", ""), x, {"q": x}, {"q": x}, 1)
    return plots.curves([curve], Chart(Scale("t"), {"q": Scale("q")}, "winds"), look)


def test_values_on_a_third_axis_are_pages_of_one_pdf(
    sweep_directory: SweepDirectory, make_submission: Callable[..., Submission], tmp_path: Path
) -> None:
    points = [
        Point(
            f"{tau}{rate}{angle}",
            {"H": 20, "L": 40, "D": 20, "Tau_min": tau, "Lambda_I": rate, "Ava_angle": angle},
            1,
        )
        for tau in (0.0, 100.0)
        for rate in (0.1, 0.2)
        for angle in (30.0, 35.0, 40.0)
    ]
    ledger.enlist(sweep_directory, points)
    names = "Tau_min", "Lambda_I", "Ava_angle"
    intents.arrange(sweep_directory, [Axis((name,), ()) for name in names])
    intents.intend(sweep_directory, make_submission("t", dict.fromkeys(range(len(points)), 1)))
    ledger.keep_sweep_file(sweep_directory, f"name: {sweep_directory.name}\n")

    def plot(name: str) -> list[Path]:
        data = sweep_directory.root.parent
        return orchestrator.plot(sweep_directory.name, data_dir=data, output=tmp_path / name)

    assert plot("all.pdf") == [tmp_path / "all.pdf"]
    assert _pages(tmp_path / "all.pdf") == 3
    assert b"/Keywords (orchestrator.plot" in (tmp_path / "all.pdf").read_bytes()
    assert [path.name for path in plot("a.svg")] == [
        f"a-Ava_angle={angle}.svg" for angle in (30, 35, 40)
    ]


def test_a_pdf_of_which_a_page_has_no_room_leaves_nothing(tmp_path: Path) -> None:
    large, small = Look(), Look(size_in=(0.6, 0.6))
    figures = (_figure(look) for look in (large, small))

    with plots.sheet(small), pytest.raises(RequestError, match="have no room"):
        plots.save_pages(figures, tmp_path / "a.pdf", "command", small)

    assert [*tmp_path.iterdir()] == []


def test_a_number_below_0_has_the_sign_of_the_numbers_of_axes() -> None:
    with plots.sheet(Look()):
        numbers = fields._written(np.array([[-88.31]]), np.array([[0.52]]), (2.0, 1.0))

    assert numbers == {(0, 0): "\N{MINUS SIGN}88.3 ± 0.5"}


@pytest.mark.parametrize(
    ("cell_in", "written"),
    [
        ((2.0, 1.0), "12.3 ± 0.2"),
        ((0.5, 1.0), "12.3\n± 0.2"),
        ((0.5, 0.2), "12.3"),
        ((0.1, 1.0), None),
    ],
)
def test_a_number_is_shortened_to_the_room_of_its_cell(
    cell_in: tuple[float, float], written: str | None
) -> None:
    mean, error = np.array([[12.345, np.nan]]), np.array([[0.234, np.nan]])

    with plots.sheet(Look()):
        numbers = fields._written(mean, error, cell_in)

    assert numbers == ({} if written is None else {(0, 0): written})
