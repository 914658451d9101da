"""Pictures of a sweep; only here is matplotlib known.

Each kind takes values and returns a figure; :func:`save` writes it with the command that made it.
"""

from orchestrator.plots.lines import Curve, Shade, curves
from orchestrator.plots.phase_diagram import Panel, PhaseDiagram
from orchestrator.plots.rose import Rose
from orchestrator.plots.space_time import Stripes, space_time
from orchestrator.plots.style import (
    FILMS,
    STILLS,
    Labels,
    Range,
    film,
    range_of,
    save,
    time,
    when,
)

__all__ = [
    "FILMS",
    "STILLS",
    "Curve",
    "Labels",
    "Panel",
    "PhaseDiagram",
    "Range",
    "Rose",
    "Shade",
    "Stripes",
    "curves",
    "film",
    "range_of",
    "save",
    "space_time",
    "time",
    "when",
]
