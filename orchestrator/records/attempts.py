"""Attempts at experiments: who took one, whether it still lives, and how it ended.

Naming the attempt's directory is the claim: the file system lets exactly one process do it, on one
machine and on the shared file systems of clusters alike. The directory gets its name when it
already says who took it, so that a claimant that dies meanwhile has taken nothing.
"""

from __future__ import annotations

import calendar
import dataclasses
import errno
import os
import secrets
import shutil
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.formats.durable import (
    NO_SPACE,
    read_json,
    refuse_links,
    remove_drafts,
    write_json,
    write_json_in,
    write_spare,
)
from orchestrator.model import Cause, Claim, Kind, Progress, Record
from orchestrator.records import attempt_json, border, survivors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.model import State
    from orchestrator.records.border import Fields
    from orchestrator.records.paths import AttemptDirectory, ExperimentDirectory

HEARTBEAT_S = 20.0
"""A running attempt touches its progress file at least this often."""

_SPARE_BYTES = 1 << 14  # several times what a record has

PATIENCE_S = 6 * HEARTBEAT_S
"""Without a sign of life for so long, an attempt on another machine counts as dead."""


_CLAIM: Fields = {
    **dict.fromkeys(("host", "boot", "token", "job"), border.TEXT),
    "time": border.MOMENT,
    "pid": border.ORDINAL,
    "started": border.TICKS,
}


def myself(token: str, job: str) -> Claim:
    """Describe this process as the one that takes an attempt."""
    return identity(os.getpid(), token, job)


def identity(pid: int, token: str, job: str) -> Claim:
    """Describe a process of this machine such that no other can be mistaken for it."""
    return Claim(
        host=socket.gethostname(),
        boot=_boot_id(),
        pid=pid,
        started=_started(pid) or 0,
        token=token,
        job=job,
        time=now(),
        namespace=_namespace(),
    )


def now() -> str:
    """Return the time in UTC, as ``2026-01-31T12:00:00Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def moment(text: str) -> float:
    """Return what :func:`now` writes as seconds since the epoch.

    >>> moment("1970-01-02T00:00:01Z")
    86401
    """
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def claim(
    experiment: ExperimentDirectory, number: int, claimant: Claim
) -> AttemptDirectory | None:
    """Take attempt ``number`` of an experiment, or return None where somebody else has it."""
    attempt = experiment.attempt(number)
    refuse_links(*attempt.directories)
    attempt.root.parent.mkdir(parents=True, exist_ok=True)
    draft = experiment.attempt_draft(secrets.token_hex(8))
    return attempt if take(attempt, draft, claimant, spare_bytes=_SPARE_BYTES) else None


def take(
    target: AttemptDirectory, draft: AttemptDirectory, claimant: Claim, spare_bytes: int = 0
) -> bool:
    """Let a directory get its name when it says who took it; return whether nobody was faster.

    A claimant knows its own claim again where the answer to the renaming was lost. The directory
    keeps ``spare_bytes`` for what must be written on a full disk.
    """
    if target.root.exists():
        return False
    try:
        draft.root.mkdir()
        write_identity(draft.claim, claimant)
        if spare_bytes:
            write_spare(draft.spare, spare_bytes)
        draft.root.rename(target.root)
    except OSError as error:
        gone = not draft.root.exists()
        shutil.rmtree(draft.root, ignore_errors=True)
        if gone and read_claim(target) == claimant:
            return True
        if error.errno in {errno.EEXIST, errno.ENOTEMPTY}:  # somebody was faster
            return False
        raise
    return True


def claim_ended(
    experiment: ExperimentDirectory,
    number: int,
    claimant: Claim,
    state: State,
    cause: Cause | None,
) -> bool:
    """Take an attempt only to end it at once, as for one that is cancelled while pending."""
    attempt = claim(experiment, number, claimant)
    if attempt is None:
        return False
    end(attempt, state, cause)
    return True


def removed(attempt: AttemptDirectory) -> Cause:
    """Return the cause of an end for which an attempt's directory was removed."""
    detail = "it was removed while the attempt ran"
    return Cause(Kind.DAMAGED, subject=str(attempt.root), detail=detail)


