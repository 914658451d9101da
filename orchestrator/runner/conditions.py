"""``run.stop_when`` and ``run.invalid_when``, decided on each snapshot but the first."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING

from orchestrator import formulas
from orchestrator.formulas import FormulaError
from orchestrator.model import Cause, Kind, State
from orchestrator.model.conditions import numbers
from orchestrator.runner.attempt import Verdict

if TYPE_CHECKING:
    from orchestrator.formulas import Formula
    from orchestrator.model import Run
    from orchestrator.model.snapshots import Snapshot


class Conditions:
    """The conditions of a run; an experiment that meets both is invalid."""

    def __init__(self, run: Run) -> None:
        wanted = ((State.INVALID, run.invalid_when), (State.STOPPED, run.stop_when))
        self._wanted = [(state, formulas.parse(text)) for state, text in wanted if text]

    def verdict(self, snapshot: Snapshot, first: Snapshot) -> Verdict | None:
        """Return how the attempt is to end by a snapshot; None where it goes on."""
        if not self._wanted or snapshot is first:
            return None
        values = numbers(snapshot, first)
        for state, formula in self._wanted:
            if _holds(formula, values):
                named = ", ".join(f"{name} = {values[name]:.4g}" for name in formula.names)
                detail = (
                    named if "t" in formula.names else f"{named} at t = {values['t']:.4g} t0"
                )
                return Verdict(
                    state, (Cause(Kind.CONDITION, subject=formula.text, detail=detail),)
                )
        return None


def _holds(formula: Formula, values: dict[str, float]) -> bool:
    """Return whether a formula is true; one that has no value, as a share of nothing, is not."""
    known = {name: value for name, value in values.items() if not math.isnan(value)}
    with contextlib.suppress(FormulaError):
        return formula.evaluate(known) is True
    return False
