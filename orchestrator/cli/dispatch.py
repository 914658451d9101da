"""From a sweep file to attempts that somebody will run: what submit, run and resubmit share."""

from __future__ import annotations

import functools
import secrets
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from orchestrator import attempts, collection, estimate, expansion, ledger, report
from orchestrator.cli import settings
from orchestrator.cli.usage import Shape
from orchestrator.errors import RequestError
from orchestrator.model import State, Submission
from orchestrator.slurm import cluster, jobs, request, steering
from orchestrator.slurm.client import Unknown
from orchestrator.slurm.client import ask as ask_slurm
from orchestrator.submission import local, slurm
from orchestrator.worker.job import in_job
from orchestrator.workspace import SweepDirectory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from orchestrator.ledger import Reconciliation
    from orchestrator.model import Outputs, Point, Resources, Run, Standing, Sweep
    from orchestrator.slurm.cluster import Limits, Partition


Answer = TypeVar("Answer")


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

    @property
    def otherwise(self) -> tuple[int, ...]:
        """Numbers of kept experiments that were last asked for with other times or outputs."""
        wanted = _times_and_outputs(self.sweep)
        asked = {
            e.number: self.standings[e.number].submission for e in self.reconciliation.kept
        }
        other = (n for n, made in asked.items() if made and _times_and_outputs(made) != wanted)
        return tuple(sorted(other))

    @property
    def wanted(self) -> tuple[Point, ...]:
        """What submitting would run: all that is new, and what nobody has asked for yet."""
        idle = (self.standings[n].experiment.point for n in self.idle)
        return (*self.reconciliation.new, *idle)


def _times_and_outputs(asked: Sweep | Submission) -> tuple[float, float, Outputs]:
    return asked.run.stop_t0, asked.run.every_t0, asked.outputs


def told_otherwise(planned: Plan) -> list[str]:
    """Say which experiments stay though the file would have them made in another way now."""
    if not planned.otherwise:
        return []
    names = report.names(planned.otherwise)
    few = f"{names} were asked for with other times or outputs than the file has now, and stay"
    return [f"{few}; rescal-sweep resubmit {planned.sweep.path} EXP makes them anew"]


def plan(sweep: Sweep, data: Path) -> Plan:
    """Compare a sweep file with what is on disk; change nothing."""
    points = expansion.expand(sweep)
    directory = SweepDirectory(data / sweep.name)
    known = ledger.experiments(directory)
    standings = {s.experiment.number: s for s in collection.standings(directory)}
    return Plan(sweep, directory, points, ledger.reconcile(known, points), standings)


CLUSTERS = ("auto", "slurm", "local")
"""Where a sweep may run."""


def where(asked: str | None) -> str:
    """Decide where to run: ``auto`` means Slurm where one answers, else this machine."""
    asked = asked or settings.preset("cluster") or "auto"
    if asked not in CLUSTERS:
        raise RequestError(f"cluster: expected one of {', '.join(CLUSTERS)}, got {asked}")
    if asked == "slurm" and not _answers():
        raise RequestError(
            "--cluster slurm: no Slurm controller answers here; use --cluster local"
        )
    if asked == "auto":
        return "slurm" if _answers() else "local"
    return asked


def _answers() -> bool:
    """Tell whether there is a Slurm here and its controller answers."""
    return shutil.which("sbatch") is not None and not isinstance(
        ask_slurm("scontrol", "ping"), Unknown
    )


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


def wished(sweep: Sweep, place: str, resources: Resources) -> Wish:
    """Return the wish to make attempts as a sweep file says, in ``place`` with ``resources``."""
    return Wish(
        cluster=place,
        run=sweep.run,
        outputs=sweep.outputs,
        resources=resources,
        root=settings.chosen_root(sweep.run.engine),
        axes=report.axis_names(sweep.axes),
    )


