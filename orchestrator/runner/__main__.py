"""One worker process: ``python -m orchestrator.runner SWEEP_DIRECTORY --job NAME ...``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.records.paths import SweepDirectory
from orchestrator.runner import orphans
from orchestrator.runner.queue import Post
from orchestrator.runner.stop import Stop
from orchestrator.runner.worker import work

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Work until nothing is left, or until a signal asks for the end."""
    parser = argparse.ArgumentParser(prog="orchestrator.runner")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--job", required=True)
    parser.add_argument("--token")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--until", type=float)
    parser.add_argument("--again")
    parser.add_argument("--slot", type=int, help="its slot in the pool of this machine")
    parser.add_argument("--at-once", type=int, help="experiments at a time on this machine")
    options = parser.parse_args(arguments)
    words = vars(options)
    directory = words.pop("directory")
    post = Post(**words)
    orphans.adopt()
    with Stop.on_signals(post.until) as stop:
        work(SweepDirectory(directory), post, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
