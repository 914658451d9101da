"""Maps of a sample in the plane of two of its parameters, each where its values are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.plots import ticks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from orchestrator.plots.lines import Scale
    from orchestrator.plots.style import Slot

_WIDTHS_IN = (6.5, 8.0, 10.0, 12.0, 14.0)  # of a plane, the smallest on which maps have room
_FORM = 0.72  # height over width of a plane
_ENOUGH_IN, _LEAST_IN, _MOST_IN = 1.3, 0.9, 2.4  # wide are maps
_APART = 1.06  # of their size are maps from the next
_STEPS, _STEP = 400, 0.3  # in which maps that overlap move apart, and by which part of it
_TOUCHING = 0.02  # of its size may a map be under another
_MARGIN = 0.02  # of the plane around all maps


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Where maps are in a plane, in shares of its sides from its lower left corner.

    Attributes
    ----------
    box
        float64 [2], width and height of a map.
    wanted, middles
        float64 [point, 2], where the values of a point are, and where the middle of its map is.
    ends
        What stands at both ends of the side to the right, and of that which goes up.
    """

    box: NDArray[np.float64]
    wanted: NDArray[np.float64]
    middles: NDArray[np.float64]
    ends: tuple[tuple[float, float], tuple[float, float]]

    @property
    def moved(self) -> NDArray[np.bool_]:
        """Whether a map is so far from its values that a line is to join them, bool [point]."""
        away = np.hypot(*(self.middles - self.wanted).T)
        return np.asarray(away > _MARGIN)

    @property
    def apart(self) -> bool:
        """Whether no two maps overlap."""
        away = np.abs(self.middles[:, None] - self.middles[None])
        both = np.asarray((away < self.box * (1 - _TOUCHING)).all(axis=2))
        return not both[np.triu_indices(len(both), 1)].any()


@dataclass(frozen=True, slots=True)
class Plane:
    """Where each experiment is in the plane of two parameters.

    Attributes
    ----------
    right, up
        What stands along both sides.
    points
        Values of both parameters by the slot of the experiment.
    """

    right: Scale
    up: Scale
    points: Mapping[Slot, tuple[float, float]]

    def size_in(self, form: float) -> tuple[float, float]:
        """Return the smallest size on which maps ``form`` times as high as wide have room."""
        width = _WIDTHS_IN[-1]
        for width in _WIDTHS_IN:
            if _widest(self.shares(), (width, _FORM * width), form) >= _ENOUGH_IN:
                break
        return width, _FORM * width

    def shares(self) -> NDArray[np.float64]:
        """Return how far each point is to the right and up, float64 [point, 2] from 0 to 1."""
        sides = zip(
            np.array([*self.points.values()], float).T, (self.right, self.up), strict=True
        )
        return np.stack([_share(values, scale) for values, scale in sides], axis=1)

    def crowded(self, form: float) -> bool:
        """Return whether maps ``form`` times as high as wide take more room than there is."""
        size = self.size_in(form)
        return len(self.points) * form * self._wide_in(size, form) ** 2 > size[0] * size[1]

    def _wide_in(self, size: tuple[float, float], form: float) -> float:
        return min(max(_widest(self.shares(), size, form), _LEAST_IN), _MOST_IN)

    def arranged(self, form: float) -> Arrangement:
        """Return where maps ``form`` times as high as wide are that do not overlap."""
        size, shares = self.size_in(form), self.shares()
        wide = self._wide_in(size, form)
        box = np.array([wide / size[0], form * wide / size[1]])
        inner = box / 2 + _MARGIN
        wanted = inner + shares * (1 - 2 * inner)
        sides = zip(
            np.array([*self.points.values()], float).T,
            (self.right, self.up),
            inner.tolist(),
            strict=True,
        )
        right, up = (_ends(values, scale, by) for values, scale, by in sides)
        return Arrangement(box, wanted, _apart(wanted, box * _APART, inner), (right, up))

    def draw(self, figure: Figure, form: float) -> tuple[Axes, dict[Slot, Axes]]:
        """Draw the plane; return its axes, and those of a map by the slot of the experiment."""
        axes = figure.subplots()
        arranged = self.arranged(form)
        box, middles = arranged.box, arranged.middles
        for values, scale, ends, side in zip(
            np.array([*self.points.values()], float).T,
            (self.right, self.up),
            arranged.ends,
            ("x", "y"),
            strict=True,
        ):
            _limit(axes, side, values, scale, ends)
        for (x, y), (x0, y0), moved in zip(
            middles, arranged.wanted, arranged.moved, strict=True
        ):
            if moved:
                axes.plot(
                    [x0, x], [y0, y], ".-", markevery=[0], color="0.3", linewidth=0.6,
                    transform=axes.transAxes,
                )  # fmt: skip
        return axes, {
            slot: axes.inset_axes((*(middle - box / 2), *box))
            for slot, middle in zip(self.points, middles, strict=True)
        }


