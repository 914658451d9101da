"""Parameter sweeps of ReSCAL-snow, run on Slurm or on one machine and reduced while they run."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load what is in :mod:`orchestrator.analysis.dataset` when it is asked for; it is heavy."""
    if name in {"open_sweep", "over_seeds"}:
        return getattr(import_module("orchestrator.analysis.dataset"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
