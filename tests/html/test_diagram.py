"""Where the experiments of a sweep are on its page."""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator.analysis.dataset.grid import Dimension
from orchestrator.html.diagram import diagram
from orchestrator.model import Experiment, Point, State, Status

SEED = Dimension("seed", {"seed": [1, 2]})
VALUES = {"Lambda_E": [0.5, 1.0, 8.0, 2.0, 2.1], "Tau_min": [0.0, 100.0, 400.0, 300.0, 300.0]}
SAMPLE = Dimension("point", {"point": range(5), **VALUES}, logarithmic=("Lambda_E",))


def _statuses() -> list[Status]:
    points = list(zip(*VALUES.values(), strict=True))
    return [
        Status(
            Experiment(
                2 * i + seed - 1, Point(f"{i}{seed}", {"Lambda_E": a, "Tau_min": b}, seed)
            ),
            State.DONE,
            1,
            None,
        )
        for i, (a, b) in enumerate(points)
        for seed in (1, 2)
    ]


def test_a_sample_is_in_the_plane_of_its_first_two_parameters() -> None:
    laid = diagram([SAMPLE, SEED], _statuses(), panel=2.0)

    plane = laid.plane
    assert plane is not None
    assert (plane.axis, plane.right.label, plane.up.label) == (0, "Lambda_E (1/t0)", "Tau_min")
    assert (plane.right.logarithmic, plane.up.logarithmic) == (True, False)
    assert laid.positions[6] == (3, 0)
    for i, point in enumerate(plane.points):
        x, y = point[-2:]  # where its values are
        along = np.log(VALUES["Lambda_E"][i] / plane.right.low)
        assert x == pytest.approx(along / np.log(plane.right.high / plane.right.low), abs=1e-3)
        height = plane.up.high - plane.up.low
        assert y == pytest.approx((VALUES["Tau_min"][i] - plane.up.low) / height, abs=1e-3)
    assert [len(point) for point in plane.points] == [2, 2, 2, 4, 4]  # of two so near both move
    pictures = np.array([point[:2] for point in plane.points])
    away = np.abs(pictures[:, None] - pictures[None])[np.triu_indices(5, 1)]
    assert (away >= np.array(plane.box) * 0.98).any(axis=1).all()
    assert (pictures > np.array(plane.box) / 2).all()


def test_labels_have_six_digits_or_all_where_these_would_not_tell_values_apart() -> None:
    rates = Dimension("Lambda_E", {"Lambda_E": [0.00215443469003, 0.5, 0.50000001]})

    [axis, _] = diagram([rates, SEED], [], panel=2.0).axes

    assert axis.labels == ("Lambda_E = 0.00215443", "Lambda_E = 0.5", "Lambda_E = 0.50000001")


def test_what_is_no_sample_or_has_no_room_is_in_no_plane() -> None:
    words = Dimension("point", {"point": range(4), "Boundary": ["a", "b", "c", "d"]})
    random = np.random.default_rng(1)
    crowd = {name: random.uniform(size=900).tolist() for name in VALUES}
    many = Dimension("point", {"point": range(900), **crowd})
    rates = Dimension("Lambda_E", {"Lambda_E": VALUES["Lambda_E"]})

    for dimensions in ([words, SEED], [many, SEED], [rates, SEED], [SAMPLE, rates, SEED]):
        assert diagram(dimensions, [], panel=2.0).plane is None