def enlist(sweep: Sweep, data: Path, tell: Callable[[str], None]) -> Plan:
    """Bring what is on disk up to date with a sweep file; return how the two compared before.

    What a submitter left half done is settled first, and ``tell`` is told. What is new gets its
    number, and what the file no longer has is left out. The sweep's lock must be held.
    """
    directory = SweepDirectory(data / sweep.name)
    for said in mend(directory):
        tell(said)
    planned = plan(sweep, data)
    ledger.keep_sweep_file(directory, sweep.text)
    ledger.leave_out(directory, (e.number for e in planned.reconciliation.orphaned))
    ledger.enlist(directory, planned.reconciliation.new)
    return planned


def ask_for_new(directory: SweepDirectory, wish: Wish) -> Submission | None:
    """Write down the intent to run all that nobody has asked for yet; the lock is held.

    None where there is nothing to do.
    """
    new = [s for s in collection.standings(directory) if s.attempt == 0 and not s.orphaned]
    return ask(directory, new, wish)


def ask(directory: SweepDirectory, chosen: Sequence[Standing], wish: Wish) -> Submission | None:
    """Write down the intent to make the next attempt at each of ``chosen``; the lock is held.

    None where none of them can be asked for, since a job has taken it just now.
    """
    chosen = [standing for standing in chosen if _settled(directory, standing)]
    if not chosen:
        return None
    if wish.cluster == "local" or wish.resources.pack != 1:  # longest first, to end together
        chosen = sorted(
            chosen,
            key=lambda s: -estimate.work(s.experiment.point.parameters, wish.run.stop_t0),
        )
    wanted = {s.experiment.number: next_attempt(s) for s in chosen}
    one = _submission(wish, new_token(), wanted)
    ledger.intend(directory, one)
    ledger.log(directory, f"submission {one.token}: {len(chosen)} experiments", one.time)
    return one


def _settled(directory: SweepDirectory, standing: Standing) -> bool:
    """Make sure that the last attempt can no longer be made or go on; say whether it is so.

    One that died without a record gets it; one that was asked for and never started is taken, so
    that a job which turns up late finds it ended.
    """
    if standing.record is not None or standing.state is State.PENDING:
        return True
    place = directory.experiment(standing.experiment.number)
    reason = standing.note or "the process that ran it died without a word"
    if standing.claim is None:
        token = standing.submission.token if standing.submission else ""
        claimant = attempts.myself(token, "resubmit")
        return attempts.claim_ended(place, standing.attempt, claimant, standing.state, reason)
    attempts.end(place.attempt(standing.attempt), standing.state, reason)
    return True


def next_attempt(standing: Standing) -> int:
    """Return the number of the attempt to make: the one that waits, or the one after the last."""
    if standing.state is State.PENDING:
        return max(1, standing.attempt)
    return standing.attempt + 1


def new_token() -> str:
    """Make the token of a submission: short, sortable by time, unique."""
    stamp = attempts.now().translate(str.maketrans("", "", "-:TZ"))[2:]
    return f"{stamp}-{secrets.token_hex(3)}"


def start(directory: SweepDirectory, made: Submission | None, place: str, workers: int) -> str:
    """Start what was just asked for and what still waits; say so. The sweep's lock is held."""
    if place == "local":
        waiting = sum(
            s.state is State.PENDING
            and s.submission is not None
            and s.submission.cluster == place
            for s in collection.standings(directory)
        )
        token = made.token if made else "again"
        started = local.start_workers(directory, token, min(waiting, workers), workers)
        if made:
            ledger.note(directory, "submitted", made.token, workers=started)
        return f"{started} workers started"
    if made is None:
        return "no jobs sent"
    try:
        chunks = _chunks(made)
        ids = slurm.send(directory, made, chunks, in_job)
    except RequestError:
        ledger.note(directory, "void", made.token)
        raise
    ledger.note(directory, "submitted", made.token, job_ids=ids, chunks=chunks)
    steering.release(ids)
    ledger.note(directory, "released", made.token)
    return f"{sum(chunks)} jobs sent to Slurm as {', '.join(ids)}"


