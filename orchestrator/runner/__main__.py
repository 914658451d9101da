"""One worker process: ``python -m orchestrator.runner SWEEP_DIRECTORY --job NAME ...``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.runner import guard

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
    words = vars(parser.parse_args(arguments))
    if words["slot"] is None:  # its job guards it
        _work(words)
        return 0
    return 0 if guard.run(lambda: _work(words)).status == 0 else 1


def _work(words: dict[str, Any]) -> None:
    # loaded by the worker alone: the process that guards it stays small
    from orchestrator.records.paths import SweepDirectory  # noqa: PLC0415
    from orchestrator.runner.queue import Post  # noqa: PLC0415
    from orchestrator.runner.worker import work_at  # noqa: PLC0415

    directory = words.pop("directory")
    work_at(SweepDirectory(directory), Post(**words))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
