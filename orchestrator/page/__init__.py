"""One HTML page of a sweep, without outside resources."""

from orchestrator.page.blocks import pack, unpack
from orchestrator.page.document import render
from orchestrator.page.shrinking import Allowance, allowance
from orchestrator.page.values import Exhibit, Overview, Packed, Quantity

__all__ = [
    "Allowance",
    "Exhibit",
    "Overview",
    "Packed",
    "Quantity",
    "allowance",
    "pack",
    "render",
    "unpack",
]
