"""Numbers of a user's own are drawn, listed and averaged as the quantities of the tool are."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

import orchestrator
from orchestrator.analysis import measured
from orchestrator.analysis.dataset.grid import lay_out
from orchestrator.analysis.numbers import numbers
from orchestrator.errors import RequestError
from orchestrator.model.pictures import How, Summary, Units
from orchestrator.plots import series
from tests.cli.test_page import _data, _unpacked

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Bench

pytest.importorskip("matplotlib")

MODULE = """
from orchestrator import reduction

@reduction(units="cells", long_name="highest column")
def highest(height_map):
    return height_map.max()

@reduction(units="degrees")
def heading(height_map):
    return 90 - 4 * height_map.max()

@reduction(units="cells", dims=("x",))
def profile(height_map):
    return height_map.mean(axis=0)
"""
OUTPUTS = """outputs:
  own: {highest: "heights:highest", heading: "heights:heading", profile: "heights:profile"}
"""


@pytest.fixture
def made(bench: Bench) -> Bench:
    """A sweep of two axes, whose bed grows by one cell in each snapshot."""
    bench.write("[0, 100]")
    path = bench.place / "winds.yaml"
    path.write_text(path.read_text() + OUTPUTS)
    (bench.place / "heights.py").write_text(MODULE)
    done = bench.run("submit", "winds.yaml", "--wait")
    assert done.returncode == 0, done.stderr
    return bench


def test_they_are_quantities_of_their_sweep_and_kept_with_them(made: Bench) -> None:
    own = {reduction.name: reduction for reduction in measured.own_outputs(made.sweep)}
    first = [*measured.measured(made.sweep, [0, 1])]
    path = made.sweep.experiment(0).array_file("highest")
    hidden = path.rename(path.with_suffix(".hidden"))
    path.write_bytes(hidden.read_bytes())  # another file of the same content
    again = [*measured.measured(made.sweep, [0, 1])]

    assert {name: (r.long_name, r.units) for name, r in own.items()} == {
        "highest": ("highest column", "cells"),
        "heading": ("heading", "degrees"),
        "profile": ("profile", "cells"),
    }
    heights = np.load(made.sweep.experiment(0).height_maps)["height_maps"].max(axis=(1, 2))
    for of_one in (*first, *again):
        assert of_one.of("highest").tolist() == heights.tolist()
        assert of_one.of("heading").tolist() == (90 - 4 * heights).tolist()
    assert np.isnan(first[0].of("unheard")).all()
    quantities = lay_out(made.sweep).quantities
    assert [name for name in own if name in quantities] == ["highest", "heading"]


def test_they_become_numbers_curves_and_pictures(made: Bench) -> None:
    grid = lay_out(made.sweep)
    heights = np.load(made.sweep.experiment(0).height_maps)["height_maps"].max(axis=(1, 2))

    at_end = numbers(grid, ["highest"], Summary(), Units.MODEL).values["highest"]
    rate = numbers(grid, ["highest"], Summary(How.RATE), Units.MODEL).values["highest"]
    course = series.series(grid)

    assert (at_end == heights[-1]).all()
    assert rate == pytest.approx(np.full(grid.shape, 0.1))
    assert course.curves[0].means["highest"].tolist() == heights.tolist()
    for words in (
        ("highest", "--against", "Tau_min"),
        ("map", "--quantity", "highest"),
        ("series", "--quantity", "highest,heading"),
        ("highest,roughness", "--mean", "0,"),
    ):
        done = made.run("plot", "winds", *words, "-o", "own.svg")
        assert (done.returncode, done.stderr) == (0, "")
        assert re.search(r">[^<]*highest \(cells\)", (made.place / "own.svg").read_text())
    alone = made.run("plot", "highest", "--labels", "highest=crest", "-o", "own.svg")
    assert (alone.returncode, alone.stderr) == (0, "")
    assert "crest (cells)" in (made.place / "own.svg").read_text()


def test_what_has_a_value_for_each_column_is_no_quantity(made: Bench) -> None:
    done = made.run("plot", "winds", "series", "--quantity", "profile")
    typed = made.run("plot", "winds", "hihgest")

    assert done.returncode == 2
    assert "expected one of mean_height, " in done.stderr
    assert ", highest, heading" in done.stderr
    assert typed.stderr.endswith("got hihgest; did you mean highest?\n")
    with pytest.raises(RequestError, match="did you mean highest"):
        orchestrator.plot(made.sweep.root, "hihgest")


def test_they_are_columns_of_the_table_and_of_the_page(made: Bench, tmp_path: Path) -> None:
    table = made.run("export", "winds")
    page = made.run("report", "winds", "-o", str(tmp_path / "page.html"))

    heights = np.load(made.sweep.experiment(0).height_maps)["height_maps"].max(axis=(1, 2))
    rows = list(csv.DictReader(io.StringIO(table.stdout)))
    assert {float(row["highest"]) for row in rows} == {float(heights[-1])}
    assert page.returncode == 0, page.stderr
    data = _data(tmp_path / "page.html")
    names = [quantity["name"] for quantity in data["quantities"]]
    assert names[-2:] == ["highest", "heading"]
    assert data["experiments"][0]["last"][names.index("highest")] == heights[-1]
    _, arrays = _unpacked(tmp_path / "page.html", 0)
    assert arrays["highest"].tolist() == heights.tolist()


def test_their_means_over_seeds_are_in_datasets(made: Bench) -> None:
    points = orchestrator.over_seeds(orchestrator.open_sweep(made.sweep.root))

    heights = np.load(made.sweep.experiment(0).height_maps)["height_maps"].max(axis=(1, 2))
    assert (points.highest.values == heights).all()
    assert points.highest.attrs["long_name"] == "highest column"
    assert (points.highest_seeds == 1).all()
