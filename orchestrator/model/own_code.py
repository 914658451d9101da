"""Code of a user's own: imported by its name from a file of the sweep's or a package, told by its source."""

from __future__ import annotations

import hashlib
import importlib
import sys
import traceback
import types
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from orchestrator.errors import FormatError
from orchestrator.formats.content_names import original


@dataclass(frozen=True, slots=True)
class Code:
    """What a reference stands for, the file that has it, and the SHA-256 of that file."""

    value: Any
    path: Path
    sha256: str


def load(reference: str, modules: Path, noun: str) -> Code:
    """Import what a reference names.

    Parameters
    ----------
    reference
        ``FILE.py:NAME`` of a file in ``modules``, else ``MODULE:NAME`` of an installed package,
        after which its version may stand; behind the name, numbers in brackets with which it is called.
    noun
        What it is to be, in a word.

    Raises
    ------
    FormatError
        If it cannot be imported, or is not there.
    """
    where, _, name = reference.partition(" ")[0].partition(":")
    path = modules / where
    try:
        if where.endswith(".py"):
            module = _executed(path)
        else:
            module = importlib.import_module(where)
            path = Path(str(module.__file__))
        source = hashlib.sha256(path.read_bytes()).hexdigest()
    except (Exception, SystemExit) as error:
        raise FormatError(f"cannot be imported: {sentence_of(error, str(path))}") from error
    name, bracket, arguments = name.partition("(")
    value = getattr(module, name, None)
    if value is None:
        raise FormatError(f"{original(path.name)} has no {noun} {name}")
    if bracket:
        value = _called(value, arguments.rstrip(")"), path)
    return Code(value, path, source)


def _called(function: Any, arguments: str, path: Path) -> Any:
    """Return what a function makes of numbers, written as ``y=20,z=3``."""
    pairs = (argument.partition("=") for argument in arguments.split(","))
    numbers = {key: float(text) if "." in text else int(text) for key, _, text in pairs}
    try:
        return function(**numbers)
    except (Exception, SystemExit) as error:
        raise FormatError(sentence_of(error, str(path))) from error


def _executed(path: Path) -> types.ModuleType:
    """Execute a file as a module of its own, which leaves no compiled files beside it."""
    module = types.ModuleType(f"_own_code_of_{path.stem}")  # hides no package
    module.__file__ = str(path)
    code = compile(path.read_bytes(), str(path), "exec")
    sys.modules[module.__name__] = module  # dataclasses look there
    exec(code, module.__dict__)  # noqa: S102  # the user's, who asks for it
    return module


def entry_point(group: str, name: str) -> tuple[str, str] | None:
    """Return the reference and the version of what is installed; None where there is none."""
    for point in metadata.entry_points(group=group, name=name):
        return point.value, point.dist.version if point.dist is not None else ""
    return None


def sentence_of(error: BaseException, file: str) -> str:
    """Return an exception of foreign code in a line: its kind, its text and the line of ``file``."""
    lines = [
        line.lineno
        for line in traceback.extract_tb(error.__traceback__)
        if line.filename == file
    ]
    at = f" ({original(Path(file).name)}, line {lines[-1]})" if lines else ""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}{at}"
