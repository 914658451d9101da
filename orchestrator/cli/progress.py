"""How far a command is that takes a while."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from orchestrator import threads

_LONG_S = 2.0


@contextlib.contextmanager
def shown(console: Console, message: str) -> Iterator[threads.Progress]:
    """Show how far something is: a bar and the time left on a terminal, else a line if it takes long.

    Yields what is to be called with how many steps are done, and of how many.
    """
    begun, line_shown = time.monotonic(), False
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
        disable=not console.is_interactive,
    )
    with bar:
        task = bar.add_task(escape(message), total=None)

        def note(done: int, total: int) -> None:
            nonlocal line_shown
            bar.update(task, completed=done, total=total)
            long = time.monotonic() - begun > _LONG_S
            if long and not line_shown and not console.is_interactive and not console.quiet:
                line_shown = True
                print(f"{message}: {done} of {total} so far", file=sys.stderr)

        yield note
