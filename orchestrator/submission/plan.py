"""A sweep file against what is on disk: what is new, what is kept, and what is left out."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.records import ledger
from orchestrator.records.paths import SweepDirectory
from orchestrator.records.status import read_statuses
from orchestrator.sweepfile import expansion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from orchestrator.model import Outputs, Point, Status, Submission, Sweep
    from orchestrator.records.ledger import Reconciliation


@dataclass(frozen=True, slots=True)
class Plan:
    """A sweep file against what is on disk.

    ``idle`` are kept experiments that were never asked for, as after a submitter that was killed.
    """

    sweep: Sweep
    directory: SweepDirectory
    points: Sequence[Point]
    reconciliation: Reconciliation
    statuses: Mapping[int, Status]
    next_number: int

    @property
    def idle(self) -> tuple[int, ...]:
        """Numbers of kept experiments that nobody has asked for yet."""
        kept = (e.number for e in self.reconciliation.kept)
        return tuple(n for n in kept if self.statuses[n].attempt == 0)

    @property
    def otherwise(self) -> tuple[int, ...]:
        """Numbers of kept experiments that were last asked for with other times or outputs."""
        wanted = _times_and_outputs(self.sweep)
        asked = {e.number: self.statuses[e.number].submission for e in self.reconciliation.kept}
        other = (n for n, made in asked.items() if made and _times_and_outputs(made) != wanted)
        return tuple(sorted(other))

    @property
    def numbered(self) -> list[tuple[Point, int]]:
        """Each point of the file with its number, given already or to be given."""
        kept = {e.point.key: e.number for e in self.reconciliation.kept}
        following = itertools.count(self.next_number)
        return [
            (point, kept[point.key] if point.key in kept else next(following))
            for point in self.points
        ]

    @property
    def wanted(self) -> tuple[Point, ...]:
        """What submitting would run: all that is new, and what nobody has asked for yet."""
        idle = (self.statuses[n].experiment.point for n in self.idle)
        return (*self.reconciliation.new, *idle)


def _times_and_outputs(asked: Sweep | Submission) -> tuple[float, float, Outputs]:
    return asked.run.stop_t0, asked.run.every_t0, asked.outputs


def told_otherwise(planned: Plan) -> list[str]:
    """Say which experiments stay though the file would have them made in another way now."""
    if not planned.otherwise:
        return []
    names = text.names(planned.otherwise)
    one = len(planned.otherwise) == 1
    were, stay, them = ("was", "stays", "it") if one else ("were", "stay", "them")
    few = f"{names} {were} asked for with other times or outputs than the file has now, and {stay}"
    return [f"{few}; rescal-sweep resubmit {planned.sweep.path} EXP makes {them} anew"]


def compare(sweep: Sweep, data: Path) -> Plan:
    """Compare a sweep file with what is on disk; change nothing."""
    points = expansion.expand(sweep)
    directory = SweepDirectory(data / sweep.name)
    known = ledger.experiments(directory)
    statuses = {s.experiment.number: s for s in read_statuses(directory)}
    following = ledger.next_number(directory, known)
    return Plan(sweep, directory, points, ledger.reconcile(known, points), statuses, following)