def _share(values: NDArray[np.float64], scale: Scale) -> NDArray[np.float64]:
    along = np.log(values) if scale.logarithmic else values
    least, most = along.min(), along.max()
    return (along - least) / (most - least) if most > least else np.full(len(along), 0.5)


def _widest(shares: NDArray[np.float64], size_in: tuple[float, float], form: float) -> float:
    """Return how wide maps may be at most that do not overlap, in inches.

    The wider they are, the less of the plane is left between the middles of the outermost.
    """
    i, j = np.triu_indices(len(shares), 1)
    away = np.abs(shares[i] - shares[j])
    room = (1 - 2 * _MARGIN) * np.array([size_in[0], size_in[1] / form])
    widths = away * room / (_APART + away)
    return float(widths.max(axis=1).min()) if len(i) else _MOST_IN


def _apart(
    wanted: NDArray[np.float64], box: NDArray[np.float64], inner: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return middles of boxes, moved as little from those wanted until none overlap."""
    middles = wanted.copy()
    numbers = np.arange(len(middles))
    order = np.sign(np.subtract.outer(numbers, numbers))[..., None]
    for _ in range(_STEPS):
        away = middles[:, None] - middles[None]
        overlap = box - np.abs(away)
        both: NDArray[np.bool_] = np.asarray((overlap > 1e-9).all(axis=2))
        np.fill_diagonal(both, val=False)
        if not both.any():
            break
        # along the side on which less is to be moved; of two in one place the later one goes up
        less = (overlap / box).argmin(axis=2)
        sign = np.where(away == 0, order, np.sign(away))
        for side in (0, 1):
            moved = (both & (less == side)) * sign[..., side] * overlap[..., side]
            middles[:, side] += _STEP * moved.sum(axis=1)
        middles = np.clip(middles, inner, 1 - inner)
    return middles


def _ends(values: NDArray[np.float64], scale: Scale, inner: float) -> tuple[float, float]:
    """Return the ends of a side whose values go from ``inner`` to as much before the other end."""
    along = np.log(values) if scale.logarithmic else values
    least, most = float(along.min()), float(along.max())
    beyond = inner / (1 - 2 * inner) * ((most - least) or 1.0)
    low, high = least - beyond, most + beyond
    return (math.exp(low), math.exp(high)) if scale.logarithmic else (low, high)


def _limit(
    axes: Axes,
    side: str,
    values: NDArray[np.float64],
    scale: Scale,
    ends: tuple[float, float],
) -> None:
    """Set the scale of a side and its ends."""
    axis = axes.xaxis if side == "x" else axes.yaxis
    if scale.logarithmic:
        (axes.set_xscale if side == "x" else axes.set_yscale)("log")
    (axes.set_xlim if side == "x" else axes.set_ylim)(*ends)
    if scale.logarithmic:
        ticks.powers(axis)
    else:
        ticks.linear(axis, [values])
    axis.set_label_text(scale.label)
