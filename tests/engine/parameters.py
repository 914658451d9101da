"""Parameters that runs of the tests share."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import sweepfile
from orchestrator.sweepfile import expansion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.formats.parameters import Value

SNOW: dict[str, Value] = {
    "Lambda_A": 1,
    "Lambda_E": 1,
    "Lambda_T": 1.5,
    "Lambda_C": 0.5,
    "Lambda_G": 100000,
    "Lambda_D": 0.01,
    "Lambda_S": 0,
    "Lambda_F": 1,
    "Lambda_I": 0,
    "Coef_A": 0.1,
    "Coef_B": 10,
    "Coef_C": 10,
    "Prob_link_ET": 0.5,
    "Prob_link_TT": 1.0,
    "High_mobility": 1,
    "Ava_mode": "TRANS",
    "Ava_angle": 38,
    "Lgca_speedup": 1000,
}
"""Dry snow, as most recorded runs have it."""


def snowfall(**changes: Value) -> Mapping[str, Value]:
    """Return the parameters that a sweep gets from the template ``snowfall`` and ``changes``."""
    run = {"stop": 1, "every": 1}
    sweep = {"name": "snow", "extends": "snowfall", "parameters": changes, "run": run}
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "snow.yaml"
        path.write_text(json.dumps(sweep))
        (point,) = expansion.expand(sweepfile.load(path))
    return point.parameters
