"""Show what an experiment's engine wrote, and how its attempt ended."""

from __future__ import annotations

import codecs
import os
import sys
import time
from typing import TYPE_CHECKING

from orchestrator.cli import arguments
from orchestrator.errors import RequestError
from orchestrator.records import attempts, failures, selection
from orchestrator.records.live_status import LiveStatus
from orchestrator.runner.output import HEAD_BYTES

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from orchestrator.model import Status

_INTERVAL_S = 0.5
_PIECE_BYTES = 1 << 16


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep(parser)
    arguments.add_experiment(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until it ends")


def perform(options: argparse.Namespace) -> int:
    """Print the engine's output of the latest attempt, then why it ended."""
    directory = selection.find_sweep(options.sweep, options.data_dir)
    number = selection.choose_one(options.experiment, directory, "logs")
    live = LiveStatus(directory, [number])
    (status,) = live.read()
    made = directory.experiment(number).attempts()
    while options.follow and not made and not status.state.ended:
        time.sleep(_INTERVAL_S)
        made = directory.experiment(number).attempts()
        (status,) = live.read()
    if not made:
        return _never_started(live, status)
    attempt = made[-1]
    shown = _show(attempt.engine_log, 0)
    while options.follow and attempts.read_record(attempt) is None and not status.state.ended:
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
    return 0


def _never_started(live: LiveStatus, status: Status) -> int:
    """Print what there is of an experiment that no worker has taken: its job's own output."""
    state = status.state.value
    if not status.state.ended or not _show_job(live, status):
        why = failures.remark(status)
        told = f"{status.experiment.name} has not started; it is {state}"
        raise RequestError(f"{told}: {why}" if why else told)
    why = failures.remark(status)
    print(_line(state, why))
    return 0


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
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(start if start <= size else HEAD_BYTES)
            while piece := file.read(_PIECE_BYTES):
                sys.stdout.write(letters.decode(piece))
            sys.stdout.write(letters.decode(b"", final=True))
            sys.stdout.flush()
            return file.tell()
    except FileNotFoundError:
        return start
