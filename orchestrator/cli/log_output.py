"""What an experiment's engine wrote, and how its attempt ended, as it is printed."""

from __future__ import annotations

import codecs
import os
import sys
import time
from typing import TYPE_CHECKING

from orchestrator.errors import RequestError
from orchestrator.formats.durable import open_regular
from orchestrator.records import attempts, failures
from orchestrator.records.live_status import LiveStatus
from orchestrator.runner.output import HEAD_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory

_INTERVAL_S = 0.5
_PIECE_BYTES = 1 << 16


def show(directory: SweepDirectory, number: int, *, follow: bool) -> None:
    """Print the output of an experiment's latest attempt, then why it ended.

    Raises
    ------
    RequestError
        If there is no output.
    """
    live = LiveStatus(directory, [number])
    (status,) = live.read()
    made = directory.experiment(number).attempts()
    while follow and not made and not status.state.ended:
        time.sleep(_INTERVAL_S)
        made = directory.experiment(number).attempts()
        (status,) = live.read()
    if not made:
        _show_unstarted(live, status)
        return
    attempt = made[-1]
    shown = _show(attempt.engine_log, 0)
    while follow and attempts.read_record(attempt) is None and not status.state.ended:
        time.sleep(_INTERVAL_S)
        shown = _show(attempt.engine_log, shown)
        (status,) = live.read()
    _show(attempt.engine_log, shown)
    record = attempts.read_record(attempt)
    if record is not None:
        why = failures.reason(record)
        print(_line(f"attempt {record.attempt} {record.state.value}", why))
    elif status.state.ended:
        _show_job(live, status)
        print(_line(f"attempt {attempt.number} {status.state.value}", failures.remark(status)))


def _show_unstarted(live: LiveStatus, status: Status) -> None:
    """Print what there is of an experiment that no worker has taken: its job's own output."""
    state = status.state.value
    if not status.state.ended or not _show_job(live, status):
        why = failures.remark(status)
        reason = f"{status.experiment.name} has not started; it is {state}"
        raise RequestError(f"{reason}: {why}" if why else reason)
    why = failures.remark(status)
    print(_line(state, why))


def _show_job(live: LiveStatus, status: Status) -> bool:
    """Print what an experiment's Slurm job printed; return whether that is anything."""
    path = live.output_of(status)
    if path is None:
        return False
    try:
        empty = path.stat().st_size == 0
    except OSError:
        return False
    if not empty:
        print(f"-- output of the Slurm job, {path}")
        _show(path, 0)
    return not empty


def _line(what: str, why: str) -> str:
    return f"-- {what}{': ' * bool(why)}{why}"


def _show(path: Path, start: int) -> int:
    """Print a file from byte ``start`` on and return where it ended.

    Of a log that has been shortened meanwhile, what follows its beginning is printed.
    """
    letters = codecs.getincrementaldecoder("utf-8")("replace")
    try:
        with open_regular(path) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(start if start <= size else HEAD_BYTES)
            while piece := file.read(_PIECE_BYTES):
                sys.stdout.write(letters.decode(piece))
            sys.stdout.write(letters.decode(b"", final=True))
            sys.stdout.flush()
            return file.tell()
    except FileNotFoundError:
        return start
