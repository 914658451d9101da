"""Stop a sweep, or some of its experiments; what was computed is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.cli import arguments, sentences
from orchestrator.submission.cancel import cancel

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep(parser)
    arguments.add_experiments(parser)


def perform(options: argparse.Namespace) -> int:
    """Cancel what has not ended."""
    done = cancel(options.sweep, options.experiments, data_dir=options.data_dir)
    never = f", {done.never_submitted} never submitted" if done.never_submitted else ""
    print(
        f"{done.directory.name}: {done.cancelled} cancelled, {done.ended} had ended before{never}"
    )
    for left in done.left:
        print(sentences.left(left))
    return 0
