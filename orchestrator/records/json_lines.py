"""Files of one JSON object per line, which only grow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from orchestrator.errors import FormatError
from orchestrator.formats.durable import read_lines
from orchestrator.records import border

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from orchestrator.records.border import Form


def lines(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield what stands on the lines of a file, with their places."""
    for number, text in read_lines(path):
        where = f"{path}:{number}"
        try:
            yield where, json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{where}: not a line of JSON: {text[:60]!r}") from error


def check(line: Any, fields: Mapping[str, Form], where: str) -> None:
    """Refuse a line that is no object, or whose fields are missing or mean nothing."""
    if wrong := border.problem(line, fields):
        raise FormatError(f"{where}: {wrong}")
