"""Files of one JSON object per line, which only grow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from orchestrator.errors import FormatError
from orchestrator.formats.durable import read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


def lines(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield what stands on the lines of a file, with their places."""
    for number, text in read_lines(path):
        where = f"{path}:{number}"
        try:
            yield where, json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{where}: not a line of JSON: {text[:60]!r}") from error


def check(line: Any, kinds: Mapping[str, type], where: str) -> None:
    """Refuse a line that is no object or lacks what it must have."""
    if not isinstance(line, dict) or any(
        type(line.get(key)) is not wanted for key, wanted in kinds.items()
    ):
        wanted_keys = ", ".join(f"{key} ({wanted.__name__})" for key, wanted in kinds.items())
        text = json.dumps(line)[:60]
        raise FormatError(f"{where}: expected an object with {wanted_keys}, got {text}")
