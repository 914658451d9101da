"""Code of a user's own that a sweep file names: beside it, among the files of a submitted one, or installed."""

from __future__ import annotations

import importlib.util
from importlib import metadata
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError
from orchestrator.formats.content_names import name_by_content, original

if TYPE_CHECKING:
    from pathlib import Path

_INPUTS = "inputs"  # beside a sweep file as it was submitted


def find(written: str, folder: Path, group: str) -> tuple[str, Path | None]:
    """Return how code is loaded, and the file of a sweep's that has it, if one has.

    Parameters
    ----------
    written
        ``MODULE:NAME``, or the name of an entry point; numbers in brackets may follow.
    folder
        Where the sweep file is.
    group
        Of the entry points.

    Raises
    ------
    FormatError
        If there is no such file, package or entry point.
    """
    from orchestrator.model import own_code  # noqa: PLC0415  # few sweeps need it

    module, colon, name = written.partition(":")
    if not colon:
        point_name, bracket, arguments = written.partition("(")
        point = own_code.entry_point(group, point_name)
        if point is None:
            raise FormatError(
                f"no installed package has it as an entry point of {group}; "
                f"for a file beside the sweep file write MODULE:{written}"
            )
        return f"{point[0]}{bracket}{arguments} {point[1]}".strip(), None
    path = folder / f"{module}.py"
    if path.is_file():
        return f"{path.name}:{name}", path.absolute()
    if copies := _copies(folder, path.name):
        return f"{copies[-1].name}:{name}", copies[-1].absolute()
    if module.endswith(".py"):
        raise FormatError(f"a module has no .py; write {module.removesuffix('.py')}:{name}")
    top = module.partition(".")[0]
    if importlib.util.find_spec(top) is None:
        raise FormatError(
            f"no such file as {path.absolute()}, and no package {top} is installed"
        )
    versions = {
        metadata.version(name) for name in metadata.packages_distributions().get(top, ())
    }
    return f"{module}:{name} {' '.join(sorted(versions))}".strip(), None


def named(reference: str, path: Path) -> tuple[str, str]:
    """Return a reference to a file by its content, and the file's name in it."""
    name = path.name if original(path.name) != path.name else name_by_content(path)
    return f"{name}:{reference.partition(':')[2]}", name


def _copies(folder: Path, name: str) -> list[Path]:
    """Return the copies of a file beside a sweep file as it was submitted, the last one last."""
    paths = (folder / _INPUTS).glob("*.py")
    return sorted(
        (p for p in paths if original(p.name) == name), key=lambda p: p.stat().st_mtime
    )
