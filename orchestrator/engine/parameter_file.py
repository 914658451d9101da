"""What a parameter file asks of either program, checked as ReSCAL checks it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from orchestrator.engine.exit_status import Exit, ExitError, ending
from orchestrator.formats import parfile
from orchestrator.formats.parameters import ALIASES, PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from orchestrator.formats.parameters import Value
    from orchestrator.formats.parfile import ParFile

_SINTERING = frozenset({"Lambda_F", "Lambda_S"})


def read(path: Path, names: Container[str]) -> tuple[ParFile, dict[str, Value]]:
    """Return a parameter file and the typed values of those ``names`` that it gives.

    Obsolete names are replaced by today's; of a name that is given both ways the later line counts.

    Raises
    ------
    ExitError
        Naming file and line: a file that cannot be read, a refused value, a choice that the
        model does not have.
    """
    with ending(Exit.UNREADABLE):
        file = _of_model(parfile.read(path, names))
        values = file.values()
    for name, value in values.items():
        choices = PARAMETERS[name].choices
        if choices and value not in choices:
            wanted = ", ".join(choices)
            raise ExitError(
                Exit.UNSUPPORTED,
                f"{file.line_of(name)}: {name}: expected one of {wanted}, got {value}",
            )
    lines = dict(file.lines)
    for old, new in ALIASES.items():
        if old in values:
            value = values.pop(old)
            if new not in values or lines[old] > lines[new]:
                values[new], lines[new] = value, lines[old]
    return dataclasses.replace(file, lines=lines), values


def _of_model(file: ParFile) -> ParFile:
    """Forget names that the file's model does not know, which is worth a warning."""
    foreign = _SINTERING & file.texts.keys() if file.texts.get("Model") == "DUN" else set()
    sentences = (
        f"{file.line_of(name)}: {name}: no such parameter of the model DUN, ignored"
        for name in sorted(foreign, key=file.lines.__getitem__)
    )
    texts = {name: text for name, text in file.texts.items() if name not in foreign}
    return dataclasses.replace(file, texts=texts, warnings=(*file.warnings, *sentences))


def warnings(file: ParFile) -> list[str]:
    """Return a sentence for every line that is passed over or uses an obsolete name."""
    obsolete = [
        f"{file.line_of(old)}: {old} is an obsolete name of {new}"
        for old, new in ALIASES.items()
        if old in file.texts
    ]
    return [*file.warnings, *obsolete]
