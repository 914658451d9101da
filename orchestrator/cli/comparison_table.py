"""The experiments nearest to a surface in nature, as a table and sentences; prints nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from orchestrator import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.analysis.field import Match, Ranking
    from orchestrator.analysis.field.shape import Shape

_TITLES = {
    "spectrum": "spec-\ntrum",
    "heights": "heights",
    "roughness": "rough-\nness",
    "wavelength": "wave-\nlength",
    "orientation": "orien-\ntation",
}
"""Of parts, over their columns."""

_ALIGNED = 0.1  # alignment of crests, below which they have no direction worth a number


def comparison_table(ranking: Ranking, count: int) -> Table:
    """Show the nearest experiments on a line each, with the parts of their distances that count."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column("exp", justify="right")
    titles = (*ranking.best.coordinates, "seed", "t", "distance")
    for title in (*titles, *(_TITLES[name] for name in ranking.parts)):
        table.add_column(Text(title), justify="right")
    for match in ranking.matches[:count]:
        table.add_row(
            str(match.number),
            *(Text(text.number(value)) for value in match.coordinates.values()),
            str(match.seed),
            _time(match),
            f"{match.distance:.2f}",
            *(f"{match.parts[name]:.2f}" for name in ranking.parts),
        )
    return table


def _time(match: Match) -> str:
    """Return the time of a snapshot in nature, or in t0 where that is not known."""
    if math.isfinite(match.time_s):
        return text.short_seconds(match.time_s)
    return f"{match.time_t0:.4g} t0"


def _measured(name: str, of: Shape) -> str:
    """Say what was measured on a surface."""
    wave = f"{of.wavelength_m:.3g} m" if math.isfinite(of.wavelength_m) else "none stands out"
    crests = f"{of.orientation:.0f}°" if of.alignment > _ALIGNED else "in all directions"
    return f"{name}: roughness {100 * of.roughness_m:.3g} cm, dominant wavelength {wave}, crests {crests}"


def sentences(ranking: Ranking) -> Iterator[str]:
    """Yield how the surface was cut, how much of a distance is chance, and what was left out."""
    cut, size_m = ranking.best.field_tiles, ranking.elevation.size_m
    _, depth, length = cut.heights.shape
    pieces = text.counted(len(cut.heights), "piece")
    yield (
        f"{ranking.elevation.name}: {size_m[1]:.4g} x {size_m[0]:.4g} m, a height every "
        f"{max(ranking.elevation.spacing_m):.3g} m; compared in {pieces} of "
        f"{length * cut.cell_m:.3g} x {depth * cut.cell_m:.3g} m, wind from "
        f"{ranking.wind_from:g} degrees, without what is shorter than {cut.shortest_m:.2g} m"
    )
    yield _measured(ranking.elevation.name, ranking.best.field)
    yield _measured(ranking.best.name, ranking.best.shape)
    if math.isfinite(ranking.scatter):
        yield (
            f"its pieces are {ranking.scatter:.2f} from all of it on average; what is nearer than that "
            "resembles it as much as it does itself"
        )
    reasons: dict[str, list[str]] = {}
    for name, reason in ranking.left_out.items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        yield f"left out: {text.listed(names, 8)}: {reason}"
