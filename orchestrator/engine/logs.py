"""The engine's logs: headers always, rows with ``-info``, one at each snapshot.

They go on where an earlier run in the same directory has left them. ReSCAL's lists of pairs and
collisions, its gas fluxes and its fingerprints are not written; nothing reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.formats.cellspace import Cell

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.engine.avalanches import Sweep
    from orchestrator.engine.simulation import Simulation

_STATES = tuple(Cell)[:10]
_HEADERS = {
    "CELL.log": "\n# CELL STATES\n",
    "CGV_COEF.log": " " * 8 + "cgv_coef",
    "DENSITE.log": "\tmvt cells \tfluid nodes \tdensity \ttrapped cells\n",
    "VEL.log": "      \t maxvel \t meanvel\n",
    "TRANSITIONS.log": "\n# NUMBER OF OCCURRENCES\n\n    ",
}
_INFO_HEADERS = {
    "CELL.log": "".join(
        [
            f"\nNB_STATES = {len(_STATES)}\n",
            *(
                f"ST({state:d}): {state.name} {'FLUID' if state is Cell.EAUC else 'SOLID'}\n"
                for state in _STATES
            ),
            "\n",
            *(f"{state.name:>11}" for state in _STATES),
            "\n",
        ]
    ),
    "TIME.log": "\ttransitions\ttime\tdelta_time\tgas cycles\treal_time\n",
}
_STRESSES = 2500  # of PROB_CGV.log


class Logs:
    """The logs of one run in their directory, which is made if its parent is there.

    Parameters
    ----------
    info
        Whether rows are written.
    resumed
        Whether a run goes on that has written the headers.
    """

    def __init__(self, directory: Path, *, info: bool, resumed: bool = False) -> None:
        self._directory = directory
        self._info = info
        self._before: float | None = None
        headers = {} if resumed else dict(_HEADERS)
        if info and not resumed:
            for name, text in _INFO_HEADERS.items():
                headers[name] = headers.get(name, "") + text
        try:
            directory.mkdir(exist_ok=True)
            for name, text in headers.items():
                self._add(name, text)
        except OSError as error:
            raise ExitError(
                Exit.REFUSED,
                f"Output_directory: {directory}: cannot be written to: {error.strerror}",
            ) from error

    def write_start(self, simulation: Simulation) -> None:
        """Write what is logged once, before the first turn.

        These are the occurrences of all transitions, which are zero, and the share of grains that
        erode at each stress.
        """
        occurrences = f"{0:11d}" * len(simulation.occurrences)
        self._add("TRANSITIONS.log", f"\n0001:{occurrences}")
        tau_min, tau_max, _ = simulation.strength
        if tau_max == 0:
            return
        stresses = np.arange(_STRESSES, dtype=np.float32)
        shares = np.zeros_like(stresses)
        between = (stresses >= tau_min) & (stresses < tau_max)
        shares[between] = (stresses[between] - tau_min) / (tau_max - tau_min)
        shares[(stresses >= tau_min) & (stresses >= tau_max)] = 1
        lines = (f"{g:f}   {p:f}\n" for g, p in zip(stresses, shares, strict=True))
        self._add("PROB_CGV.log", "".join(lines))

    def write_rows(self, number: int, simulation: Simulation) -> None:
        """Add the rows of the present state."""
        if not self._info:
            return
        counts = list(simulation.counts.values())[: len(_STATES)]
        fastest, mean = simulation.speeds
        particles, trapped, fluid = simulation.atmosphere.particles(simulation.ground)
        density = (particles - trapped) / fluid if fluid else 0.0
        time, before = simulation.time, self._before
        self._before = time
        self._add("CELL.log", f"{number:04d}:" + "".join(f"  {n:09d}" for n in counts) + "\n")
        self._add("CGV_COEF.log", f"\n{number:04d}:   {simulation.eroding_share:.4f}")
        self._add(
            "DENSITE.log",
            f"{number:04d}: \t{particles:09d} \t{fluid:09d} \t{density:f} \t{trapped:09d}\n",
        )
        self._add("VEL.log", f"{number:04d}:\t{fastest:f}\t{mean:f}\n")
        self._add(
            "TIME.log",
            f"{number:04d}:\t{simulation.transitions}\t{time!r}"
            f"\t{0.0 if before is None else time - before!r}"
            f"\t{simulation.atmosphere.cycles}\t{simulation.real_time_s!r}\n",
        )

    def write_sweep(self, sweep: Sweep) -> None:
        """Add the line of a synchronous sweep of avalanches."""
        self._add(
            "AVA.log",
            f"avalanches : {sweep.moved}   passes : {sweep.passes}   "
            f"csp_time : {sweep.time:f}   h_lim : {sweep.limit}\n",
        )

    def _add(self, name: str, text: str) -> None:
        with (self._directory / name).open("a", encoding="ascii") as file:
            file.write(text)
