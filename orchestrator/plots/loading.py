"""Loading matplotlib, whatever a notebook has put into the environment."""

from __future__ import annotations

import logging
import os
from importlib import import_module

from orchestrator.errors import optional


def load() -> None:
    """Load matplotlib without looking at ``MPLBACKEND``.

    Pictures are drawn into files and need no backend; one that is not installed here, as a
    notebook's, would make the import fail.

    Raises
    ------
    RequestError
        Where matplotlib is not installed.
    """
    # whether it can keep its settings and what it knows of fonts is of no interest to who draws
    for name in ("matplotlib", "matplotlib.font_manager"):
        logging.getLogger(name).setLevel(logging.ERROR)
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        with optional("pictures need"):
            import_module("matplotlib")
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
