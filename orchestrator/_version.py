"""The version, and where the package is installed."""

from __future__ import annotations

from pathlib import Path

__version__ = "0.1.0"

PACKAGE = Path(__file__).parent
"""The directory of the package."""
