"""Pictures of a sweep; only here is matplotlib known.

Each kind takes values and returns a figure; :func:`save` writes it with the command that made it.
"""

from orchestrator.plots.colours import Range, range_of
from orchestrator.plots.lines import Chart, Curve, Scale, Shade, curves
from orchestrator.plots.map_panels import Frame, Panel
from orchestrator.plots.output import BOOK, FILMS, STILLS, Film, film, save, save_pages
from orchestrator.plots.phase_diagram import PhaseDiagram
from orchestrator.plots.rose import Rose
from orchestrator.plots.space_time import Stripes, space_time
from orchestrator.plots.style import Labels, sheet, time, when

__all__ = [
    "BOOK",
    "FILMS",
    "STILLS",
    "Chart",
    "Curve",
    "Film",
    "Frame",
    "Labels",
    "Panel",
    "PhaseDiagram",
    "Range",
    "Rose",
    "Scale",
    "Shade",
    "Stripes",
    "curves",
    "film",
    "range_of",
    "save",
    "save_pages",
    "sheet",
    "space_time",
    "time",
    "when",
]