def scripts(planned: Plan, wish: Wish) -> list[str]:
    """Return the texts that sbatch would read for what is to be run, byte for byte.

    Only the token in the job's name, which is made when a sweep is submitted, stands as ``TOKEN``.
    """
    if not planned.wanted:
        return []
    one = _imagined(wish, len(planned.wanted))
    return [
        slurm.script(planned.directory, one, tasks) for tasks in dict.fromkeys(_chunks(one))
    ]


def shape(wish: Wish, experiments: int, workers: int) -> Shape:
    """Tell how so many experiments would be parted into jobs, or among ``workers`` processes."""
    if wish.cluster != "slurm":
        processes = min(workers, experiments)
        return Shape(slurm=False, jobs=processes, at_once=processes, together=1, cores=1)
    asked = wish.resources
    tasks = sum(_chunks(_imagined(wish, experiments))) if experiments else 0
    chosen = request.chosen(asked, _partitions())
    whole = asked.pack == 0 or any(partition.exclusive for partition in chosen)
    cores = max((node.cores for one in chosen for node in one.nodes), default=1)
    usual_s = [p.default_time_s for p in chosen if p.default_time_s is not None]
    return Shape(
        slurm=True,
        jobs=tasks,
        at_once=min(tasks, asked.jobs or tasks),
        together=_together(asked),
        cores=cores if whole else request.need(asked).cores,
        whole_nodes=whole,
        limit_s=60 * asked.time_min
        if asked.time_min is not None
        else max(usual_s, default=None),
    )


def _imagined(wish: Wish, experiments: int) -> Submission:
    return _submission(wish, "TOKEN", dict.fromkeys(range(experiments), 1))


def _chunks(submission: Submission) -> list[int]:
    """Return how many tasks each of a submission's arrays has."""
    tasks = request.tasks(submission, _together(submission.resources))
    return request.chunks(tasks, _limits())


def _together(resources: Resources) -> int:
    """Return how many experiments run at the same time in a job."""
    return resources.pack or _cores(resources)


def _submission(wish: Wish, token: str, wanted: Mapping[int, int]) -> Submission:
    return Submission(
        token=token,
        time=attempts.now(),
        cluster=wish.cluster,
        attempts=wanted,
        run=wish.run,
        outputs=wish.outputs,
        resources=wish.resources,
        root=wish.root,
        axes=wish.axes,
    )


def refuse_impossible(wish: Wish, experiments: int) -> None:
    """Refuse what Slurm would accept and then let wait for ever, with what would do instead."""
    if wish.cluster != "slurm":
        return
    problems = request.check(wish.resources, experiments, _partitions(), _limits())
    if problems:
        raise RequestError(*problems)


def _cores(resources: Resources) -> int:
    """Return the most cores that a node of the partition has."""
    chosen = request.chosen(resources, _partitions())
    return max((node.cpus for one in chosen for node in one.nodes), default=1)


@functools.cache
def _limits() -> Limits:
    return _told(cluster.limits())


@functools.cache
def _partitions() -> tuple[Partition, ...]:
    return _told(cluster.partitions())


def _told(said: Answer | Unknown) -> Answer:
    if isinstance(said, Unknown):
        raise RequestError(f"Slurm cannot be asked: {said.reason}")
    return said


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
            steering.release(
                next(s.job_ids for s in ledger.submissions(directory) if s.token == token)
            )
            ledger.note(directory, "released", token)
            said.append(f"submission {token} was sent but held; it is released now")
            continue
        name = slurm.job_name(directory, token)
        queued = _told(jobs.queue())
        steering.cancel(
            sorted({job.partition("_")[0] for job, q in queued.items() if q.name == name})
        )
        ledger.note(directory, "void", token)
        said.append(f"submission {token} was never released; it is void")
    return said


def axes_of(directory: SweepDirectory) -> tuple[tuple[str, ...], ...]:
    """Return the names on each axis of the sweep as it was last submitted."""
    made = ledger.submissions(directory)
    return made[-1].axes if made else ()
