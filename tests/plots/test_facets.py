"""Curves in panels by an axis: which curve is on which, on the same scales, with no text on another."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from orchestrator import plots
from orchestrator.analysis.dataset.grid import Dimension, Grid
from orchestrator.errors import RequestError
from orchestrator.model import Experiment, Point, State, Status
from orchestrator.model.pictures import Look, Units
from orchestrator.plots import Chart, Curve, Labels, Scale, Stripes, choice, points
from orchestrator.plots.dependence import dependence, parameter
from tests.plots.overlaps import no_text_stands_on_another

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.figure import Figure

    from orchestrator.records.paths import SweepDirectory

pytest.importorskip("matplotlib")

RATE = Dimension("Lambda_I", {"Lambda_I": [0.001, 0.01]})
TAU = Dimension("Tau_min", {"Tau_min": [0.0, 100.0, 300.0, 1000.0]})
ANGLE = Dimension("Ava_angle", {"Ava_angle": [30.0, 35.0, 40.0]})
LIST = Dimension(
    "point",
    {"point": range(4), "Lambda_F": [0.0, 0.0, 1.0, 1.0], "Tau_min": [5.0, 9.0, 5.0, 9.0]},
)
SEED = Dimension("seed", {"seed": [1]})


def _grid(sweep: SweepDirectory, *axes: Dimension) -> Grid:
    dimensions = (*axes, SEED)
    cells = {
        index: Status(Experiment(n, Point(str(n), {}, seed=1)), State.DONE, 1, None)
        for n, index in enumerate(np.ndindex(*(axis.size for axis in dimensions)))
    }
    return Grid(sweep, dimensions, cells, (), (), np.empty(0), 1.0, 10, 20)


def _names(grid: Grid, panels: str | None) -> list[points.Name]:
    def read(statuses: Sequence[Status]) -> Iterator[int]:
        return iter([status.experiment.number for status in statuses])

    return [name for name, _ in points.each_point(grid, read, panels)]


def test_many_curves_of_two_axes_are_in_panels_by_the_shorter(
    sweep_directory: SweepDirectory,
) -> None:
    many = _grid(sweep_directory, RATE, TAU)
    few = _grid(sweep_directory, RATE, ANGLE)

    assert [(n.labels, n.panel) for n in _names(many, None)] == [
        ((f"Tau_min = {tau}", ""), f"Lambda_I = {rate}")
        for rate in (0.001, 0.01)
        for tau in (0, 100, 300, 1000)
    ]
    assert {name.panel for name in _names(few, None)} == {""}
    assert {name.panel for name in _names(many, "none")} == {""}
    assert _names(many, "none")[1].labels == ("Tau_min = 100", "Lambda_I = 0.001")


def test_of_three_axes_the_longest_is_colours_and_the_next_panels(
    sweep_directory: SweepDirectory,
) -> None:
    grid = _grid(sweep_directory, RATE, TAU, ANGLE)

    assert _names(grid, None)[1] == (("Tau_min = 100", "Lambda_I = 0.001"), "Ava_angle = 30")
    by_tau = _names(grid, "Tau_min")
    assert by_tau[0] == (("Ava_angle = 30", "Lambda_I = 0.001"), "Tau_min = 0")
    assert [*dict.fromkeys(name.panel for name in by_tau)] == [
        f"Tau_min = {tau}" for tau in (0, 100, 300, 1000)
    ]


def test_values_with_commas_are_one_value(sweep_directory: SweepDirectory) -> None:
    beds = ["CONE(20, 40, 50)", "LAYER(4)", "CONE(20, 40, 50)"]
    axis = Dimension(
        "point", {"point": range(3), "Csp_template": beds, "Tau_min": [5.0, 5.0, 9.0]}
    )
    grid = _grid(sweep_directory, axis)

    by_bed, by_tau = _names(grid, "Csp_template"), _names(grid, "Tau_min")

    assert by_bed[2] == (("Tau_min = 9", ""), "Csp_template = CONE(20, 40, 50)")
    assert by_tau[2] == (("Csp_template = CONE(20, 40, 50)", ""), "Tau_min = 9")
    curves, _ = dependence(
        grid, {"mass": np.ones((3, 1))}, parameter(grid, "", "Tau_min"), "Csp_template"
    )
    assert [curve.panel for curve in curves] == [f"Csp_template = {bed}" for bed in beds[:2]]


def test_points_of_a_list_share_a_panel_where_they_share_its_value(
    sweep_directory: SweepDirectory,
) -> None:
    grid = _grid(sweep_directory, LIST)

    assert _names(grid, "Lambda_F") == [
        ((f"Tau_min = {tau}", ""), f"Lambda_F = {hard}") for hard in (0, 1) for tau in (5, 9)
    ]
    assert _names(grid, "point")[2] == (("", ""), "Lambda_F = 1, Tau_min = 5")


def test_points_of_a_sample_have_their_panels_in_the_order_of_the_parameter(
    sweep_directory: SweepDirectory,
) -> None:
    values = {"point": range(3), "Lambda_F": [0.3, 0.1, 0.2], "Tau_min": [5.0, 9.0, 7.0]}
    grid = _grid(sweep_directory, Dimension("point", values))

    def first(panels: str) -> list[str]:
        return [name.panel.partition(",")[0] for name in _names(grid, panels)]

    assert first("Lambda_F") == [f"Lambda_F = {value}" for value in (0.1, 0.2, 0.3)]
    assert first("Tau_min") == [f"Lambda_F = {value}" for value in (0.3, 0.2, 0.1)]
    assert first("point") == [f"Lambda_F = {value}" for value in (0.3, 0.1, 0.2)]


def test_lines_against_a_parameter_are_in_panels_by_another(
    sweep_directory: SweepDirectory,
) -> None:
    grid = _grid(sweep_directory, RATE, TAU, ANGLE)
    values = {"mass": np.arange(24.0).reshape(2, 4, 3, 1)}
    against = parameter(grid, "", "Tau_min")

    curves, _ = dependence(grid, values, against, "Lambda_I")
    of_list, _ = dependence(
        _grid(sweep_directory, LIST),
        {"mass": np.arange(4.0)[:, None]},
        parameter(_grid(sweep_directory, LIST), "", "Tau_min"),
        "Lambda_F",
    )

    drawn = {(c.panel, c.labels[0]): c.means["mass"].tolist() for c in curves}
    assert drawn["Lambda_I = 0.01", "Ava_angle = 35"] == [13, 16, 19, 22]
    assert len(drawn) == 6
    assert [(c.panel, c.labels, c.means["mass"].tolist()) for c in of_list] == [
        ("Lambda_F = 0", ("", ""), [0, 1]),
        ("Lambda_F = 1", ("", ""), [2, 3]),
    ]
    with pytest.raises(RequestError, match="--panels Tau_min: is on the horizontal axis"):
        dependence(grid, values, against, "Tau_min")


def test_what_cannot_be_in_panels_is_refused(sweep_directory: SweepDirectory) -> None:
    long = Dimension("Coef_A", {"Coef_A": [0.1 * n for n in range(25)]})
    grid = _grid(sweep_directory, long, TAU)

    assert {name.panel for name in _names(grid, None)} == {
        f"Tau_min = {tau}" for tau in (0, 100, 300, 1000)
    }
    with pytest.raises(RequestError, match="--panels Coef_A: 25 values, of which 24 have room"):
        points.panels_of(grid, "Coef_A")
    with pytest.raises(RequestError, match="--panels Tau: not an axis of the sweep"):
        points.panels_of(grid, "Tau")
    with pytest.raises(RequestError, match=r"--panels: only for series, .*, not for map"):
        choice.read("map", {"panels": "Tau_min"})
    with pytest.raises(RequestError, match="--panels: --experiment 3 is one alone"):
        choice.read("series", {"panels": "Tau_min", "experiment": 3})


def _drawn(look: Look, count: int, kinds: int = 1) -> Figure:
    x = np.array([0.0, 10.0, 20.0])
    names = [f"quantity {n}" for n in range(kinds)]
    curves = [
        Curve(
            (f"Tau_min = {tau}", ""),
            x,
            dict.fromkeys(names, x * (1 + panel) * (1 + tau)),
            dict.fromkeys(names, x),
            2,
            panel=f"Lambda_I = 0.00{panel + 1}",
        )
        for panel in range(count)
        for tau in range(3)
    ]
    scales = {name: Scale(f"{name} with a long name (cells)") for name in names}
    along = Scale("wavelength along the wind (cells)")
    with plots.sheet(look):
        figure = plots.curves(curves, Chart(along, scales, "winds"), look)
        figure.savefig(io.BytesIO(), dpi=100)
    return figure


@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize("kinds", [1, 3])
@pytest.mark.parametrize("size_in", [None, (3.5, 0.0), (7.2, 0.0)])
def test_panels_share_their_scales_and_no_text_stands_on_another(
    count: int, kinds: int, size_in: tuple[float, float] | None
) -> None:
    figure = _drawn(Look(size_in=size_in, bare=True), count, kinds)

    shown: list[Any] = [axes for axes in figure.axes if axes.lines]
    assert len(shown) == count * kinds
    assert len({axes.get_xlim() for axes in shown}) == 1
    assert {axes.get_ylim() for axes in shown} == {shown[0].get_ylim()}
    assert shown[0].get_ylim()[1] > 20 * count * 3  # the largest value of any panel
    titles = [axes.get_title() for axes in shown if axes.get_title()]
    assert titles == [f"Lambda_I = 0.00{n + 1}" for n in range(count)]
    assert len(figure.legends) == 1
    no_text_stands_on_another(figure)


def test_each_curve_is_on_its_panel_and_numbers_stand_at_the_edges_alone() -> None:
    figure = _drawn(Look(), 5)

    grid = np.array(figure.axes, object).reshape(2, 3)
    for number, axes in enumerate(grid.flat[:5]):
        assert [line.get_ydata()[-1] for line in axes.lines] == [
            20.0 * (1 + number) * (1 + tau) for tau in range(3)
        ]
    numbered = [
        (axes.yaxis.get_tick_params()["labelleft"], axes.xaxis.get_tick_params()["labelbottom"])
        for axes in grid.flat[:5]
    ]
    assert numbered == [
        (True, False),
        (False, False),
        (False, True),  # under which there is none
        (True, True),
        (False, True),
    ]
    assert not grid[1, 2].axison
    colours = [[line.get_color() for line in axes.lines] for axes in grid.flat[:5]]
    assert all(of_panel == colours[0] for of_panel in colours)


@pytest.mark.parametrize(
    ("units", "log", "apart"),
    [(Units.SI, "", True), (Units.SI, "x", False), (Units.MODEL, "", False)],
)
@pytest.mark.parametrize("size_in", [None, (3.5, 0.0)])
def test_runs_that_last_for_hours_and_months_have_each_their_own_scale_of_days(
    units: Units, log: str, *, apart: bool, size_in: tuple[float, float] | None
) -> None:
    look = Look(units=units, log=log, size_in=size_in)
    drawn = [_lasting(days, f"Tau_min = {n}") for n, days in enumerate((0.2, 20.0, 60.0))]
    chart = Chart(Scale("t (d)"), {name: Scale(name) for name in ("a", "b")}, "winds")

    with plots.sheet(look):
        figure = plots.curves(drawn, chart, look)
        figure.savefig(io.BytesIO(), dpi=100)

    shown = [axes for axes in figure.axes if axes.lines]
    by_end: dict[float, list[tuple[bool, str]]] = {}
    for axes in shown:
        numbered = axes.xaxis.get_tick_params()["labelbottom"], axes.get_xlabel()
        by_end.setdefault(axes.get_xlim()[1], []).append(numbered)
    assert len(by_end) == (3 if apart else 1)
    if apart:  # numbers stand under the lower of each two
        assert [*by_end.values()] == [[(False, ""), (True, "t (d)")]] * 3
    printed = figure.get_supxlabel().replace("\n", " ")
    assert ("each panel has its own scale of t (d)" in printed) == apart


def _lasting(days: float, panel: str) -> Curve:
    x = np.linspace(0, days, 4)
    return Curve(
        ("", ""), x, {"a": x / days, "b": x}, dict.fromkeys("ab", x * np.nan), 1, panel=panel
    )


def test_profiles_of_hours_and_of_months_have_each_their_own_scale_of_days() -> None:
    stripes = {
        (0, i): Stripes(np.linspace(0, days, 3), np.zeros((3, 5), np.float32), 2)
        for i, days in enumerate((0.2, 20.0))
    }
    labels = Labels(("",), ("strong", "weak"))

    apart = plots.space_time(stripes, labels, "winds", Look(units=Units.SI))
    alike = plots.space_time(stripes, labels, "winds")

    ends = [axes.get_ylim()[1] for axes in (*apart.axes[:2], *alike.axes[:2])]
    assert ends == pytest.approx([0.25, 25, 25, 25])
    assert "; each panel has its own scale of t (d)" in apart.get_supxlabel()
    assert "its own scale" not in alike.get_supxlabel()
