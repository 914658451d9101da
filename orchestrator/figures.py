"""Pictures of a sweep; the only module that knows matplotlib, which is loaded when one is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import __version__
from orchestrator.errors import RequestError
from orchestrator.formats.durable import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_PANEL_IN = 3.0
_MAP = "cividis"  # perceptually uniform, and the same for the colour-blind
_VERTICAL = 4.0  # how much steeper than it is the light sees the surface


@dataclass(frozen=True, slots=True)
class Panel:
    """One cell of a phase diagram: a height map, or why there is none.

    Attributes
    ----------
    height_map
        int16 [D, L] in cells, or None.
    time_t0
        Simulated time of the height map, in t0.
    remark
        Empty for a finished experiment, else its state; drawn hatched.
    """

    height_map: NDArray[np.int16] | None
    time_t0: float
    remark: str = ""


def phase_diagram(
    panels: Mapping[tuple[int, int], Panel],
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
) -> Figure:
    """Draw height maps on the grid of two axes, lit from the upper left, wind from the left.

    Parameters
    ----------
    panels
        By (row, column); missing ones stay empty.
    rows, columns
        The labels of the grid's lines, such as ``Tau_min = 100``.
    title
        What stands above.
    """
    try:
        from matplotlib.cm import ScalarMappable  # noqa: PLC0415  # heavy, and optional
        from matplotlib.colors import Normalize  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise RequestError(
            "pictures need matplotlib; install it with: pip install 'rescal-sweep[analysis]'"
        ) from error
    maps = [p.height_map for p in panels.values() if p.height_map is not None]
    low, high = _range(maps)
    aspect = max((m.shape[0] / m.shape[1] for m in maps), default=0.5)
    width = 1.9 + _PANEL_IN * len(columns)
    height = 0.75 + (_PANEL_IN * aspect + 0.06) * len(rows)
    figure = Figure(figsize=(width, height))
    figure.set_layout_engine("constrained", h_pad=0.03, w_pad=0.03, hspace=0.0, wspace=0.0)
    grid = figure.subplots(len(rows), len(columns), squeeze=False)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            axes = grid[i][j]
            _draw(axes, panels.get((i, j)), low, high)
            if i == 0:
                axes.set_title(column, fontsize=9)
            if j == 0:
                label = row.replace(" = ", "\n= ")
                axes.set_ylabel(label, fontsize=9, rotation=0, ha="right", va="center")
    figure.suptitle(title, fontsize=11)
    scale = ScalarMappable(Normalize(low, high), _MAP)
    bar = figure.colorbar(scale, ax=grid, shrink=min(1.0, 1.8 / len(rows)), pad=0.015)
    bar.set_label("height (cells)", fontsize=9)
    bar.ax.tick_params(labelsize=8)
    figure.supxlabel(_small_print(panels), fontsize=7, color="0.35")
    return figure


def save(figure: Figure, path: Path, command: str) -> None:
    """Write a picture as PNG, SVG or PDF by its suffix, with ``command`` in its metadata."""
    suffix = path.suffix.lower()
    if suffix not in {".png", ".svg", ".pdf"}:
        raise RequestError(f"{path}: pictures are written as .png, .svg or .pdf")
    key = "Keywords" if suffix == ".pdf" else "Description"
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        figure.savefig(file, format=suffix[1:], dpi=150, metadata={key: command})


def _draw(axes: Axes, panel: Panel | None, low: float, high: float) -> None:
    from matplotlib.colors import LightSource  # noqa: PLC0415  # heavy, and optional

    axes.set_xticks([])
    axes.set_yticks([])
    if panel is None or panel.height_map is None:
        axes.set_facecolor("0.93")
        axes.set_aspect("equal", adjustable="box")
    else:
        surface = _softened(panel.height_map.astype(np.float64))
        light = LightSource(azdeg=315, altdeg=40)
        lit = light.shade(
            surface,
            cmap=_colours(),
            vert_exag=_VERTICAL,
            blend_mode="soft",
            vmin=low,
            vmax=high,
        )
        axes.imshow(lit, interpolation="nearest")
    if panel is not None and panel.remark:
        if panel.height_map is None:
            axes.text(0.5, 0.5, panel.remark, transform=axes.transAxes, ha="center", fontsize=9)
        axes.patch.set_hatch("////")
        axes.set_xlabel(f"{panel.remark}, t = {panel.time_t0:g} t0", fontsize=7)


def _colours() -> Colormap:
    from matplotlib import colormaps  # noqa: PLC0415  # heavy, and optional

    return colormaps[_MAP]


def _softened(surface: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over three cells each way, so that light shows forms and not single grains."""
    padded = np.pad(surface, 1, mode="edge")
    rows = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    smooth: NDArray[np.float64] = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 3
    return smooth


def _range(maps: Sequence[NDArray[np.int16]]) -> tuple[float, float]:
    if not maps:
        return 0.0, 1.0
    low = float(min(np.percentile(m, 1) for m in maps))
    high = float(max(np.percentile(m, 99) for m in maps))
    return low, max(high, low + 1)


def _small_print(panels: Mapping[tuple[int, int], Panel]) -> str:
    times = [p.time_t0 for p in panels.values() if p.height_map is not None]
    when = f"t = {min(times):.6g} to {max(times):.6g} t0" if times else "no data yet"
    if times and max(times) - min(times) < 1:
        when = f"t = {max(times):.0f} t0"
    return f"{when}; wind from the left; rescal-sweep {__version__}"
