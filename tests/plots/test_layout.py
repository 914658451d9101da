"""How a sweep is laid out on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.analysis.dataset.grid import Dimension, lay_out
from orchestrator.errors import RequestError
from orchestrator.model import Axis, Experiment, Point, State, Status
from orchestrator.plots import layout
from orchestrator.plots.points import shade
from orchestrator.records import intents, ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Submission
    from orchestrator.plots.layout import Layout
    from orchestrator.records.paths import SweepDirectory


@pytest.fixture
def lay(
    sweep_directory: SweepDirectory, make_submission: Callable[..., Submission]
) -> Callable[..., Layout]:
    def lay(count: int, depth: int, length: int, **asked: Any) -> Layout:
        points = [
            Point(str(i), {"H": 20, "L": length, "D": depth, "Tau_min": float(i)}, 1)
            for i in range(count)
        ]
        ledger.enlist(sweep_directory, points)
        intents.arrange(sweep_directory, [Axis(("Tau_min",), ())])
        intents.intend(sweep_directory, make_submission("t", dict.fromkeys(range(count), 1)))
        ledger.keep_sweep_file(sweep_directory, "name: winds\n")
        return layout.layout(lay_out(sweep_directory), **asked)

    return lay


@pytest.mark.parametrize(
    ("count", "domain", "shape"),
    [
        (1, (20, 20), (1, 1)),
        (3, (20, 80), (3, 1)),  # wide ones stand below each other
        (3, (80, 20), (1, 3)),  # narrow ones side by side
        (7, (20, 40), (4, 2)),
        (32, (20, 50), (8, 4)),
        (32, (20, 20), (5, 7)),
    ],
)
def test_one_axis_is_broken_into_rows_that_fill_a_page(
    lay: Callable[..., Layout], count: int, domain: tuple[int, int], shape: tuple[int, int]
) -> None:
    laid = lay(count, *domain)

    assert (len(laid.labels.rows), len(laid.labels.columns)) == shape
    (page,) = laid.pages
    placed = {slot: one.experiment.number for slot, one in page.statuses.items()}
    if min(shape) == 1:
        assert not laid.labels.panels
        assert [*placed.values()] == list(range(count))
    else:
        assert placed == {divmod(i, shape[1]): i for i in range(count)}
        assert laid.labels.panels == {
            divmod(i, shape[1]): f"Tau_min = {i}" for i in range(count)
        }


@pytest.mark.parametrize(("asked", "shape"), [("rows", (7, 1)), ("columns", (1, 7))])
def test_an_axis_that_was_asked_for_is_left_in_one_piece(
    lay: Callable[..., Layout], asked: str, shape: tuple[int, int]
) -> None:
    laid = lay(7, 20, 40, **{asked: "Tau_min"})

    assert (len(laid.labels.rows), len(laid.labels.columns)) == shape
    assert not laid.labels.panels


@pytest.mark.parametrize(
    ("sizes", "panel", "sides"),
    [
        ((), 2.0, (None, None)),
        ((3,), 4.0, (0, None)),
        ((3,), 0.25, (None, 0)),
        ((2, 3), 2.0, (1, 0)),  # two wide panels beside each other, in three rows
        ((2, 3), 1.0, (0, 1)),
        ((4, 2, 9), 2.0, (0, 1)),
    ],
)
def test_the_first_two_axes_lie_as_they_fill_a_page_best(
    sizes: tuple[int, ...], panel: float, sides: tuple[int | None, int | None]
) -> None:
    axes = [Dimension(f"axis{n}", {f"axis{n}": [*range(size)]}) for n, size in enumerate(sizes)]

    assert layout.sides(axes, panel) == sides


def test_an_experiment_has_an_index_on_each_axis_unless_its_values_are_elsewhere() -> None:
    pairs = {"point": range(2), "Tau_min": [5.0, 1.0], "Coef_A": [0.1, None]}
    axes = [Dimension("point", pairs), Dimension("seed", {"seed": [1, 7]})]
    parameters = [{"Tau_min": 1.0}, {"Tau_min": 5.0, "Coef_A": 0.1}, {"Tau_min": 3.0}]
    statuses = [
        Status(Experiment(n, Point(str(n), values, seed=7)), State.DONE, 1, None)
        for n, values in enumerate(parameters)
    ]

    assert layout.positions(axes, statuses) == {0: (1, 1), 1: (0, 1)}
    assert layout.labels(axes[0]) == ("Tau_min = 5\nCoef_A = 0.1", "Tau_min = 1")


@pytest.mark.parametrize("name", ["point", "Tau_min", "Coef_B"])
def test_an_axis_may_be_named_by_any_of_its_parameters(
    sweep_directory: SweepDirectory, make_submission: Callable[..., Submission], name: str
) -> None:
    values = [(1.0, 2.0), (3.0, 2.0), (1.0, 4.0)]
    fixed = {"H": 20, "L": 40, "D": 20}
    points = [
        Point(f"{i}{c}", {**fixed, "Tau_min": tau, "Coef_B": b, "Coef_C": c}, 1)
        for i, (tau, b) in enumerate(values)
        for c in (1.0, 2.0)
    ]
    ledger.enlist(sweep_directory, points)
    pairs = Axis(("Tau_min", "Coef_B"), (), "list")
    intents.arrange(sweep_directory, [pairs, Axis(("Coef_C",), ())])
    intents.intend(sweep_directory, make_submission("t", dict.fromkeys(range(len(points)), 1)))
    ledger.keep_sweep_file(sweep_directory, "name: winds\n")

    laid = layout.layout(lay_out(sweep_directory), columns=name)

    assert laid.labels.columns[0] == "Tau_min = 1\nCoef_B = 2"
    assert laid.labels.rows == ("Coef_C = 1", "Coef_C = 2")


@pytest.mark.parametrize(
    ("count", "factor", "logarithmic"), [(12, 1.5, True), (12, 1.0, False), (9, 1.1, False)]
)
def test_many_points_are_told_by_the_first_number_of_their_axis(
    sweep_directory: SweepDirectory,
    make_submission: Callable[..., Submission],
    count: int,
    factor: float,
    logarithmic: bool,  # noqa: FBT001
) -> None:
    fixed = {"H": 20, "L": 40, "D": 20}
    points = [
        Point(
            str(i),
            {
                **fixed,
                "Tau_min": (1.0 + i * (factor == 1)) * factor**i,
                "Coef_B": 1.0 / (1 + i),
            },
            1,
        )
        for i in range(count)
    ]
    ledger.enlist(sweep_directory, points)
    intents.arrange(sweep_directory, [Axis(("Tau_min", "Coef_B"), (), "sample")])
    intents.intend(sweep_directory, make_submission("t", dict.fromkeys(range(count), 1)))
    ledger.keep_sweep_file(sweep_directory, "name: winds\n")

    told = shade(lay_out(sweep_directory))

    assert told is not None
    assert (told.label, told.logarithmic) == ("Tau_min", logarithmic)
    assert list(told.values.values()) == [p.parameters["Tau_min"] for p in points]
    assert next(iter(told.values)) == "Tau_min = 1, Coef_B = 1"


def test_few_points_are_named(
    lay: Callable[..., Layout], sweep_directory: SweepDirectory
) -> None:
    lay(16, 20, 40)

    assert shade(lay_out(sweep_directory)) is None


def test_the_plane_of_a_sample_refuses_one_parameter_on_both_sides() -> None:
    sample = Dimension("point", {"point": range(4), "a": [1, 2, 3, 4], "b": [4, 1, 3, 2]})

    with pytest.raises(RequestError, match="--columns a: goes up the plane already"):
        layout.plane_of(sample, rows="a", columns="a")
    assert layout.plane_of(sample, rows="a", columns="b") is not None


def test_the_parameters_of_a_sample_are_named_where_another_is_wanted() -> None:
    sample = Dimension("point", {"point": range(2), "Tau_min": [1, 2], "Lambda_E": [2, 1]})

    with pytest.raises(RequestError) as refused:
        layout.axis_of([sample], "--columns", "Tau_mi")

    assert str(refused.value) == (
        "--columns Tau_mi: not an axis of the sweep; there are point, Tau_min, Lambda_E; "
        "did you mean Tau_min?"
    )
