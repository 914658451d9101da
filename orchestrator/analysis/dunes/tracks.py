"""Dunes followed from one map to the next, as they wander, merge and split."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.analysis.offset import offset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from orchestrator.analysis.dunes.outlines import Dune, Outlines

_SHARED = 0.3  # of the smaller outline, that two of one dune share at least
_ENOUGH = 0.5  # of the smaller outline, that one shares which has hardly moved
_REMEMBERED = 2  # maps in which a dune may be missing
_RECENT = 4  # places from which the next one is foretold
_FEWEST = 3  # places from which a celerity is told


@dataclass(frozen=True, slots=True)
class Track:
    """One dune through time.

    Attributes
    ----------
    number
        Of the track, from 0.
    snapshots
        Indices of the maps in which it is.
    dunes
        What it is there.
    x, y
        Where it is there, in cells, going on beyond the edges of a periodic domain.
    split_from, merged_into
        Numbers of the tracks from which it came, and in which it ends; None where it did not.
    """

    number: int
    snapshots: tuple[int, ...]
    dunes: tuple[Dune, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    split_from: int | None = None
    merged_into: int | None = None

    def celerity(self, times: NDArray[np.float64]) -> tuple[float, float]:
        """Return how fast it goes along the wind, and the standard error, in cells per unit of time.

        The slope of the straight line with the least squares through its places; not a number of
        fewer than three.

        Parameters
        ----------
        times
            float64 [snapshot], of all maps.
        """
        if len(self.x) < _FEWEST:
            return np.nan, np.nan
        t, x = times[list(self.snapshots)], np.array(self.x)
        away = t - t.mean()
        slope = float(away @ x / (away @ away))
        left = x - x.mean() - slope * away
        return slope, float(np.sqrt(left @ left / (len(t) - 2) / (away @ away)))

    def within(self, inside: NDArray[np.bool_]) -> Track:
        """Return what of it is in some of the maps, bool [snapshot] of all of them."""
        kept = [i for i, snapshot in enumerate(self.snapshots) if inside[snapshot]]
        return replace(
            self,
            snapshots=tuple(self.snapshots[i] for i in kept),
            dunes=tuple(self.dunes[i] for i in kept),
            x=tuple(self.x[i] for i in kept),
            y=tuple(self.y[i] for i in kept),
        )

    def path(self, until: int) -> NDArray[np.float64]:
        """Return where it is in each of its maps up to an index: x and y in cells, float64 [map, 2]."""
        count = sum(snapshot <= until for snapshot in self.snapshots)
        return np.stack([self.x[:count], self.y[:count]], axis=1)

    def mean(self, name: str) -> float:
        """Return the mean over time of what :class:`Dune` has by this name."""
        values = np.array([getattr(dune, name) for dune in self.dunes], np.float64)
        known = values[np.isfinite(values)]
        return float(known.mean()) if known.size else np.nan


@dataclass(slots=True)
class _Path:
    """A track that goes on; its attributes are those of :class:`Track`."""

    number: int
    split_from: int | None = None
    merged_into: int | None = None
    snapshots: list[int] = field(default_factory=list)
    dunes: list[Dune] = field(default_factory=list)
    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)

    def ahead(self, times: NDArray[np.float64], now: int) -> tuple[float, float] | None:
        """Return how far it should have come since it was last seen; None of a new one."""
        recent = self.snapshots[-_RECENT:]
        if len(recent) < 2:
            return None
        steps = times[recent[-1]] - times[recent[0]]
        share = (times[now] - times[recent[-1]]) / steps
        x, y = (at[-1] - at[-len(recent)] for at in (self.x, self.y))
        return x * float(share), y * float(share)

    def add(self, dune: Dune, now: int, shape: tuple[int, ...], *, periodic: bool) -> None:
        """Go on in a dune, as near to where it was as a periodic domain allows."""
        x, y = dune.x, dune.y
        if periodic and self.x:
            x += round((self.x[-1] - x) / shape[1]) * shape[1]
            y += round((self.y[-1] - y) / shape[0]) * shape[0]
        self.snapshots.append(now)
        self.dunes.append(dune)
        self.x.append(x)
        self.y.append(y)

    def ended(self) -> Track:
        """Return what has become of it."""
        return Track(
            self.number,
            tuple(self.snapshots),
            tuple(self.dunes),
            tuple(self.x),
            tuple(self.y),
            self.split_from,
            self.merged_into,
        )


def tracks(
    surfaces: NDArray[np.float32],
    times: NDArray[np.float64],
    snapshots: Sequence[Outlines],
    *,
    periodic: bool = False,
) -> list[Track]:
    """Follow the dunes of successive maps.

    A dune is the one before whose outline, moved as it went so far, shares most with its own. A
    new one is looked for where it was, and if it is not there as far on as the whole map moved. Where several become one, the
    one that shares most goes on and the others end in it; where one becomes several, the one that
    shares most goes on and the others begin from it. A dune that is not there for a map or two goes on.

    Parameters
    ----------
    surfaces
        float32 [snapshot, D, L], in cells.
    times
        float64 [snapshot], in t0.
    snapshots
        The dunes of each map.
    """
    all_tracks: list[_Path] = []
    for now, outlines in enumerate(snapshots):
        open_ones = [
            t
            for t in all_tracks
            if t.merged_into is None and now - t.snapshots[-1] <= _REMEMBERED
        ]
        moved: tuple[float, float] | None = None  # of the whole map, where that is needed
        shares: dict[tuple[int, int], float] = {}
        for track in open_ones:
            columns = snapshots[track.snapshots[-1]].columns[track.dunes[-1].number - 1]
            ahead = track.ahead(times, now)
            shared = _shared(columns, outlines, ahead or (0.0, 0.0), periodic=periodic)
            if ahead is None and max(shared.values(), default=0.0) < _ENOUGH:
                moved = moved or _moved(surfaces[now - 1], surfaces[now])
                if np.isfinite(moved[0]):
                    shared = _shared(columns, outlines, moved, periodic=periodic) or shared
            shares |= {(track.number, number): share for number, share in shared.items()}
        _go_on(all_tracks, outlines, now, shares, periodic=periodic)
    return [track.ended() for track in all_tracks]


def _moved(before: NDArray[np.float32], after: NDArray[np.float32]) -> tuple[float, float]:
    """Return how far a map has moved, to two cells, which takes a fourth of the time."""
    shift = offset(before[::2, ::2], after[::2, ::2])
    return 2 * shift.x, 2 * shift.y


def _shared(
    columns: tuple[NDArray[np.intp], NDArray[np.intp]],
    outlines: Outlines,
    ahead: tuple[float, float],
    *,
    periodic: bool,
) -> dict[int, float]:
    """Return how much of the smaller one an outline that moves on shares with others, by number."""
    y, x = columns[0] + round(ahead[1]), columns[1] + round(ahead[0])
    depth, length = outlines.labels.shape
    if periodic:
        y, x = y % depth, x % length
    inside = (y >= 0) & (y < depth) & (x >= 0) & (x < length)
    common = np.bincount(
        outlines.labels[y[inside], x[inside]], minlength=len(outlines.dunes) + 1
    )
    shares = {
        dune.number: common[dune.number] / min(dune.area, max(len(x), 1))
        for dune in outlines.dunes
        if common[dune.number]
    }
    return {number: share for number, share in shares.items() if share >= _SHARED}


def _go_on(
    all_tracks: list[_Path],
    outlines: Outlines,
    now: int,
    shares: dict[tuple[int, int], float],
    *,
    periodic: bool,
) -> None:
    """Let tracks go on in the dunes of a map, end in them, and begin."""
    dunes = {dune.number: dune for dune in outlines.dunes}
    shape = outlines.labels.shape
    weights = {
        (track, number): share * min(dunes[number].area, all_tracks[track].dunes[-1].area)
        for (track, number), share in shares.items()
    }
    went: dict[int, int] = {}  # the dune in which a track goes on
    has: dict[int, int] = {}  # and the track that goes on in a dune
    for track, number in sorted(weights, key=lambda pair: -weights[pair]):
        if track not in went and number not in has:
            went[track], has[number] = number, track
    for number, track in has.items():
        all_tracks[track].add(dunes[number], now, shape, periodic=periodic)
    for track, number in sorted(weights, key=lambda pair: -weights[pair]):
        if track not in went and all_tracks[track].merged_into is None:
            all_tracks[track].merged_into = has[number]
    for number, dune in dunes.items():
        if number in has:
            continue
        parents = [(share, track) for (track, of), share in weights.items() if of == number]
        begun = _Path(len(all_tracks), split_from=max(parents)[1] if parents else None)
        begun.add(dune, now, shape, periodic=periodic)
        all_tracks.append(begun)
