"""What several seeds tell agrees with the statistics' tables, and enough seeds are proposed."""

from __future__ import annotations

import math

import pytest

from orchestrator import replicates
from orchestrator.errors import RequestError
from orchestrator.replicates import Spread

KNOWN = ("wavelength", "roughness")


def test_mean_error_and_interval_are_those_of_the_tables() -> None:
    found = replicates.spread([9.0, 10.0, 11.0, math.nan])

    assert (found.count, found.mean, found.std) == (3, 10.0, 1.0)
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
def test_a_wish_is_read_and_judged(text: str, unmet: bool) -> None:  # noqa: FBT001
    wished = replicates.wish(text, KNOWN)

    assert wished.quantities == ("wavelength",)
    assert wished.unmet({"wavelength": Spread(3, 10.0, 1.0)}) is unmet


def test_as_many_seeds_are_proposed_as_meet_the_wish() -> None:
    wished = replicates.wish("ci(wavelength) > 0.1", KNOWN)
    spreads = {"wavelength": Spread(3, 10.0, 1.0)}

    count = replicates.seeds_wanted(wished, spreads)

    assert count == 7  # 2.447 / sqrt(7) = 0.925 of 10, and with 6 seeds 1.049
    assert replicates.seeds_wanted(wished, {"wavelength": Spread(1, 10.0, math.nan)}) is None
    assert replicates.seeds_wanted(wished, {"wavelength": Spread(3, 0.0, 1.0)}) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ci(wavelenght) > 0.1", "wavelenght: expected one of wavelength, roughness"),
        ("ci(wavelength) >", "the end"),
        ("1 > 0", "expected a formula such as ci(wavelength) > 0.1"),
        ("ci(wavelength) > Tau_min", "expected a formula such as ci(wavelength) > 0.1"),
    ],
)
def test_what_is_no_wish_is_refused(text: str, said: str) -> None:
    with pytest.raises(RequestError, match=r"--extend-seeds") as caught:
        replicates.wish(text, KNOWN)

    assert said in str(caught.value)
