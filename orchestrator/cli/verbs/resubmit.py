"""Run experiments again that ended badly; what they computed so far is kept until then."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from orchestrator import text
from orchestrator.cli import arguments

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from rich.console import Console

    from orchestrator.submission.resubmit import Resubmitted

EXAMPLES = (
    "quickstart",
    "quickstart exp3 5-7 -t 4h",
    "quickstart --state timeout --wait",
    "sweeps/quickstart.yaml --stale",
)


def configure(parser: argparse.ArgumentParser) -> None:
    arguments.add_sweep(parser)
    arguments.add_experiments(parser)
    arguments.add_overrides(parser)
    parser.add_argument(
        "--state",
        metavar="STATES",
        help="only experiments in these states, e.g. timeout,lost (default: all that ended badly but "
        "cancelled ones; any state where experiments are given by number)",
    )
    parser.add_argument(
        "--stale",
        action="store_true",
        help="only experiments whose `run` or `outputs` differ from what SWEEP.yaml says now",
    )
    arguments.add_placement(parser)
    arguments.add_waiting(parser, "compute experiments again that are done, and with --wait, ")


def perform(options: argparse.Namespace) -> int:
    """Make one more attempt at each chosen experiment."""
    from orchestrator.cli import screen, sentences, watch
    from orchestrator.submission.resubmit import resubmit

    console = screen.console(options)
    chosen: Any = {
        "states": None if options.state is None else options.state.split(","),
        "stale": options.stale,
        "overrides": options.set,
        "data_dir": options.data_dir,
    }
    if not options.yes and not _agreed(console, options, chosen):
        screen.say(console, "nothing was resubmitted")
        return 0
    done = resubmit(
        options.sweep,
        options.experiments,
        **chosen,
        tell=functools.partial(screen.warn, console),
        **arguments.placement(options),
    )
    if options.stale and not done.statuses:
        agree = "every attempt was made with the `run` and `outputs` of the file"
        screen.say(console, f"{done.directory.name}: nothing to resubmit; {agree}")
        return 0
    if not done.numbers:
        _tell_nothing(console, done)
        return 0
    counted = f"{text.counted(len(done.numbers), 'experiment')} resubmitted"
    started = ", ".join(dict.fromkeys(map(sentences.who_runs, done.started)))
    screen.say(
        console, f"{done.directory.name}: {counted} ({text.names(done.numbers)}); {started}"
    )
    for line in sentences.going_on(done.starts):
        screen.say(console, line)
    if not options.wait:
        return 0
    return watch.until_ended(console, done.directory, done.numbers, ask=not options.yes)


def _agreed(console: Console, options: argparse.Namespace, chosen: Mapping[str, Any]) -> bool:
    """Ask before finished results are computed again.

    Raises
    ------
    RequestError
        Where nobody can be asked.
    """
    from orchestrator.cli import screen
    from orchestrator.errors import RequestError
    from orchestrator.submission.resubmit import computed_anew

    numbers = computed_anew(options.sweep, options.experiments, **chosen)
    if not numbers:
        return True
    have = "1 experiment is" if len(numbers) == 1 else f"{len(numbers)} experiments are"
    what = f"{have} done ({text.names(numbers)}) and would be computed again"
    if not sys.stdin.isatty():
        raise RequestError(f"{what}; --yes does so")
    screen.say(console, what)
    return screen.answer(console, "Compute them again? y for yes: ") == "y"


def _tell_nothing(console: Console, done: Resubmitted) -> None:
    """Say that there is nothing to do, and what there is instead."""
    from orchestrator.cli import screen, status_table
    from orchestrator.records import failures, intents, selection

    name, statuses = done.directory.name, done.statuses
    screen.say(console, f"{name}: nothing to resubmit")
    console.print(status_table.counts_line(statuses))
    sweep = selection.word(done.directory)
    for trouble in failures.grouped(sweep, statuses, intents.axes(done.directory)):
        screen.say(console, trouble.sentence)
