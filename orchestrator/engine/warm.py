"""Compile all kernels, or load them where they are compiled, so that a run starts at once."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from orchestrator.engine import kernels
from orchestrator.engine.exit_status import Exit, ExitError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(words: Sequence[str]) -> None:
    """Compile what is not compiled yet, load it, and say how long that took.

    Raises
    ------
    ExitError
        If there are words, or if the kernels cannot be compiled.
    """
    if words:
        raise ExitError(Exit.REFUSED, "usage: warm")
    start = time.perf_counter()
    kernels.load()
    sys.stdout.write(f"{time.perf_counter() - start:.2f} s\n")
