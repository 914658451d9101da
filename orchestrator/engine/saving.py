"""Saving the state of a run while it goes on: after snapshots, between them, and when asked to.

A state is saved as ``STEM.INDEX``, INDEX being that of the last snapshot written, or ``STEM.start``
before the first one; a newer state after the same snapshot replaces an older one. A run continued
from any of them writes the snapshots after INDEX, to the same bytes.
"""

from __future__ import annotations

import signal
import sys
from time import monotonic
from typing import TYPE_CHECKING

from orchestrator.engine.exit_status import Exit, ExitError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.engine.simulation import Simulation

ASKING = signal.SIGUSR1
"""The signal at which the state is saved and the program ends with ``Exit.SAVED``."""

BETWEEN_S = 600.0
"""Wall time between two states saved between snapshots, where nothing else is asked for."""

_SHARE = 100.0  # saving takes a hundredth of the time, or less
_LEAST_COST_S, _COST_OF_CELL_S = 1e-3, 2e-8  # guessed, before saving has been measured
_START = "start"


def index_of(path: Path) -> int:
    """Return the index of the last snapshot before a saved state, -1 if there was none."""
    return int(path.suffix[1:]) if path.suffix[1:].isdecimal() else -1


class Saver:
    """Saves the state as seldom as it takes to cost next to nothing, and once when asked to.

    A state that cannot be saved is a warning: what is computed goes another way.

    Parameters
    ----------
    stem
        Where states go, without index; None: nowhere.
    least_s
        The least wall time between two of them, unless they are asked for.
    index
        The last snapshot that was written before, -1 if none was.
    """

    def __init__(
        self,
        stem: Path | None,
        least_s: float,
        index: int = -1,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._stem = stem
        self._least_s = least_s
        self._clock = clock
        self._last = clock()
        self._cost_s: float | None = None
        self._index = index
        self._first = max(index, 0) + 1  # of the snapshots that are worth a state of their own
        self._asked = False
        if stem is not None:
            signal.signal(ASKING, self._ask)

    def _ask(self, _number: int, _frame: object) -> None:
        self._asked = True

    def after(self, index: int, simulation: Simulation) -> None:
        """Save the state after snapshot ``index``, if it is time."""
        self._index = index
        if self._asked or (index >= self._first and self._waited(self._least_s, simulation)):
            self._save(simulation)

    def between(self, simulation: Simulation) -> None:
        """Save the state between two snapshots, if it is time or was asked for."""
        if self._asked or self._waited(self._least_s or BETWEEN_S, simulation):
            self._save(simulation)

    def finish(self, simulation: Simulation) -> None:
        """Save the state at the end of a run, from which a longer one goes on."""
        self._asked = False
        if self._stem is not None:
            self._save(simulation, packed=True)

    def _waited(self, least_s: float, simulation: Simulation) -> bool:
        waited_s, cost_s = self._clock() - self._last, self._cost_s
        if cost_s is None:
            cells = simulation.depth * simulation.height * simulation.length
            cost_s = _LEAST_COST_S + _COST_OF_CELL_S * cells
        return self._stem is not None and waited_s >= max(least_s, _SHARE * cost_s)

    def _save(self, simulation: Simulation, *, packed: bool = False) -> None:
        """Save the state, and end the program if that was asked for.

        Raises
        ------
        ExitError
            With the status that means that a run was saved and stopped.
        """
        from orchestrator.engine import checkpoint  # noqa: PLC0415  # loads the kernels

        assert self._stem is not None
        name = _START if self._index < 0 else str(self._index)
        before, path = self._clock(), self._stem.with_name(f"{self._stem.name}.{name}")
        asked_for, self._asked = self._asked, False
        try:
            checkpoint.save(simulation, path, self._index, packed=packed)
        except OSError as error:
            sys.stderr.write(
                f"{path}: the state cannot be saved: {error.strerror}; the run goes on\n"
            )
            sys.stderr.flush()
        else:
            if asked_for:
                raise ExitError(
                    Exit.SAVED,
                    f"{path}: saved at {simulation.time:g} t0, as was asked for; -continue goes on",
                )
        self._last = self._clock()
        self._cost_s = self._last - before
