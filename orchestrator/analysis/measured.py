"""The series of many experiments: measured once, and kept in a file of the sweep.

The file is a convenience. It may be removed at any time, and is not written where nobody may write.
What it has of an experiment counts as long as the published arrays are those that were measured,
and this code is the one that measured them.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.analysis import crests, directions, migration, observables, waves
from orchestrator.errors import FormatError
from orchestrator.formats.durable import open_regular, replacing
from orchestrator.model import heights
from orchestrator.records import arrays, intents
from orchestrator.records.provenance import own_of
from orchestrator.threads import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import ModuleType

    from numpy.typing import NDArray

    from orchestrator.model.reductions import Reduction
    from orchestrator.model.snapshots import Reduced
    from orchestrator.records.paths import ExperimentDirectory, SweepDirectory

_UNREADABLE = (
    *(OSError, FormatError, KeyError, ValueError, EOFError, TypeError, AttributeError),
    *(struct.error, zipfile.BadZipFile, zlib.error),
)

_MEASURING: tuple[ModuleType, ...] = (
    observables,
    waves,
    migration,
    crests,
    directions,
    heights,
)


@dataclass(frozen=True, slots=True)
class Measured:
    """The series of one experiment.

    Attributes
    ----------
    times
        float64 [snapshot], in t0.
    values
        float64 [snapshot], in their units, by the names of
        :func:`orchestrator.analysis.observables.quantities`, the user's own numbers among them.
    full_from
        Time in t0 from which the domain is full; not a number if it never is.
    """

    times: NDArray[np.float64]
    values: Mapping[str, NDArray[np.float64]]
    full_from: float = np.nan

    def of(self, name: str) -> NDArray[np.float64]:
        """Return a series; not a number where the experiment has none of this name."""
        values = self.values.get(name)
        return np.full(len(self.times), np.nan) if values is None else values


def measure(reduced: Reduced, own: Sequence[Reduction] = ()) -> Measured:
    """Measure the reduced snapshots of one experiment, with the user's ``own`` numbers."""
    full_from_t0 = heights.full_from(reduced)
    return Measured(reduced.times, observables.series(reduced, own), full_from_t0)


class Store:
    """The series of a sweep's experiments: those in its file, and those measured since."""

    def __init__(self, sweep: SweepDirectory) -> None:
        self._sweep = sweep
        self._known = _read(sweep)
        self._fresh: dict[int, tuple[str, Measured]] = {}
        self._own = _own_names(sweep)

    def own(self, number: int) -> tuple[Reduction, ...]:
        """Return the user's own reductions of an experiment to a single number."""
        if not self._own:  # which spares reading what says so of each
            return ()
        return tuple(r for r in own_of(self._sweep.experiment(number)) if not r.dims)

    def version(self, number: int) -> str:
        """Return the version of an experiment's arrays; ask before they are read."""
        return _version(self._sweep.experiment(number), self.own(number))

    def of(self, number: int, version: str, read: Callable[[], Reduced]) -> Measured:
        """Return the series of an experiment whose arrays of a version ``read`` returns."""
        known = self._known.get(number)
        if version and known is not None and known[0] == version:
            return known[1]
        reduced = read()
        now = measure(reduced, self.own(number))
        # what cannot be read may be, by somebody else or later, without a new version
        if version and not reduced.damaged and version == self.version(number):
            self._fresh[number] = version, now
        return now

    def keep(self) -> None:
        """Write what was measured to the sweep's file, where that can be written."""
        if self._fresh:
            with contextlib.suppress(OSError):  # of others, or on a full disk
                _write(self._sweep, {**self._known, **self._fresh})


def measured(sweep: SweepDirectory, numbers: Sequence[int]) -> Iterator[Measured]:
    """Yield the series of experiments, in their order; what was measured before is not again."""
    store = Store(sweep)

    def of_experiment(number: int) -> Measured:
        directory = sweep.experiment(number)
        return store.of(
            number,
            store.version(number),
            lambda: arrays.reduced(directory, observables.sources(store.own(number))),
        )

    try:
        yield from in_order(of_experiment, numbers)
    finally:
        store.keep()


def own_outputs(sweep: SweepDirectory) -> list[Reduction]:
    """Return the user's own reductions of a sweep.

    Those that an experiment which has begun describes; of one name, those of the first.
    """
    names = _own_names(sweep)
    own: dict[str, Reduction] = {}
    for number in intents.wanted_attempts(intents.submissions(sweep)) if names else ():
        for reduction in own_of(sweep.experiment(number)):
            own.setdefault(reduction.name, reduction)
        if names <= own.keys():
            break
    return list(own.values())


def _own_names(sweep: SweepDirectory) -> set[str]:
    """Return the names of all outputs of the user's own that were ever asked for."""
    return {
        name for submission in intents.submissions(sweep) for name in submission.outputs.own
    }


def _version(directory: ExperimentDirectory, own: Sequence[Reduction]) -> str:
    """Return what tells one state of the published arrays from the next; empty while it changes."""
    names = observables.sources(own)
    version = arrays.version(directory, names)
    if version is None or not any(version):
        return ""
    return json.dumps([*([r.name for r in own] if own else ()), *version])


@functools.cache
def _code() -> str:
    """Return the hash of what measures."""
    sources = (Path(str(module.__file__)).read_bytes() for module in _MEASURING)
    names = ",".join(observables.quantities())
    return hashlib.sha256(names.encode() + b"".join(sources)).hexdigest()


def _read(sweep: SweepDirectory) -> dict[int, tuple[str, Measured]]:
    """Return what is kept, by the number of the experiment, with the version that was measured."""
    with (
        contextlib.suppress(*_UNREADABLE),
        open_regular(sweep.series) as opened,
        np.load(opened) as file,
    ):
        if str(file["code"]) != _code():
            return {}
        if min(file["counts"].tolist()) < 0 or file["counts"].sum() != len(file["times"]):
            return {}
        ends = np.cumsum(file["counts"])[:-1]
        times = np.split(file["times"], ends)
        values = np.split(file["values"], ends, axis=1)
        names = file["names"].tolist()
        kept = zip(file["numbers"].tolist(), file["versions"].tolist(), strict=True)
        full = file["full_from"].tolist()
        return {
            number: (version, Measured(at, dict(zip(names, of, strict=True)), since))
            for (number, version), at, of, since in zip(kept, times, values, full, strict=True)
        }
    return {}


def _write(sweep: SweepDirectory, known: Mapping[int, tuple[str, Measured]]) -> None:
    """Keep what is known; whoever writes at the same time may win, which costs time alone."""
    all_measured = [measured for _, measured in known.values()]
    names = [*dict.fromkeys(name for m in all_measured for name in m.values)]
    columns: list[Any] = [[m.of(name) for name in names] for m in all_measured]
    with replacing(sweep.series, durable=False) as file:
        np.savez(
            file,
            code=_code(),
            names=names,
            numbers=[*known],
            versions=[version for version, _ in known.values()],
            counts=[len(m.times) for m in all_measured],
            times=np.concatenate([m.times for m in all_measured]),
            values=np.concatenate(columns, axis=1),
            full_from=[m.full_from for m in all_measured],
        )
