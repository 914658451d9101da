"""Show what an experiment's engine wrote, and how its attempt ended."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from orchestrator.cli import arguments
from orchestrator.errors import RequestError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from orchestrator.model import Status
    from orchestrator.records.live_status import LiveStatus

_INTERVAL_S = 0.5


EXAMPLES = ("quickstart exp3", "quickstart 3 -f")
"""What may stand behind the verb."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep(parser)
    arguments.add_experiment(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until it ends")


def perform(options: argparse.Namespace) -> int:
    """Print the engine's output of the latest attempt, then why it ended."""
    from orchestrator.records import attempts, failures, selection
    from orchestrator.records.live_status import LiveStatus

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
    from orchestrator.records import failures

    state = status.state.value
    if not status.state.ended or not _show_job(live, status):
        why = failures.remark(status)
        reason = f"{status.experiment.name} has not started; it is {state}"
        raise RequestError(f"{reason}: {why}" if why else reason)
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
    """Print a file from byte ``start`` on and return where it ended."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            text = file.read()
    except FileNotFoundError:
        return start
    sys.stdout.write(text.decode(errors="replace"))
    sys.stdout.flush()
    return start + len(text)
