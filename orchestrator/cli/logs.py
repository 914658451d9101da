"""Show what an experiment's engine wrote, and how its attempt ended."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from orchestrator.cli import arguments
from orchestrator.errors import RequestError
from orchestrator.records import attempts, failures, selection
from orchestrator.records.status import read_statuses

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep(parser)
    arguments.add_experiment(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until it ends")


def perform(options: argparse.Namespace) -> int:
    """Print the engine's output of the latest attempt, then the record's reason."""
    directory = selection.find_sweep(options.sweep, options.data_dir)
    number = selection.choose_one(options.experiment, directory, "logs")
    (status,) = read_statuses(directory, [number])
    made = directory.experiment(number).attempts()
    while options.follow and status.attempt and not made:
        time.sleep(0.5)
        made = directory.experiment(number).attempts()
    if not made:
        name, state = status.experiment.name, status.state.value
        raise RequestError(f"{name} has not started; it is {state}")
    attempt = made[-1]
    shown = _show(attempt.engine_log, 0)
    while options.follow and attempts.read_record(attempt) is None:
        if attempts.alive(attempt) is False:
            break
        time.sleep(0.5)
        shown = _show(attempt.engine_log, shown)
    _show(attempt.engine_log, shown)
    record = attempts.read_record(attempt)
    if record is not None:
        why = failures.reason(record)
        reason = f": {why}" if why else ""
        print(f"-- attempt {record.attempt} {record.state.value}{reason}")
    return 0


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
