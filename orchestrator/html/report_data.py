"""The experiments of a sweep as a page shows them, read from files and packed when they change."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import html, text
from orchestrator.analysis import observables
from orchestrator.analysis.dataset.grid import own_reductions
from orchestrator.analysis.measured import Store
from orchestrator.analysis.scales import scales
from orchestrator.records import arrays, attempts, failures, winds
from orchestrator.records.provenance import description
from orchestrator.records.status import times_asked_for
from orchestrator.runner import process
from orchestrator.threads import in_order, unnoticed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.html import Allowance, Exhibit, Packed
    from orchestrator.model import Record, Status
    from orchestrator.records.paths import ExperimentDirectory, SweepDirectory
    from orchestrator.threads import Progress

_LOG_LINES = 40
_PROVENANCE = {
    "engine": "Engine",
    "engine_version": "Version",
    "engine_digest": "Digest",
    "rescal_root": "ReSCAL-snow tree",
    "seed": "Seed",
    "host": "Host",
    "processor": "Processor",
    "started": "Started",
    "ended": "Ended",
    "wall_s": "Wall time (s)",
}


class Collected:
    """The packed experiments of a sweep, kept while a page follows it."""

    def __init__(self, directory: SweepDirectory, names: Sequence[str]) -> None:
        self._directory = directory
        self._names = names
        self._known: dict[int, tuple[object, Packed]] = {}
        self._quantities: list[str] = []

    def update(self, statuses: Sequence[Status], progress: Progress = unnoticed) -> bool:
        """Pack the experiments that have changed; return whether there were any."""
        allowance = share(statuses)
        own = own_reductions(self._directory, statuses)
        quantities = list(observables.quantities(own))
        if quantities != self._quantities:  # an experiment is packed with a place for each
            self._quantities = quantities
            self._known.clear()
        changed = [s for s in statuses if self._has_changed(s, allowance)]
        store = Store(self._directory)

        def pack(status: Status) -> Packed:
            shown = exhibit(self._directory, status, store)
            return html.pack(shown, self._names, quantities, allowance)

        made = zip(changed, in_order(pack, changed), strict=True)
        for i, (status, packed) in enumerate(made, 1):
            progress(i, len(changed))
            self._known[status.experiment.number] = (_version(status, allowance), packed)
        store.keep()
        return bool(changed)

    def _has_changed(self, status: Status, allowance: Allowance) -> bool:
        known = self._known.get(status.experiment.number)
        return known is None or known[0] != _version(status, allowance)

    @property
    def packed(self) -> list[Packed]:
        """All of them, in the order of their numbers."""
        return [packed for _, (_, packed) in sorted(self._known.items())]


def share(statuses: Sequence[Status]) -> Allowance:
    """Share the page among experiments, over all times at which any of them is sampled."""
    return html.allowance(len(statuses), np.array(times_asked_for(statuses)))


def exhibit(sweep: SweepDirectory, status: Status, store: Store) -> Exhibit:
    """Read all that a page shows of one experiment."""
    number = status.experiment.number
    directory, version = sweep.experiment(number), store.version(number)
    reduced = arrays.reduced(directory)
    series = store.of(number, version, lambda: reduced)
    full_t0 = series.full_from if np.isfinite(series.full_from) else None
    return html.Exhibit(
        status=status,
        remark="; ".join(
            filter(
                None,
                (
                    failures.remark(status),
                    failures.damage(reduced.damaged, ()),
                    # what records of earlier versions do not tell
                    failures.full(full_t0) if status.full_t0 is None else "",
                ),
            )
        ),
        reduced=reduced,
        series=_with_values(series.values),
        provenance=_provenance(description(directory)),
        attempts=_attempts(directory),
        log_tail=_log_tail(directory),
        winds=_winds(sweep, status),
        scales=scales(directory),
        full_t0=full_t0,
    )


def _winds(sweep: SweepDirectory, status: Status) -> Mapping[float, float] | None:
    """Return the headings of the winds and their shares; None of a wind from the left alone."""
    parameters = status.experiment.point.parameters
    if not winds.turning(sweep, parameters):
        return None
    blowing = winds.blowing(sweep, parameters)
    return {} if blowing is None else blowing.shares


def _with_values(
    series: Mapping[str, NDArray[np.float64]],
) -> dict[str, NDArray[np.float64]]:
    """Return the series that have a value anywhere, float64 [snapshot] in their units."""
    return {name: values for name, values in series.items() if np.isfinite(values).any()}


def _version(status: Status, allowance: Allowance) -> object:
    """Return a value that changes whenever the experiment has to be packed again."""
    return (
        status.state,
        status.attempt,
        status.snapshots,  # the first comes at the time at which an experiment starts
        status.time_t0,
        failures.remark(status),
        allowance.block_bytes,
        allowance.times.tobytes(),
    )


def _provenance(meta_data: Mapping[str, object]) -> dict[str, str]:
    """Return the provenance that ``meta_data`` has, by label."""
    provenance = {
        label: str(meta_data[key])
        for key, label in _PROVENANCE.items()
        if meta_data.get(key) not in {None, ""}
    }
    commands = meta_data.get("commands")
    if isinstance(commands, dict):
        provenance |= {f"Command ({name})": shlex.join(c) for name, c in commands.items()}
    return provenance


def _attempts(directory: ExperimentDirectory) -> tuple[str, ...]:
    """Return a sentence on the end of each attempt."""
    try:
        records = [attempts.read_record(attempt) for attempt in directory.attempts()]
    except PermissionError as error:
        return (f"{error.filename} cannot be read: {error.strerror}",)
    return tuple("no record" if record is None else _ending(record) for record in records)


def _ending(record: Record) -> str:
    parts = [
        f"{record.state.value} after {text.seconds(record.wall_s)} on {record.host}",
        f"{record.snapshots} of {record.expected} snapshots",
        failures.reason(record),
        failures.continued(record.continuation),
    ]
    return "; ".join(part for part in parts if part)


def _log_tail(directory: ExperimentDirectory) -> tuple[str, ...]:
    """Return the last lines of the engine's log of the latest attempt."""
    try:
        latest = directory.attempts()[-1:]
    except PermissionError:
        return ()
    return process.last_lines(latest[0].engine_log, _LOG_LINES) if latest else ()
