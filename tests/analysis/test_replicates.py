"""What several seeds tell agrees with the statistics' tables, and enough seeds are proposed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.analysis import replicates
from orchestrator.analysis.replicates import Spread
from orchestrator.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable

KNOWN = {"wavelength": False, "roughness": False, "orientation": True}


def _spread(count: int, mean: float, std: float) -> Spread:
    return Spread(np.array(count), np.array(mean), np.array(std))


def test_mean_error_and_interval_are_those_of_the_tables() -> None:
    found = replicates.spread([9.0, 10.0, 11.0, math.nan])

    assert [float(value) for value in (found.count, found.mean, found.std)] == [3, 10.0, 1.0]
    assert found.sem == pytest.approx(1 / math.sqrt(3))
    assert found.half_width == pytest.approx(4.3027 / math.sqrt(3), rel=1e-4)


def test_one_seed_tells_no_interval() -> None:
    found = replicates.spread([9.0])

    assert found.mean == 9.0
    assert found.half_width == math.inf


@pytest.mark.parametrize(
    ("text", "unmet"),
    [
        ("ci(wavelength) > 0.2", True),
        ("ci( wavelength )>0.25", False),
        ("sem(wavelength) > 0.57 and n < 4", True),
        ("std(wavelength) / mean(wavelength) > 0.11", False),
    ],
)
def test_a_criterion_is_read_and_judged(text: str, unmet: bool) -> None:  # noqa: FBT001
    criterion = replicates.criterion(text, KNOWN)

    assert criterion.quantities == ("wavelength",)
    assert criterion.unmet({"wavelength": _spread(3, 10.0, 1.0)}) is unmet


def test_as_many_seeds_are_proposed_as_meet_the_criterion() -> None:
    criterion = replicates.criterion("ci(wavelength) > 0.1", KNOWN)

    def wanted(made: int, count: int, mean: float, std: float) -> int | None:
        spreads = {"wavelength": _spread(count, mean, std)}
        return replicates.seeds_wanted(criterion, spreads, made)

    assert wanted(3, 3, 10.0, 1.0) == 7  # 2.447 / sqrt(7) = 0.925 of 10, with 6 seeds 1.049
    assert wanted(6, 3, 10.0, 1.0) == 14  # half of them have a value
    assert wanted(100, 3, 10.0, 1.0) is None
    assert wanted(8, 7, 10.0, 1.0) == 8
    assert wanted(1, 1, 10.0, math.nan) is None
    assert wanted(3, 3, 0.0, 1.0) is None


def test_of_no_spread_the_interval_is_nothing_though_the_mean_is_nothing_too() -> None:
    criterion = replicates.criterion("ci(roughness) > 0.1", KNOWN)

    assert not criterion.unmet({"roughness": replicates.spread([0.0, 0.0])})
    assert criterion.unmet({"roughness": replicates.spread([-1.0, 1.0])})
    assert criterion.unmet({"roughness": replicates.spread([0.0])})


@pytest.mark.parametrize("text", ["sem(roughness) > 0.1", "std(roughness) > 9", "n < 0"])
def test_where_nothing_can_be_told_more_seeds_are_wanted(text: str) -> None:
    criterion = replicates.criterion(f"{text} or sem(roughness) > 1e9", KNOWN)

    assert criterion.unmet({"roughness": replicates.spread([1.0])})
    assert criterion.unmet({"roughness": replicates.spread([math.nan, math.nan])})


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    "text",
    [
        "ci(roughness) > 'a'",
        "ci(roughness)/0 > 0.1",
        "ci(roughness)",
    ],
)
def test_a_criterion_that_has_no_truth_is_refused_by_its_name(
    text: str, count: int, check_sentences: Callable[..., None]
) -> None:
    criterion = replicates.criterion(text, KNOWN)

    with pytest.raises(RequestError) as caught:
        criterion.unmet({"roughness": _spread(count, 10.0, 1.0)})

    check_sentences([str(caught.value)], f"--extend-seeds {text!r}")


def test_of_no_spread_a_criterion_may_have_no_value_which_is_told_by_its_name() -> None:
    criterion = replicates.criterion("1/sem(roughness) > 0.1", KNOWN)

    assert criterion.unmet({"roughness": _spread(4, 10.0, 1.0)})
    with pytest.raises(RequestError, match=r"--extend-seeds '1/sem.*: column 2: divides"):
        criterion.unmet({"roughness": _spread(2, 10.0, 0.0)})


def test_of_one_seed_no_part_of_its_spread_can_be_told() -> None:
    criterion = replicates.criterion("2 * std(roughness) / mean(roughness) > 9", KNOWN)

    assert criterion.unmet({"roughness": replicates.spread([1.0])})
    assert not criterion.unmet({"roughness": replicates.spread([1.0, 1.1])})


@pytest.mark.parametrize(
    ("degrees", "mean", "std"),
    [
        ([85.0, -85.0], 90.0, math.sqrt(50)),
        ([80.0, -80.0, 90.0], 90.0, 10.0),
        ([10.0, 20.0, math.nan], 15.0, math.sqrt(50)),
        ([-40.0], -40.0, math.nan),
        ([math.nan], math.nan, math.nan),
    ],
)
def test_directions_are_averaged_on_the_circle(
    degrees: list[float], mean: float, std: float
) -> None:
    found = replicates.spread(degrees, axial=True)

    assert found.mean == pytest.approx(mean, nan_ok=True)
    assert found.std == pytest.approx(std, nan_ok=True)


def test_the_seeds_may_stand_along_any_axis() -> None:
    values = np.array([[[1.0, 5.0], [3.0, math.nan]], [[2.0, 2.0], [4.0, 4.0]]])

    found = replicates.spread(values, axis=1)

    assert found.count.tolist() == [[2, 1], [2, 2]]
    assert found.mean.tolist() == [[2.0, 5.0], [3.0, 3.0]]
    assert found.sem[:, 0] == pytest.approx([1.0, 1.0])
    assert np.isnan(found.sem[0, 1])
    assert found.half_width[0] == pytest.approx([12.7062, math.inf], rel=1e-4)


@pytest.mark.parametrize(
    "text",
    [
        "ci(wavelenght) > 0.1",
        "ci(wavelength) >",
        "ci(orientation) > 1",
        "1 > 0",
        "ci(wavelength) > Tau_min",
    ],
)
def test_what_is_no_criterion_is_refused(
    text: str, check_sentences: Callable[..., None]
) -> None:
    with pytest.raises(RequestError) as caught:
        replicates.criterion(text, KNOWN)

    check_sentences([str(caught.value)], f"--extend-seeds {text!r}")
