"""From a sweep file to attempts that somebody will run: what submit, run and resubmit share."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator import attempts, collection, expansion, ledger, worker
from orchestrator.cli import settings
from orchestrator.errors import RequestError
from orchestrator.model import State, Submission
from orchestrator.submission import local, slurm
from orchestrator.workspace import SweepDirectory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from orchestrator.ledger import Reconciliation
    from orchestrator.model import Outputs, Point, Resources, Run, Standing, Sweep


@dataclass(frozen=True, slots=True)
class Plan:
    """A sweep file against what is on disk.

    ``idle`` are kept experiments that were never asked for, as after a submitter that was killed.
    """

    sweep: Sweep
    directory: SweepDirectory
    points: Sequence[Point]
    reconciliation: Reconciliation
    standings: Mapping[int, Standing]

    @property
    def idle(self) -> tuple[int, ...]:
        """Numbers of kept experiments that nobody has asked for yet."""
        kept = (e.number for e in self.reconciliation.kept)
        return tuple(n for n in kept if self.standings[n].attempt == 0)


def plan(sweep: Sweep, data: Path) -> Plan:
    """Compare a sweep file with what is on disk; change nothing."""
    points = expansion.expand(sweep)
    directory = SweepDirectory(data / sweep.name)
    known = ledger.experiments(directory)
    standings = {s.experiment.number: s for s in collection.standings(directory)}
    return Plan(sweep, directory, points, ledger.reconcile(known, points), standings)


CLUSTERS = ("auto", "slurm", "local")
"""Where a sweep may run."""


def cluster(asked: str | None) -> str:
    """Decide where to run: ``auto`` means Slurm where one answers, else this machine."""
    asked = asked or settings.preset("cluster") or "auto"
    if asked not in CLUSTERS:
        raise RequestError(f"cluster: expected one of {', '.join(CLUSTERS)}, got {asked}")
    if asked == "slurm" and not slurm.answers():
        raise RequestError("--cluster slurm: no Slurm controller answers here; use --cluster local")
    if asked == "auto":
        return "slurm" if slurm.answers() else "local"
    return asked


def writable(data: Path) -> None:
    """Refuse a data directory in which nothing can be written."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe = data / f".probe-{secrets.token_hex(4)}"
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        raise RequestError(
            f"{data}: cannot be written ({error.strerror}); "
            "choose another with --data-dir or $RESCAL_SWEEP_DATA_DIR"
        ) from error


@dataclass(frozen=True, slots=True)
class Wish:
    """How attempts are to be made: all of a submission but which experiments."""

    cluster: str
    run: Run
    outputs: Outputs
    resources: Resources
    root: Path | None
    axes: tuple[tuple[str, ...], ...]


def enact(planned: Plan, wish: Wish) -> Submission | None:
    """Give numbers to what is new and write down the intent; None where nothing is to do.

    The sweep's lock must be held and ``planned`` must have been made under it.
    """
    directory = planned.directory
    ledger.keep_sweep_file(directory, planned.sweep.text)
    added = ledger.enlist(directory, planned.reconciliation.new)
    numbers = {*planned.idle, *(experiment.number for experiment in added)}
    wanted = [s for s in collection.standings(directory, numbers) if s.attempt == 0]
    return ask(directory, wanted, wish) if wanted else None


def ask(directory: SweepDirectory, chosen: Sequence[Standing], wish: Wish) -> Submission:
    """Write down the intent to make the next attempt at each of ``chosen``; the lock is held."""
    for standing in chosen:
        if standing.state is State.LOST:
            place = directory.experiment(standing.experiment.number)
            reason = "the process that ran it died without a word"
            attempts.end(place.attempt(standing.attempt), State.LOST, reason)
    one = Submission(
        token=new_token(),
        time=attempts.now(),
        cluster=wish.cluster,
        attempts={s.experiment.number: next_attempt(s) for s in chosen},
        run=wish.run,
        outputs=wish.outputs,
        resources=wish.resources,
        root=wish.root,
        axes=wish.axes,
    )
    ledger.intend(directory, one)
    ledger.log(directory, f"submission {one.token}: {len(chosen)} experiments", one.time)
    return one


def next_attempt(standing: Standing) -> int:
    """Return the number of the attempt to make: the one that waits, or the one after the last."""
    if standing.state is State.PENDING:
        return max(1, standing.attempt)
    return standing.attempt + 1


def new_token() -> str:
    """Make the token of a submission: short, sortable by time, unique."""
    stamp = attempts.now().translate(str.maketrans("", "", "-:TZ"))[2:]
    return f"{stamp}-{secrets.token_hex(3)}"


def start(directory: SweepDirectory, made: Submission | None, where: str, workers: int) -> str:
    """Start what was just asked for and what still waits; say so. The sweep's lock is held."""
    if where == "local":
        waiting = sum(
            s.state is State.PENDING
            and s.submission is not None
            and s.submission.cluster == where
            for s in collection.standings(directory)
        )
        token = made.token if made else "again"
        started = local.start_workers(directory, token, min(waiting, workers), workers)
        if made:
            ledger.note(directory, "submitted", made.token, workers=started)
        return f"{started} workers started"
    if made is None:
        return "no jobs sent"
    tasks = slurm.tasks_for(len(made.attempts), made.resources, 1)
    try:
        ids = slurm.send(directory, made, slurm.chunks(tasks), worker.in_job)
    except RequestError:
        ledger.note(directory, "void", made.token)
        raise
    ledger.note(directory, "submitted", made.token, job_ids=ids)
    slurm.release(ids)
    ledger.note(directory, "released", made.token)
    return f"{tasks} jobs sent to Slurm as {', '.join(ids)}"


def mend(directory: SweepDirectory) -> list[str]:
    """Settle what a submitter left that died between its intent and the release of its jobs.

    Done before anything new is asked for, with the sweep's lock held; says what was done. Jobs
    on hold cannot have started, so they are cancelled and asked for anew; those whose ids were
    written down only need to be released.
    """
    said = []
    for token, event in ledger.unfinished(directory).items():
        one = ledger.submission(directory, token)
        if one.cluster != "slurm":
            continue
        if event == "submitted":
            slurm.release(
                next(s.job_ids for s in ledger.submissions(directory) if s.token == token)
            )
            ledger.note(directory, "released", token)
            said.append(f"submission {token} was sent but held; it is released now")
            continue
        queued = slurm.found(directory, token)
        if queued is None:
            raise RequestError(
                f"submission {token} may or may not have reached Slurm, which does not answer; "
                "try again when it does"
            )
        slurm.cancel(queued)
        ledger.note(directory, "void", token)
        said.append(f"submission {token} was never released; it is void")
    return said


def axes_of(directory: SweepDirectory) -> tuple[tuple[str, ...], ...]:
    """Return the names on each axis of the sweep as it was last submitted."""
    made = ledger.submissions(directory)
    return made[-1].axes if made else ()
