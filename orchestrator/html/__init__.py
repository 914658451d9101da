"""The HTML page of a sweep: one self-contained document."""

from orchestrator.html.blocks import pack
from orchestrator.html.document import render
from orchestrator.html.downsample import Allowance, allowance
from orchestrator.html.values import Axis, Diagram, Exhibit, Overview, Packed

__all__ = [
    "Allowance",
    "Axis",
    "Diagram",
    "Exhibit",
    "Overview",
    "Packed",
    "allowance",
    "pack",
    "render",
]
