"""Parameter sweeps of ReSCAL-snow, run on Slurm or on one machine and reduced while they run."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load :func:`orchestrator.dataset.open_sweep` when it is asked for; it is heavy."""
    if name == "open_sweep":
        return import_module("orchestrator.dataset").open_sweep
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
