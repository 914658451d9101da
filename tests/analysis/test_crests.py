"""Crests of synthetic beds lie as they were laid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.analysis import crests, observables
from tests.conftest import make_reduced

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 160


def _ridges(angle: float, noise: float = 0.6, seed: int = 1) -> NDArray[np.float32]:
    """Return a bed of whole cells with asymmetric ridges of about 30 cells, lying at an angle."""
    y, x = np.mgrid[:SIDE, :SIDE]
    across = x * np.sin(np.radians(angle)) - y * np.cos(np.radians(angle))
    phase = 2 * np.pi * across / 30
    heights = 8 + 4 * np.sin(phase) + np.sin(2 * phase)
    rough = np.random.default_rng(seed).normal(0, noise, heights.shape)
    bed: NDArray[np.float32] = np.rint(heights + rough).astype(np.float32)
    return bed


def _apart(a: float, b: float) -> float:
    return abs((a - b + 90) % 180 - 90)


@pytest.mark.parametrize("angle", [-80, -45, -20, 0, 10, 33, 60, 90])
def test_parallel_ridges_have_their_direction(angle: int) -> None:
    bed = _ridges(angle)[None]

    assert _apart(float(crests.orientation(crests.axes(bed))[0]), angle) < 1.5
    assert crests.alignment(crests.axes(bed))[0] > 0.8


def test_a_right_angle_is_positive() -> None:
    assert crests.orientation(crests.axes(_ridges(90, noise=0)[None]))[0] == 90


def test_ridges_that_cross_evenly_have_hardly_any_alignment() -> None:
    crossed = np.maximum(_ridges(30), _ridges(120, seed=2))

    assert crests.alignment(crests.axes(crossed[None]))[0] < 0.1


def test_noise_alone_has_hardly_any_alignment() -> None:
    grains = np.random.default_rng(3).integers(4, 6, (1, SIDE, SIDE)).astype(np.float32)

    assert crests.alignment(crests.axes(grains))[0] < 0.1


def test_closed_columns_make_no_slopes() -> None:
    """Of ridges across the wind all slopes are along it, beside closed columns, too."""
    bed = np.tile(_ridges(90, noise=0)[0], (3, SIDE, 1))
    bed[1, 50:70, 30:90] = np.nan
    bed[2, 100, 7] = np.nan

    assert crests.axes(bed) == pytest.approx(np.ones(3), abs=1e-6)


def test_a_flat_bed_has_no_direction() -> None:
    flat = np.full((1, SIDE, SIDE), 5, np.float32)

    assert np.isnan(crests.orientation(crests.axes(flat))[0])
    assert crests.alignment(crests.axes(flat))[0] == 0


def test_closed_columns_and_their_neighbours_are_left_out() -> None:
    bed = _ridges(60)
    bed[:, 70:90] = np.nan

    assert _apart(float(crests.orientation(crests.axes(bed[None]))[0]), 60) < 1.5


def test_it_is_a_series_like_the_others() -> None:
    maps = np.stack([_ridges(90), _ridges(0)]).astype(np.int16)
    none = np.empty((0, 0, 0), np.float32)
    found = observables.series(
        make_reduced(np.array([0.0, 10.0]), maps, none, np.empty((0, 3), np.int64))
    )

    assert [
        _apart(found["crest_orientation"][i], angle) < 1.5 for i, angle in ((0, 90), (1, 0))
    ]
    assert observables.quantities()["crest_orientation"].axial
