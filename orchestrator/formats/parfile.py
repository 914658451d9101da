"""Parameter files, ``NAME = VALUE`` line by line, as ReSCAL-snow reads and writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError, quoted
from orchestrator.formats.durable import read_bytes
from orchestrator.formats.parameter_values import RefusedValueError, as_text, parse_text
from orchestrator.formats.parameters import PARAMETERS
from orchestrator.formats.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from pathlib import Path

    from orchestrator.formats.parameters import Parameter, Value

_LONGEST_LINE = 1023
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class ParFile:
    """What a parameter file says.

    Attributes
    ----------
    texts
        The names asked for with their text, blanks removed.
    lines
        The line, counted from 1, of each of them.
    warnings
        A sentence for each name that ReSCAL does not know.
    """

    path: Path
    texts: Mapping[str, str]
    lines: Mapping[str, int]
    warnings: tuple[str, ...]

    def values(self) -> dict[str, Value]:
        """Return every known name with its typed value.

        Raises
        ------
        RefusedValueError
            Naming file and line, if ReSCAL would refuse a value.
        """
        values: dict[str, Value] = {}
        for name, text in self.texts.items():
            try:
                values[name] = parse_text(PARAMETERS[name], text)
            except RefusedValueError as error:
                raise RefusedValueError(f"{self.line_of(name)}: {error}") from error
        return values

    def line_of(self, name: str) -> str:
        """Return file and line where a name stands, the file alone if it does not."""
        line = self.lines.get(name)
        return str(self.path) if line is None else f"{self.path}:{line}"


def read(path: Path, names: Container[str] = PARAMETERS) -> ParFile:
    """Read a parameter file, as far as ``names`` go; other names of ReSCAL's are passed over.

    Everything but printable ASCII is dropped first, so that blanks mean nothing; a line that
    begins with ``#`` is a comment, and there are no comments behind a value.

    Raises
    ------
    FormatError
        Naming file and line: a file that is not there, a line without ``=``, an endless line.
    RefusedValueError
        Likewise, for a name given twice.
    """
    try:
        data = read_bytes(path)
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from error
    texts: dict[str, str] = {}
    lines: dict[str, int] = {}
    warnings = []
    for number, raw in enumerate(_LINE_END.split(data), 1):
        line = bytes(byte for byte in raw if 33 <= byte <= 126).decode("ascii")
        if not line or line.startswith("#"):
            continue
        name, equals, text = line.partition("=")
        if not equals:
            raise FormatError(f"{path}:{number}: expected NAME = VALUE, got {quoted(line)}")
        if len(line) > _LONGEST_LINE:
            raise FormatError(f"{path}:{number}: longer than {_LONGEST_LINE} characters")
        if name not in PARAMETERS:
            hint = did_you_mean(name, PARAMETERS)
            warnings.append(f"{path}:{number}: {name}: no such parameter, ignored{hint}")
        elif name in texts:
            raise RefusedValueError(
                f"{path}:{number}: {name} stands in line {lines[name]} already"
            )
        elif name in names:
            texts[name], lines[name] = text, number
    return ParFile(path, texts, lines, tuple(warnings))


def text(parameters: Mapping[str, Value], table: Mapping[str, Parameter] = PARAMETERS) -> str:
    """Return the file of ``parameters``, described in ``table``, one ``NAME = VALUE`` a line, single blanks around ``=``.

    Raises
    ------
    FormatError
        For an unknown name or a value of another kind.
    """
    unknown = [name for name in parameters if name not in table]
    if unknown:
        raise FormatError(f"{unknown[0]}: no such parameter")
    return "".join(
        f"{name} = {as_text(table[name], value)}\n" for name, value in parameters.items()
    )
