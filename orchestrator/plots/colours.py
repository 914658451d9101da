"""Colours of numbers: which maps of colours there are, and the numbers at both of their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from orchestrator.errors import RequestError
from orchestrator.formats import spelling
from orchestrator.model.pictures import PLAIN
from orchestrator.plots import ticks
from orchestrator.plots.loading import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from orchestrator.model.pictures import Look

COLOURS = "cividis"
"""Perceptually uniform, and the same for the colour-blind."""

DIVERGING = "RdBu_r"
"""Of anomalies: white at 0, and both sides can be told apart by the colour-blind."""


def known_colours(name: str) -> str:
    """Return the name of a map of colours.

    Raises
    ------
    RequestError
        If matplotlib has no such map.
    """
    load()
    from matplotlib import colormaps  # noqa: PLC0415  # heavy, and optional

    if name not in colormaps:
        hint = spelling.did_you_mean(name, colormaps)
        raise RequestError(f"--cmap: matplotlib has no map of colours {name}{hint}")
    return name


class Range(NamedTuple):
    """The numbers at both ends of the colours, and whether some lie beyond the lower or the higher.

    ``cmap`` is the name of matplotlib's map of these colours; ``whole`` tells whether all that is
    drawn in them are whole numbers.
    """

    low: float
    high: float
    below: bool = False
    above: bool = False
    cmap: str = COLOURS
    whole: bool = False

    @property
    def colours(self) -> Colormap:
        """The map from 0 at the low end and 1 at the high one to colours."""
        from matplotlib import colormaps  # noqa: PLC0415  # heavy, and optional

        return colormaps[self.cmap]

    @property
    def extend(self) -> str:
        """At which ends of the scale an arrow stands for what lies beyond, in matplotlib's words."""
        ends = {(True, True): "both", (True, False): "min", (False, True): "max"}
        return ends.get((self.below, self.above), "neither")


def range_of(
    typical: Iterable[NDArray[Any]],
    drawn: Iterable[NDArray[Any]],
    look: Look = PLAIN,
    *,
    centred: bool = False,
) -> Range | None:
    """Return numbers between which nearly all of each typical array are; None where there are none.

    Single grains may lie beyond, but no form that is a few cells wide, such as a lone ridge.

    Parameters
    ----------
    typical
        Of two dimensions each.
    drawn
        All that is shown in these colours, some of which may lie beyond.
    look
        Whose range and colours are taken where it has them.
    centred
        Whether 0 is in the middle of the colours, as it is to be of anomalies.
    """
    ends = [_ends(values) for values in typical if np.isfinite(values).any()]
    if not ends:
        return None
    low = min(end for end, _ in ends)
    high = max(end for _, end in ends)
    if centred:
        high = max(abs(low), abs(high))
        low = -high
    high = high if high > low else low + 1
    low, high = look.range or (low, high)
    known = [values[np.isfinite(values)] for values in drawn]
    whole = ticks.are_whole(known)
    lowest = min(float(values.min()) for values in known if values.size)
    highest = max(float(values.max()) for values in known if values.size)
    cmap = look.cmap or (DIVERGING if centred else COLOURS)
    return Range(low, high, lowest < low, highest > high, cmap, whole)


def _ends(values: NDArray[Any]) -> tuple[float, float]:
    """Return numbers between which nearly all values are, and their means over nine neighbours."""
    known = np.isfinite(values)
    low, high = np.percentile(values[known], (1, 99)).tolist()
    filled = np.where(known, values, np.mean((low, high)))
    if min(values.shape) >= 3:
        soft = np.lib.stride_tricks.sliding_window_view(filled, (3, 3)).mean(axis=(2, 3))
        low, high = min(low, float(soft.min())), max(high, float(soft.max()))
    return low, high


def colour_scale(figure: Figure, grid: NDArray[Any], range_: Range, label: str) -> None:
    """Draw beside a grid of panels which colour is which number."""
    from matplotlib.cm import ScalarMappable  # noqa: PLC0415  # heavy, and optional
    from matplotlib.colors import Normalize  # noqa: PLC0415
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    scale = ScalarMappable(Normalize(range_.low, range_.high), range_.colours)
    shrink = min(1.0, 1.8 / len(grid))
    # beside the last column alone, since laying out takes long with every panel of a grid
    last, pad = grid[:, -1], 0.015 * grid.shape[1]
    bar = figure.colorbar(scale, ax=last, shrink=shrink, pad=pad, extend=range_.extend)
    bar.locator = MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=range_.whole)
    bar.set_label(label)
