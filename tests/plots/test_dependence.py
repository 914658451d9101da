"""A quantity against a parameter, and over two, of sweeps of all forms."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.analysis.dataset.grid import Dimension, Grid
from orchestrator.errors import RequestError
from orchestrator.model import Experiment, Point, State, Status
from orchestrator.model.pictures import Choice, Look
from orchestrator.plots import Chart, Scale, curves, display
from orchestrator.plots.dependence import dependence, further, parameter

if TYPE_CHECKING:
    from orchestrator.records.paths import SweepDirectory

pytest.importorskip("matplotlib")

TAU = Dimension("Tau_min", {"Tau_min": [0.0, 100.0, 1000.0]})
RATE = Dimension("Lambda_I", {"Lambda_I": [0.001, 0.01, 0.1]})
SEED = Dimension("seed", {"seed": [1, 2, 3]})
TWO = Dimension("seed", {"seed": [1, 2]})
LIST = Dimension(
    "point",
    {"point": range(4), "Lambda_F": [0.0, 0.0, 1.0, 1.0], "Tau_min": [5.0, 9.0, 5.0, 9.0]},
)
SAMPLE = Dimension(
    "point",
    {"point": range(4), "Lambda_E": [4.0, 1.0, 2.0, 40.0], "Tau_min": [5.0, 9.0, 6.0, 7.0]},
)
WORDS = Dimension("Boundary", {"Boundary": ["OPEN", "PERIODIC"]})


def _grid(sweep: SweepDirectory, *dimensions: Dimension) -> Grid:
    cells = {
        index: Status(Experiment(n, Point(str(n), {}, seed=1)), State.DONE, 1, None)
        for n, index in enumerate(np.ndindex(*(axis.size for axis in dimensions)))
    }
    return Grid(sweep, dimensions, cells, (), (), np.empty(0), 1.0, 10, 20)


def test_a_line_has_the_means_over_seeds_and_their_standard_errors(
    sweep_directory: SweepDirectory,
) -> None:
    grid = _grid(sweep_directory, RATE, TAU, SEED)
    values = np.arange(27.0).reshape(3, 3, 3)
    values[2, 1] = np.nan
    values[2, 2, 1:] = np.nan

    curves, shade = dependence(
        grid, {"roughness": values}, parameter(grid, "--against", "Tau_min")
    )

    assert shade is None
    assert [curve.labels for curve in curves] == [
        (f"Lambda_I = {rate}", "") for rate in (0.001, 0.01, 0.1)
    ]
    first, _, last = curves
    assert first.x.tolist() == [0, 100, 1000]
    assert first.means["roughness"].tolist() == [1, 4, 7]
    assert first.errors["roughness"] == pytest.approx(np.full(3, 1 / np.sqrt(3)))
    assert np.array_equal(last.means["roughness"], [19, np.nan, 24], equal_nan=True)
    assert np.isnan(last.errors["roughness"]).tolist() == [False, True, True]
    assert (first.seeds, last.seeds) == (3, 3)
    assert (first.every, last.every) == (True, False)


def test_a_line_without_values_leaves_the_others_their_colours(
    sweep_directory: SweepDirectory,
) -> None:
    grid = _grid(sweep_directory, RATE, TAU, SEED)
    against = parameter(grid, "--against", "Tau_min")
    scales = {"mass": Scale("mass")}

    drawn = []
    for known in (3, 2):
        values = np.arange(27.0).reshape(3, 3, 3)
        values[known:] = np.nan
        lines, _ = dependence(grid, {"mass": values}, against)
        figure = curves(lines, Chart(against.scale, scales, "winds", marked=True))
        [legend] = figure.legends
        handles = [handle.get_color() for handle in legend.get_lines()]
        labels = [text.get_text() for text in legend.get_texts()]
        drawn.append(dict(zip(labels, handles, strict=True)))

    both, few = drawn
    assert [*few] == ["Lambda_I = 0.001", "Lambda_I = 0.01"]
    assert both.items() >= few.items()


def test_a_line_is_left_out_where_no_experiment_is(sweep_directory: SweepDirectory) -> None:
    grid = _grid(sweep_directory, RATE, TAU, SEED)
    fewer = {index: status for index, status in grid.cells.items() if index[0] != 1}
    values = {"mass": np.full((3, 3, 3), np.nan)}

    of_rest, _ = dependence(
        dataclasses.replace(grid, cells=fewer), values, parameter(grid, "", "Tau_min")
    )

    assert [c.labels[0] for c in of_rest] == ["Lambda_I = 0.001", "Lambda_I = 0.1"]


def test_without_a_name_the_first_number_that_is_swept_goes_right(
    sweep_directory: SweepDirectory,
) -> None:
    grid = _grid(sweep_directory, WORDS, RATE, SEED)

    assert parameter(grid, "--against", None).name == "Lambda_I"
    with pytest.raises(
        RequestError, match=r"--against Tau: expected one of Boundary, Lambda_I"
    ):
        parameter(grid, "--against", "Tau")


def test_values_that_go_on_by_factors_are_on_powers_of_ten(
    sweep_directory: SweepDirectory,
) -> None:
    grid = _grid(sweep_directory, RATE, TAU, WORDS, SEED)
    scales = [parameter(grid, "", name).scale for name in ("Lambda_I", "Tau_min", "Boundary")]

    assert [scale.logarithmic for scale in scales] == [True, False, False]
    assert scales[0].label == "Lambda_I (1/t0)"
    assert scales[2].words == ("OPEN", "PERIODIC")
    assert parameter(grid, "", "Boundary").along.tolist() == [0, 1]


def test_what_is_sampled_by_factors_is_on_powers_of_ten_however_wide_it_is(
    sweep_directory: SweepDirectory,
) -> None:
    pairs = {"point": range(3), "Lambda_E": [1.1, 1.2, 3.0], "Tau_min": [5.0, 70.0, 90.0]}
    by_factors = Dimension("point", pairs, logarithmic=("Lambda_E",))
    grid = _grid(sweep_directory, by_factors, SEED)

    scales = [parameter(grid, "", name).scale for name in ("Lambda_E", "Tau_min")]

    assert [scale.logarithmic for scale in scales] == [True, False]
    choice = Choice("quantity", look=Look(labels={"Lambda_E": "erosion"}))
    renamed, _ = display.displayed(grid, choice)
    assert parameter(renamed, "", "erosion").scale.logarithmic


def test_a_list_that_is_a_grid_makes_lines(sweep_directory: SweepDirectory) -> None:
    grid = _grid(sweep_directory, LIST, TWO)
    values = np.array([[1.0, 3.0], [5.0, 7.0], [2.0, 2.0], [4.0, 8.0]])

    curves, _ = dependence(grid, {"mass": values}, parameter(grid, "", "Tau_min"))

    drawn = {curve.labels[0]: curve.means["mass"].tolist() for curve in curves}
    assert drawn == {"Lambda_F = 0": [2, 6], "Lambda_F = 1": [2, 6]}
    assert {tuple(curve.x) for curve in curves} == {(5, 9)}


def test_points_of_a_sample_are_coloured_by_their_other_parameter(
    sweep_directory: SweepDirectory,
) -> None:
    grid = _grid(sweep_directory, SAMPLE, TWO)
    values = np.arange(8.0).reshape(4, 2)

    curves, shade = dependence(grid, {"mass": values}, parameter(grid, "", "Lambda_E"))

    assert [curve.x.tolist() for curve in curves] == [[1], [2], [4], [40]]
    assert [curve.means["mass"].tolist() for curve in curves] == [[2.5], [4.5], [0.5], [6.5]]
    assert shade is not None
    assert shade.label == "Tau_min"
    assert [shade.values[curve.labels[0]] for curve in curves] == [9, 6, 5, 7]


def test_further_axes_make_pages(sweep_directory: SweepDirectory) -> None:
    one = dataclasses.replace(WORDS, values={"Boundary": ["OPEN"]})
    grid = _grid(sweep_directory, RATE, one, TAU, LIST, SEED)
    sides = parameter(grid, "", "Lambda_I"), parameter(grid, "", "Lambda_F")

    pages = list(further(grid, sides))

    assert [name for name, _ in pages] == [f"Tau_min = {tau}" for tau in (0, 100, 1000)]
    assert [where for _, where in pages] == [{1: 0, 2: i} for i in range(3)]


def test_points_that_differ_in_all_have_no_line_and_are_named_by_the_others(
    sweep_directory: SweepDirectory,
) -> None:
    pairs = Dimension(
        "point", {"point": range(2), "Lambda_F": [0.0, 0.05], "Ava_angle": [50.0, 38.0]}
    )
    grid = _grid(sweep_directory, RATE, pairs, TWO)

    curves, shade = dependence(
        grid, {"mass": np.arange(12.0).reshape(3, 2, 2)}, parameter(grid, "", "Lambda_F")
    )

    assert shade is None
    assert [(curve.labels, curve.x.tolist()) for curve in curves[:2]] == [
        (("Lambda_I = 0.001", "Ava_angle = 50"), [0.0]),
        (("Lambda_I = 0.001", "Ava_angle = 38"), [0.05]),
    ]
