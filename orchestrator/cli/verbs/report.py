"""Write one HTML page of a sweep: pictures, numbers, failures, and how to reproduce it."""

from __future__ import annotations

import math
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli import arguments
from orchestrator.errors import RequestError

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

    from orchestrator.html.report import Page
    from orchestrator.model import Status
    from orchestrator.records.live_status import LiveStatus

_EVERY_S = 10.0


EXAMPLES = ("quickstart", "quickstart --follow")


def configure(parser: argparse.ArgumentParser) -> None:
    arguments.add_sweep(parser, required=False)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="file to write (default: report.html of the sweep)",
    )
    parser.add_argument(
        "--follow",
        action="store_true",
        help="update it as snapshots arrive, until no experiment runs",
    )
    parser.add_argument(
        "--every",
        metavar="SECONDS",
        type=float,
        default=_EVERY_S,
        help=f"interval of --follow (default: {_EVERY_S:g})",
    )


def perform(options: argparse.Namespace) -> int:
    """Write the page, once or until no experiment runs, and say where it is."""
    from orchestrator.cli import screen
    from orchestrator.html.report import Page, page_path
    from orchestrator.records import selection
    from orchestrator.records.live_status import LiveStatus
    from orchestrator.records.status import present

    if not options.every > 0 or math.isinf(options.every):
        raise RequestError(f"--every: expected seconds above 0, got {options.every:g}")
    directory = selection.find_sweep(options.sweep, options.data_dir)
    path = page_path(directory, options.output)
    console = screen.console(options)
    page = Page(directory, path)
    live = LiveStatus(directory)
    try:
        every_s = options.every if options.follow else None
        _show(console, page, present(live.read()), every_s)
        screen.say(console, f"wrote {path}")
        left = _follow(console, page, live, options.every) if options.follow else []
    except KeyboardInterrupt:
        page.leave()
        raise
    if left:
        counts = Counter(status.state.value for status in left)
        counted = ", ".join(f"{count} {state}" for state, count in counts.items())
        again = f"rescal-sweep resubmit {selection.word(directory)}"
        message = f"{counted}, and nobody runs them: {again} starts workers again"
        screen.say(console, f"{directory.name}: {message}")
    return 1 if left else 0


def _follow(console: Console, page: Page, live: LiveStatus, every_s: float) -> list[Status]:
    """Write the page until no experiment runs; return those that nobody is left to run."""
    from orchestrator.records.status import present
    from orchestrator.submission.watch import Abandonment

    abandonment = Abandonment(page.directory)
    while True:
        statuses = present(live.read())
        left = [status for status in statuses if not status.state.ended]
        runs = bool(left) and not abandonment.seen_in(statuses)
        _show(console, page, statuses, every_s if runs else None)
        if not runs:
            return left
        time.sleep(every_s)


def _show(console: Console, page: Page, statuses: list[Status], every_s: float | None) -> None:
    from orchestrator.cli import progress

    with progress.shown(console, f"reading {page.directory.name}") as noted:
        page.show(statuses, None if every_s is None else math.ceil(every_s), noted)
