"""Where commands print: colours and bars on a terminal, plain wide lines elsewhere."""

from __future__ import annotations

import os
import select
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    import argparse

    from rich.status import Status

_WHOLE_WORDS: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
_WIDE = 1000  # of a file or a pipe, in which no line is broken
_HEED_S = 0.2  # until a Ctrl-C is heeded that came in the moment before a wait


def console(options: argparse.Namespace) -> Console:
    """Return what prints to standard output, in the colours and as much as the options say."""
    return Console(
        width=_WIDE if _is_plain() else None,
        quiet=options.quiet,
        color_system=None if options.color == "never" else "auto",
        force_terminal=True if options.color == "always" else None,
        force_interactive=sys.stdout.isatty(),
    )


def width(console: Console) -> int | None:
    """Return how many characters a line may have, None for any number."""
    return None if _is_plain() else console.width


def is_ascii(console: Console) -> bool:
    """Return whether only ASCII can be printed."""
    return console.options.ascii_only


def _is_plain() -> bool:
    return not sys.stdout.isatty() and "COLUMNS" not in os.environ


def say(console: Console, message: str) -> None:
    """Print a line as it is: brackets in it are no markup, and it is not broken."""
    console.print(message, markup=False, highlight=False, soft_wrap=True)


def paragraph(console: Console, message: str, indent: int = 0) -> None:
    """Print prose, each line indented; on a terminal it is broken between words."""
    most = width(console)
    lines = [message] if most is None else textwrap.wrap(message, most - indent, **_WHOLE_WORDS)
    for line in lines:
        say(console, " " * indent + line)


def warn(console: Console, message: str) -> None:
    """Print what a person should know though the command goes on."""
    console.print(message, style="yellow", markup=False, highlight=False, soft_wrap=True)


def answer(console: Console, question: str) -> str | None:
    """Ask on a terminal and return the line that a person types, None at the end of input.

    ``input`` would miss a Ctrl-C that comes between the question and its wait for the line.
    """
    print(question, end="", flush=True, file=console.file)
    while not select.select([sys.stdin], [], [], _HEED_S)[0]:
        pass
    line = sys.stdin.readline()
    return line.strip() if line else None


def busy(console: Console, message: str) -> Status:
    """Show on a terminal that something takes a while."""
    return console.status(Text(message))
