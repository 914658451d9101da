"""What a page shows of a sweep, gathered from its files; packed again only where files changed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import html, plots, text
from orchestrator.analysis import observables
from orchestrator.formats.durable import read_json
from orchestrator.model.snapshots import Reduced
from orchestrator.records import arrays, attempts, failures
from orchestrator.records.status import times_asked_for
from orchestrator.runner import process
from orchestrator.threads import in_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.html import Allowance, Exhibit, Packed
    from orchestrator.model import Record, Status
    from orchestrator.records.paths import ExperimentDirectory, SweepDirectory

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
    """The packed experiments of a sweep, kept from one look to the next."""

    def __init__(self, directory: SweepDirectory, names: Sequence[str]) -> None:
        self._directory = directory
        self._names = names
        self._known: dict[int, tuple[object, Packed]] = {}

    def update(self, statuses: Sequence[Status]) -> bool:
        """Pack the experiments of which something has changed; tell whether there were any."""
        allowance = share(statuses)
        changed = [s for s in statuses if self._unlike(s, allowance)]

        def packed(status: Status) -> Packed:
            shown = exhibit(self._directory.experiment(status.experiment.number), status)
            return html.pack(shown, self._names, list(observables.quantities()), allowance)

        for status, one in zip(changed, in_order(packed, changed), strict=True):
            self._known[status.experiment.number] = (_seen(status, allowance), one)
        return bool(changed)

    def _unlike(self, status: Status, allowance: Allowance) -> bool:
        known = self._known.get(status.experiment.number)
        return known is None or known[0] != _seen(status, allowance)

    @property
    def packed(self) -> list[Packed]:
        """All of them, by number."""
        return [packed for _, (_, packed) in sorted(self._known.items())]


def share(statuses: Sequence[Status]) -> Allowance:
    """Share the page among experiments, over all times at which any is to be seen."""
    return html.allowance(len(statuses), np.array(times_asked_for(statuses)))


def exhibit(place: ExperimentDirectory, status: Status) -> Exhibit:
    """Gather all that a page tells of one experiment."""
    reduced = arrays.reduced(place)
    return html.Exhibit(
        status=status,
        remark="; ".join(filter(None, (failures.remark(status), _full(reduced)))),
        reduced=_brimful(reduced),
        series=_series(reduced),
        provenance=_provenance(read_json(place.meta_data) or {}),
        attempts=_attempts(place),
        log_tail=_log_tail(place),
    )


def _brimful(reduced: Reduced) -> Reduced:
    """Return it with closed columns as high as the highest, as they are drawn."""
    heights = observables.brimful(reduced.height_maps)
    return Reduced(reduced.times, {**reduced.arrays, "height_maps": heights})


def _full(reduced: Reduced) -> str:
    """Say since when the ceiling cuts the surface off, if it does."""
    since_t0 = observables.full_from(reduced)
    return f"domain full from t = {plots.time(since_t0)} t0 on" if np.isfinite(since_t0) else ""


def _series(reduced: Reduced) -> dict[str, NDArray[np.float64]]:
    """Return the series of which something is known; some need no height maps."""
    found = observables.series(reduced) if reduced.times.size else {}
    return {name: values for name, values in found.items() if np.isfinite(values).any()}


def _seen(status: Status, allowance: Allowance) -> object:
    """Return what differs as soon as an experiment has more to show."""
    return (
        status.state,
        status.attempt,
        status.snapshots,  # the first comes at the time at which an experiment starts
        status.time_t0,
        failures.remark(status),
        allowance.block_bytes,
        allowance.times.tobytes(),
    )


def _provenance(said: Mapping[str, object]) -> dict[str, str]:
    """Return what made the results, label by label, as far as ``meta_data`` tells."""
    told = {
        label: str(said[key])
        for key, label in _PROVENANCE.items()
        if said.get(key) not in {None, ""}
    }
    commands = said.get("commands")
    if isinstance(commands, dict):
        told |= {f"Command ({name})": shlex.join(words) for name, words in commands.items()}
    return told


def _attempts(place: ExperimentDirectory) -> tuple[str, ...]:
    """Say of each attempt how it ended."""
    records = (attempts.read_record(attempt) for attempt in place.attempts())
    return tuple("no record" if record is None else _account(record) for record in records)


def _account(record: Record) -> str:
    parts = [
        f"{record.state.value} after {text.seconds(record.wall_s)} on {record.host}",
        f"{record.snapshots} of {record.expected} snapshots",
        failures.reason(record),
        failures.continued(record.continuation),
    ]
    return "; ".join(part for part in parts if part)


def _log_tail(place: ExperimentDirectory) -> tuple[str, ...]:
    """Return the last lines that the engine of the latest attempt wrote."""
    made = place.attempts()
    return process.last_lines(made[-1].engine_log, _LOG_LINES) if made else ()
