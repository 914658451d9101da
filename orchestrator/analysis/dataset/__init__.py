"""A sweep as one labelled dataset: opened lazily over its files, or written to one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.analysis.dataset import lazy, writing
from orchestrator.analysis.dataset.grid import lay_out
from orchestrator.analysis.dataset.statistics import over_seeds
from orchestrator.errors import RequestError
from orchestrator.model.pictures import Units
from orchestrator.records import paths, selection
from orchestrator.records.paths import SweepDirectory
from orchestrator.threads import unnoticed

if TYPE_CHECKING:
    import os

    import xarray as xr

    from orchestrator.threads import Progress

__all__ = ["collect", "open_sweep", "over_seeds"]


def open_sweep(
    sweep: str | os.PathLike[str] | None = None,
    *,
    data_dir: str | os.PathLike[str] | None = None,
    tolerance_t0: float | None = None,
    ask_slurm: bool = True,
) -> xr.Dataset:
    """Open a sweep as one labelled dataset, whose snapshots are read where they are looked at.

    Parameters
    ----------
    sweep
        A sweep's name, its directory or its file (default: the only one there is); or what ``rescal-sweep collect`` wrote of
        one, such as ``phase-diagram.zarr`` or ``phase-diagram.nc``, with the same in it.
    data_dir
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else the project's ``data_runs``).
    tolerance_t0
        By how much, in t0, a snapshot may be later than the time that was asked for; by default a
        quarter of the interval between snapshots, and at least 0.5. What was written has its own.
    ask_slurm
        Whether Slurm is asked about experiments whose files cannot tell their state.

    Returns
    -------
    xarray.Dataset
        Dimensions: one per swept axis, named after its parameter (``point`` where several
        parameters were given point by point), ``seed``, ``time`` (t0), ``y`` and ``x`` (cells), ``ky``
        and ``kx``. Variables: ``height`` and ``spectrum`` (cells), the series of
        :func:`orchestrator.analysis.observables.quantities`, ``snapshot_time`` (t0), ``unplaced`` (how many
        snapshots were later than that), ``full_from`` (t0, from when the domain is filled up to its
        ceiling), ``state``, ``progress``, ``wall_time`` (s), ``cell_size``
        (m), ``time_scale`` (s), ``shear_velocity`` and ``wind_10m`` (m/s, of the wind that the
        property file implies) and ``experiment``. Where all experiments share these two scales
        there are also ``x_m``, ``y_m``, ``time_s`` and, of domains of one size, ``kx_per_m`` and
        ``ky_per_m``. What is missing is not a number, and
        ``state`` says why. Follows the CF conventions.

    Raises
    ------
    RequestError
        Where there is no such sweep, what is there cannot be read, or a library is not installed.
    """
    path = None if sweep is None else Path(sweep)
    if path is not None and _is_written(path):
        if tolerance_t0 is not None:
            raise RequestError(f"{path}: tolerance_t0: was said to collect; it stays as it is")
        return lazy.written(path)
    if path is not None and paths.is_sweep(path):
        directory = SweepDirectory(path)
    else:
        directory = selection.find_sweep(sweep, data_dir)
    return lazy.opened(lay_out(directory, tolerance_t0, ask_slurm=ask_slurm))


def _is_written(path: Path) -> bool:
    """Return whether a path is what ``collect`` wrote."""
    is_file = path.is_file() and path.suffix not in {".yaml", ".yml"}
    return is_file or (path / "zarr.json").is_file()


def collect(
    sweep: SweepDirectory,
    path: Path,
    tolerance_t0: float | None = None,
    progress: Progress = unnoticed,
    in_units: Units = Units.MODEL,
) -> writing.Written:
    """Write a sweep to a Zarr store (``.zarr``) or a NetCDF-4 file (``.nc``).

    It has what :func:`open_sweep` has, heights as int16 with a fill value and states as CF flags.
    With units of nature, heights, the spectrum and series are in m, m³ and m/d, and ``snapshot_time``
    and ``full_from`` in d, by the scales of each experiment. Where a t0 has no one length in some
    experiment, times stay in t0 and speeds are in m/t0.
    ``progress`` is called now and then, and if it raises an exception nothing is left behind.
    """
    writing.refuse(path)
    return writing.write(lay_out(sweep, tolerance_t0), path, progress, in_units)
