"""Marks with error bars: a number for each point of a sweep, joined where they are a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.plots import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_SIZE_PT = 4.5
_BAR_PT = 1.2


@dataclass(frozen=True, slots=True)
class Mark:
    """How a line and its marks look: a colour, and the number of a style."""

    colour: str
    number: int = 0

    @property
    def line(self) -> style.LineStyle:
        """The style of the line."""
        return style.LINES[self.number % len(style.LINES)]

    @property
    def symbol(self) -> str:
        """The form of the marks."""
        return style.SYMBOLS[self.number % len(style.SYMBOLS)]


def draw(
    axes: Axes,
    values: tuple[Sequence[NDArray[np.float64]], ...],
    looks: Sequence[Mark],
    *,
    joined: bool,
    axial: bool = False,
) -> list[bool]:
    """Draw marks with error bars, and where they are ``joined`` a line through those of one look.

    Return of each line whether there is one.

    Parameters
    ----------
    values
        Places along the scale, means and errors, float64 [x] of each line; an error that is not a
        number has no bar, a single mark no line.
    axial
        Whether means are directions, of which those that differ less the other way round have no
        line between them.
    """
    along, means, errors = values
    lined = [joined and bool(np.isfinite(mean).sum() > 1) for mean in means]
    for x, mean, look, has_line in zip(along, means, looks, lined, strict=True):
        known = np.isfinite(mean)
        if has_line:
            at, line = x[known], mean[known]
            parted = np.flatnonzero(axial & (np.abs(np.diff(line)) > 90)) + 1
            at, line = np.insert(at, parted, np.nan), np.insert(line, parted, np.nan)
            axes.plot(at, line, color=look.colour, linestyle=look.line, linewidth=1.0)
    for number in sorted({look.number for look in looks}):
        chosen = [i for i, look in enumerate(looks) if look.number == number]
        x = np.concatenate([along[i] for i in chosen])
        mean = np.concatenate([means[i] for i in chosen])
        error = np.nan_to_num(np.concatenate([errors[i] for i in chosen]))
        colours = [looks[i].colour for i in chosen for _ in along[i]]
        barred = np.isfinite(mean) & (error > 0)
        if barred.any():
            axes.vlines(
                x[barred],
                (mean - error)[barred],
                (mean + error)[barred],
                colors=[colours[i] for i in np.flatnonzero(barred)],
                linewidth=_BAR_PT,
            )
        axes.scatter(
            x,
            mean,
            s=_SIZE_PT**2,
            c=colours,
            marker=Mark("", number).symbol,
            linewidths=0,
            zorder=3,
        )
    return lined
