"""The status of a sweep as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator import text
from orchestrator.records import failures, intents, selection
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.status import coordinates, counts, present, read_statuses, time_left_s

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from orchestrator.model import State, Status
    from orchestrator.records.paths import SweepDirectory


@dataclass(frozen=True, slots=True, repr=False)
class SweepStatus:
    """The status of a sweep.

    Attributes
    ----------
    axes
        The names on each axis.
    experiments
        The status of each experiment, by number; orphaned ones, too.
    """

    directory: SweepDirectory
    axes: tuple[tuple[str, ...], ...]
    experiments: tuple[Status, ...]

    def __repr__(self) -> str:
        counted = text.counted(sum(self.counts.values()), "experiment")
        counts = ", ".join(f"{count} {state.value}" for state, count in self.counts.items())
        left = text.time_left(self.time_left_s)
        return f"{self.directory.name}: {counted}: {counts or 'none'}{'; ' * bool(left)}{left}"

    @property
    def counts(self) -> dict[State, int]:
        """Experiments per state, without orphaned ones and empty states."""
        return counts(present(self.experiments))

    @property
    def time_left_s(self) -> float | None:
        """Time that the sweep still takes with as many experiments at a time as now, in s."""
        return time_left_s(self.experiments)

    def summary(self) -> dict[str, Any]:
        """Return all but the experiments as plain data; fields are only ever added."""
        return {
            "sweep": self.directory.name,
            "counts": {state.value: count for state, count in self.counts.items()},
            "orphaned": len(self.experiments) - len(present(self.experiments)),
            "time_left_s": self.time_left_s,
            "axes": [list(names) for names in self.axes],
        }

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data; fields are only ever added."""
        experiments = [_status_json(status, self.axes) for status in self.experiments]
        return {**self.summary(), "experiments": experiments}


def status(
    sweep: str | os.PathLike[str] | None = None,
    *,
    data_dir: str | os.PathLike[str] | None = None,
    ask_slurm: bool = True,
) -> SweepStatus:
    """Return the status of a sweep.

    Parameters
    ----------
    sweep
        A sweep's name or its file (default: the only one there is).
    data_dir
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else the project's ``data_runs``).
    ask_slurm
        Whether Slurm is asked about experiments whose files cannot tell.
    """
    return status_of(selection.find_sweep(sweep, data_dir), ask_slurm=ask_slurm)


def status_of(directory: SweepDirectory, *, ask_slurm: bool) -> SweepStatus:
    """Return the status of the sweep in a directory."""
    live = LiveStatus(directory).read() if ask_slurm else read_statuses(directory)
    return SweepStatus(directory, intents.axes(directory), tuple(live))


def _status_json(status: Status, axes: Sequence[Sequence[str]]) -> dict[str, Any]:
    record, progress, sent = status.record, status.progress, status.submission
    return {
        "number": status.experiment.number,
        "name": status.experiment.name,
        "coordinates": coordinates(status.experiment, axes),
        "seed": status.experiment.point.seed,
        "state": status.state.value,
        "attempt": status.attempt,
        "job": status.claim.job if status.claim else None,
        "host": status.claim.host if status.claim else None,
        "cluster": sent.slurm_cluster or None if sent else None,
        "partition": sent.resources.partition if sent and status.on_slurm else None,
        "submitter": sent.user or None if sent else None,
        "time_t0": status.time_t0,
        "stop_t0": status.stop_t0,
        "fraction": round(status.fraction, 6),
        "snapshots": status.snapshots,
        "kept": status.kept,
        "missing": list(status.missing),
        "rate_t0_per_min": status.rate_t0_per_min,
        "left_s": status.left_s,
        "wall_s": status.wall_s if record or progress else None,
        "full_t0": status.full_t0,
        "reason": failures.remark(status) or None,
        "roughness": list(status.roughness),
        "complete": record.complete if record else False,
        "stalled": status.silent or status.stalled_s is not None,
        "orphaned": status.orphaned,
    }
