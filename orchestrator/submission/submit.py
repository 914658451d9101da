"""Submitting a sweep file: its new experiments get numbers and somebody who runs them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import settings, sweepfile, text
from orchestrator.errors import RequestError
from orchestrator.model import Cluster, State, Status
from orchestrator.records import intents, ledger
from orchestrator.records.lock import locked
from orchestrator.records.paths import SweepDirectory
from orchestrator.runner import simulator
from orchestrator.submission import local_pool, packing, start
from orchestrator.submission.comparison import compare
from orchestrator.submission.cost import expected_s
from orchestrator.submission.intent import intend
from orchestrator.submission.recovery import recover
from orchestrator.submission.refusals import Checker, refusals
from orchestrator.submission.request import cluster_of, request, workers_of
from orchestrator.submission.resources import inherited
from orchestrator.sweepfile import expansion

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from typing import Unpack

    from orchestrator.model import Experiment, Point, Submission, Sweep
    from orchestrator.submission.comparison import Comparison
    from orchestrator.submission.request import Placement
    from orchestrator.submission.start import Started


@dataclass(frozen=True, slots=True, repr=False)
class Submitted:
    """What a submission did.

    Attributes
    ----------
    comparison
        The file against what was on disk before.
    submission
        What was asked for; None where nothing was new.
    started
        Who runs it.
    numbers
        All experiments of the file, by number.
    """

    comparison: Comparison
    submission: Submission | None
    started: Started
    numbers: tuple[int, ...]

    def __repr__(self) -> str:
        new = len(self.submission.attempts) if self.submission is not None else 0
        return f"{self.comparison!r}; {text.counted(new, 'experiment')} submitted"

    @property
    def kept(self) -> frozenset[int]:
        """Those that had ended before and are not run again."""
        new = self.submission.attempts if self.submission is not None else {}
        statuses = self.comparison.statuses
        return frozenset(
            n
            for n in self.numbers
            if n not in new and n in statuses and statuses[n].state.ended
        )

    @property
    def directory(self) -> SweepDirectory:
        """The sweep's directory."""
        return self.comparison.directory


def submit(
    file: str | os.PathLike[str],
    *,
    overrides: Sequence[str] = (),
    data_dir: str | os.PathLike[str] | None = None,
    replace: bool = False,
    tell: Callable[[str], None] = lambda _message: None,
    **placement: Unpack[Placement],
) -> Submitted:
    """Run what is new in a sweep file; return at once.

    Parameters
    ----------
    file
        The sweep file.
    overrides
        ``KEY=VALUE`` with dotted keys, such as ``run.stop=100``, put over the file's values.
    data_dir
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else the project's ``data_runs``).
    replace
        Whether the file may leave out all experiments that the sweep has.
    tell
        Called with messages for a person, such as warnings of the file.
    **placement
        Where to run: see :class:`orchestrator.submission.request.Placement`.

    Raises
    ------
    RequestError
        If the file, the placement or Slurm's limits do not allow it; nothing was changed then.
    """
    sweep = sweepfile.load(Path(file), overrides)
    directory = SweepDirectory(settings.data_directory(data_dir) / sweep.name)
    for warning in sweep.warnings:
        tell(f"warning: {warning}")
    wish = request(sweep, cluster_of(placement, overrides), placement)
    if wish.cluster is Cluster.SLURM:
        for message in inherited(sweep.resources, placement):
            tell(message)
    workers = workers_of(placement, local_pool.cores())
    # what can be refused is, before anything is written
    engine = simulator.of_sweep(sweep, wish.root)
    with contextlib.closing(Checker(engine)) as checker:
        points = expansion.expand(sweep)
        site = packing.site(wish.cluster)
        before = compare(sweep, directory, points)
        if before.replacement and not replace:
            raise RequestError(
                f"{sweep.positions.get('name', sweep.path)}: name: {before.replacement}"
            )
        if problems := packing.problems(directory, wish, site):
            raise RequestError(*problems)
        if problems := refusals(checker, sweep, directory, before.wanted):
            raise RequestError(*problems)
    settings.writable(directory.root.parent)
    start.warm(engine, tell)
    with locked(directory):
        comparison, new = enlist(sweep, directory, points, tell)
        submission = intend(directory, new, wish, site.name if site else "")
        if site is None:
            waiting = len(new) + _waiting_here(comparison)
            started = start.start_workers(directory, submission, waiting, workers)
        elif submission is None:
            started = start.Started(Cluster.SLURM)
        else:
            seen, points = comparison.statuses.values(), [s.experiment.point for s in new]
            each_s = expected_s(points, wish.run, seen, wish.kind)
            started = start.send_jobs(directory, submission, site, sum(each_s))
    kept = (e.number for e in comparison.reconciliation.kept)
    added = (status.experiment.number for status in new)
    return Submitted(comparison, submission, started, tuple(sorted({*kept, *added})))


def enlist(
    sweep: Sweep,
    directory: SweepDirectory,
    points: Sequence[Point],
    tell: Callable[[str], None],
) -> tuple[Comparison, list[Status]]:
    """Bring what is on disk up to date with a sweep file; the sweep's lock must be held.

    What a dead submitter left is settled first, and ``tell`` is told. New points get their
    numbers, and experiments that the file no longer has are orphaned.

    Returns
    -------
    Comparison, list of Status
        How the two compared before, and the experiments that were never submitted.
    """
    for message in recover(directory):
        tell(message)
    comparison = compare(sweep, directory, points)
    ledger.keep_sweep_file(directory, sweep.text, sweep.templates)
    ledger.keep_files(directory, sweep.modules)
    ledger.keep_inputs(directory, points)
    intents.leave_out(directory, (e.number for e in comparison.reconciliation.orphaned))
    intents.arrange(directory, sweep.axes)
    new = ledger.enlist(directory, comparison.reconciliation.new)
    idle = [comparison.statuses[number] for number in comparison.idle]
    return comparison, [*idle, *map(_never_submitted, new)]


def _never_submitted(experiment: Experiment) -> Status:
    return Status(experiment, State.NEVER_SUBMITTED, 0, None)


def _waiting_here(comparison: Comparison) -> int:
    """Return how many experiments wait for a worker on this machine already."""
    return sum(
        status.state is State.PENDING
        and status.submission is not None
        and status.submission.cluster is Cluster.LOCAL
        for status in comparison.statuses.values()
    )
