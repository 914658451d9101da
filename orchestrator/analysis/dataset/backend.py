"""A sweep for ``xarray.open_dataset("data_runs/NAME", engine="rescal-sweep")``.

This module needs xarray, which loads it by the entry point of the package.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from xarray.backends import BackendEntrypoint

from orchestrator.analysis.dataset import open_sweep
from orchestrator.errors import RequestError
from orchestrator.records.paths import SweepDirectory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xarray import Dataset


class SweepBackend(BackendEntrypoint):
    """Opens a sweep's directory, or what ``collect`` wrote of one."""

    description = "Sweeps of ReSCAL-snow in data_runs (rescal-sweep)"
    open_dataset_parameters: ClassVar[Any] = (
        *("filename_or_obj", "drop_variables"),
        *("tolerance_t0", "ask_slurm"),
    )

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        tolerance_t0: float | None = None,
        ask_slurm: bool = True,
    ) -> Dataset:
        """Return the dataset of :func:`orchestrator.open_sweep`, without some variables.

        Raises
        ------
        RequestError
            As :func:`orchestrator.open_sweep` does, and for what is no path.
        """
        if not isinstance(filename_or_obj, str | os.PathLike):
            kind = type(filename_or_obj).__name__
            raise RequestError(f"expected the path of a sweep, such as data_runs/x, got {kind}")
        dataset = open_sweep(filename_or_obj, tolerance_t0=tolerance_t0, ask_slurm=ask_slurm)
        unwanted = [drop_variables] if isinstance(drop_variables, str) else drop_variables
        return dataset.drop_vars(unwanted or [], errors="ignore")

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Return whether it is the directory of a sweep."""
        is_path = isinstance(filename_or_obj, str | os.PathLike)
        return is_path and SweepDirectory(Path(filename_or_obj)).ledger.is_file()
