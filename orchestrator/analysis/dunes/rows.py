"""A table of the dunes of a sweep: a row for each dune in each map in which it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.analysis import units
from orchestrator.analysis.dunes.following import follow
from orchestrator.analysis.dunes.outlines import checked
from orchestrator.analysis.numbers import finite
from orchestrator.analysis.scales import scales, settled
from orchestrator.model.pictures import Units
from orchestrator.records import intents
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.status import coordinates, present
from orchestrator.threads import in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.analysis.dunes.following import Following
    from orchestrator.analysis.scales import Scales
    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory

_POWERS = {
    **dict.fromkeys(("x", "y", "length", "width", "height"), 1),
    "area": 2,
    "volume": 3,
    "asymmetry": 0,
    "orientation": 0,
}
"""Columns of a dune, with the power of a cell in their unit."""

_UNITS = {0: "", 1: "_m", 2: "_m2", 3: "_m3"}


def table(
    directory: SweepDirectory, in_units: Units = Units.MODEL, threshold: float | None = None
) -> list[dict[str, Any]]:
    """Return a row for each dune in each snapshot of each experiment that the sweep file has.

    Its columns are ``experiment``, the swept parameters, ``seed``, ``track`` (the number of the dune),
    the time, what :class:`~orchestrator.analysis.dunes.Dune` has (``x`` and ``y`` go on beyond the
    edges of a periodic domain), and of the whole track ``celerity`` with ``celerity_error``,
    ``split_from`` and ``merged_into``; None where there is no value. In units of nature they have their unit in
    the name, such as ``length_m``.
    """
    if threshold is not None:
        checked(threshold)
    axes = intents.axes(directory)
    statuses = present(LiveStatus(directory).read())
    numbers = [status.experiment.number for status in statuses]
    in_units = settled(directory, numbers, in_units)

    def of_one(status: Status) -> list[dict[str, Any]]:
        experiment = status.experiment
        folder = directory.experiment(experiment.number)
        followed = follow(folder, threshold, periodic=experiment.point.periodic)
        about = {"experiment": experiment.name, **coordinates(experiment, axes)}
        about["seed"] = experiment.point.seed
        return [about | row for row in _rows(followed, in_units, scales(folder))]

    return [row for rows in in_order(of_one, statuses) for row in rows]


def _rows(followed: Following, in_units: Units, in_nature: Scales) -> Iterator[dict[str, Any]]:
    day, nature = units.days(in_units, in_nature), in_units.metres
    cell = in_nature.cell_m if nature else 1.0
    for track in followed.tracks:
        celerity, error = (of * cell / day for of in track.celerity(followed.times))
        for snapshot, dune, x, y in zip(
            track.snapshots, track.dunes, track.x, track.y, strict=True
        ):
            row: dict[str, Any] = {"track": track.number}
            row[f"time_{units.time_name(in_units)}"] = float(followed.times[snapshot]) * day
            for name, power in _POWERS.items():
                value = {"x": x, "y": y}.get(name, getattr(dune, name))
                row[name + (_UNITS[power] if nature else "")] = finite(value * cell**power)
            row["whole"] = dune.whole
            per = f"_m_per_{units.time_name(in_units)}" if nature else ""
            row[f"celerity{per}"], row[f"celerity_error{per}"] = finite(celerity), finite(error)
            row["split_from"], row["merged_into"] = track.split_from, track.merged_into
            yield row