def end(attempt: AttemptDirectory, state: State, cause: Cause | None) -> Record:
    """Write the record of an attempt that can no longer write its own, and return it."""
    progress = read_progress(attempt) or Progress(time_t0=0.0, snapshots=0, wall_s=0.0)
    claimed = read_claim(attempt)
    record = Record(
        state=state,
        causes=(cause or Cause(Kind.DIED),),
        attempt=attempt.number,
        snapshots=progress.snapshots,
        expected=0,
        time_t0=progress.time_t0,
        started=claimed.time if claimed else now(),
        ended=now(),
        wall_s=progress.wall_s,
        simulating_s=0.0,
        reducing_s=0.0,
        host=claimed.host if claimed else socket.gethostname(),
        start_t0=progress.start_t0,
        adopted=progress.adopted,
        adopted_t0=progress.adopted_t0,
        full_t0=progress.full_t0,
    )
    remove_drafts(attempt.root, older_s=0.0)
    write_record(attempt, record)
    return record


def end_survivors(claims: Iterable[Claim]) -> int:
    """Kill what is left on this machine of attempts whose supervisors have died.

    Returns how many programs that were.

    Raises
    ------
    EngineError
        For one that cannot be killed.
    """
    boot = _boot_id()
    supervisors = {survivors.mark(claim): claim for claim in claims if claim.boot == boot}
    return survivors.end(
        [claim for claim in supervisors.values() if lives_here(claim) is False]
    )


def request_cancel(attempt: AttemptDirectory) -> None:
    """Ask a running attempt to stop; it looks every few seconds."""
    refuse_links(*attempt.directories)
    try:
        attempt.cancel_request.touch()
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        attempt.spare.rename(attempt.cancel_request)


def alive(attempt: AttemptDirectory) -> bool | None:
    """Tell whether the process that took an attempt still runs.

    On its own machine the kernel knows. From elsewhere a recent sign of life says yes, and its
    absence only None: "cannot be told from here".
    """
    claimed = read_claim(attempt)
    if claimed is None:  # somebody has damaged it, and nobody can be asked
        linked = any(path.is_symlink() for path in attempt.directories)
        return not linked and abs(_age_s(attempt.root)) < PATIENCE_S
    here = lives_here(claimed)
    if here is not None:
        return here
    last = attempt.progress if attempt.progress.exists() else attempt.claim
    return abs(_age_s(last)) < PATIENCE_S or None  # one of the future tells nothing


def lives_here(process: Claim) -> bool | None:
    """Return whether a process of this machine lives; None for one of another machine."""
    here = process.namespace in {"", _namespace()}
    if here and process.boot == _boot_id():  # whatever this machine was called then
        return _started(process.pid) == process.started
    if here and process.host == socket.gethostname():  # it has been restarted since
        return False
    return None


def read_claim(attempt: AttemptDirectory) -> Claim | None:
    """Return who took the attempt, or None where that cannot be read."""
    return read_identity(attempt.claim)


def write_identity(path: Path, process: Claim) -> None:
    """Write which process has something."""
    write_json(path, dataclasses.asdict(process))


def read_identity(path: Path) -> Claim | None:
    """Return which process has something, or None where that cannot be read."""
    data = read_json(path)
    if data is None or border.problem(data, _CLAIM):
        return None
    return Claim(**{name: data.get(name, "") for name in (*_CLAIM, "namespace")})


def read_progress(attempt: AttemptDirectory) -> Progress | None:
    """Return how far the attempt has come, or None before its first snapshot."""
    data = read_json(attempt.progress)
    return None if data is None else attempt_json.progress(data)


def write_progress(attempt: AttemptDirectory, progress: Progress) -> None:
    """Tell how far the attempt has come."""
    refuse_links(*attempt.directories)
    write_json(attempt.progress, dataclasses.asdict(progress), durable=False)


def read_record(attempt: AttemptDirectory) -> Record | None:
    """Return the final account of an attempt, or None while there is none that can be read."""
    data = read_json(attempt.record)
    record = None if data is None else attempt_json.record(data, attempt.number)
    return record if isinstance(record, Record) else None


def damage(attempt: AttemptDirectory) -> str:
    """Say why the final account of an attempt, which is there, cannot be read."""
    data = read_json(attempt.record)
    parsed = "it is damaged" if data is None else attempt_json.record(data, attempt.number)
    return parsed if isinstance(parsed, str) else ""


def write_record(attempt: AttemptDirectory, record: Record) -> None:
    """Write the final account of an attempt; nothing is written there afterwards."""
    refuse_links(*attempt.directories)
    whole = attempt_json.of_record(record)
    try:
        write_json(attempt.record, whole)
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        spare = attempt.spare if attempt.spare.exists() else attempt.cancel_request
        write_json_in(spare, attempt.record, whole, {**whole, "last_lines": []})
    attempt.spare.unlink(missing_ok=True)


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _namespace() -> str:
    """Return what names this process's namespace of process ids."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _started(pid: int) -> int | None:
    """Return a process's start time in kernel ticks; None for a dead one or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])
