"""Run what is new in a sweep file: the experiments that were never submitted."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from orchestrator.cli import arguments

if TYPE_CHECKING:
    import argparse


EXAMPLES = (
    "sweeps/quickstart.yaml --wait",
    "sweeps/quickstart.yaml -p pdebug -t 1h",
    "sweeps/quickstart.yaml --cluster local --workers 2",
)


def configure(parser: argparse.ArgumentParser) -> None:
    arguments.add_sweep_file(parser)
    arguments.add_placement(parser)
    arguments.add_waiting(
        parser,
        "submit a file that has none of the earlier experiments, and with --wait, ",
    )


def perform(options: argparse.Namespace) -> int:
    """Submit, and with ``--wait`` stay until the end."""
    from orchestrator.cli import screen, sentences, watch
    from orchestrator.records import selection
    from orchestrator.submission.submit import submit

    console = screen.console(options)
    submitted = submit(
        options.sweep,
        overrides=options.set,
        data_dir=options.data_dir,
        replace=options.yes,
        tell=functools.partial(screen.warn, console),
        **arguments.placement(options),
    )
    screen.say(console, sentences.submitted(submitted))
    for message in sentences.kept_otherwise(submitted.comparison):
        screen.warn(console, message)
    if not options.wait:
        sweep = selection.word(submitted.directory)
        screen.say(console, f"look with: rescal-sweep status {sweep}")
        return 0
    return watch.until_ended(
        console,
        submitted.directory,
        submitted.numbers,
        ask=not options.yes,
        before=submitted.kept,
    )
