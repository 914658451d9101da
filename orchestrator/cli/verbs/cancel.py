"""Stop a sweep, or some of its experiments; what was computed is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.cli import arguments

if TYPE_CHECKING:
    import argparse


EXAMPLES = ("quickstart", "quickstart exp3 5-7")


def configure(parser: argparse.ArgumentParser) -> None:
    arguments.add_sweep(parser)
    arguments.add_experiments(parser)


def perform(options: argparse.Namespace) -> int:
    """Cancel what has not ended."""
    from orchestrator.cli import screen, sentences
    from orchestrator.records import selection
    from orchestrator.submission.cancel import cancel

    done = cancel(options.sweep, options.experiments, data_dir=options.data_dir)
    never = f", {done.never_submitted} never submitted" if done.never_submitted else ""
    at_once = done.cancelled - done.stopping
    changed = [f"{at_once} cancelled"] * bool(at_once or not done.stopping)
    changed += [f"{done.stopping} asked to stop"] * bool(done.stopping)
    counts = f"{', '.join(changed)}, {done.ended} had ended before{never}"
    console = screen.console(options)
    screen.say(console, f"{done.directory.name}: {counts}")
    if done.stopping:
        sweep = selection.word(done.directory)
        screen.say(console, f"look whether they have stopped: rescal-sweep status {sweep}")
    for left in done.left:
        screen.say(console, sentences.left(left))
    return 0
