"""What comes of comparing a sweep with a surface in nature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator import text
from orchestrator.analysis.numbers import finite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.analysis.field.elevation import Elevation
    from orchestrator.analysis.field.shape import Shape
    from orchestrator.analysis.field.tiles import Tiles
    from orchestrator.formats.parameters import Value


@dataclass(frozen=True, slots=True)
class Match:
    """An experiment beside a surface in nature.

    Attributes
    ----------
    number, coordinates, seed
        Of the experiment, and its values on the axes.
    time_t0, time_s
        Of the snapshot, in t0, and in nature in s; the latter not a number where that is not known.
    distance
        From the surface, the root of the mean square of the parts that count; 0 for the same.
    parts
        Of the distance, by :data:`orchestrator.analysis.field.PARTS`.
    shape, tiles
        What the experiment looks like, and the pieces of it, float32 [tile, y, x] in m.
    field, field_tiles
        The same of the surface in nature, cut to the size of this experiment's domain.
    """

    number: int
    coordinates: Mapping[str, Value]
    seed: int
    time_t0: float
    time_s: float
    distance: float
    parts: Mapping[str, float]
    shape: Shape
    tiles: Tiles
    field: Shape
    field_tiles: Tiles

    @property
    def name(self) -> str:
        """Name of the experiment, such as ``exp3``."""
        return f"exp{self.number}"

    def as_json(self) -> dict[str, Any]:
        """Return it as ``compare --json`` prints it."""
        return {
            "number": self.number,
            "name": self.name,
            "coordinates": dict(self.coordinates),
            "seed": self.seed,
            "time_t0": self.time_t0,
            "time_s": finite(self.time_s),
            "distance": self.distance,
            "parts": dict(self.parts),
            **_as_json(self.shape, self.tiles),
        }


@dataclass(frozen=True, slots=True, repr=False)
class Ranking:
    """The experiments of a sweep beside a surface in nature, the nearest first.

    Attributes
    ----------
    sweep
        Name of the sweep.
    elevation
        The surface in nature.
    wind_from
        Where its wind comes from, in degrees clockwise from north.
    parts
        Those of :data:`orchestrator.analysis.field.PARTS` that count.
    matches
        The experiments that could be compared; one or more.
    left_out
        Why others could not, by their names.
    scatter
        Mean distance of single pieces of the surface from all of it together: what experiments differ by
        less is chance. Not a number where there are less than four pieces.
    """

    sweep: str
    elevation: Elevation
    wind_from: float
    parts: tuple[str, ...]
    matches: tuple[Match, ...]
    left_out: Mapping[str, str]
    scatter: float

    def __repr__(self) -> str:
        nearest = [f"{match.name} {match.distance:.2f}" for match in self.matches]
        left_out = f"; {len(self.left_out)} left out" if self.left_out else ""
        return f"{self.sweep} beside {self.elevation.name}: {text.listed(nearest, 5)}{left_out}"

    @property
    def best(self) -> Match:
        """The experiment that is nearest."""
        return self.matches[0]

    def as_json(self) -> dict[str, Any]:
        """Return it as ``compare --json`` prints it."""
        best = self.best
        return {
            "sweep": self.sweep,
            "dem": self.elevation.name,
            "wind_from": self.wind_from,
            "parts": list(self.parts),
            "field": _as_json(best.field, best.field_tiles),
            "scatter": finite(self.scatter),
            "experiments": [match.as_json() for match in self.matches],
            "left_out": dict(self.left_out),
        }


def _as_json(of: Shape, cut: Tiles) -> dict[str, Any]:
    _, depth, length = cut.heights.shape
    return {
        "tiles": of.tiles,
        "length_m": length * cut.cell_m,
        "width_m": depth * cut.cell_m,
        "cell_m": cut.cell_m,
        "roughness_m": of.roughness_m,
        "wavelength_m": finite(of.wavelength_m),
        "orientation": finite(of.orientation),
        "alignment": of.alignment,
    }
