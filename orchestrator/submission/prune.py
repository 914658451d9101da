"""Removing experiments that the sweep file no longer has, with their data."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.records import attempts, ledger, selection
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.lock import locked

if TYPE_CHECKING:
    from orchestrator.records.paths import SweepDirectory


@dataclass(frozen=True, slots=True)
class Pruned:
    """Experiments that are removed, or would be.

    Attributes
    ----------
    numbers
        Those that have ended.
    size
        Of their files, in bytes.
    running
        Those that have not, which stay.
    """

    directory: SweepDirectory
    numbers: tuple[int, ...]
    size: int
    running: tuple[int, ...]


def prune(
    sweep: str | os.PathLike[str],
    *,
    data_dir: str | os.PathLike[str] | None = None,
    remove: bool = True,
) -> Pruned:
    """Remove the experiments that the sweep file no longer has, with their data.

    Their numbers are not given again. What a killed ``prune`` has left goes, too.

    Parameters
    ----------
    sweep
        A sweep's name, its directory or its file.
    data_dir
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else the project's ``data_runs``).
    remove
        Whether they are removed, and not only counted.

    Raises
    ------
    RequestError
        For an unknown sweep.
    """
    directory = selection.find_sweep(sweep, data_dir)
    with locked(directory):
        orphaned = [s for s in LiveStatus(directory).read() if s.orphaned]
        numbers = [s.experiment.number for s in orphaned if s.state.ended]
        running = [s.experiment.number for s in orphaned if not s.state.ended]
        left = [n for n in ledger.pruned(directory) if directory.experiment(n).root.is_dir()]
        roots = [directory.experiment(n).root for n in sorted({*numbers, *left})]
        size = sum(map(_size, roots))
        if remove and numbers:
            ledger.prune(directory, numbers)
            ledger.log(directory, attempts.now(), *(f"exp{n} removed" for n in numbers))
        for root in roots if remove else ():
            shutil.rmtree(root)
    return Pruned(directory, tuple(sorted({*numbers, *left})), size, tuple(running))


def _size(root: Path) -> int:
    """Return the bytes of all files below a directory; links count as themselves."""
    return sum(
        os.lstat(Path(folder, name)).st_size
        for folder, _, names in os.walk(root)
        for name in names
    )
