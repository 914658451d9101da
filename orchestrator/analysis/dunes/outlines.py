"""The dunes of one height map: what stands above a threshold, and how large it is."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.analysis import directions
from orchestrator.errors import RequestError, optional

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

_SIGMA = 1.0  # cells, of the blur in which single grains do not count
_BRIDGE = 2  # cells, half the width of what is no more than a bridge between two dunes
_SMALLEST = 20  # columns of the smallest dune
_ABOVE = 0.5  # standard deviations above the mean is the threshold that is taken,
_GRAIN = 1.0  # or one cell, by which every bed is uneven


@dataclass(frozen=True, slots=True)
class Dune:
    """One dune of a map; lengths in cells.

    Attributes
    ----------
    number
        In the map's labels, from 1.
    x, y
        Its middle, weighted by height.
    length, width
        Along and across the wind.
    height
        Of its highest column above the bed around all dunes.
    area, volume
        Columns within its outline, and cells above that bed.
    asymmetry
        Of the horns, which lie downwind on both sides: the left one (small y) less the right one, over
        both together, from -1 to 1; not a number where there are none.
    orientation
        Of its longer axis in degrees, 0 along the wind, positive towards larger y, in (-90, 90].
    whole
        Whether it does not touch the edge of the domain.
    """

    number: int
    x: float
    y: float
    length: float
    width: float
    height: float
    area: int
    volume: float
    asymmetry: float
    orientation: float
    whole: bool


@dataclass(frozen=True, slots=True)
class Outlines:
    """The dunes of one map.

    Attributes
    ----------
    labels
        int32 [D, L], the number of the dune at each column, 0 where there is none.
    dunes
        In the order of their numbers.
    columns
        y and x of the columns of each.
    threshold, bed
        Height above which there are dunes, and mean height of the rest, in cells.
    """

    labels: NDArray[np.int32]
    dunes: tuple[Dune, ...]
    columns: tuple[tuple[NDArray[np.intp], NDArray[np.intp]], ...]
    threshold: float
    bed: float


def checked(threshold: float) -> float:
    """Return a threshold above which a person wants dunes, in cells above the ground row.

    Raises
    ------
    RequestError
        If it is no number above 0, so that all or nothing would be a dune.
    """
    if not 0 < threshold < math.inf:
        raise RequestError(f"--threshold: expected cells above 0, got {threshold:g}")
    return threshold


def outlines(
    surface: NDArray[np.float32], threshold: float | None = None, *, periodic: bool = False
) -> Outlines:
    """Find the dunes of a map.

    Parameters
    ----------
    surface
        float32 [D, L], in cells, without what is not a number.
    threshold
        In cells above the ground row (default: half a standard deviation, and at least one cell, above
        the mean).
    periodic
        Whether what leaves the domain comes back at the other side, so that a dune may lie across.
    """
    with optional("dunes need"):
        from scipy import ndimage  # noqa: PLC0415  # heavy, and optional

    mode = "wrap" if periodic else "nearest"
    smooth = ndimage.gaussian_filter(surface, _SIGMA, mode=mode)
    usual = float(smooth.mean() + max(_ABOVE * smooth.std(), _GRAIN))
    level = usual if threshold is None else threshold
    labels = _parted(smooth > level, periodic=periodic)
    sizes = np.bincount(labels.ravel(), minlength=1)
    count = len(sizes) - 1
    kept = np.flatnonzero(sizes >= _SMALLEST)
    numbers = np.zeros(count + 1, np.int32)
    numbers[kept[kept > 0]] = np.arange(1, np.count_nonzero(kept > 0) + 1)
    labels = numbers[labels]
    rest = surface[labels == 0]
    bed = float(rest.mean()) if rest.size else float(surface.min())
    columns = tuple(_columns(labels))
    dunes = tuple(_measured(columns, surface - bed, periodic=periodic))
    return Outlines(labels, dunes, columns, level, bed)


def _parted(mask: NDArray[np.bool_], *, periodic: bool) -> NDArray[Any]:
    """Label what stands together; narrow bridges between wide parts hold nothing together."""
    from scipy import ndimage  # noqa: PLC0415  # as above

    all_round = np.ones((3, 3))
    size = 2 * _BRIDGE + 1
    mode = "wrap" if periodic else "nearest"
    narrow = ndimage.minimum_filter(mask, size, mode=mode)
    cores, count = ndimage.label(ndimage.maximum_filter(narrow, size, mode=mode), all_round)
    if periodic:
        cores = _joined(cores)
    parts, _ = ndimage.label(mask, all_round)
    if periodic:
        parts = _joined(parts)
    # each column belongs to the nearest core of its part; a part without one is one
    of_part = np.arange(parts.max() + 1) + count
    of_part[parts[cores > 0]] = cores[cores > 0]
    nearest = tuple(
        ndimage.distance_transform_cdt(cores == 0, return_distances=False, return_indices=True)
    )
    own = (parts[nearest] == parts) & (cores[nearest] > 0)
    return np.where(mask, np.where(own, cores[nearest], of_part[parts]), 0)


def _joined(labels: NDArray[Any]) -> NDArray[Any]:
    """Give what touches across opposite edges one label."""
    target = np.arange(labels.max() + 1)

    def root(label: int) -> int:
        while target[label] != label:
            label = int(target[label])
        return label

    for edge, other in ((labels[0], labels[-1]), (labels[:, 0], labels[:, -1])):
        for by in (-1, 0, 1):
            beside = np.roll(other, by)
            for first, second in set(zip(edge.tolist(), beside.tolist(), strict=True)):
                if first and second:
                    target[max(root(first), root(second))] = min(root(first), root(second))
    roots = np.array([root(label) for label in range(len(target))])
    return np.asarray(roots[labels])


def _columns(
    labels: NDArray[np.int32],
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield y and x of the columns of each dune."""
    y, x = np.nonzero(labels)
    numbers = labels[y, x]
    order = np.argsort(numbers, kind="stable")
    y, x, numbers = y[order], x[order], numbers[order]
    ends = np.searchsorted(numbers, np.arange(1, numbers.max(initial=0) + 2))
    for first, last in itertools.pairwise(ends):
        yield y[first:last], x[first:last]


