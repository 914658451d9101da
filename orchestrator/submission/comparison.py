"""A sweep file against what is on disk: what is new, what is kept, and what is left out."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.records import ledger
from orchestrator.records.status import read_statuses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.model import Outputs, Point, Status, Submission, Sweep
    from orchestrator.records.ledger import Reconciliation
    from orchestrator.records.paths import SweepDirectory


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """A sweep file against what is on disk.

    Attributes
    ----------
    points
        All points of the file.
    reconciliation
        Which of them are new, which have a number, and which numbers the file no longer has.
    statuses
        The status of each experiment on disk, by number.
    next_number
        The number of the first new point.
    """

    sweep: Sweep
    directory: SweepDirectory
    points: Sequence[Point]
    reconciliation: Reconciliation
    statuses: Mapping[int, Status]
    next_number: int

    def __repr__(self) -> str:
        there = self.reconciliation
        counts = f"{len(there.new)} new, {len(there.kept)} kept, {len(there.orphaned)} orphaned"
        counted = text.counted(len(self.points), "experiment")
        return f"{self.sweep.name}: {counted} in {self.directory.root}: {counts}"

    @property
    def idle(self) -> tuple[int, ...]:
        """Numbers of kept experiments that were never submitted, as after a killed submitter."""
        kept = (e.number for e in self.reconciliation.kept)
        return tuple(n for n in kept if self.statuses[n].attempt == 0)

    @property
    def otherwise(self) -> tuple[int, ...]:
        """Numbers of kept experiments whose last submission had other times or outputs."""
        wanted = _times_and_outputs(self.sweep)
        submissions = {
            e.number: self.statuses[e.number].submission for e in self.reconciliation.kept
        }
        differing = (n for n, s in submissions.items() if s and _times_and_outputs(s) != wanted)
        return tuple(sorted(differing))

    @property
    def ended_badly(self) -> tuple[Status, ...]:
        """The status of each kept experiment that ended without all of its results."""
        statuses = (self.statuses[e.number] for e in self.reconciliation.kept)
        return tuple(status for status in statuses if status.state.bad)

    @property
    def replacement(self) -> str:
        """Why the file may be meant for another sweep; empty where it keeps any experiment."""
        reconciliation = self.reconciliation
        there = [e for e in reconciliation.orphaned if not self.statuses[e.number].orphaned]
        if reconciliation.kept or not there:
            return ""
        others = (
            f"none of the {len(there)} experiments in {self.directory.root} is in this file"
        )
        return f"{others}; give it another name, or leave all of them out with --yes"

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
        """Points that a submission would run: all that are new or were never submitted."""
        idle = (self.statuses[n].experiment.point for n in self.idle)
        return (*self.reconciliation.new, *idle)


def compare(sweep: Sweep, directory: SweepDirectory, points: Sequence[Point]) -> Comparison:
    """Compare a sweep file, of which these are the points, with what is on disk."""
    known = ledger.experiments(directory)
    statuses = {s.experiment.number: s for s in read_statuses(directory)}
    following = ledger.next_number(directory, known)
    reconciliation = ledger.reconcile(known, points)
    return Comparison(sweep, directory, points, reconciliation, statuses, following)


def _times_and_outputs(source: Sweep | Submission) -> tuple[float | str | Outputs, ...]:
    run = source.run
    return run.stop_t0, run.every_t0, run.stop_when, run.invalid_when, source.outputs
