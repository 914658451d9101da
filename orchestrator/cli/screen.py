"""Where commands print: colours and bars on a terminal, plain wide lines elsewhere."""

from __future__ import annotations

import os
import sys

from rich.console import Console

_WIDE = 200


def console() -> Console:
    """Return what prints to standard output."""
    plain = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(width=_WIDE if plain else None)


def warn(console: Console, said: str) -> None:
    """Print what a person should know though the command goes on."""
    console.print(said, style="yellow", highlight=False, soft_wrap=True)
