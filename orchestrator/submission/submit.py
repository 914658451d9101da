"""From a sweep file to attempts that somebody will run: what submit, run and resubmit share."""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.errors import RequestError
from orchestrator.model import State
from orchestrator.records import attempts, ledger, pace
from orchestrator.records.paths import SweepDirectory
from orchestrator.records.status import read_statuses
from orchestrator.runner import simulator
from orchestrator.runner.job import in_job
from orchestrator.slurm import control, jobs
from orchestrator.slurm.client import told
from orchestrator.submission import local_pool, packing, plan, request, slurm_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from orchestrator.model import Engine, Status, Submission, Sweep
    from orchestrator.submission.plan import Plan
    from orchestrator.submission.request import Wish

_PATIENCE_S = 2.5  # with an engine that should have been compiled before


def enlist(sweep: Sweep, data: Path, tell: Callable[[str], None]) -> Plan:
    """Bring what is on disk up to date with a sweep file; return how the two compared before.

    What a submitter left half done is settled first, and ``tell`` is told. What is new gets its
    number, and what the file no longer has is left out. The sweep's lock must be held.
    """
    directory = SweepDirectory(data / sweep.name)
    for said in mend(directory):
        tell(said)
    planned = plan.compare(sweep, data)
    ledger.keep_sweep_file(directory, sweep.text, sweep.templates)
    ledger.leave_out(directory, (e.number for e in planned.reconciliation.orphaned))
    ledger.arrange(directory, sweep.axes)
    ledger.enlist(directory, planned.reconciliation.new)
    return planned


def keep(sweep: Sweep, directory: SweepDirectory) -> list[str]:
    """Keep a sweep file by which attempts are made again, if it has the same experiments.

    Says so where it has not: it would leave others out, and is not the sweep then. The sweep's
    lock must be held.
    """
    found = plan.compare(sweep, directory.root.parent).reconciliation
    left_out = frozenset(e.number for e in found.orphaned)
    if found.new or left_out != ledger.orphaned(directory):
        other = f"{sweep.path} has other experiments than the sweep has"
        return [f"{other}; these attempts are made as it says, but it is not kept with them"]
    ledger.keep_sweep_file(directory, sweep.text, sweep.templates)
    return []


def ask_for_new(directory: SweepDirectory, wish: Wish) -> Submission | None:
    """Write down the intent to run all that nobody has asked for yet; the lock is held.

    None where there is nothing to do.
    """
    new = [s for s in read_statuses(directory) if s.attempt == 0 and not s.orphaned]
    return ask(directory, new, wish)


def ask(directory: SweepDirectory, chosen: Sequence[Status], wish: Wish) -> Submission | None:
    """Write down the intent to make the next attempt at each of ``chosen``; the lock is held.

    None where none of them can be asked for, since a job has taken it just now.
    """
    chosen = [status for status in chosen if _settled(directory, status)]
    if not chosen:
        return None
    if wish.cluster == "local" or wish.resources.together != 1:
        chosen = sorted(  # longest first, to end together
            chosen,
            key=lambda s: -pace.work(s.experiment.point.parameters, wish.run.stop_t0),
        )
    wanted = {s.experiment.number: _next_attempt(s) for s in chosen}
    one = request.submission(wish, _new_token(), wanted)
    ledger.intend(directory, one)
    asked = text.counted(len(chosen), "experiment")
    ledger.log(directory, f"submission {one.token}: {asked}", one.time)
    return one


def _settled(directory: SweepDirectory, status: Status) -> bool:
    """Make sure that the last attempt can no longer be made or go on; say whether it is so.

    One that died without a record gets it; one that was asked for and never started is taken, so
    that a job which turns up late finds it ended.
    """
    if status.record is not None or status.state is State.PENDING:
        return True
    place = directory.experiment(status.experiment.number)
    reason = status.note or "the process that ran it died without a word"
    if not place.attempt(status.attempt).root.exists():
        token = status.submission.token if status.submission else ""
        claimant = attempts.myself(token, job="")
        return attempts.claim_ended(place, status.attempt, claimant, status.state, reason)
    attempts.end(place.attempt(status.attempt), status.state, reason)
    return True


def _next_attempt(status: Status) -> int:
    """Return the number of the attempt to make: the one that waits, or the one after the last."""
    if status.state is State.PENDING:
        return max(1, status.attempt)
    return status.attempt + 1


def warm(engine: Engine, tell: Callable[[str], None]) -> None:
    """Let the engine compile what it has not compiled yet, and ``tell`` if that takes a while."""
    said = "compiling the engine, once on this machine; it takes about half a minute"
    patience = threading.Timer(_PATIENCE_S, tell, [said])
    patience.daemon = True
    patience.start()
    try:
        simulator.warm(engine)
    finally:
        patience.cancel()


def _new_token() -> str:
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
            for s in read_statuses(directory)
        )
        token = made.token if made else "again"
        started = local_pool.start_workers(directory, token, min(waiting, workers), workers)
        if made:
            ledger.note(directory, "submitted", made.token, workers=started)
        return f"{text.counted(started, 'worker')} started"
    if made is None:
        return "no jobs sent"
    try:
        chunks = packing.chunks(made)
        ids = slurm_jobs.send(directory, made, chunks, in_job)
    except RequestError:
        ledger.note(directory, "void", made.token)
        raise
    ledger.note(directory, "submitted", made.token, job_ids=ids, chunks=chunks)
    control.release(ids)
    ledger.note(directory, "released", made.token)
    return f"{text.counted(sum(chunks), 'job')} sent to Slurm as {', '.join(ids)}"


def mend(directory: SweepDirectory) -> list[str]:
    """Settle what a submitter left that died between its intent and the start of what it asked.

    Done before anything new is asked for, with the sweep's lock held; says what was done. Jobs
    on hold cannot have started, so they are cancelled and asked for anew; those whose ids were
    written down only need to be released, if they are still there. Who runs an experiment itself
    claims it before the lock is let go, so that what has not been claimed by now never will be.
    """
    said = []
    for one, event in ledger.unfinished(directory):
        token = one.token
        if one.cluster == "slurm" and event == "submitted":
            _release(directory, one)
            said.append(f"submission {token} was sent but held; it is released now")
        elif one.cluster == "slurm":
            name = slurm_jobs.job_name(directory, token)
            queued = told(jobs.queue())
            held = {jobs.array_of(job) for job, q in queued.items() if q.name == name}
            control.cancel(sorted(held))
            ledger.note(directory, "void", token)
            said.append(f"submission {token} was never released; it is void")
        elif one.cluster == "here" and not _begun(directory, one):
            ledger.note(directory, "void", token)
            said.append(f"submission {token} was never begun; it is void")
    return said


def _release(directory: SweepDirectory, one: Submission) -> None:
    """Release those jobs of a submission that wait; the others have ended or were cancelled."""
    queued = told(jobs.queue(one.job_ids))
    waiting = {jobs.array_of(job) for job, q in queued.items() if q.state == "PENDING"}
    control.release([array for array in one.job_ids if array in waiting])
    ledger.note(directory, "released", one.token)


def _begun(directory: SweepDirectory, one: Submission) -> bool:
    """Tell whether any attempt that a submission asked for has been claimed."""
    return any(
        directory.experiment(number).attempt(attempt).root.exists()
        for number, attempt in one.attempts.items()
    )
