"""Write a sweep to one labelled dataset: axes x seed x time x y x x."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.cli import arguments
from orchestrator.errors import RequestError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator


EXAMPLES = ("quickstart", "quickstart -o quickstart.nc")


def configure(parser: argparse.ArgumentParser) -> None:
    arguments.add_sweep(parser, required=False)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="file to write, .zarr or .nc (default: SWEEP.zarr)",
    )
    parser.add_argument(
        "--tolerance",
        metavar="T0",
        type=float,
        help="maximum delay (t0) of a snapshot behind the time it was asked for (default: a quarter "
        "of the interval, at least 0.5)",
    )
    arguments.add_units(parser)


def perform(options: argparse.Namespace) -> int:
    """Collect and say where it is."""
    from orchestrator import plots
    from orchestrator.analysis import dataset, units
    from orchestrator.cli import progress, screen
    from orchestrator.formats import destination
    from orchestrator.model.pictures import Units
    from orchestrator.records import selection
    from orchestrator.records.live_status import LiveStatus
    from orchestrator.records.status import present

    console = screen.console(options)
    directory = selection.find_sweep(options.sweep, options.data_dir)
    if options.tolerance is not None and not options.tolerance >= 0:
        raise RequestError(f"--tolerance: expected a time from 0 on, got {options.tolerance:g}")
    output = options.output or directory.root / f"{directory.name}.zarr"
    path = destination.ready(output, (".zarr", ".nc"))
    with (
        progress.shown(console, f"collecting {directory.name}") as noted,
        _held_back() as interrupt,
    ):

        def noticed(done: int, total: int) -> None:
            interrupt()
            noted(done, total)

        in_units = Units(options.units or Units.MODEL)
        written = dataset.collect(directory, path, options.tolerance, noticed, in_units)
    statuses = present(LiveStatus(directory).read())
    done = sum(s.state.complete for s in statuses)
    size = text.size(written.size)
    screen.say(console, f"wrote {path}: {done} of {len(statuses)} experiments done, {size}")
    if written.in_units is Units.LENGTHS:
        screen.say(console, units.TIMES_STAY)
    if written.superseded:
        names = text.names(written.superseded)
        screen.say(console, f"left out: {names}, in whose place a newer experiment stands")
    if written.unplaced:
        late = f"came more than {written.tolerance_t0:g} t0 after the time that was asked for"
        screen.say(
            console, f"left out: {written.unplaced} snapshots that {late}; see --tolerance"
        )
    for number, damage in sorted(written.damaged.items()):
        again = f"rescal-sweep resubmit {selection.word(directory)} exp{number}"
        screen.say(console, f"damaged: exp{number}: {damage}; {again} makes it again")
    if written.full:
        names, first_t0 = text.names(sorted(written.full)), min(written.full.values())
        since = f"domain full from t = {plots.time(first_t0)} t0 on"
        least = ", at the earliest" if len(written.full) > 1 else ""
        screen.say(console, f"{since}{least}: {names}; its surface is not measured then")
    return 0


@contextlib.contextmanager
def _held_back() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C back until what is yielded is called; the libraries that write would swallow it."""
    pressed = False

    def note(_number: int, _frame: object) -> None:
        nonlocal pressed
        pressed = True

    def interrupt() -> None:
        if pressed:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
