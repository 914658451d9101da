"""List the templates that a sweep file may extend, with what each is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

EXAMPLES = ("",)


def configure(parser: argparse.ArgumentParser) -> None:
    del parser


def perform(options: argparse.Namespace) -> int:
    """Print each template with the first sentence of its file, and where it lies."""
    from orchestrator import reference
    from orchestrator.cli import screen

    console = screen.console(options)
    templates = reference.templates()
    width = max((len(template.name) for template in templates), default=0)
    for template in templates:
        screen.say(console, f"{template.name:{width}}  {template.purpose}")
        screen.say(console, f"{'':{width}}  {template.path}")
    return 0
