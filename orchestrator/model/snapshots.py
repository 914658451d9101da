"""What simulates, what it is to do, and what becomes of its snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from orchestrator.model.experiments import Experiment, Outputs, Run


@dataclass(frozen=True, slots=True)
class Engine:
    """A pair of programs that simulate, and where their property files are.

    ``genesis`` and ``rescal`` are command lines up to the programs' own arguments; ``root`` is the
    ReSCAL-snow tree they come from, or None for the built-in engine.
    """

    name: str
    genesis: tuple[str, ...]
    rescal: tuple[str, ...]
    real_data: Path
    root: Path | None = None
    version: str = ""
    digest: str = ""

    @property
    def resumes_exactly(self) -> bool:
        """Whether it saves its whole state, so that a resumed run has the same bytes."""
        return self.root is None

    @property
    def compiles(self) -> bool:
        """Whether it compiles kernels at its first start on a machine."""
        return self.root is None

    @property
    def title(self) -> str:
        """Name and version, as far as they are known."""
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Task:
    """What one attempt at an experiment is to do."""

    experiment: Experiment
    attempt: int
    run: Run
    outputs: Outputs


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One cell space, reduced.

    Attributes
    ----------
    time_t0
        Simulated time from the snapshot's header, in t0.
    height_map
        int16 [D, L], in cells; the ground is 0.
    spectrum
        float32 [ky, kx], or None where it is not wanted.
    cell_counts
        int64 [3], cells in states 0 (grain), 1 (mobile grain) and 2 (sintered grain).
    """

    time_t0: float
    height_map: NDArray[np.int16]
    spectrum: NDArray[np.float32] | None
    cell_counts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reduced:
    """The reduced snapshots of one experiment.

    Attributes
    ----------
    times
        float64 [snapshot], in t0.
    height_maps
        int16 [snapshot, D, L], in cells; ``[0, 0, 0]`` where none were kept.
    spectra
        float32 [snapshot, ky, kx], in cells; ``[0, 0, 0]`` where none were kept.
    cell_counts
        int64 [snapshot, 3], cells in states 0 (grain), 1 (mobile grain) and 2 (sintered grain);
        ``[0, 3]`` where an earlier version counted none.
    """

    times: NDArray[np.float64]
    height_maps: NDArray[np.int16]
    spectra: NDArray[np.float32]
    cell_counts: NDArray[np.int64]