def _unwrapped(positions: NDArray[Any], size: int) -> NDArray[Any]:
    """Return positions without the seam: from the end of the largest gap on."""
    there = np.unique(positions)
    gaps = np.diff(there, append=there[0] + size)
    start = there[(int(gaps.argmax()) + 1) % len(there)]
    return np.asarray(start + (positions - start) % size)


def _measured(
    columns: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]],
    above: NDArray[np.float32],
    *,
    periodic: bool,
) -> Iterator[Dune]:
    """Measure dunes, of heights above the bed: all at once, since most of them are small."""
    if not columns:
        return
    sizes = np.array([len(y) for y, _ in columns])
    starts = np.cumsum(sizes) - sizes
    y, x = (np.concatenate(positions) for positions in zip(*columns, strict=True))
    heights = above[y, x].astype(np.float64)
    touches = np.zeros(len(sizes), np.bool_)
    for positions, size in zip((y, x), above.shape, strict=True):
        low, high = (of.reduceat(positions, starts) for of in (np.minimum, np.maximum))
        touches |= (low == 0) | (high == size - 1)
        # what is less than half as long as the domain has no larger gap than the one around it
        for i in np.flatnonzero(high - low > size / 2) if periodic else ():
            of_one = slice(starts[i], starts[i] + sizes[i])
            positions[of_one] = _unwrapped(positions[of_one], size)

    def total(values: NDArray[Any]) -> NDArray[Any]:
        return np.add.reduceat(values, starts)

    def extent(positions: NDArray[Any]) -> NDArray[Any]:
        ends = (of.reduceat(positions, starts) for of in (np.maximum, np.minimum))
        return np.subtract(*ends) + 1.0

    weights = np.maximum(heights, 0) + 1e-6
    middle_y, middle_x = (total(weights * positions) / total(weights) for positions in (y, x))
    away_y, away_x = (
        positions - np.repeat(total(positions) / sizes, sizes) for positions in (y, x)
    )
    # the direction of the longer axis of the second moments
    doubled = total(away_x**2 - away_y**2) + 2j * total(away_x * away_y)
    numbers = np.repeat(np.arange(len(sizes)), sizes)
    per_dune = {
        "x": middle_x % above.shape[1],
        "y": middle_y % above.shape[0],
        "length": extent(x),
        "width": extent(y),
        "height": np.maximum.reduceat(heights, starts),
        "area": sizes,
        "volume": total(heights),
        "asymmetry": _asymmetry(numbers, y, x, middle_y),
        "orientation": directions.measured(np.degrees(np.angle(doubled)) / 2),
        "whole": ~touches | periodic,
    }
    rows = zip(*(values.tolist() for values in per_dune.values()), strict=True)
    for number, row in enumerate(rows, 1):
        yield Dune(number, **dict(zip(per_dune, row, strict=True)))


def _asymmetry(
    numbers: NDArray[np.intp], y: NDArray[Any], x: NDArray[Any], middle_y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compare how far outlines reach downwind on both sides beyond where they do in the middle.

    Parameters
    ----------
    numbers, y, x
        The dune of each column, in order, and where it is; rows of a dune stand together.
    middle_y
        float64 [dune].
    """
    first = np.flatnonzero(np.diff(numbers, prepend=-1) | np.diff(y, prepend=-1))  # of each row
    reach, row, dune = np.maximum.reduceat(x, first), y[first], numbers[first]
    aside = row - middle_y[dune]
    begins = np.flatnonzero(np.diff(dune, prepend=-1))
    middle = reach[np.lexsort((row, np.abs(aside), dune))[begins]]
    beyond = np.maximum(reach - middle[dune], 0.0)
    left, right = (
        np.maximum.reduceat(np.where(side, beyond, 0.0), begins)
        for side in (aside < 0, aside > 0)
    )
    both = left + right
    return np.where(both > 0, (left - right) / np.where(both > 0, both, 1.0), np.nan)
