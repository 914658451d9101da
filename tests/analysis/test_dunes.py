"""Dunes of synthetic beds are found, measured and followed as they were made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.analysis.dunes import outlines, tracks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.analysis.dunes import Track

D, L = 80, 240
X, Y = np.arange(L)[None, :], np.arange(D)[:, None]
GROUND = 2.0


def _away(
    places: NDArray[np.int64], middle: float, size: int, *, periodic: bool
) -> NDArray[np.float64]:
    away = places - middle
    return np.asarray((away + size / 2) % size - size / 2 if periodic else away, np.float64)


def _dome(
    x: float, y: float, height: float, radius: float, *, periodic: bool = False
) -> NDArray[np.float64]:
    """Return a paraboloid of revolution."""
    dx = _away(X, x, L, periodic=periodic)
    dy = _away(Y, y, D, periodic=periodic)
    return np.maximum(0, height * (1 - (dx**2 + dy**2) / radius**2))


def _bed(*domes: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(GROUND + np.maximum.reduce(domes), np.float32)


def test_a_dome_has_its_size_volume_and_place() -> None:
    height, radius = 12.0, 15.0

    found = outlines(_bed(_dome(90.3, 41.6, height, radius)), threshold=GROUND + 1)

    [dune] = found.dunes
    assert (dune.x, dune.y) == pytest.approx((90.3, 41.6), abs=0.1)
    edge = radius * np.sqrt(1 - 1 / height)  # where it is as high as the threshold
    assert (dune.length, dune.width) == pytest.approx((2 * edge, 2 * edge), abs=2)
    assert dune.height == pytest.approx(height, abs=0.2)
    assert dune.volume == pytest.approx(np.pi * radius**2 * height / 2, rel=0.02)
    assert dune.area == pytest.approx(np.pi * edge**2, rel=0.05)
    assert dune.whole
    assert found.bed == pytest.approx(GROUND, abs=0.02)


@pytest.mark.parametrize("degrees", [0, 30, 90, -45])
def test_a_long_dune_has_its_orientation(degrees: float) -> None:
    turn = np.radians(degrees)
    along = (X - 120) * np.cos(turn) + (Y - 40) * np.sin(turn)
    across = -(X - 120) * np.sin(turn) + (Y - 40) * np.cos(turn)
    ridge = 8 * np.exp(-((along / 14) ** 2) - (across / 5) ** 2)

    [dune] = outlines(_bed(ridge), threshold=GROUND + 2).dunes

    away = (dune.orientation - degrees + 90) % 180 - 90
    assert away == pytest.approx(0, abs=2)


@pytest.mark.parametrize(
    ("left", "right", "asymmetry"), [(20, 20, 0.0), (30, 10, 0.5), (0, 16, -1.0)]
)
def test_horns_of_a_barchan_have_their_asymmetry(
    left: int, right: int, asymmetry: float
) -> None:
    bed = np.zeros((D, L))
    bed[28:52, 80:110] = 8  # the body
    bed[28:34, 110 : 110 + left] = 8
    bed[46:52, 110 : 110 + right] = 8

    [dune] = outlines(_bed(bed), threshold=GROUND + 3).dunes

    assert dune.asymmetry == pytest.approx(asymmetry, abs=0.08)


def test_a_dune_across_the_edge_of_a_periodic_domain_is_one() -> None:
    bed = _bed(_dome(2, 1, 10, 14, periodic=True), _dome(120, 40, 10, 14))

    whole = outlines(bed, GROUND + 1, periodic=True).dunes
    parts = outlines(bed, GROUND + 1).dunes

    assert len(whole) == 2
    assert whole[0].volume == pytest.approx(whole[1].volume, rel=0.05)
    assert min(abs(whole[0].x - 2), abs(whole[0].x - 2 - L)) < 0.3
    assert all(dune.whole for dune in whole)
    assert len(parts) == 5
    assert sum(dune.whole for dune in parts) == 1


def test_single_grains_are_no_dunes() -> None:
    bed = np.full((D, L), GROUND, np.float32)
    bed[::9, ::9] += 5

    assert outlines(bed, GROUND + 1).dunes == ()


@dataclass(frozen=True)
class _Mover:
    """A dome that moves at a speed and lives from one snapshot to another."""

    x: float
    y: float
    height: float
    speed: float
    first: int = 0
    last: int = 99

    def at(self, t: float, *, periodic: bool) -> NDArray[np.float64]:
        radius = 6 + self.height / 2
        return _dome(self.x + self.speed * t, self.y, self.height, radius, periodic=periodic)


def _film(
    movers: list[_Mover], times: NDArray[np.float64], noise: float, *, periodic: bool
) -> NDArray[np.float32]:
    random = np.random.default_rng(0)
    maps = []
    for i, t in enumerate(times):
        there = [m.at(t, periodic=periodic) for m in movers if m.first <= i <= m.last]
        maps.append(_bed(*there, np.zeros((D, L))) + random.normal(0, noise, (D, L)))
    return np.rint(np.array(maps)).astype(np.float32)


def _followed(
    maps: NDArray[np.float32], times: NDArray[np.float64], *, periodic: bool
) -> list[Track]:
    found = [outlines(m, GROUND + 1.5, periodic=periodic) for m in maps]
    return tracks(maps, times, found, periodic=periodic)


def _right(track: Track, movers: list[_Mover], times: NDArray[np.float64]) -> bool:
    """Whether a track is at one and the same dome all the time."""
    size = np.array([L, D])
    at = np.stack([track.x, track.y], axis=1)
    for mover in movers:
        true = np.stack(
            [mover.x + mover.speed * times[list(track.snapshots)], np.full(len(at), mover.y)], 1
        )
        away = (at - true + size / 2) % size - size / 2
        if (np.hypot(*away.T) < 4).all():
            return True
    return False


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("periodic", [True, False])
def test_of_moving_dunes_19_of_20_tracks_are_right(seed: int, periodic: bool) -> None:  # noqa: FBT001
    """Small dunes are faster, some come later, and some pass each other side by side."""
    random = np.random.default_rng(seed)
    times = np.arange(0.0, 200.0, 10.0)
    movers = []
    for row in (10, 30, 50, 70):
        for start in (20, 90, 160):
            height = float(random.uniform(4, 9))
            speed = 2.0 / height  # up to half a cell in a t0: five from map to map
            x = float(start + random.uniform(-8, 8))
            movers.append(_Mover(x, row, height, speed, first=int(random.integers(0, 4))))
    apart = _apart(movers, times, periodic=periodic)
    maps = _film(apart, times, 0.3, periodic=periodic)

    found = _followed(maps, times, periodic=periodic)

    long_ones = [track for track in found if len(track.snapshots) >= 3]
    right = sum(_right(track, apart, times) for track in long_ones)
    assert right >= 0.95 * len(long_ones)
    assert len(long_ones) <= len(apart) * 1.1
    for track in long_ones:
        celerity, error = track.celerity(times)
        speeds = [m.speed for m in apart]
        assert min(abs(celerity - speed) for speed in speeds) < max(0.02, 4 * error)


def _apart(movers: list[_Mover], times: NDArray[np.float64], *, periodic: bool) -> list[_Mover]:
    """Leave out what would run into another one in its row, or out of the domain."""
    kept: list[_Mover] = []
    for mover in movers:
        path = mover.x + mover.speed * times
        if not periodic and path.max() > L - 16:
            continue
        others = [m.x + m.speed * times for m in kept if m.y == mover.y]
        if all(np.abs(path - other).min() > 26 for other in others):
            kept.append(mover)
    return kept


def test_a_fast_dune_merges_with_a_slow_one_and_ends_in_it() -> None:
    times = np.arange(0.0, 200.0, 10.0)
    slow, fast = _Mover(120, 40, 9, 0.05), _Mover(70, 40, 6, 0.3)
    maps = _film([slow, fast], times, 0.0, periodic=False)

    large, small = _followed(maps, times, periodic=False)[:2]
    if large.mean("volume") < small.mean("volume"):
        large, small = small, large

    assert small.merged_into == large.number
    assert large.merged_into is None
    assert large.snapshots == tuple(range(20))
    assert 3 < len(small.snapshots) < 15


def test_a_dune_that_calves_has_one_that_comes_from_it() -> None:
    """The merging, backwards in time."""
    times = np.arange(0.0, 200.0, 10.0)
    slow, fast = _Mover(120, 40, 9, 0.05), _Mover(70, 40, 6, 0.3)
    maps = _film([slow, fast], times, 0.0, periodic=False)[::-1]

    found = _followed(maps, times, periodic=False)

    first, second = found
    assert (first.split_from, second.split_from) == (None, first.number)
    assert first.snapshots == tuple(range(20))
    assert second.snapshots[-1] == 19


def test_a_dune_that_is_not_seen_for_a_map_goes_on() -> None:
    times = np.arange(0.0, 100.0, 10.0)
    maps = _film([_Mover(60, 40, 8, 0.3)], times, 0.0, periodic=False)
    maps[4] = GROUND

    [track] = _followed(maps, times, periodic=False)

    assert track.snapshots == (0, 1, 2, 3, 5, 6, 7, 8, 9)
    assert track.celerity(times)[0] == pytest.approx(0.3, abs=0.01)
