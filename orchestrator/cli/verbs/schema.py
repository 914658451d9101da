"""Print the JSON Schema of a sweep file, for editors that check YAML while it is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


EXAMPLES = ("> sweep.schema.json",)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb: there are none."""
    del parser


def perform(options: argparse.Namespace) -> int:
    """Print the schema."""
    from orchestrator import sweepfile

    del options
    print(json.dumps(sweepfile.json_schema(), indent=2))
    return 0
